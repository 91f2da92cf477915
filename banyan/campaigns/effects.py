"""What a mechanic answers with: the engine applies all of it in one transaction, or none.

Money is in minor units of the campaign's currency. Who is an account's id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .chance.instant import Wheel
from .models import Participation


@dataclass(frozen=True, slots=True)
class Effect:
    """Base of everything that a hook can ask for."""


@dataclass(frozen=True, slots=True)
class Enter(Effect):
    """Whoever plays takes part, in ``role``; once per person in ``scope``.

    ``scope`` is "instance" or "campaign", or "account": then two in the same hands are two, and
    what they have in common is seen (``persons.same_hands``). With ``expires_at`` the place is
    only reserved; at ``due_at`` the mechanic decides about it. At most ``per_day`` of a person in
    the campaign on one day of the shop, where that is not 0.
    """

    role: str
    place: int | None = None
    amount: int = 0
    weight: int = 1
    scope: str = "instance"
    data: Mapping[str, Any] = field(default_factory=dict)
    expires_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class Contribute(Effect):
    """Whoever plays helps the instance's owner: an edge, once per person and instance.

    At most ``per_day`` of a person in the campaign on one day of the shop. What weighs nothing is
    an edge and counts for nothing: the place that was taken for it is free again.
    """

    kind: str
    nth: int
    amount: int = 0
    weight: int = 1
    per_day: int = 10


@dataclass(frozen=True, slots=True)
class Once(Effect):
    """Whoever plays does this once in the campaign, and not where they take part; it is no place.

    Who comes a second time, or under another name, is refused ``twice``.
    """


@dataclass(frozen=True, slots=True)
class TakeOne(Effect):
    """One of ``of`` things that the campaign has in all is taken; refused ``drained`` with none.

    ``what`` names them, as a bounded counter of the campaign.
    """

    what: str
    of: int


@dataclass(frozen=True, slots=True)
class TakeBack(Effect):
    """Whoever plays takes their contribution back; its place is free again."""


@dataclass(frozen=True, slots=True)
class Promise(Effect):
    """``amount`` more of the budget is kept for the instance until it ends."""

    amount: int


@dataclass(frozen=True, slots=True)
class Fund(Effect):
    """The owner puts ``amount`` of their credit into the instance's own account."""

    amount: int


@dataclass(frozen=True, slots=True)
class PayOut(Effect):
    """``who`` gets ``amount`` out of the instance's own account; once per ``rule``."""

    who: int
    amount: int
    rule: str


@dataclass(frozen=True, slots=True)
class GiveCoupon(Effect):
    """``who`` gets a coupon; ``cost`` was promised for it. Once per ``rule`` and ``cause``.

    When the coupon is used up they get ``instead``, where there is one, and are told so.
    """

    who: int
    coupon_id: int
    rule: str
    cause: str
    cost: int = 0
    instead: int | None = None


@dataclass(frozen=True, slots=True)
class GivePrice(Effect):
    """``who`` may buy one of a variant for ``amount`` until ``until``, with or without a place.

    ``cost`` was promised for it. Once per ``rule`` and ``cause``.
    """

    who: int
    variant_id: int
    amount: int
    until: dt.datetime
    rule: str
    cause: str
    cost: int = 0


@dataclass(frozen=True, slots=True)
class GiveOff(Effect):
    """``to`` get a coupon for them alone: ``off`` one of a variant until ``until``.

    It costs no budget: the shop sells for less. Once per ``rule`` and ``cause``.
    """

    to: Sequence[int]
    variant_id: int
    off: int
    until: dt.datetime
    rule: str
    cause: str


@dataclass(frozen=True, slots=True)
class Mark(Effect):
    """``to`` have a mark of honour: see ``honour.MARKS`` for the rules. Once per rule and cause."""

    to: Sequence[int]
    rule: str
    cause: str


@dataclass(frozen=True, slots=True)
class Turn(Effect):
    """The campaign's ``wheel`` is turned once for the instance; what it falls on is given.

    ``coupons`` are what prizes are, by their id: (coupon, cost); the money is promised then. None
    instead of a coupon is a mark of honour. Locks campaign.
    """

    wheel: Wheel
    coupons: Mapping[str, tuple[int | None, int]]


@dataclass(frozen=True, slots=True)
class GiveRight(Effect):
    """Whoever just entered may buy ``quantity`` of a variant for ``amount`` each, until ``until``.

    ``to`` names another reserved place. ``funded_by`` bears the difference: "shop" or "platform".
    With ``keeps`` the unit that the instance keeps is kept for this price from then on.
    """

    variant_id: int
    amount: int
    until: dt.datetime
    quantity: int = 1
    funded_by: str = "shop"
    to: Participation | None = None
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class KeepUnit(Effect):
    """One unit of a variant is held in stock for the instance; refused ``sold_out`` with none."""

    variant_id: int


@dataclass(frozen=True, slots=True)
class FreeUnit(Effect):
    """The unit that the instance keeps, if it still does, is free again. The last of effects."""


@dataclass(frozen=True, slots=True)
class Confirm(Effect):
    """A reserved place counts from now on: ``one`` is in, and the instance has one more done."""

    one: Participation


@dataclass(frozen=True, slots=True)
class Leave(Effect):
    """Somebody is out again: the place is free and counts no more, and they may come again."""

    one: Participation
    reason: str


@dataclass(frozen=True, slots=True)
class Follow(Effect):
    """Watch an order of who takes part, and decide at ``due_at``; None watches no order any more.

    ``reason`` is kept for who asks why.
    """

    one: Participation
    order_id: int | None
    due_at: dt.datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Keep(Effect):
    """``data`` is remembered of ``one``, for nobody but the mechanic to see."""

    one: Participation
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Count(Effect):
    """``one`` has done what was asked: they have won, and the instance has one more done."""

    one: Participation


@dataclass(frozen=True, slots=True)
class Reverse(Effect):
    """``one`` has not done it after all: they count no more, and ``who`` loses the coupon for it,
    and the mark.

    It is the one that was given by ``rule`` and ``cause``, if any was. Unused, it is revoked and
    its cost is free again. What is used, or in an order, is owed: ``one`` remembers it as "owed",
    for the mechanic to net with what ``who`` gets next. They are told which of both.
    """

    one: Participation
    who: int
    rule: str
    cause: str


@dataclass(frozen=True, slots=True)
class Reprice(Effect):
    """Everybody who is in pays ``amount`` from now on; those who paid more get it back."""

    amount: int


@dataclass(frozen=True, slots=True)
class LetGo(Effect):
    """Orders of those who are in need not wait any more."""


@dataclass(frozen=True, slots=True)
class Undo(Effect):
    """It did not come about: who is in has lost, what they paid goes back, orders are ended."""


@dataclass(frozen=True, slots=True)
class Move(Effect):
    """The instance goes to another state of the mechanic's machine; ``ends`` when it is over."""

    to: str
    ends: bool = False


@dataclass(frozen=True, slots=True)
class MoveOne(Effect):
    """One participation goes to another state."""

    one: Participation
    to: str


@dataclass(frozen=True, slots=True)
class Change(Effect):
    """Columns of the instance change: ``public``, ``amount``."""

    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tell(Effect):
    """``who`` is told. ``kind`` is a registered notification; ``data`` its words' values."""

    who: int
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TellAll(Effect):
    """Everybody who is in is told, but ``but``; see :class:`Tell`."""

    kind: str
    but: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Owe(Effect):
    """``who`` is owed ``amount`` for each of some places, out of what was promised; once each."""

    who: int
    amount: int
    places: Sequence[int]


@dataclass(frozen=True, slots=True)
class PayOwed(Effect):
    """What is owed for a place is paid by the shop onto what its earner can have paid out."""

    one: Participation


@dataclass(frozen=True, slots=True)
class Forgo(Effect):
    """What is owed for a place is owed no more; the budget has it again.

    What was paid already is taken back, below zero if need be, and its earner is told.
    """

    one: Participation


@dataclass(frozen=True, slots=True)
class Bear(Effect):
    """The shop bears ``amount`` of what buyers were spared; its books say so, once per ``rule``."""

    amount: int
    rule: str


@dataclass(frozen=True, slots=True)
class Show(Effect):
    """The instance is shown in the chat room that it was put into, by whoever began it."""


@dataclass(frozen=True, slots=True)
class Lead(Effect):
    """Whoever plays is led on, to an address of this site, where the campaign leads on directly."""

    url: str
