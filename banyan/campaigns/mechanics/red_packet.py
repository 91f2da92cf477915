"""A red packet: a sum of the sender's own credit in equal or random shares, for who comes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field

from banyan.kernel.digits import whole
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Invalid
from banyan.kernel.states import Machine
from banyan.moderation.actions import check_text

from ..blocks import Block, Countdown, Faces, Next, Note, Progress, Won
from ..chance.packets import EQUAL, LINE_CUT, Packet
from ..effects import Effect, Enter, Fund, Move, PayOut, Tell
from ..mechanic import INSTANCES, Beginning, Mechanic, Opening, Play, Shown
from ..models import Instance
from ..problems import Refused
from ..terms import Ask, Terms

MODES = {"equal": EQUAL, "random": LINE_CUT}


class PacketTerms(Terms):
    """The bounds within which members fill packets."""

    most: Annotated[
        int, Ask(gettext_lazy("The most in a packet"), kind="money"), Field(ge=1, le=10**7)
    ] = 20_000
    people: Annotated[int, Ask(gettext_lazy("The most shares")), Field(ge=1, le=100)] = 100
    hours: Annotated[
        int,
        Ask(gettext_lazy("A packet is open for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=72),
    ] = 24
    sender: Annotated[
        bool, Ask(gettext_lazy("The sender may take a share, too"), kind="switch")
    ] = True
    packets: Annotated[int, Ask(gettext_lazy("Packets of one person")), Field(ge=1, le=100_000)] = (
        10_000
    )


class RedPacket(Mechanic[PacketTerms]):
    """Mechanic 2.10. The money leaves the sender when the packet is filled: all of it, once."""

    code = "red_packet"
    title = gettext_lazy("Red packet")
    pitch = gettext_lazy("Credit for friends, in equal shares or by luck.")
    steps = (
        gettext_lazy("Put some of your credit into a packet, and choose how many may share it."),
        gettext_lazy("Friends open it: who comes first, has a share."),
        gettext_lazy("What nobody took in time goes back to you."),
    )
    terms = PacketTerms
    by_sharing = False
    owner_joins = True
    machine = Machine(
        name="campaigns.red_packet.state",
        table=INSTANCES,
        initial="open",
        transitions={"open": ("drained", "returned"), "drained": (), "returned": ()},
    )

    def turns(self, terms: PacketTerms) -> int:
        """See the base."""
        return terms.packets

    def worst_case(self, terms: PacketTerms) -> int:
        """Nothing of a budget: it is the sender's own credit."""
        return 0

    def begin(self, new: Beginning[PacketTerms]) -> Opening:
        """Read the sum (minor units), shares, mode and wish; split the sum now."""
        fields, terms = {}, new.terms
        total = whole(str(new.given.get("total", ""))) or 0
        count = whole(str(new.given.get("count", ""))) or 0
        mode = str(new.given.get("mode", "random"))
        wish = str(new.given.get("wish", "")).strip()
        if not 1 <= count <= terms.people:
            fields["count"] = _("From 1 to %(n)s shares.") % {"n": terms.people}
        if not max(count, 1) <= total <= terms.most:
            amount = format_money(Money(terms.most, new.campaign.currency))
            fields["total"] = _("At least the smallest coin for each, and at most %(amount)s.") % {
                "amount": amount
            }
        if mode not in MODES:
            fields["mode"] = _("This cannot be chosen here.")
        if len(wish) > 60:
            fields["wish"] = _("This is too long.")
        if fields:
            raise Invalid(fields=fields)
        if wish:
            check_text(actor=new.actor, text=wish, where="message")
        public = {"count": count, "mode": mode, "wish": wish, "total": total}
        return Opening(
            cap=count,
            lasts=dt.timedelta(hours=terms.hours),
            amount=total,
            chance=_packet(new.subject, new.campaign.currency, public),
            public=public,
        )

    def chance_of(self, instance: Instance, terms: PacketTerms) -> Packet:
        """See the base."""
        return _packet(instance.pk, instance.campaign.currency, instance.public)

    def opened(self, play: Play[PacketTerms]) -> Sequence[Effect]:
        """The sender's credit goes into the packet; too little, and nothing is begun."""
        return [Fund(play.instance.amount)]

    def join(self, play: Play[PacketTerms]) -> Sequence[Effect]:
        """The share of the place; who takes the last one ends it, and the sender is told."""
        packet, who = play.instance, play.who.account_id
        if who == packet.owner_id and not play.terms.sender:
            raise Refused("own")
        share = self.chance_of(packet, play.terms).parts(play.seed)[play.place - 1]
        effects: list[Effect] = [
            Enter("taker", place=play.place, amount=share),
            PayOut(who, share, "share"),
        ]
        if play.place == packet.cap:
            effects += [Move("drained", ends=True), Tell(packet.owner_id or 0, "campaign.drained")]
        return effects

    def expire(self, play: Play[PacketTerms]) -> Sequence[Effect]:
        """What nobody took goes back to the sender."""
        packet = play.instance
        shares = self.chance_of(packet, play.terms).parts(play.seed)
        rest = sum(shares[packet.taken :])
        back: list[Effect] = [PayOut(packet.owner_id or 0, rest, "remainder")] if rest else []
        return [*back, Move("returned", ends=True)]

    def view(self, shown: Shown[PacketTerms]) -> list[Block]:
        """See the base."""
        packet, currency = shown.instance, shown.campaign.currency
        left = packet.cap - packet.taken
        blocks: list[Block] = []
        if wish := packet.public["wish"]:
            blocks.append(Note(wish, "gold"))
        takers = [one for one in shown.people if one.role == "taker"]
        mine = next((one for one in takers if one.account_id == shown.account_id), None)
        if mine is not None:
            amount = format_money(Money(mine.amount, currency))
            text = _("It is in your wallet.")
            blocks.append(Won(amount, text, "/me/wallet", _("My wallet")))
        whole_sum = format_money(Money(packet.amount, currency))
        words = ngettext(
            "%(left)s of %(all)s shares is left, %(amount)s in all",
            "%(left)s of %(all)s shares are left, %(amount)s in all",
            left,
        ) % {"left": left, "all": packet.cap, "amount": whole_sum}
        blocks.append(Progress(packet.taken, packet.cap, words))
        if packet.ended_at is None:
            blocks.append(Countdown(packet.deadline, _("Then what is left goes back.")))
        blocks.append(
            Faces(_("Who took a share"), [one.account_id for one in takers], _best(shown))
        )
        if packet.ended_at is None and left and mine is None:
            if shown.own and not shown.terms.sender:
                blocks.append(Next("share", _("Send it to friends")))
            else:
                blocks.append(Next("join", _("Open it")))
        elif mine is None:
            blocks.append(Note(_("All of it is gone.") if not left else _("It is closed.")))
        return [*blocks, *self.fairness(shown)]


def _best(shown: Shown[PacketTerms]) -> list[str]:
    """Say who was luckiest once all is taken: the earliest of the largest shares."""
    takers = [one for one in shown.people if one.role == "taker"]
    if shown.instance.state != "drained" or shown.instance.public["mode"] != "random":
        return []
    best = max(takers, key=lambda one: (one.amount, -(one.place or 0)))
    amount = format_money(Money(best.amount, shown.campaign.currency))
    if best.is_named:
        name = best.account.display_name
        return [_("%(name)s had the best luck: %(amount)s.") % {"name": name, "amount": amount}]
    return [_("The best luck was %(amount)s.") % {"amount": amount}]


def _packet(subject: int, currency: str, public: object) -> Packet:
    assert isinstance(public, dict)
    return Packet(
        subject=subject,
        currency=currency,
        total=int(public["total"]),
        count=int(public["count"]),
        rule=MODES[public["mode"]],
    )
