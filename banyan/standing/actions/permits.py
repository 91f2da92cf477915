"""Admission: a shop shows its licence and permits, and somebody looks at them."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff, require_outsider
from banyan.catalog.actions import unpublish_product
from banyan.catalog.models import Category, Product
from banyan.catalog.queries import below
from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep
from banyan.media.actions import claim_staged, remove_unshown
from banyan.media.queries import original_bytes, staged_bytes

from ..access import require_moderation
from ..events import PermitDecided, PermitEnded, PermitEnding
from ..models import GuardedCategory, Permit, PermitPicture
from ..rules import day_at
from ..states import PERMIT

logger = logging.getLogger(__name__)
RENEWED = dt.timedelta(days=60)
"""So long before its last day the next one can be shown."""
WARNED = dt.timedelta(days=30)
"""So long before its last day the shop is warned: authorities take weeks to give the next one."""


def ask_permit(
    *,
    actor: Actor,
    shop_id: int,
    number: str,
    holder: str,
    category_id: int | None = None,
    valid_until: dt.date | None = None,
    picture: str = "",
) -> Permit:
    """Show a licence (no ``category_id``) or a category's permit. For managers of the shop.

    ``picture`` is the token of a staged upload: it is moved to where only the office and the shop
    see it, and leaves the media. Raises Conflict ``permit_known`` while one is asked for, or
    granted for longer than ``RENEWED`` from now on.
    """
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    fields: dict[str, Any] = {}
    if not 3 <= len(number.strip()) <= 60:
        fields["number"] = _("Give the number that stands on it.")
    if not 2 <= len(holder.strip()) <= 120:
        fields["holder"] = _("Say in whose name it is.")
    today = day_at(clock.now(), shop.timezone)
    if valid_until is not None and valid_until < today:
        fields["valid_until"] = _("This day has passed.")
    if category_id is not None and not Category.objects.filter(pk=category_id).exists():
        fields["category"] = _("Choose a category of the list.")
    if not picture:
        fields["picture"] = _("Add a picture.")
    if fields:
        raise Invalid(fields=fields)
    lasting = Q(valid_until=None) | Q(valid_until__gt=today + RENEWED)
    known = Q(state="asked") | Q(lasting, state="granted")
    same = Q(category_id=category_id)
    if Permit.objects.filter(known, same, shop=shop).exists():
        raise Conflict(_("This is known already."), code="permit_known")
    jpeg = staged_bytes(actor, picture)
    try:
        with transaction.atomic():
            permit = Permit.objects.create(
                shop=shop,
                category_id=category_id,
                number=number.strip(),
                holder=holder.strip(),
                valid_until=valid_until,
                asked_at=clock.now(),
            )
            PermitPicture.objects.create(permit=permit, jpeg=jpeg)
            for image in claim_staged(actor=actor, tokens=[picture]):
                remove_unshown(image_id=image.pk)
            return permit
    except IntegrityError as error:
        if "permit_once" not in str(error):
            raise
        raise Conflict(_("This is known already."), code="permit_known") from error


def seal_pictures(*, actor: Actor) -> int:
    """Move pictures that the release before left among the media; returns how many. Repeatable.

    What cannot be read stays where it is.
    """
    moved = 0
    left = Permit.objects.exclude(image=None).select_related("image").order_by("id")
    for permit, image in ((one, one.image) for one in left if one.image is not None):
        try:
            jpeg = original_bytes(image)
        except OSError:
            logger.exception("the picture of permit %s cannot be read", permit.pk)
            continue
        with transaction.atomic():
            mine = Permit.objects.filter(pk=permit.pk, image=image)
            if mine.update(image=None):
                PermitPicture.objects.create(permit=permit, jpeg=jpeg)
                remove_unshown(image_id=image.pk)
                moved += 1
    return moved


def decide_permit(*, actor: Actor, permit_id: int, granted: bool, reason: str) -> Permit:
    """Grant or refuse what a shop showed. For moderation. Audited; emits permit.decided.

    What was granted before for the same ends with that.
    """
    return _move(actor, permit_id, "granted" if granted else "refused", reason)


def withdraw_permit(*, actor: Actor, permit_id: int, reason: str) -> Permit:
    """Take a granted permit back; goods on sale under it stay until they are taken down."""
    return _move(actor, permit_id, "withdrawn", reason)


def _move(actor: Actor, permit_id: int, to: str, reason: str) -> Permit:
    require_moderation(actor)
    if to != "granted" and not reason.strip():
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    with transaction.atomic():
        permit = Permit.objects.select_for_update().filter(pk=permit_id).first()
        if permit is None:
            raise NotFound()
        require_outsider(actor, permit.shop_id)
        if to == "granted":
            before = Permit.objects.select_for_update().filter(
                shop_id=permit.shop_id, category_id=permit.category_id, state="granted"
            )
            for one in before:
                transition(PERMIT, one, "ended", actor=actor, reason="renewed")
        transition(PERMIT, permit, to, actor=actor, reason=reason, decided_at=clock.now())
        decided = PermitDecided(
            permit_id=permit.pk, shop_id=permit.shop_id, granted=to == "granted", reason=reason
        )
        events.emit(decided, actor=actor)
        audit.record(
            actor=actor,
            action=f"permit.{to}",
            subject_kind="permit",
            subject_id=permit.pk,
            subject_label=permit.number,
            reason=reason,
        )
    return permit


def end_permits(*, actor: Actor) -> int:
    """End what was granted and whose last day has passed in its shop; returns how many.

    Repeatable.
    Goods that needed it are drafts again. Each in a transaction of its own; emits permit.ended.
    """
    now = clock.now()
    # Where the day begins first it is over half a day before it is in UTC.
    over = Q(state="granted", valid_until__lte=now.date())

    def end(permit_id: int) -> int:
        with transaction.atomic():
            mine = Permit.objects.select_related("shop").select_for_update(of=("self",))
            permit = mine.filter(over, pk=permit_id).first()
            if permit is None or permit.valid_until is None:
                return 0
            if permit.valid_until >= day_at(now, permit.shop.timezone):
                return 0
            transition(PERMIT, permit, "ended", actor=actor, reason="its last day has passed")
            goods = _needing(permit)
            for product_id in goods:
                unpublish_product(actor=actor, product_id=product_id)
            told = PermitEnded(permit_id=permit.pk, shop_id=permit.shop_id, goods=len(goods))
            events.emit(told, actor=actor)
        return 1

    return sweep("standing.end_permits", Permit.objects.filter(over), end)


def warn_of_permits(*, actor: Actor, limit: int = 200) -> int:
    """Warn shops of what ends within ``WARNED``; returns of how many. Once per permit and last day.

    Not where the next one is asked for already. Emits permit.ending.
    """
    today = clock.now().date()
    ending = Q(state="granted", valid_until__range=(today, today + WARNED))
    unsaid = Q(warned_of=None) | ~Q(warned_of=F("valid_until"))
    next_one = Permit.objects.alias(of=Coalesce("category_id", 0)).filter(
        state="asked", shop_id=OuterRef("shop_id"), of=Coalesce(OuterRef("category_id"), 0)
    )
    due = Permit.objects.filter(ending, unsaid).exclude(Exists(next_one)).order_by("id")
    warned = 0
    for permit in due[:limit]:
        with transaction.atomic():
            mine = Permit.objects.filter(ending, unsaid, pk=permit.pk)
            if mine.update(warned_of=F("valid_until")) and permit.valid_until:
                warned += 1
                told = PermitEnding(
                    permit_id=permit.pk, shop_id=permit.shop_id, last_day=permit.valid_until
                )
                events.emit(told, actor=actor)
    return warned


def _needing(permit: Permit) -> list[int]:
    """Return what is on sale by virtue of a permit."""
    guarded = GuardedCategory.objects.filter(category_id=permit.category_id)
    if permit.category is None or not guarded.exists():
        return []
    goods = Product.objects.filter(
        shop_id=permit.shop_id, state="active", category_id__in=below(permit.category)
    )
    return list(goods.order_by("id").values_list("id", flat=True))


def guard_category(*, actor: Actor, category_id: int, why: str, reason: str) -> GuardedCategory:
    """Ask for a permit from now on before goods of a category go on sale. For moderation."""
    require_moderation(actor)
    if not 1 <= len(why.strip()) <= 200:
        raise Invalid(fields={"why": _("Say why, in 1 to 200 letters.")})
    category = Category.objects.filter(pk=category_id).first()
    if category is None:
        raise NotFound()
    with transaction.atomic():
        guard, _new = GuardedCategory.objects.update_or_create(
            category=category, defaults={"why": why.strip()}
        )
        _audit(actor, category, "category.guard", reason)
    return guard


def unguard_category(*, actor: Actor, category_id: int, reason: str) -> None:
    """Ask for no permit any more. For moderation; repeatable."""
    require_moderation(actor)
    category = Category.objects.filter(pk=category_id).first()
    if category is None:
        raise NotFound()
    with transaction.atomic():
        gone, _each = GuardedCategory.objects.filter(category=category).delete()
        if gone:
            _audit(actor, category, "category.unguard", reason)


def _audit(actor: Actor, category: Category, act: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="category",
        subject_id=category.pk,
        subject_label=category.slug,
        reason=reason,
    )
