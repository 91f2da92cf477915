"""The chat for programs: rooms, messages by their number, saying something, having read it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from pydantic import Field, StringConstraints

from banyan.chat import actions as chat
from banyan.chat.access import get_room_for
from banyan.chat.actions import Wanted, Words
from banyan.chat.models import Message
from banyan.chat.queries import Listed, Said, earlier, following, requests, rooms
from banyan.kernel.cursors import Cursor
from banyan.people.access import get_account_for
from banyan.people.models import Account

from .gate import READ, WRITE, actor, caller_of
from .paging import CURSOR, SIZE, Further, Limit, PlacedPage
from .people import Handle
from .schemas import Answer, Body, Id, IdOut, Moment, Person, Picture, Token

router = Router(tags=["chat"])
Seq = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]


class CardBody(Body):
    """Something to show: what can be shared is shared in the sender's name, for this room."""

    kind: Literal["product", "post", "shop", "storefront", "order"]
    id: Id


class SayBody(Body):
    """Words, an uploaded picture by its token, a card; at least one of them."""

    body: Annotated[str, StringConstraints(max_length=2000)] = ""
    picture: Token | None = None
    card: CardBody | None = None


class ReadBody(Body):
    """The number of the last message that was read."""

    seq: Seq


class RoomAnswer(Answer):
    """A room. ``kind`` direct, group or shop; ``state`` open, request or declined.

    ``person`` is the other one of a room of two. ``unread`` counts messages.
    """

    id: IdOut
    kind: str
    state: str
    name: str
    person: Person | None
    shop_id: IdOut | None
    last_seq: int
    unread: int
    muted: bool
    last_at: Moment


class CardAnswer(Answer):
    """What a message shows: ``url`` is its page, ``disclosure`` the line a reader is owed."""

    kind: str
    id: IdOut
    url: str
    title: str
    price: str
    disclosure: str


class MessageAnswer(Answer):
    """A message; ``seq`` is its number in the room, without a gap.

    ``author`` is null where the shop speaks (``as_shop``). ``source``: comment or note where it
    was said elsewhere. ``gone``: taken back.
    """

    id: IdOut
    seq: int
    author: Person | None
    as_shop: bool
    body: str
    picture: Picture | None
    card: CardAnswer | None
    source: str
    gone: bool
    created_at: Moment


class ReadAnswer(Answer):
    """How far the reader has read."""

    seq: int


def _person(account: Account | None) -> Person | None:
    if account is None:
        return None
    return Person(id=account.pk, handle=account.handle, name=account.display_name)


def _room(row: Listed) -> RoomAnswer:
    room = row.room
    named = row.partner.display_name if row.partner else ""
    return RoomAnswer(
        id=room.pk,
        kind=room.kind,
        state=_state(row),
        name=room.shop.name if room.shop else room.group.name if room.group else named,
        person=_person(row.partner),
        shop_id=room.shop_id,
        last_seq=room.last_seq,
        unread=row.unread,
        muted=row.muted,
        last_at=room.last_at,
    )


def _state(row: Listed) -> str:
    """Return the room's state; who asked is not told that they were declined."""
    asked = row.partner is not None and row.partner.pk != row.room.asker_id
    return "request" if row.room.state == "declined" and asked else row.room.state


def _message(said: Said) -> MessageAnswer:
    row, card = said.message, said.card
    return MessageAnswer(
        id=row.pk,
        seq=row.seq,
        author=None if row.as_shop else _person(row.author),
        as_shop=row.as_shop,
        body="".join(piece.text for piece in said.pieces),
        picture=_picture(said),
        card=None
        if card is None
        else CardAnswer(
            kind=row.card_kind,
            id=row.card_id,
            url=card.url,
            title=card.title,
            price=card.price,
            disclosure=card.disclosure,
        ),
        source=said.source,
        gone=said.gone,
        created_at=row.created_at,
    )


def _picture(said: Said) -> Picture | None:
    one = said.picture
    if not one:
        return None
    return Picture(url=one["src"], width=one["width"], height=one["height"], alt=one["alt"])


def _words(request: HttpRequest, said: SayBody) -> Words:
    return Words(
        body=said.body,
        picture=said.picture or "",
        card=Wanted(said.card.kind, said.card.id) if said.card else None,
        key=caller_of(request).key,
        host=request.get_host(),
    )


def _told(request: HttpRequest, made: Message) -> Any:
    who = actor(request)
    room = get_room_for(who, made.room_id)
    [shown] = following(who, room, after=made.seq - 1, limit=1)
    return Status(201, _message(shown))


@router.get("/chat/rooms", auth=READ, response=PlacedPage[RoomAnswer])
def list_rooms(request: HttpRequest, before: Further = CURSOR, limit: Limit = SIZE) -> Any:
    """List the reader's rooms, the latest said in first."""
    found = rooms(actor(request), before=Cursor.read(before or ""), limit=limit + 1)
    here, more = found[:limit], len(found) > limit
    last = str(Cursor(here[-1].room.last_at, here[-1].room.pk)) if more else None
    return PlacedPage(items=[_room(row) for row in here], next=last)


@router.get("/chat/requests", auth=READ, response=list[RoomAnswer])
def list_chat_requests(request: HttpRequest) -> Any:
    """List who would like to write to the reader; 50 at most."""
    return [_room(row) for row in requests(actor(request), limit=50)]


@router.get("/chat/rooms/{room_id}/messages", auth=READ, response=list[MessageAnswer])
def list_messages(
    request: HttpRequest,
    room_id: Path[Id],
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 2)] = None,
    limit: Limit = SIZE,
) -> Any:
    """Return messages by their number, oldest first: the latest, or those next to a number."""
    who = actor(request)
    room = get_room_for(who, room_id)
    if after is not None:
        return [_message(one) for one in following(who, room, after=after, limit=limit)]
    ends = before or room.last_seq + 1
    return [_message(one) for one in earlier(who, room, before=ends, limit=limit)]


@router.post("/chat/rooms/{room_id}/messages", auth=WRITE, response={201: MessageAnswer})
def say(request: HttpRequest, room_id: Path[Id], body: SayBody) -> Any:
    """Say something in a room. With an Idempotency-Key it is said once."""
    words = _words(request, body)
    return _told(request, chat.send(actor=actor(request), room_id=room_id, words=words))


@router.post("/chat/people/{handle}/messages", auth=WRITE, response={201: MessageAnswer})
def write_to_person(request: HttpRequest, handle: Path[Handle], body: SayBody) -> Any:
    """Write to somebody; to who does not follow the sender it is a request."""
    who = actor(request)
    account = get_account_for(who, handle)
    words = _words(request, body)
    return _told(request, chat.write_to(actor=who, account_id=account.pk, words=words))


@router.post("/chat/shops/{shop_id}/messages", auth=WRITE, response={201: MessageAnswer})
def ask_shop(request: HttpRequest, shop_id: Path[Id], body: SayBody) -> Any:
    """Ask a shop."""
    words = _words(request, body)
    return _told(request, chat.ask_shop(actor=actor(request), shop_id=shop_id, words=words))


@router.put("/chat/rooms/{room_id}/read", auth=WRITE, response=ReadAnswer)
def mark_read(request: HttpRequest, room_id: Path[Id], body: ReadBody) -> Any:
    """Say up to where the reader has read; never backwards. Repeatable."""
    moved = chat.mark_read(actor=actor(request), room_id=room_id, seq=body.seq)
    return ReadAnswer(seq=moved)


@router.put("/chat/rooms/{room_id}/accept", auth=WRITE, response={204: None})
def accept_chat_request(request: HttpRequest, room_id: Path[Id]) -> Any:
    """Let somebody in who asked. Repeatable."""
    chat.accept(actor=actor(request), room_id=room_id)
    return Status(204, None)


@router.put("/chat/rooms/{room_id}/decline", auth=WRITE, response={204: None})
def decline_chat_request(request: HttpRequest, room_id: Path[Id]) -> Any:
    """Leave a request unanswered; the asker is not told. Repeatable."""
    chat.decline(actor=actor(request), room_id=room_id)
    return Status(204, None)
