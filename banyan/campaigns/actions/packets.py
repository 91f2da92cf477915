"""Filling a red packet: out of one's own credit, for a chat room or for whoever has the link."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from banyan.chat.access import get_room_for
from banyan.chat.states import OPEN
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, LoginRequired, NotFound
from banyan.ledger.problems import InsufficientBalance
from banyan.payments.queries import wallet_balance, wallet_is_on

from ..access import get_campaign_for, place_of
from ..honour import HONOUR
from ..models import Campaign, Instance
from ..problems import Refused
from .planning import standing_campaign
from .playing import begin

KINDS = ("direct", "group")
"""The kinds of chat rooms that packets are put into."""


@dataclass(frozen=True, slots=True)
class PacketInput:
    """A packet as its sender wants it: ``mode`` is equal or random, ``word`` a code word or "".

    ``room_id`` is the chat room it is put into; None for whoever has its link. ``audience`` is "",
    "new" for who is new here, or "group:" and the id of a group of the sender's. ``campaign`` is
    the code of the campaign whose bounds hold; the platform's own without one. Where that is for
    honour, ``total`` is nothing and ``wish`` is what is given.
    """

    total: Money
    count: int
    mode: str = "random"
    wish: str = ""
    word: str = ""
    room_id: int | None = None
    audience: str = ""
    campaign: str = ""


def fill_packet(*, actor: Actor, data: PacketInput, key: str) -> Instance:
    """Put a sum of the actor's credit into a packet; once per ``key``, whoever asks again.

    In a chat room it is shown as a card, in the same transaction. Raises LoginRequired, NotFound
    for a room that they are not in, Refused (wallet_off, suspended, sent_day, turns, and those of
    ``begin``), Invalid by field, InsufficientBalance. Locks campaign, wallets. Emits play.opened,
    chat.sent. Posts ``play:{id}:funded:{sender}``: wallet -total, packet +total.
    """
    if actor.id is None:
        raise LoginRequired()
    of = _campaign(actor, data)
    pays = of.drive != HONOUR
    if pays and not wallet_is_on():
        raise Refused("wallet_off")
    room = None if data.room_id is None else get_room_for(actor, data.room_id)
    if room is not None and (room.kind not in KINDS or room.state != OPEN):
        raise NotFound()
    total = data.total
    cause = f"packet:{hashlib.sha256(f'{actor.id}:{key}'.encode()).hexdigest()[:32]}"
    known = Instance.objects.filter(cause=cause, owner_id=actor.id).first()
    if known is not None:
        return known
    if pays and wallet_balance(account_id=actor.id, currency=total.currency) < total:
        raise InsufficientBalance()
    return begin(
        actor=actor,
        code=of.code,
        cause=cause,
        place=place_of(room.pk) if room else "",
        given={
            "total": str(total.amount),
            "count": str(data.count),
            "mode": data.mode,
            "wish": data.wish,
            "word": data.word,
            "pair": room is not None and room.kind == "direct",
            "audience": data.audience,
        },
    )


def _campaign(actor: Actor, data: PacketInput) -> Campaign:
    currency = data.total.currency
    if not data.campaign:
        return standing_campaign(mechanic_code="red_packet", currency=currency)
    found = get_campaign_for(actor, data.campaign)
    if found.mechanic != "red_packet":
        raise NotFound()
    if found.currency != currency:
        told = _("This is in %(currency)s here.") % {"currency": found.currency}
        raise Invalid(code="other_currency", fields={"total": told})
    return found
