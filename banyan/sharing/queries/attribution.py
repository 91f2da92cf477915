"""Who brought the buyer: the explicit link first, else the last touch. See
docs/explanation/attribution.md."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import JSONObject

from banyan.catalog.models import Product
from banyan.kernel.remembered import remembered
from banyan.sharing import ports
from banyan.sharing.channels import HUMAN_VERDICTS
from banyan.sharing.models import Link, Touch, VisitorAccount

from .links import LONGEST_CODE, living_links, path_of

WINDOW = dt.timedelta(days=30)
_CANDIDATES = 50
_NOBODY = "-"  # no browser is called so
# What was loaded ahead and then led to a checkout was looked at.
NAMED_VERDICTS = HUMAN_VERDICTS | {"prefetch"}


@dataclass(frozen=True, slots=True)
class Attribution:
    """The link that gets the credit, and the touch it rests on if one was recorded.

    ``proven``: a page of that touch is known to have run already."""

    link: Link
    touch_id: int | None
    proven: bool = False


def attribute(
    *,
    visitor: str | None,
    account_id: int | None,
    via_code: str | None,
    product_id: int,
    shop_id: int,
    at: dt.datetime,
    touch_id: int | None = None,
) -> Attribution | None:
    """Return who brought this buyer to this product at ``at``, or None.

    ``via_code`` (with ``touch_id``, the ``t`` of the same address) beats earlier touches; else
    the last touch of the person within 30 days counts. A link counts when it leads to the
    product, to another product of its shop, to the shop, or to a post that shows one of them.
    Never counted: revoked links, robots, and links of the buyer; through a link of their own,
    the nearest sharer above them who is somebody else gets the credit. At most nine queries.
    """
    buyer = account_id
    if buyer is None and visitor:
        buyer = account_of_browser(visitor)
    seen = _Seen(visitor, account_id, at)
    explicit = _explicit(via_code, seen, buyer=buyer, product_id=product_id, shop_id=shop_id)
    if explicit is None:
        return _last_touch(visitor, account_id, buyer, product_id, shop_id, at)
    named = None if touch_id is None else _named_on(explicit, seen, touch_id)
    if named is not None:
        return Attribution(explicit, named.pk, named.verdict == "human")
    last = explicit.last  # type: ignore[attr-defined]  # annotated
    return Attribution(explicit, last["id"], last["human"]) if last else Attribution(explicit, None)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Whose touches count: a browser's id, an account's, up to when."""

    visitor: str | None
    account_id: int | None
    at: dt.datetime

    def link(self, code: str) -> Link | None:
        """Return the living link of a code with the person's ``last`` touch on it, or None."""
        if not 0 < len(code) <= LONGEST_CODE:
            return None
        since = self.at - WINDOW
        if self.account_id is None:
            return _by_browser.first(code, self.visitor or _NOBODY, self.at, since)
        if self.visitor:
            return _by_both.first(code, self.account_id, self.visitor, self.at, since)
        return _by_member.first(code, self.account_id, self.at, since)


def _explicit(
    code: str | None, seen: _Seen, *, buyer: int | None, product_id: int, shop_id: int
) -> Link | None:
    link = seen.link(code) if code else None
    if link is None or not _leads_to(link, product_id=product_id, shop_id=shop_id):
        return None
    if link.owner_id != buyer:
        return link
    others = [step.link_id for step in path_of(link) if step.owner_id != buyer]
    above = Link.objects.filter(pk__in=others, revoked_at=None).order_by("-depth").first()
    return None if above is None else seen.link(above.code)


def _leads_to(link: Link, *, product_id: int, shop_id: int) -> bool:
    """Tell whether an explicit link fits: one to a post led here, whatever the post shows."""
    if link.target_kind == "shop":
        return link.target_id == shop_id
    if link.target_kind == "product":
        return (
            link.target_id == product_id
            or Product.objects.filter(pk=link.target_id, shop_id=shop_id).exists()
        )
    return True


def _with_last(code: str, person: Q, until: dt.datetime, since: dt.datetime) -> QuerySet[Link]:
    touches = Touch.objects.filter(person, link_id=OuterRef("pk"), at__lte=until, at__gt=since)
    human = Case(When(verdict="human", then=True), default=False)
    last = touches.filter(verdict__in=HUMAN_VERDICTS).order_by("-at", "-id")
    row = last.values(row=JSONObject(id=F("id"), human=human))[:1]
    return living_links(code).annotate(last=Subquery(row))


@remembered
def _by_browser(code: str, visitor: str, until: dt.datetime, since: dt.datetime) -> QuerySet[Link]:
    return _with_last(code, Q(visitor=visitor), until, since)


@remembered
def _by_member(
    code: str, account_id: int, until: dt.datetime, since: dt.datetime
) -> QuerySet[Link]:
    return _with_last(code, Q(account_id=account_id), until, since)


@remembered
def _by_both(
    code: str, account_id: int, visitor: str, until: dt.datetime, since: dt.datetime
) -> QuerySet[Link]:
    browser = Q(visitor=visitor, account_id__isnull=True)
    return _with_last(code, Q(account_id=account_id) | browser, until, since)


@remembered
def _browser(visitor: str) -> QuerySet[VisitorAccount]:
    return VisitorAccount.objects.filter(visitor=visitor)


def account_of_browser(visitor: str) -> int | None:
    """Return the account that signed in on a browser, if one did. One statement."""
    known = _browser.first(visitor)
    return None if known is None else known.account_id


@remembered
def _named(touch_id: int, link_id: int, until: dt.datetime, since: dt.datetime) -> QuerySet[Touch]:
    return Touch.objects.filter(
        pk=touch_id, link_id=link_id, at__lte=until, at__gt=since, verdict__in=NAMED_VERDICTS
    )


def _named_on(link: Link, seen: _Seen, touch_id: int) -> Touch | None:
    """Return the touch that an address names, if the credit of its link can rest on it.

    Anybody can write an address. It counts only when it is one of this link, of the last 30 days,
    and not another person's: neither another account's nor, where this browser is known, another
    browser's.
    """
    named = _named.first(touch_id, link.pk, seen.at, seen.at - WINDOW)
    mine = named is not None and _is_of(named, seen.visitor, seen.account_id)
    return named if mine else None


def _is_of(touch: Touch, visitor: str | None, account_id: int | None) -> bool:
    """Tell whether a named touch can be this buyer's; webviews lose the browser's id."""
    if touch.account_id is not None:
        return touch.account_id == account_id
    return not touch.visitor or not visitor or touch.visitor == visitor


def _last_touch(
    visitor: str | None,
    account_id: int | None,
    buyer: int | None,
    product_id: int,
    shop_id: int,
    at: dt.datetime,
) -> Attribution | None:
    # No link is the account's 0.
    where = (shop_id, buyer or 0, at, at - WINDOW)
    if account_id is not None and visitor:
        candidates = _recent_by_both(account_id, visitor, *where)
    elif account_id is not None:
        candidates = _recent_by_member(account_id, *where)
    elif visitor:
        candidates = _recent_by_browser(visitor, *where)
    else:
        return None
    fitting = _fitting(candidates, product_id=product_id, shop_id=shop_id)
    first = next((touch for touch in candidates if touch.pk in fitting), None)
    return None if first is None else Attribution(first.link, first.pk, first.verdict == "human")


def _recent(
    person: Q, shop_id: int, buyer: int, until: dt.datetime, since: dt.datetime
) -> QuerySet[Touch]:
    products = Product.objects.filter(shop_id=shop_id).values("id")
    touches = (
        Touch.objects.filter(person, verdict__in=HUMAN_VERDICTS, at__gt=since, at__lte=until)
        .filter(link__revoked_at__isnull=True)
        .filter(
            Q(link__target_kind="shop", link__target_id=shop_id)
            | Q(link__target_kind="product", link__target_id__in=products)
            | ~Q(link__target_kind__in=["shop", "product"])
        )
        .exclude(link__owner_id=buyer)
        .select_related("link__owner")
        .order_by("-at", "-id")
    )
    return touches[:_CANDIDATES]


@remembered
def _recent_by_browser(
    visitor: str, shop_id: int, buyer: int, until: dt.datetime, since: dt.datetime
) -> QuerySet[Touch]:
    return _recent(Q(visitor=visitor), shop_id, buyer, until, since)


@remembered
def _recent_by_member(
    account_id: int, shop_id: int, buyer: int, until: dt.datetime, since: dt.datetime
) -> QuerySet[Touch]:
    return _recent(Q(account_id=account_id), shop_id, buyer, until, since)


@remembered
def _recent_by_both(
    account_id: int, visitor: str, shop_id: int, buyer: int, until: dt.datetime, since: dt.datetime
) -> QuerySet[Touch]:
    # What another account has on a shared browser is not theirs.
    browser = Q(visitor=visitor, account_id__isnull=True)
    return _recent(Q(account_id=account_id) | browser, shop_id, buyer, until, since)


def _fitting(touches: list[Touch], *, product_id: int, shop_id: int) -> set[int]:
    """Return the ids of touches whose target shows the product or its shop's things."""
    fitting, asked = set(), dict[str, set[int]]()
    for touch in touches:
        if touch.link.target_kind in {"shop", "product"}:
            fitting.add(touch.pk)
        else:
            asked.setdefault(touch.link.target_kind, set()).add(touch.link.target_id)
    for kind, ids in asked.items():
        covering = ports.covering(kind, ids, product_id=product_id, shop_id=shop_id)
        fitting |= {
            touch.pk
            for touch in touches
            if touch.link.target_kind == kind and touch.link.target_id in covering
        }
    return fitting
