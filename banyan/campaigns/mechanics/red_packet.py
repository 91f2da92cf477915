"""A red packet: a sum of the sender's own credit in equal or random shares, for who comes first."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field

from banyan.groups.access import is_member, membership_of
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Invalid, NotFound, TooMany
from banyan.kernel.ratelimits import hit
from banyan.kernel.states import Machine
from banyan.moderation.actions import check_text
from banyan.moderation.queries import is_suspended
from banyan.payments.queries import wallet_is_on
from banyan.people.access import blocked_between
from banyan.people.models import Account

from ..blocks import Block, Countdown, Faces, Next, Note, Progress, Won
from ..chance.packets import EQUAL, LINE_CUT, Packet
from ..effects import Effect, Enter, Fund, Mark, Move, PayOut, Show, Tell
from ..figures import of_packets
from ..mechanic import INSTANCES, Beginning, Mechanic, Opening, Play, Shown
from ..models import Campaign, Instance, Participation
from ..persons import Person, is_new
from ..policy.limits import limit
from ..problems import Refused
from ..terms import Ask, Terms

NEW, GROUP = "new", "group:"
"""Audiences: who is new here, and the members of a group, by its id. Empty: everybody."""
MODES = {"equal": EQUAL, "random": LINE_CUT}
WORD = (2, 20)
"""The fewest and the most letters of a code word."""
TRIES, HOUR, DAY = 5, 3_600, 86_400


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
    in_honour = gettext_lazy("Good words for friends, and no money: who opens it is blessed.")
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

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        return of_packets(campaign)

    def begin(self, new: Beginning[PacketTerms]) -> Opening:
        """Read the sum (minor units), shares, mode, wish and audience; split the sum now.

        For honour there is no sum: the wish is what is given.
        """
        honour = new.terms.honour
        if not honour and not wallet_is_on():
            raise Refused("wallet_off")
        if is_suspended(new.actor.id or 0):
            raise Refused("suspended")
        fields, terms = {}, new.terms
        total = 0 if honour else whole(str(new.given.get("total", ""))) or 0
        count = whole(str(new.given.get("count", ""))) or 0
        mode = "equal" if honour else str(new.given.get("mode", "random"))
        wish = str(new.given.get("wish", "")).strip()
        word = _folded(new.given.get("word"))
        pair = bool(new.given.get("pair"))
        audience = str(new.given.get("audience", ""))
        group_id = whole(audience.removeprefix(GROUP)) if audience.startswith(GROUP) else None
        if pair and count != 1:
            fields["count"] = _("In a chat of two a packet has one share.")
        elif not 1 <= count <= terms.people:
            fields["count"] = _("From 1 to %(n)s shares.") % {"n": terms.people}
        if not honour and not max(count, 1) <= total <= terms.most:
            amount = format_money(Money(terms.most, new.campaign.currency))
            fields["total"] = _("At least the smallest coin for each, and at most %(amount)s.") % {
                "amount": amount
            }
        if mode not in MODES:
            fields["mode"] = _("This cannot be chosen here.")
        if len(wish) > 60:
            fields["wish"] = _("This is too long.")
        if honour and not wish:
            fields["wish"] = _("This is needed.")
        if audience not in {"", NEW} and not (group_id and is_member(new.actor, group_id)):
            fields["audience"] = _("This cannot be chosen here.")
        if word and not WORD[0] <= len(word) <= WORD[1]:
            fields["word"] = _("From %(least)s to %(most)s letters.") % {
                "least": WORD[0],
                "most": WORD[1],
            }
        if fields:
            raise Invalid(fields=fields)
        if wish and check_text(actor=new.actor, text=wish, where="message"):
            # Nobody looks at wishes by hand before the day is over.
            raise Invalid(fields={"wish": _("Choose other words.")}, code="words_blocked")
        public = {"count": count, "mode": mode, "wish": wish, "total": total}
        public |= {"word": bool(word), "pair": pair, "audience": audience}
        return Opening(
            cap=count,
            lasts=dt.timedelta(hours=terms.hours),
            amount=total,
            chance=None if honour else _packet(new.subject, new.campaign.currency, public),
            kept={"word": word},
            public=public,
        )

    def entry_url(self, campaign: Campaign) -> str:
        """See the base."""
        return f"/me/packets/new?campaign={campaign.code}"

    def chance_of(self, instance: Instance, terms: PacketTerms) -> Packet | None:
        """See the base; words are not split."""
        if terms.honour:
            return None
        return _packet(instance.pk, instance.campaign.currency, instance.public)

    def opened(self, play: Play[PacketTerms]) -> Sequence[Effect]:
        """The sender's credit goes into the packet; too little, and nothing is begun."""
        packet = play.instance
        shown: list[Effect] = [Show()] if packet.place else []
        if play.terms.honour:
            return shown
        _count("sent", play.who.account_id, packet.amount, play.campaign)
        return [Fund(packet.amount), *shown]

    def admit(self, person: Person, instance: Instance, given: Mapping[str, Any]) -> None:
        """Refuse the suspended, who is apart from the sender or not meant, and a wrong code word.

        Whom a packet is for is asked when it is opened: who has left the group has no share.
        """
        if is_suspended(person.account_id):
            raise Refused("suspended")
        if blocked_between(person.account_id, instance.owner_id or 0):
            raise NotFound()
        audience = instance.public.get("audience", "")
        if audience == NEW and person.account_id != instance.owner_id and not is_new(person):
            raise Refused("newcomers_only")
        if audience.startswith(GROUP) and not _belongs(person, audience):
            raise Refused("members_only")
        if word := instance.secret["word"]:
            hit(f"packet:word:{instance.pk}:{person.account_id}", TRIES, HOUR)
            if not constant_time_compare(_folded(given.get("word")), word):
                raise Refused("word")

    def card(self, instance: Instance) -> tuple[str, str]:
        """See the base."""
        owner = instance.owner
        whose = owner.display_name if owner is not None and owner.is_active else ""
        # Where words are what is given, they are for who opens it.
        wish = "" if instance.campaign.drive == "honour" else instance.public["wish"]
        return wish or str(self.title), " · ".join(filter(None, (whose, _stands(instance))))

    def join(self, play: Play[PacketTerms]) -> Sequence[Effect]:
        """The share of the place; who takes the last one ends it, and the sender is told."""
        packet, who = play.instance, play.who.account_id
        if play.is_own and not _sender_takes(packet, play.terms):
            raise Refused("own")
        shares = self._shares(play)
        share = shares[play.place - 1] if shares else 0
        if share:
            _count("received", who, share, play.campaign)
        effects: list[Effect] = [
            Enter("taker", place=play.place, amount=share),
            PayOut(who, share, "share"),
            Mark([who], "blessed", f"play:{packet.pk}"),
        ]
        if play.place == packet.cap:
            effects += [Move("drained", ends=True), Tell(packet.owner_id or 0, "campaign.drained")]
        return effects

    def finished(self, instance: Instance, terms: PacketTerms) -> Sequence[Tell]:
        """Who had the best luck is told, once there is nothing left to be lucky with."""
        public = instance.public
        if terms.honour or instance.state != "drained" or public["mode"] != "random":
            return []
        best = _luckiest(instance)
        told = {"amount": best.amount, "currency": instance.campaign.currency}
        return [Tell(best.account_id, "campaign.luckiest", told)] if instance.cap > 1 else []

    def expire(self, play: Play[PacketTerms]) -> Sequence[Effect]:
        """What nobody took goes back to the sender."""
        packet = play.instance
        rest = sum(self._shares(play)[packet.taken :])
        owner_id, ends = packet.owner_id or 0, Move("returned", ends=True)
        if not rest:
            return [ends]
        told = {"amount": rest, "currency": play.campaign.currency}
        return [
            PayOut(owner_id, rest, "remainder"),
            ends,
            Tell(owner_id, "campaign.returned", told),
        ]

    def _shares(self, play: Play[PacketTerms]) -> Sequence[int]:
        packet = self.chance_of(play.instance, play.terms)
        return packet.parts(play.seed) if packet else ()

    def view(self, shown: Shown[PacketTerms]) -> list[Block]:
        """See the base."""
        packet, currency = shown.instance, shown.campaign.currency
        left, honour = packet.cap - packet.taken, shown.terms.honour
        blocks: list[Block] = []
        if packet.owner is not None and _meets(shown, packet.owner):
            blocks.append(Note(_("From %(name)s") % {"name": packet.owner.display_name}))
        wish, inside = packet.public["wish"], honour and not shown.own
        takers = [one for one in shown.people if one.role == "taker"]
        mine = next((one for one in takers if one.account_id == shown.account_id), None)
        if wish and (mine is not None or not inside):
            blocks.append(Note(wish, "gold"))
        if mine is not None and not honour:
            amount = format_money(Money(mine.amount, currency))
            text = _("It is in your wallet.")
            blocks.append(Won(amount, text, "/me/wallet", _("My wallet")))
        whole_sum = format_money(Money(packet.amount, currency))
        words = ngettext(
            "%(left)s of %(all)s shares is left, %(amount)s in all",
            "%(left)s of %(all)s shares are left, %(amount)s in all",
            left,
        ) % {"left": left, "all": packet.cap, "amount": whole_sum}
        if honour:
            words = ngettext("%(left)s of %(all)s is left", "%(left)s of %(all)s are left", left)
            words = words % {"left": left, "all": packet.cap}
        blocks.append(Progress(packet.taken, packet.cap, words))
        if packet.ended_at is None:
            text = _("Then it is over.") if honour else _("Then what is left goes back.")
            blocks.append(Countdown(packet.deadline, text))
        title = _("Who opened it") if honour else _("Who took a share")
        blocks.append(Faces(title, [one.account_id for one in takers], _best(shown)))
        blocks += _meant(shown)
        if packet.ended_at is None and left and mine is None:
            asks = {"word": _("Code word")} if packet.public["word"] else {}
            if not shown.own or _sender_takes(packet, shown.terms):
                blocks.append(Next("join", _("Open the packet"), asks=asks))
        elif mine is None:
            blocks.append(Note(_("All of it is gone.") if not left else _("It is closed.")))
        if shown.own and packet.ended_at is None and not packet.place:
            blocks.append(Next("share", _("Send it to friends")))
        return [*blocks, *self.fairness(shown)]


def _luckiest(packet: Instance) -> Participation:
    """Return who has the largest share of a packet, the earliest of equal ones."""
    takers = Participation.objects.filter(instance=packet, role="taker")
    return takers.select_related("account").order_by("-amount", "place")[0]


def _sender_takes(packet: Instance, terms: PacketTerms) -> bool:
    return terms.sender and not packet.public["pair"]


def _belongs(person: Person, audience: str) -> bool:
    group_id = int(audience.removeprefix(GROUP))
    return is_member(Actor(kind="member", id=person.account_id), group_id)


def _meant(shown: Shown[PacketTerms]) -> list[Block]:
    """Say whom a packet is for, where it is not for everybody."""
    audience = shown.instance.public.get("audience", "")
    if audience == NEW:
        return [Note(_("It is for friends who have not bought anything here yet."))]
    if not audience:
        return []
    reader = Actor(kind="member", id=shown.account_id)
    mine = membership_of(reader, int(audience.removeprefix(GROUP))) if shown.account_id else None
    name = mine.group.name if mine else ""
    if not name:
        return [Note(_("It is for the members of a group."))]
    return [Note(_("It is for the members of %(name)s.") % {"name": name})]


def _stands(packet: Instance) -> str:
    """Say in a few words how a packet stands."""
    if packet.taken >= packet.cap:
        return _("All of it is gone.")
    if packet.ended_at is not None:
        return _("It is closed.")
    return _("%(taken)s of %(all)s opened") % {"taken": packet.taken, "all": packet.cap}


def _folded(word: object) -> str:
    """Return a code word as it is compared: neither case nor width nor spaces count."""
    return "".join(unicodedata.normalize("NFKC", str(word or "")).casefold().split())


def _count(what: str, account_id: int, amount: int, campaign: Campaign) -> None:
    """Count money of one person's day; Refused when it is more than the installation allows.

    Inside the transaction: what is rolled back is not counted, and a person waits for themselves.
    """
    key, most = f"packet:{what}:{campaign.currency}:{account_id}", limit(f"packet_{what}_day")
    try:
        hit(key, most, DAY, weight=amount)
    except TooMany as full:
        raise Refused(f"{what}_day", detail=full.detail) from full


def _best(shown: Shown[PacketTerms]) -> list[str]:
    """Say who was luckiest once all is taken: the earliest of the largest shares."""
    public = shown.instance.public
    if shown.terms.honour or shown.instance.state != "drained" or public["mode"] != "random":
        return []
    best = _luckiest(shown.instance)
    amount = format_money(Money(best.amount, shown.campaign.currency))
    if best.is_named and _meets(shown, best.account):
        name = best.account.display_name
        return [_("%(name)s had the best luck: %(amount)s.") % {"name": name, "amount": amount}]
    return [_("The best luck was %(amount)s.") % {"amount": amount}]


def _meets(shown: Shown[PacketTerms], person: Account) -> bool:
    """Tell whether the reader is shown somebody: an open account, and no block."""
    if not person.is_active or shown.account_id is None:
        return person.is_active
    return not blocked_between(person.pk, shown.account_id)


def _packet(subject: int, currency: str, public: object) -> Packet:
    assert isinstance(public, dict)
    return Packet(
        subject=subject,
        currency=currency,
        total=int(public["total"]),
        count=int(public["count"]),
        rule=MODES[public["mode"]],
    )
