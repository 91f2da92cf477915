"""Filling a red packet: out of one's own credit, for a chat room or for whoever has the link."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from banyan.chat.access import get_room_for
from banyan.chat.states import OPEN
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy, LoginRequired, NotFound
from banyan.ledger.problems import InsufficientBalance
from banyan.payments.queries import wallet_balance, wallet_is_on

from ..access import place_of
from ..models import Instance
from ..problems import Refused
from .planning import standing_campaign
from .playing import begin

KINDS = ("direct", "group")
"""The kinds of chat rooms that packets are put into."""


@dataclass(frozen=True, slots=True)
class PacketInput:
    """A packet as its sender wants it: ``mode`` is equal or random, ``word`` a code word or "".

    ``room_id`` is the chat room it is put into; None for whoever has its link.
    """

    total: Money
    count: int
    mode: str = "random"
    wish: str = ""
    word: str = ""
    room_id: int | None = None


def fill_packet(*, actor: Actor, data: PacketInput, key: str) -> Instance:
    """Put a sum of the actor's credit into a packet; once per ``key``, whoever asks again.

    In a chat room it is shown as a card, in the same transaction. Raises LoginRequired, NotFound
    for a room that they are not in, Refused (wallet_off, suspended, sent_day), Invalid by field,
    InsufficientBalance. Locks campaign, wallets. Emits play.opened, chat.sent. Posts
    ``play:{id}:funded:{sender}``: wallet -total, packet +total.
    """
    if actor.id is None:
        raise LoginRequired()
    if not wallet_is_on():
        raise Refused("wallet_off")
    room = None if data.room_id is None else get_room_for(actor, data.room_id)
    if room is not None and (room.kind not in KINDS or room.state != OPEN):
        raise NotFound()
    total = data.total
    cause = f"packet:{hashlib.sha256(f'{actor.id}:{key}'.encode()).hexdigest()[:32]}"
    known = Instance.objects.filter(cause=cause, owner_id=actor.id).first()
    if known is not None:
        return known
    if wallet_balance(account_id=actor.id, currency=total.currency) < total:
        raise InsufficientBalance()
    made = begin(
        actor=actor,
        code=standing_campaign(mechanic_code="red_packet", currency=total.currency).code,
        cause=cause,
        place=place_of(room.pk) if room else "",
        given={
            "total": str(total.amount),
            "count": str(data.count),
            "mode": data.mode,
            "wish": data.wish,
            "word": data.word,
            "pair": room is not None and room.kind == "direct",
        },
    )
    if made.cause != cause:
        # Another packet of the sender's took the turn in the same moment.
        raise Busy()
    return made
