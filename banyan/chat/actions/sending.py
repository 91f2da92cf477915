"""Saying something: one number after another, once each, by whoever may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import get_shop_for_id, works_in
from banyan.community.actions import describe_own
from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, Invalid, NotFound
from banyan.kernel.remembered import insert
from banyan.kernel.states import transition
from banyan.media.actions import claim_staged
from banyan.media.models import Image
from banyan.moderation.actions import check_text, hold
from banyan.people.access import blocked_between, member_id
from banyan.people.actions.holds import keep_pair

from ..access import get_room_for, get_thread_for
from ..events import ChatChanged, ChatSent
from ..models import Message, Room
from ..models.rooms import LONGEST
from ..rules import TAKEN_BACK
from ..states import OPEN, ROOM
from .cards import Wanted, pasted, settled
from .inbox import asked, replied
from .rooms import follows, move_pointer, open_direct, open_shop_room


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wants to say: words, a staged picture by its token, a card; at least one.

    ``alt`` says what the picture shows. ``key`` is the sender's own name for it: the same key says
    it once. Without a card the first address of ours (``host``) in the words becomes one.
    """

    body: str = ""
    picture: str = ""
    alt: str = ""
    card: Wanted | None = None
    key: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """What becomes a message; ``held`` until a moderator has looked at it."""

    author_id: int | None
    body: str = ""
    image: Image | None = None
    card: tuple[str, int] | None = None
    key: str = ""
    as_shop: bool = False
    held: bool = False


def send(*, actor: Actor, room_id: int, words: Words) -> Message:
    """Say something in a room that the actor sees as a person. Repeatable by ``words.key``.

    Writing to who asked accepts them. Raises NotFound, Invalid, Forbidden ``request_waiting`` for
    a second word before the answer, and what ``moderation.check_text`` raises. Emits chat.sent.
    """
    member_id(actor)
    room = get_room_for(actor, room_id)
    stranger = room.state != OPEN and room.asker_id == actor.id
    held = _checked(actor, words, "stranger" if stranger else "message")
    return _send(actor, room, words, held)


def write_to(*, actor: Actor, account_id: int, words: Words) -> Message:
    """Write to somebody: in the room with them, made where there is none. See ``send``.

    Raises what ``open_direct`` and ``send`` raise; nothing is made for what is refused.
    """
    member_id(actor)
    known = follows(account_id, actor.id or 0)
    held = _checked(actor, words, "message" if known else "stranger")
    with transaction.atomic():
        keep_pair(actor.id or 0, account_id)
        room = open_direct(actor=actor, account_id=account_id)
        return _send(actor, room, words, held)


def ask_shop(*, actor: Actor, shop_id: int, words: Words) -> Message:
    """Ask a shop, in the room with it, made where there is none. See ``send``."""
    member_id(actor)
    held = _checked(actor, words, "message")
    with transaction.atomic():
        keep_pair(actor.id or 0, get_shop_for_id(actor, shop_id).owner_id)
        room = open_shop_room(actor=actor, shop_id=shop_id)
        return _send(actor, room, words, held)


def answer_buyer(*, actor: Actor, shop_id: int, thread_id: int, words: Words) -> Message:
    """Answer a buyer in a shop's name; whoever answers an unassigned thread takes it.

    Raises NotFound, Invalid, and what ``moderation.check_text`` raises. Emits chat.sent.
    """
    me = member_id(actor)
    thread = get_thread_for(actor, shop_id, thread_id)
    held = _checked(actor, words, "message")

    def say() -> Message:
        said = replace(_said(actor, thread.room, words), as_shop=True, held=held)
        made = _say(actor, thread.room, said)
        replied(actor=actor, room=thread.room, message=made)
        return made

    return _once(me, thread.room_id, words.key, say)


def _send(actor: Actor, room: Room, words: Words, held: bool) -> Message:
    me = member_id(actor)

    def say() -> Message:
        other = _other(room, me)
        if other is not None:
            _meet(actor, other)
        said = replace(_said(actor, room, words), held=held)
        if room.state != OPEN and room.asker_id != me:
            transition(ROOM, room, OPEN, actor=actor)
        made = _say(actor, room, said)
        if room.kind == "shop":
            asked(actor=actor, room=room, message=made)
        move_pointer(actor=actor, room=room, seq=made.seq)
        return made

    return _once(me, room.pk, words.key, say)


def _other(room: Room, me: int) -> int | None:
    """Return whom somebody is alone with in a room, by a shop its owner; None in a group's."""
    if room.kind == "shop":
        return room.shop.owner_id if room.shop else None
    return room.low_id if room.high_id == me else room.high_id


def _meet(actor: Actor, account_id: int) -> None:
    """Keep two people as they are to each other; NotFound where one blocks the other.

    First in the transaction: a block waits for the message that is being said, or is there first.
    Others may speak meanwhile.
    """
    keep_pair(member_id(actor), account_id)
    if blocked_between(member_id(actor), account_id):
        raise NotFound()


def hear(
    *, actor: Actor, room: Room, card: tuple[str, int], author_id: int | None, as_shop: bool
) -> Message | None:
    """Note in a shop's room what was said elsewhere, once; None when it is there already.

    For subscribers: the words stay where they were said. Emits chat.sent.
    """
    with transaction.atomic():
        Room.objects.select_for_update(no_key=True).get(pk=room.pk)
        if Message.objects.filter(room=room, card_kind=card[0], card_id=card[1]).exists():
            return None
        made = _say(actor, room, _Said(author_id, card=card, as_shop=as_shop))
        (replied if as_shop else asked)(actor=actor, room=room, message=made)
    return made


def take_back(*, actor: Actor, room_id: int, message_id: int) -> None:
    """Take one's own message back: its place stays, empty. Repeatable. Emits chat.changed.

    For whoever wrote it; NotFound for all others. What was said in a shop's name leaves an audit
    entry, without the words.
    """
    me = member_id(actor)
    found = Message.objects.select_related("room__shop").filter(
        pk=message_id, room_id=room_id, author_id=me, card_kind__in=TAKEN_BACK
    )
    message = found.first()
    if message is None:
        raise NotFound()
    if not (message.as_shop and works_in(actor, message.room.shop_id or 0)):
        get_room_for(actor, room_id)
    with transaction.atomic():
        changed = found.exclude(body="", image=None, card_kind="").update(
            deleted_at=clock.now(), body="", image=None, card_kind="", card_id=None
        )
        if changed:
            events.emit(ChatChanged(room_id=room_id), actor=actor)
        if changed and message.as_shop:
            audit.record(
                actor=actor,
                action="chat.take_back",
                subject_kind="message",
                subject_id=message.pk,
                subject_label=message.room.shop.name if message.room.shop else "",
                detail={"seq": message.seq},
            )


def _once(me: int, room_id: int, key: str, say: Callable[[], Message]) -> Message:
    """Return the message that the sender named ``key``, said now if it is not there yet."""
    sent = Message.objects.filter(room_id=room_id, author_id=me, key=key[:80]).exclude(key="")
    before = sent.first()
    if before is not None:
        return before
    try:
        with transaction.atomic():
            return say()
    except IntegrityError:
        # Sent twice at once: the other one was first, and ours took no number.
        other = sent.first()
        if other is None:
            raise
        return other


def _checked(actor: Actor, words: Words, where: str) -> bool:
    """Refuse what may not be said at all; tell whether a moderator looks at it first.

    Outside any transaction of ours: what is said is counted, refused or not.
    """
    body = words.body.strip()
    if len(body) > LONGEST:
        raise Invalid(fields={"body": _("At most 2,000 letters.")})
    if not body and not words.picture and words.card is None:
        raise Invalid(fields={"body": _("Write something first.")})
    text = f"{body}\n{words.alt}".strip()
    return check_text(actor=actor, text=text, where=where) == "hold"


def _said(actor: Actor, room: Room, words: Words) -> _Said:
    body, card, shown = words.body.strip(), words.card, None
    if card is not None:
        shown = settled(actor, room, card)
    elif words.host:
        shown, body = pasted(actor, room, body, words.host)
    tokens = [words.picture] if words.picture else []
    image = next(iter(claim_staged(actor=actor, tokens=tokens)), None)
    if image is not None and words.alt:
        describe_own(actor=actor, images=[image], alts={image.pk: words.alt})
    return _Said(member_id(actor), body, image, shown, words.key[:80])


def _say(actor: Actor, room: Room, said: _Said) -> Message:
    """Write the next message of a room inside the caller's transaction; Forbidden if closed."""
    now = clock.now()
    seq = _take_seq(room.pk, said.author_id, now)
    if seq is None:
        raise Forbidden(
            _("They read your first message when they like. Until then it stays the only one."),
            code="request_waiting",
        )
    kind, card_id = said.card or ("", None)
    (made,) = insert(
        Message(
            room=room,
            seq=seq,
            author_id=said.author_id,
            as_shop=said.as_shop,
            body=said.body,
            image=said.image,
            card_kind=kind,
            card_id=card_id,
            key=said.key,
            created_at=now,
            deleted_at=now if said.held else None,
        )
    )
    if said.held:
        hold(actor=actor, kind="message", subject_id=made.pk, author_id=said.author_id)
    room.last_seq, room.last_at = seq, now
    events.emit(
        ChatSent(room_id=room.pk, message_id=made.pk, seq=seq, author_id=said.author_id),
        actor=actor,
    )
    return made


def _take_seq(room_id: int, author_id: int | None, now: dt.datetime) -> int | None:
    """Count one message of a room, which holds the room until the commit; None when it is closed.

    A request has room for one message of who asked.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [now, room_id, author_id])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


_NEXT = """
UPDATE chat_room SET last_seq = last_seq + 1, last_at = %s
WHERE id = %s AND (state = 'open' OR state = 'request' AND asker_id = %s AND last_seq = 0)
RETURNING last_seq
"""
