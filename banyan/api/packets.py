"""Red packets: filling one out of one's own credit, looking at it, taking a share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import get_instance_for, room_of
from banyan.campaigns.honour import HONOUR
from banyan.campaigns.mechanics.red_packet import GROUP, NEW
from banyan.campaigns.models import Instance
from banyan.campaigns.queries import amounts_of, plays_of
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money as Sum
from banyan.kernel.problems import NotFound
from banyan.people.access import hidden_from

from .gate import READ, WRITE, actor, caller_of, keyed
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .schemas import Answer, Body, Code, Id, IdOut, Moment, Money, MoneyIn, Person

router = Router(tags=["packets"])
KIND = "red_packet"


class PacketBody(Body):
    """A packet: ``count`` shares of ``total``, equal or random.

    With ``room_id`` it is shown in that chat room and is for those in it, else for whoever has its
    address. ``word``: only who types it can open it. ``audience``: "new" is for those who have
    bought nothing here yet, "group" for the members of ``group_id``, one of the sender's groups.
    """

    total: MoneyIn
    count: Annotated[int, Field(strict=True, ge=1, le=100)]
    mode: Literal["equal", "random"] = "random"
    wish: Annotated[str, StringConstraints(max_length=60)] = ""
    word: Annotated[str, StringConstraints(max_length=40)] = ""
    room_id: Id | None = None
    audience: Literal["all", "new", "group"] = "all"
    group_id: Id | None = None


class OpenBody(Body):
    """The code word, where the packet has one; ``named`` lets others see who took the share."""

    word: Annotated[str, StringConstraints(max_length=40)] = ""
    named: bool = False


class PacketAnswer(Answer):
    """A packet. ``state`` is open, drained or returned; ``taken`` of ``count`` shares are taken.

    ``mine`` is the share of who reads, ``asks_word`` whether a code word is needed, ``audience``
    whom it is for. What is left at ``deadline`` goes back to the sender. ``url`` is its page. Of a
    packet of words, without money, who has not opened it reads no ``wish``.
    """

    code: str
    state: str
    sender: Person | None
    wish: str
    mode: str
    total: Money
    count: int
    taken: int
    asks_word: bool
    audience: str
    room_id: IdOut | None
    mine: Money | None
    deadline: Moment
    url: str


def _packet(one: Instance, mine: int | None, apart: Collection[int]) -> PacketAnswer:
    """Return a packet as its reader sees it; ``apart`` are those whom they are not shown."""
    currency, owner = one.campaign.currency, one.owner
    named = owner if owner is not None and owner.pk not in apart else None
    hidden = one.campaign.drive == HONOUR and mine is None
    return PacketAnswer(
        code=one.code,
        state=one.state,
        sender=Person(id=named.pk, handle=named.handle, name=named.display_name) if named else None,
        wish="" if hidden else one.public["wish"],
        mode=one.public["mode"],
        total=Money.at(one.amount, currency),
        count=one.cap,
        taken=one.taken,
        asks_word=one.public["word"],
        audience=one.public.get("audience", "").partition(":")[0] or "all",
        room_id=room_of(one),
        mine=None if mine is None else Money.at(mine, currency),
        deadline=one.deadline,
        url=reverse("play", args=[one.code]),
    )


def _one(request: HttpRequest, code: str) -> PacketAnswer:
    found = get_instance_for(actor(request), code)
    if found.campaign.mechanic != KIND:
        raise NotFound()
    mine = amounts_of(actor(request), [found.pk]).get(found.pk)
    return _packet(found, mine, _apart(actor(request), [found]))


def _apart(who: Actor, found: Iterable[Instance]) -> set[int]:
    return hidden_from(who, {one.owner_id for one in found if one.owner_id is not None})


def _audience(body: PacketBody) -> str:
    if body.audience == "group":
        return f"{GROUP}{body.group_id or ''}"
    return NEW if body.audience == "new" else ""


@router.get("/packets", auth=READ, response=Page[PacketAnswer])
def list_packets(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List the packets that the reader filled or took a share of, newest first."""
    who = actor(request)
    rows = plays_of(who, mechanic=KIND, before=before, limit=limit + 1)
    mine, apart = amounts_of(who, [one.pk for one in rows]), _apart(who, rows)
    return page_of(
        rows, limit, lambda one: one.pk, lambda one: _packet(one, mine.get(one.pk), apart)
    )


@router.post("/packets", auth=WRITE, response={201: PacketAnswer})
@keyed
def fill_packet(request: HttpRequest, body: PacketBody) -> Any:
    """Put credit of one's own into a packet, all of it at once."""
    who = actor(request)
    wanted = campaigns.PacketInput(
        total=Sum(body.total.amount, body.total.currency),
        count=body.count,
        mode=body.mode,
        wish=body.wish,
        word=body.word,
        room_id=body.room_id,
        audience=_audience(body),
    )
    made = campaigns.fill_packet(actor=who, data=wanted, key=caller_of(request).key)
    return Status(201, _one(request, made.code))


@router.get("/packets/{packet_code}", auth=READ, response=PacketAnswer)
def read_packet(request: HttpRequest, packet_code: Path[Code]) -> Any:
    """Return a packet: one for everybody, or of a chat room that the reader is in."""
    return _one(request, packet_code)


@router.post("/packets/{packet_code}/open", auth=WRITE, response=PacketAnswer)
@keyed
def open_packet(request: HttpRequest, packet_code: Path[Code], body: OpenBody) -> Any:
    """Take a share. Once per person: who has one gets the same answer."""
    _one(request, packet_code)
    campaigns.play(
        actor=actor(request),
        code=packet_code,
        verb="join",
        given={"word": body.word, "named": body.named},
    )
    return _one(request, packet_code)
