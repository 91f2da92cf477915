"""Opening, approving and changing shops."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from babel.numbers import is_currency
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.models import StateChange
from banyan.kernel.problems import Forbidden, Invalid, LoginRequired, NotFound
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep
from banyan.legal.actions import accept
from banyan.legal.rules import MERCHANTS
from banyan.moderation.actions import check_names
from banyan.people.models import Account

from ..access import MANAGERS, get_shop_for_staff, require_outsider
from ..events import ShopAsked, ShopOpened, ShopRefused
from ..models import Shop, ShopStaff
from ..ports import check_opening
from ..rules import is_slug, slugify
from ..states import SHOP
from .delivery import LARGEST, first_zone
from .words import index_shops

OWNER_GONE = "its owner's account is closed"
CHANGEABLE = {
    "name",
    "about",
    "cover",
    "logo",
    "country",
    "timezone",
}


WORDS = {"name", "about", "slug"}
_COUNTRY = re.compile(r"[A-Z]{2}")


def _check(actor: Actor, values: dict[str, Any]) -> None:
    fields: dict[str, Any] = {}
    if "name" in values and not 2 <= len(values["name"].strip()) <= 80:
        fields["name"] = _("Give the shop a name of 2 to 80 letters.")
    if "about" in values and len(values["about"]) > 600:
        fields["about"] = _("At most 600 letters.")
    if "slug" in values and not is_slug(values["slug"]):
        fields["slug"] = _("Use small letters, digits and hyphens; some words are reserved.")
    if "currency" in values and not is_currency(values["currency"]):
        fields["currency"] = _("This is not a currency.")
    if "country" in values and not _COUNTRY.fullmatch(values["country"]):
        fields["country"] = _("Choose one of these.")
    if "timezone" in values and values["timezone"] not in zoneinfo.available_timezones():
        fields["timezone"] = _("This is not a time zone.")
    for name in ("shipping_amount", "free_shipping_from"):
        amount = values.get(name)
        if amount is not None and not 0 <= amount <= LARGEST:
            fields[name] = _("Enter an amount that is not negative.")
    if fields:
        raise Invalid(fields=fields)
    check_names(actor=actor, **{name: values[name] for name in WORDS & values.keys()})


def open_shop(
    *,
    actor: Actor,
    name: str,
    slug: str = "",
    currency: str = "CNY",
    about: str = "",
    country: str = "CN",
    timezone: str = "Asia/Shanghai",
    shipping_amount: int = 0,
    free_shipping_from: int | None = None,
) -> Shop:
    """Open a shop owned by the actor; it waits for approval where the platform asks for it.

    An empty ``slug`` means: make one of the name; then a second shop of the same name and person is
    refused, for that is a form sent twice. It delivers everywhere for ``shipping_amount``, free
    from goods of ``free_shipping_from`` on. Raises Invalid (fields). Emits shop.opened when it is
    open at once, else shop.asked.
    """
    if actor.id is None:
        raise LoginRequired()
    slug = slug.strip().lower() or _made_slug(actor.id, name.strip())
    _check(
        actor,
        {
            "name": name,
            "slug": slug,
            "currency": currency,
            "about": about,
            "country": country,
            "timezone": timezone,
            "shipping_amount": shipping_amount,
            "free_shipping_from": free_shipping_from,
        },
    )
    return _open(
        actor,
        actor.id,
        wait=settings.SHOP_APPROVAL,
        slug=slug,
        name=name.strip(),
        currency=currency,
        about=about.strip(),
        country=country,
        timezone=timezone,
        delivery=(shipping_amount, free_shipping_from),
    )


def _made_slug(owner_id: int, name: str) -> str:
    """Return a free address for a new shop; of two at once the database lets one have it."""
    if Shop.objects.filter(owner=owner_id, name=name, kind="merchant").exists():
        raise Invalid(fields={"name": _("You have a shop of this name already.")})
    code = new_code(30).lower()
    slug = slugify(name, fallback=f"s-{code}")[:40].strip("-")
    taken = not is_slug(slug) or Shop.objects.filter(slug=slug).exists()
    return f"{slug[:33].strip('-')}-{code}" if taken else slug


def open_member_shop(*, actor: Actor, name: str, slug: str, currency: str) -> Shop:
    """Open the little shop that holds a member's own second-hand goods; nobody has to approve it.

    Emits shop.opened.
    """
    if actor.id is None:
        raise LoginRequired()
    _check(actor, {"slug": slug, "currency": currency})
    return _open(
        actor, actor.id, wait=False, kind="member", slug=slug, name=name[:80], currency=currency
    )


def _open(
    actor: Actor,
    owner_id: int,
    *,
    wait: bool,
    delivery: tuple[int, int | None] = (0, None),
    **columns: Any,
) -> Shop:
    try:
        with transaction.atomic():
            shop = Shop.objects.create(
                owner_id=owner_id,
                is_demo=Account.objects.get(pk=owner_id).is_demo,
                created_at=clock.now(),
                **columns,
            )
            ShopStaff.objects.create(
                shop=shop, account_id=owner_id, role="owner", created_at=clock.now()
            )
            index_shops([shop])
            accept(actor=actor, kinds=MERCHANTS)
            amount, free_from = delivery
            first_zone(shop, amount=amount, free_from=free_from)
            if wait:
                events.emit(ShopAsked(shop_id=shop.pk), actor=actor)
            else:
                transition(SHOP, shop, "open", actor=actor, reason="no approval needed")
                events.emit(ShopOpened(shop_id=shop.pk), actor=actor)
    except IntegrityError as error:
        if "shop_slug_once" in str(error):
            raise Invalid(fields={"slug": _("This address is taken.")}) from error
        raise
    return shop


def _by_staff(actor: Actor, shop_id: int, to: str, reason: str, act: str) -> Shop:
    if not actor.has_role("moderation") and actor.kind != "system":
        raise Forbidden()
    if to == "refused" and not reason.strip():
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    with transaction.atomic():
        shop = Shop.objects.select_for_update().filter(pk=shop_id).first()
        if shop is None:
            raise NotFound()
        require_outsider(actor, shop.pk)
        if shop.state == "pending" and to == "open":
            check_opening(shop)
        transition(SHOP, shop, to, actor=actor, reason=reason)
        if to == "open":
            events.emit(ShopOpened(shop_id=shop.pk), actor=actor)
        if to == "refused":
            events.emit(ShopRefused(shop_id=shop.pk, reason=reason), actor=actor)
        audit.record(
            actor=actor,
            action=act,
            subject_kind="shop",
            subject_id=shop.pk,
            subject_label=shop.name,
            reason=reason,
        )
    return shop


def approve_shop(*, actor: Actor, shop_id: int, reason: str = "") -> Shop:
    """Let a pending shop sell. Emits shop.opened; audited.

    Raises Forbidden ``own_shop``, and what ``ports.check_opening`` raises.
    """
    return _by_staff(actor, shop_id, "open", reason, "shop.approve")


def refuse_shop(*, actor: Actor, shop_id: int, reason: str) -> Shop:
    """Turn a pending shop down, with a reason its owner reads. Emits shop.refused; audited."""
    return _by_staff(actor, shop_id, "refused", reason, "shop.refuse")


def suspend_shop(*, actor: Actor, shop_id: int, reason: str) -> Shop:
    """Take an open shop off every page; what was sold is still delivered. Audited."""
    return _by_staff(actor, shop_id, "suspended", reason, "shop.suspend")


def reopen_shop(*, actor: Actor, shop_id: int, reason: str) -> Shop:
    """End a suspension. Emits shop.opened; audited."""
    return _by_staff(actor, shop_id, "open", reason, "shop.reopen")


def follow_owners(*, actor: Actor) -> int:
    """Let members' little shops be open as long as their owners' accounts are; how many moved.

    Nobody could send what a closed account sells. What moderation suspended by itself stays so.
    Repeatable.
    """
    little = Shop.objects.filter(kind="member").select_related("owner")
    downs = StateChange.objects.filter(
        machine=SHOP.name, subject_id=OuterRef("pk"), target="suspended"
    )
    why = Subquery(downs.order_by("-id").values("reason")[:1])
    gone = little.filter(state="open", owner__is_active=False)
    back = little.filter(state="suspended", owner__is_active=True)
    return _follow(actor, "gone", gone, "suspended") + _follow(
        actor, "back", back.alias(why=why).filter(why=OWNER_GONE), "open"
    )


def _follow(actor: Actor, name: str, due: QuerySet[Shop], to: str) -> int:
    def follow(shop_id: int) -> int:
        with transaction.atomic():
            shop = due.select_for_update(of=("self",)).filter(pk=shop_id).first()
            if shop is None:
                return 0
            reason = OWNER_GONE if to == "suspended" else "its owner's account is open again"
            transition(SHOP, shop, to, actor=actor, reason=reason)
        return 1

    return sweep(f"catalog.owners_{name}", due, follow)


def ask_again(*, actor: Actor, shop_id: int) -> Shop:
    """The owner asks for approval once more, after a refusal. Emits shop.asked."""
    shop = get_shop_for_staff(actor, shop_id, ("owner",))
    with transaction.atomic():
        transition(SHOP, shop, "pending", actor=actor, reason="asked again")
        events.emit(ShopAsked(shop_id=shop.pk), actor=actor)
    return shop


def update_shop(*, actor: Actor, shop_id: int, **values: Any) -> Shop:
    """Change what a shop says of itself (see CHANGEABLE)."""
    unknown = set(values) - CHANGEABLE
    if unknown:
        raise Invalid(detail=f"not changeable: {sorted(unknown)}")
    _check(actor, values)
    with transaction.atomic():
        shop = get_shop_for_staff(actor, shop_id, MANAGERS)
        for name, value in values.items():
            setattr(shop, name, value)
        shop.save(update_fields=list(values))
        index_shops([shop])
    return shop


def note_standing(*, actor: Actor, shop_id: int, standing: str) -> None:
    """Keep where a shop stands (new, good, below), so that its pages need not count. Repeatable."""
    Shop.objects.filter(pk=shop_id).exclude(standing=standing).update(standing=standing)
