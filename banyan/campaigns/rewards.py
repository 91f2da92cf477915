"""What a play can end in: a coupon, a price for one thing for some days, or honour alone.

The terms say which: a coupon, else a ``variant`` and its price, else a mark of honour. What a
campaign is called (its landing and drive) has to agree: :func:`faults_of_reward` sees to that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from banyan.catalog.models import Variant
from banyan.entitlements.costs import most_off
from banyan.entitlements.models import Coupon, PriceRight
from banyan.entitlements.rules import AmountOff
from banyan.kernel import clock
from banyan.kernel.money import Money, format_money

from .blocks import Block, Note, Won
from .effects import Effect, GiveCoupon, GivePrice, Lead, Mark
from .terms import Ask, Asked, Terms

if TYPE_CHECKING:
    from .mechanic import Mechanic, Play, Shown

LANDINGS = ("coupon", "right", "direct")
"""How a play with a reward can end, the usual way first."""
RIGHT = "right"
"""What the price is called among the costs and the prizes, where coupons are called by their id."""


class RewardTerms(Terms):
    """Base of terms that name coupons: instead of them, a price for one thing.

    ``main`` is the coupon that everybody has, ``kept`` are those that go with a price, too.
    """

    variant_fields: ClassVar[tuple[str, ...]] = ("variant",)
    main: ClassVar[str] = "coupon"
    more: ClassVar[tuple[str, ...]] = ("variant",)
    kept: ClassVar[tuple[str, ...]] = ()

    variant: Annotated[
        int | None,
        Ask(gettext_lazy("Instead of a coupon: what can be bought at a price"), kind="variant"),
    ] = None
    price: Annotated[int, Ask(gettext_lazy("At this price"), kind="money"), Field(ge=0)] = 0
    price_days: Annotated[
        int,
        Ask(gettext_lazy("The price can be used for"), unit=gettext_lazy("days")),
        Field(ge=1, le=90),
    ] = 7

    @classmethod
    def asked(cls) -> list[Asked]:
        """See the base; the price is asked for after the coupons."""
        return sorted(super().asked(), key=lambda one: one.name in RewardTerms.model_fields)

    @property
    def idle(self) -> frozenset[str]:
        """See the base; without a thing there is no price."""
        return frozenset() if self.variant is not None else frozenset({"price", "price_days"})

    @property
    def priced(self) -> tuple[int, int] | None:
        """See the base."""
        return None if self.variant is None else (self.variant, self.price)


R = TypeVar("R", bound=RewardTerms)


def faults_of_reward(
    kind: Mechanic[Any], terms: Terms, *, landing: str, drive: str
) -> dict[str, Any]:
    """Return where the terms do not agree with how a campaign ends and what moves people."""
    offered = {"landing": (landing, kind.landings), "drive": (drive, kind.drives)}
    fields: dict[str, Any] = {
        name: gettext_lazy("This cannot be chosen here.")
        for name, (chosen, known) in offered.items()
        if chosen not in known
    }
    if fields:
        return fields
    gains = terms.gains()
    if drive == "honour":
        wrong = gettext_lazy("Honour alone gives nothing else: leave this empty.")
        return dict.fromkeys(gains, wrong)
    if found := terms.misfits(landing):
        return dict(found)
    if not isinstance(terms, RewardTerms):
        field = terms.main and type(terms).model_fields[terms.main]
        missing = field and not field.is_required() and terms.main not in gains
        return {terms.main: gettext_lazy("This is needed.")} if missing else {}
    coupons = [name for name in gains if name in terms.coupon_fields]
    priced = [name for name in gains if name == "variant"]
    if landing == "coupon":
        wrong = gettext_lazy("It ends with a coupon: leave this empty.")
        fields = dict.fromkeys(priced, wrong)
        if terms.main not in coupons:
            fields[terms.main] = gettext_lazy("Choose a coupon of this shop.")
        return fields
    wrong = gettext_lazy("It ends with a price: leave this empty.")
    fields = {name: wrong for name in coupons if name not in terms.kept}
    if not priced:
        fields["variant"] = gettext_lazy("Choose something that this shop sells.")
    elif not costs_of(terms).get(RIGHT):
        fields["price"] = gettext_lazy("The price must be below the usual one.")
    return fields


def costs_of(terms: RewardTerms) -> dict[str, int]:
    """Return what each reward costs at most as things stand, in minor units: two statements.

    Coupons by their id; RIGHT is what the price is below the usual one.
    """
    named = {getattr(terms, name) for name in terms.coupon_fields} - {None}
    coupons = Coupon.objects.filter(pk__in=named) if named else ()
    costs = {str(one.pk): most_off(one.terms) or 0 for one in coupons}
    usual = Variant.objects.filter(pk=terms.variant) if terms.variant is not None else None
    if usual is not None and (amount := usual.values_list("price_amount", flat=True).first()):
        costs[RIGHT] = max(0, amount - terms.price)
    return costs


def cost_in(costs: Mapping[str, int], coupon: int | None) -> int:
    """Return what a coupon, or else the price, costs at most; honour costs nothing."""
    return costs.get(RIGHT if coupon is None else str(coupon), 0)


def reward(
    play: Play[R],
    who: int,
    coupon: int | None,
    *,
    rule: str,
    cause: str,
    instead: int | None = None,
    within: bool = True,
) -> list[Effect]:
    """Give ``who`` a coupon, or else the price of the terms, or a mark where honour is all.

    It costs what was promised for it at the beginning; nothing where the promise does not reach
    (``within``). Whoever plays and gets a price is led to the checkout.
    """
    cost = cost_in(play.instance.secret["costs"], coupon) if within else 0
    if coupon is not None:
        return [GiveCoupon(who, coupon, rule, cause, cost, instead)]
    terms = play.terms
    if terms.variant is None:
        return [Mark([who], rule, cause)]
    until = play.at + dt.timedelta(days=terms.price_days)
    given: list[Effect] = [GivePrice(who, terms.variant, terms.price, until, rule, cause, cost)]
    if play.person is not None and play.person.account_id == who:
        given.append(Lead(checkout_of(terms.variant)))
    return given


def checkout_of(variant_id: int) -> str:
    """Return where one of a thing is bought; a member's own price is applied there by itself."""
    return f"/checkout?variant={variant_id}&n=1"


def names_of(terms: RewardTerms, currency: str) -> dict[int | None, str]:
    """Return what the rewards are called: coupons by id, the price as None. One statement each."""
    named = {getattr(terms, name) for name in terms.coupon_fields} - {None}
    coupons = Coupon.objects.filter(pk__in=named)
    titles: dict[int | None, str] = {one.pk: name_of(one) for one in coupons}
    if terms.variant is not None:
        variant = Variant.objects.select_related("product").get(pk=terms.variant)
        amount = format_money(Money(terms.price, currency))
        titles[None] = _("%(what)s for %(amount)s") % {
            "what": variant.product.title,
            "amount": amount,
        }
    elif terms.honour:
        titles[None] = _("A mark of honour")
    return titles


def name_of(coupon: Coupon) -> str:
    """Return what a coupon is called, with what it takes off in money, where its name says not."""
    most = most_off(coupon.terms)
    amount = format_money(Money(most, coupon.currency)) if most else ""
    if amount in coupon.title:
        return coupon.title
    is_whole = all(isinstance(one, AmountOff) for one in coupon.terms.benefits)
    words = _("%(amount)s off") if is_whole else _("up to %(amount)s off")
    return f"{coupon.title} · {words % {'amount': amount}}"


def won(shown: Shown[Any]) -> list[Block]:
    """Show the reader what they were given: coupons, a price that is theirs; nothing, nothing."""
    mine = [one for one in shown.grants if one.account_id == shown.account_id]
    coupons = [one.reference for one in mine if one.kind == "coupon" and one.reference]
    rights = [one.reference for one in mine if one.kind == "right" and one.reference]
    blocks: list[Block] = []
    if coupons:
        found = dict(Coupon.objects.filter(grants__in=coupons).values_list("pk", "title"))
        text = ", ".join(found.values())
        blocks.append(Won(_("A coupon is yours"), text, "/me/coupons", _("My coupons")))
        if _is_instead(shown.terms, found):
            told = _("The first coupon was used up, so you have the one that was declared instead.")
            blocks.append(Note(told))
    rows = PriceRight.objects.filter(pk__in=rights).select_related("variant__product")
    return [*blocks, *(_price(one, shown.at) for one in rows)]


def _is_instead(terms: Any, coupons: Collection[int]) -> bool:
    """Tell whether one of the coupons is that which comes when another one is used up."""
    others = {getattr(terms, name) for name in terms.coupon_fields if name != "instead"}
    instead = getattr(terms, "instead", None)
    return instead in coupons and instead not in others


def _price(right: PriceRight, at: dt.datetime) -> Block:
    amount = format_money(Money(right.amount, right.currency))
    if right.state in {"redeemed", "returned"}:
        return Note(_("It was bought at this price."), "good")
    if right.state in {"expired", "revoked"} or right.expires_at <= at:
        return Note(_("The time to buy at this price is over."))
    text = _("%(what)s for %(amount)s until %(until)s, on every device where you sign in.") % {
        "what": right.variant.product.title,
        "amount": amount,
        "until": clock.told(right.expires_at),
    }
    label = _("Buy for %(amount)s") % {"amount": amount}
    return Won(_("The price is yours"), text, checkout_of(right.variant_id), label)
