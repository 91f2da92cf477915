"""Showing a group something to buy, and telling those who asked to be told, within their cap."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products
from banyan.catalog.models import Product, Variant
from banyan.kernel import clock, events, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, NotFound
from banyan.kernel.sweeps import sweep
from banyan.moderation.actions import check_names, require_unlimited
from banyan.notify.actions import notify_each
from banyan.people.access import hidden_from, muting
from banyan.sharing import actions as sharing
from banyan.sharing.channels import GROUP
from banyan.sharing.models import Touch
from banyan.sharing.places import place_of_group

from ..access import MEMBER, MODERATORS, get_offer_for, require_member
from ..events import GroupOffered, GroupOfferTold
from ..models import Group, Membership, Notice, Offer

OFFERED_A_DAY = 5
BATCH = 500
US = Actor.system("groups")


def offer_to_group(
    *, actor: Actor, group_id: int, product_id: int, variant_id: int | None = None, note: str = ""
) -> Offer:
    """Show a group a product; members who asked for it are told of it in the background.

    Without ``variant_id`` the first that can be bought. Credit goes to the actor's own share link
    of the product. Repeatable while the offer stands. Emits group.offered. Raises Forbidden
    ``not_a_member`` or ``not_a_moderator``, NotFound, TooMany after five in a day.
    """
    group, mine = require_member(actor, group_id)
    if group.listers == "moderators" and mine.role not in MODERATORS:
        raise Forbidden(_("Moderators choose what is offered here."), code="not_a_moderator")
    product = visible_products().filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    standing = Offer.objects.filter(group=group, product=product, ended_at=None)
    before = standing.select_related("group", "product__shop", "link").first()
    if before is not None:
        return before
    variant = _variant(product, variant_id)
    require_unlimited(actor)
    check_names(actor=actor, note=note)
    ratelimits.hit(f"groups.offer:{group.pk}:{mine.account_id}", OFFERED_A_DAY, 86_400)
    with transaction.atomic():
        link = sharing.share(
            actor=actor,
            target_kind="product",
            target_id=product.pk,
            via=None,
            channel=GROUP,
            place=place_of_group(group.pk),
        )
        made, is_new = Offer.objects.get_or_create(
            group=group,
            product=product,
            ended_at=None,
            defaults={
                "variant": variant,
                "by_id": mine.account_id,
                "link": link,
                "note": note.strip()[:200],
                "created_at": clock.now(),
            },
        )
        if is_new:
            event = GroupOffered(
                offer_id=made.pk,
                group_id=group.pk,
                by_id=mine.account_id,
                product_id=product.pk,
            )
            events.emit(event, actor=actor)
    return made


def _variant(product: Product, variant_id: int | None) -> Variant:
    """Return the variant that a tap buys; NotFound when it is none of the product's."""
    rows = product.variants.filter(is_active=True).order_by("id")
    if variant_id is not None:
        found = rows.filter(pk=variant_id).first()
    else:
        found = rows.filter(stock__on_hand__gt=0).first() or rows.first()
    if found is None:
        raise NotFound()
    return found


def end_offer(*, actor: Actor, offer_id: int) -> None:
    """Take an offer away: whoever made it, or a moderator. Nobody more is told. Repeatable."""
    offer = get_offer_for(actor, offer_id)
    _group, mine = require_member(actor, offer.group_id)
    if offer.by_id != actor.id and mine.role not in MODERATORS:
        raise Forbidden(code="not_a_moderator")
    Offer.objects.filter(pk=offer.pk, ended_at=None).update(ended_at=clock.now())


def tell_offers(*, most: int = 20) -> int:
    """Tell of what waits to be told, a batch of members at a time; returns how many batches.

    Any number may run at once: an offer is told by one of them.
    """
    waiting = Offer.objects.filter(told_at=None)

    def tell(offer_id: int) -> int:
        done = 0
        while tell_batch(offer_id=offer_id):
            done += 1
        return done

    return sweep("groups.offers", waiting, tell, piece=most, most=most)


def tell_batch(*, offer_id: int, size: int = BATCH) -> bool:
    """Tell the next ``size`` members of an offer; False when there is none left to do.

    One transaction: whoever was looked at is not looked at again. Emits group.offer_told at last.
    """
    with transaction.atomic():
        offer = (
            Offer.objects.select_for_update(of=["self"], skip_locked=True, no_key=True)
            .select_related("group", "product", "by")
            .filter(pk=offer_id, told_at=None)
            .first()
        )
        if offer is None:
            return False
        rows = [] if _is_over(offer) else _next(offer, size)
        _tell(offer, rows)
        if len(rows) < size:
            _finish(offer)
            return False
        Offer.objects.filter(pk=offer.pk).update(reached=rows[-1][0])
    return True


def _is_over(offer: Offer) -> bool:
    """Tell whether nobody is to hear of it (any more)."""
    gone = offer.group.closed_at or offer.group.hidden_at or offer.ended_at
    return bool(gone) or not visible_products().filter(pk=offer.product_id).exists()


def _next(offer: Offer, size: int) -> list[tuple[int, int]]:
    """Lock and return the next members who asked for offers: (membership, account)."""
    rows = Membership.objects.select_for_update(no_key=True).filter(
        group_id=offer.group_id, state=MEMBER, wants_offers=True, pk__gt=offer.reached
    )
    rows = rows.exclude(account_id=offer.by_id).order_by("pk")
    return list(rows.values_list("pk", "account_id")[:size])


def _tell(offer: Offer, rows: list[tuple[int, int]]) -> None:
    """Tell members of an offer, each at most as often as the group's cap says."""
    everybody = [account_id for _pk, account_id in rows]
    outcomes = dict.fromkeys(everybody, "capped")
    outcomes |= dict.fromkeys(muting(everybody, offer.by_id), "muted")
    outcomes |= dict.fromkeys(hidden_from(Actor(kind="member", id=offer.by_id), everybody), "apart")
    asked = {pk: account_id for pk, account_id in rows if outcomes[account_id] == "capped"}
    outcomes |= {asked[pk]: "told" for pk in _count_told(offer.group, list(asked))}
    now = clock.now()
    Notice.objects.bulk_create(
        [
            Notice(offer=offer, account_id=account_id, outcome=outcome, created_at=now)
            for account_id, outcome in outcomes.items()
        ],
        ignore_conflicts=True,
    )
    notify_each(
        recipient_ids=[account_id for account_id, what in outcomes.items() if what == "told"],
        kind="group.offer",
        group_key=f"group.offer:{offer.pk}",
        url=f"/g/offers/{offer.pk}",
        actor_id=offer.by_id,
        data={"group": offer.group.name, "title": offer.product.title},
    )


# A window begins with its first notice; within it the cap holds, whoever tells at the same time.
_TELL = """
UPDATE groups_membership SET
    told = CASE WHEN told_since > %(begins)s THEN told + 1 ELSE 1 END,
    told_since = CASE WHEN told_since > %(begins)s THEN told_since ELSE %(now)s END
WHERE id = ANY(%(ids)s) AND %(cap)s > 0
  AND (told_since IS NULL OR told_since <= %(begins)s OR told < %(cap)s)
RETURNING id
"""


def _count_told(group: Group, membership_ids: list[int]) -> set[int]:
    """Count one notice for each membership whose cap allows one more; return those."""
    now = clock.now()
    params: dict[str, dt.datetime | int | list[int]] = {
        "now": now,
        "begins": now - dt.timedelta(days=group.offer_days),
        "ids": membership_ids,
        "cap": group.offer_cap,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL, params)
        return {pk for (pk,) in cursor.fetchall()}


def _finish(offer: Offer) -> None:
    others = Membership.objects.filter(group_id=offer.group_id, state=MEMBER)
    asleep = others.filter(wants_offers=False).exclude(account_id=offer.by_id).count()
    Offer.objects.filter(pk=offer.pk).update(told_at=clock.now(), asleep=asleep)
    told = Notice.objects.filter(offer=offer, outcome="told").count()
    events.emit(GroupOfferTold(offer_id=offer.pk, group_id=offer.group_id, told=told), actor=US)


def open_offer(*, actor: Actor, offer_id: int) -> tuple[Offer, Touch | None]:
    """Note that a member opens an offer, and return it with their visit through its link.

    The visit of a notice is made once, so that what is bought later is counted for it. None where
    the link was withdrawn. Raises NotFound, Conflict ``offer_ended``.
    """
    offer = get_offer_for(actor, offer_id)
    if offer.ended_at is not None or not visible_products().filter(pk=offer.product_id).exists():
        raise Conflict(_("This offer has ended."), code="offer_ended")
    if offer.link.revoked_at is not None:
        return offer, None
    verdict = "unknown" if actor.id is None else "human"
    with transaction.atomic():
        notice = (
            Notice.objects.select_for_update(no_key=True)
            .filter(offer=offer, account_id=actor.id or 0, outcome="told")
            .first()
        )
        if notice is not None and notice.touch_id is not None:
            known = Touch.objects.filter(pk=notice.touch_id).first()
            if known is not None:
                return offer, known
        touch = sharing.record_touch(actor=actor, link=offer.link, channel=GROUP, verdict=verdict)
        if notice is not None:
            Notice.objects.filter(pk=notice.pk).update(touch_id=touch.pk, opened_at=clock.now())
    return offer, touch
