"""Verbs of sharing: the only writers of links and touches besides the spool loader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products, visible_shops
from banyan.catalog.models import Product
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor, new_code
from banyan.kernel.problems import Invalid, LoginRequired, NotFound
from banyan.kernel.remembered import change, change_noting, get, insert, remembered

from . import ports, queries
from .channels import CHANNELS, GROUP, channel_through
from .events import LinkRevoked, LinkShared, SharingTouched, SharingVisited
from .models import Link, Touch

CODE_BITS = 64
VERDICTS = ("unknown", "human", "bot", "preview", "prefetch")
LATEST_CONFIRMATION = dt.timedelta(hours=1)


class LinkUnknown(NotFound):
    """No such link, or it has been withdrawn."""

    code = "link_unknown"
    message = _("This link does not exist any more.")


class TargetUnknown(NotFound):
    """The thing to share does not exist, or cannot be shared."""

    code = "target_unknown"
    message = _("What you want to share does not exist any more.")


def share(
    *,
    actor: Actor,
    target_kind: str,
    target_id: int,
    via: Link | None,
    channel: str = "",
    place: str = "",
) -> Link:
    """Return the actor's link to a target, made on the first call; repeatable.

    What was reached through ``via`` becomes a child of it. Nobody stands twice on a path:
    through a link of their own, or of somebody they had brought, the actor gets the link back
    that they already have there. A revoked ``via`` gives a root. Each ``place`` (a room) has a
    link of its own, beside the one that was made for everywhere.

    Raises LoginRequired, TargetUnknown; emits link.shared when the link is new.
    """
    if actor.id is None:
        raise LoginRequired()
    _check_target(actor, target_kind, target_id)
    with transaction.atomic():
        parent_id = None
        if via is not None and via.revoked_at is None:
            own, parent_id = _place_on_path(via, actor.id, target_kind, target_id)
            if own is not None and own.place == place:
                return own
        return _get_or_create(
            actor=actor,
            owner_id=actor.id,
            target=(target_kind, target_id),
            parent_id=parent_id,
            channel=channel[:16],
            place=place,
        )


def share_inside(*, actor: Actor, target_kind: str, target_id: int, place: str) -> Link:
    """Return the actor's link to something that only those inside a place may see. Repeatable.

    It credits what is bought there and leads nowhere: opened from outside it is an unknown one.
    Raises LoginRequired; emits link.shared when the link is new.
    """
    if actor.id is None:
        raise LoginRequired()
    with transaction.atomic():
        return _get_or_create(
            actor=actor,
            owner_id=actor.id,
            target=(target_kind, target_id),
            parent_id=None,
            channel=GROUP,
            place=place,
        )


def revoke(*, actor: Actor, link_id: int) -> Link:
    """Withdraw a link; edges stop honouring it within five seconds. Repeatable.

    For its owner, support and moderation. Links below it stay: they belong to others.
    Raises LinkUnknown; emits link.revoked.
    """
    with transaction.atomic():
        link = Link.objects.select_for_update(no_key=True).filter(pk=link_id).first()
        allowed = link is not None and (
            actor.id == link.owner_id
            or actor.has_role("support", "moderation")
            or actor.kind == "system"
        )
        if link is None or not allowed:
            raise LinkUnknown(detail=f"link {link_id} for {actor}")
        if link.revoked_at is None:
            link.revoked_at = clock.now()
            link.save(update_fields=["revoked_at"])
            events.emit(LinkRevoked(link_id=link.pk, owner_id=link.owner_id), actor=actor)
        return link


def record_touch(
    *,
    actor: Actor,
    link: Link,
    channel: str = "web",
    verdict: str = "unknown",
) -> Touch:
    """Record that ``actor`` opened a link without passing the edge: imports, API, in-app taps.

    The visitor and account are the actor's, the time the clock's. Emits sharing.touched for
    people. Raises LinkUnknown for a revoked link and Invalid for an unknown verdict or channel.
    """
    if link.revoked_at is not None:
        raise LinkUnknown(detail=f"link {link.pk} is revoked")
    if verdict not in VERDICTS or channel not in CHANNELS:
        raise Invalid(detail=f"{verdict} {channel}")
    now = clock.now()
    own = actor.id == link.owner_id and verdict in {"unknown", "human"}
    with transaction.atomic():
        touch = Touch.objects.create(
            id=_fresh_id(),
            link=link,
            visitor=actor.visitor or "",
            account_id=actor.id,
            at=now,
            channel=channel_through(link.place, link.channel, channel),
            verdict="self" if own else verdict,
            confirmed_at=now if verdict == "human" else None,
        )
        if touch.verdict in {"unknown", "human"}:
            events.emit(SharingTouched.of(link, 1), actor=actor)
    return touch


def confirm_touch(*, actor: Actor, touch_id: int) -> bool:
    """Note that the page a touch led to has run (beacon, interaction, checkout). Repeatable.

    unknown or prefetch become human, or self where the owner looked at their own link; robots
    stay robots. If the touch is still in the spool the note waits for it. Where the visitor is
    the actor's, touch and browser become the actor's too. Returns whether the touch is a
    person's now or may become so. Emits sharing.visited when it has just become one.
    """
    with transaction.atomic(savepoint=False):
        if actor.id is not None and actor.visitor:
            _remember_account(actor.visitor, actor.id)
        touch = _locked_touch.first(touch_id)
        if touch is None:
            return _confirm_later(actor, touch_id)
        if touch.verdict not in {"unknown", "prefetch"}:
            return touch.verdict == "human"
        if actor.id is not None and touch.visitor in {"", actor.visitor}:
            touch.account_id = actor.id
        touch.verdict = "self" if touch.account_id == touch.link.owner_id else "human"
        touch.confirmed_at = clock.now()
        names = ("account_id", "verdict", "confirmed_at")
        written = {name: getattr(touch, name) for name in names}
        if touch.verdict != "human":
            change(touch, {}, written)
            return False
        visited = SharingVisited.of(touch.link, 1)
        change_noting(touch, {}, written, notes=[events.stored_of(visited, actor=actor)])
        events.run_handlers(visited, actor)
        return True


@remembered
def _locked_touch(touch_id: int) -> QuerySet[Touch]:
    touches = Touch.objects.select_for_update(no_key=True, of=("self",)).select_related("link")
    return touches.filter(pk=touch_id)


def claim_touches(*, actor: Actor, visitor: str | None, account_id: int) -> int:
    """Join a browser's touches to the account that signed in on it; later ones follow.

    One person on several devices then counts once, and opens of one's own links stop counting.
    Touches that are another account's stay so. Repeatable; returns how many were joined.
    """
    if not visitor:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        _remember_account(visitor, account_id)
        cursor.execute(
            """
            WITH unclaimed AS (
              SELECT id FROM sharing_touch
              WHERE visitor = %(visitor)s AND account_id IS NULL
              ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE sharing_touch touch
            SET account_id = %(account)s,
                verdict = CASE WHEN link.owner_id = %(account)s
                                AND touch.verdict IN ('unknown', 'human')
                               THEN 'self' ELSE touch.verdict END
            FROM sharing_link link, unclaimed
            WHERE touch.id = unclaimed.id AND link.id = touch.link_id
            """,
            {"account": account_id, "visitor": visitor},
        )
        return int(cursor.rowcount)


def record_exposures(
    *, actor: Actor, links: Iterable[int], visitor: str | None, day: dt.date | None = None
) -> int:
    """Note that link cards were shown to a visitor on a day (today, UTC). Repeatable.

    One statement for any number of links; nothing is kept for a person without a visitor id.
    Returns how many were new.
    """
    wanted = sorted(set(links))
    if not visitor or not wanted:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_exposure (link_id, visitor, day)"
            " SELECT link.id, %s, %s FROM sharing_link link WHERE link.id = ANY(%s)"
            " ORDER BY link.id ON CONFLICT DO NOTHING",
            [visitor, day or clock.now().date(), wanted],
        )
        return int(cursor.rowcount)


def _check_target(actor: Actor, kind: str, target_id: int) -> None:
    if kind == "product":
        exists = bool(_on_sale(target_id))
    elif kind == "shop":
        exists = visible_shops().filter(pk=target_id).exists()
    else:
        known = kind in ports.kinds()
        exists = known and ports.card(kind, target_id, viewer=actor) is not None
    if not exists:
        raise TargetUnknown(detail=f"{kind} {target_id}")


@remembered
def _on_sale(product_id: int) -> QuerySet[Product]:
    return visible_products().filter(pk=product_id)


def _place_on_path(
    via: Link, owner_id: int, kind: str, target_id: int
) -> tuple[Link | None, int | None]:
    """Return the owner's own link on the path of ``via`` if it fits, else where to grow from."""
    for step in reversed(queries.path_of(via)):
        if step.owner_id != owner_id:
            continue
        own = get(Link, step.link_id)
        if (own.target_kind, own.target_id) == (kind, target_id) and own.revoked_at is None:
            return own, own.parent_id
        return None, own.parent_id
    return None, via.pk


def _get_or_create(
    *,
    actor: Actor,
    owner_id: int,
    target: tuple[str, int],
    parent_id: int | None,
    channel: str,
    place: str,
) -> Link:
    before = _living_link(owner_id, target, parent_id, place)
    if before is not None:
        return before
    parent = None if parent_id is None else get(Link, parent_id)
    root_id = None if parent is None else parent.root_id or parent.pk
    fresh = Link(
        owner_id=owner_id,
        target_kind=target[0],
        target_id=target[1],
        parent=parent,
        code=new_code(CODE_BITS),
        root_id=root_id,
        depth=0 if parent is None else parent.depth + 1,
        channel=channel,
        place=place,
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            (link,) = insert(fresh)
    except IntegrityError:
        # The same was shared twice at once: the other one was first.
        other = _living_link(owner_id, target, parent_id, place)
        if other is None:
            raise
        return other
    events.emit(
        LinkShared(
            link_id=link.pk,
            root_id=root_id or link.pk,
            parent_id=parent_id,
            owner_id=owner_id,
            target_kind=target[0],
            target_id=target[1],
        ),
        actor=actor,
    )
    return link


def _living_link(
    owner_id: int, target: tuple[str, int], parent_id: int | None, place: str
) -> Link | None:
    if parent_id is None:
        return _living_root.first(owner_id, *target, place)
    return _living_child.first(owner_id, *target, parent_id, place)


@remembered
def _living_root(owner_id: int, kind: str, target_id: int, place: str) -> QuerySet[Link]:
    return Link.objects.filter(
        owner_id=owner_id,
        target_kind=kind,
        target_id=target_id,
        parent=None,
        place=place,
        revoked_at=None,
    )


@remembered
def _living_child(
    owner_id: int, kind: str, target_id: int, parent_id: int, place: str
) -> QuerySet[Link]:
    return Link.objects.filter(
        owner_id=owner_id,
        target_kind=kind,
        target_id=target_id,
        parent_id=parent_id,
        place=place,
        revoked_at=None,
    )


def _remember_account(visitor: str, account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_visitoraccount (visitor, account_id, since) VALUES (%s, %s, %s)"
            " ON CONFLICT (visitor) DO UPDATE SET account_id = excluded.account_id,"
            " since = excluded.since"
            " WHERE sharing_visitoraccount.account_id <> excluded.account_id",
            [visitor, account_id, clock.now()],
        )


def _confirm_later(actor: Actor, touch_id: int) -> bool:
    """Keep a confirmation for a touch that can still be on its way; anything else is refused."""
    now = clock.now()
    if not id_floor(now - LATEST_CONFIRMATION) <= touch_id < id_floor(now + LATEST_CONFIRMATION):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_pendingconfirmation (touch_id, visitor, account_id, at)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [touch_id, actor.visitor or "", actor.id, now],
        )
    return True


def _fresh_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT banyan_id()")
        return int(cursor.fetchone()[0])
