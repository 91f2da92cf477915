"""A bargain: friends cut a price down, each by a cut that was fixed before the first one came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field

from banyan.catalog.models import Variant
from banyan.kernel.money import Money, format_money
from banyan.kernel.states import Machine

from ..blocks import Block, Countdown, Faces, Next, Note, Price, Progress, Won
from ..chance.bargains import FRONT, Bargain
from ..chance.packets import EQUAL, LINE_CUT
from ..effects import Change, Confirm, Contribute, Effect, Enter, GiveRight, Lead, Move, Tell, Undo
from ..mechanic import INSTANCES, OWNER, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign, Instance, Participation
from ..policy import Facts
from ..problems import Refused
from ..rewards import checkout_of
from ..seeds import seed_of
from ..terms import Ask, Terms

MOST_CUTS = 20
PAYING = dt.timedelta(minutes=20)
"""How long after the last moment to order an order that was placed by then may still be paid."""


class BargainTerms(Terms):
    """What is bargained for, down to which price, by how many friends and in which steps."""

    variant_fields: ClassVar[tuple[str, ...]] = ("variant",)

    variant: Annotated[int, Ask(gettext_lazy("What is bargained for"), kind="variant")]
    floor: Annotated[int, Ask(gettext_lazy("The lowest price"), kind="money"), Field(ge=0)]
    people: Annotated[int, Ask(gettext_lazy("Friends who bring it there")), Field(ge=1, le=100)] = (
        10
    )
    shape: Annotated[
        str,
        Ask(
            gettext_lazy("How much each one cuts"),
            gettext_lazy("It is decided when a bargain begins, and can be checked afterwards."),
            kind="choice",
            choices=(
                (EQUAL, gettext_lazy("All the same")),
                (FRONT, gettext_lazy("The first ones more, by a published curve")),
                (LINE_CUT, gettext_lazy("By chance")),
            ),
        ),
        Field(pattern=f"^({EQUAL}|{FRONT}|{LINE_CUT})$"),
    ] = EQUAL
    hours: Annotated[
        int,
        Ask(gettext_lazy("Friends can help for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=168),
    ] = 24
    pay_hours: Annotated[
        int,
        Ask(gettext_lazy("The price can be ordered at for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=168),
    ] = 24
    buy_now: Annotated[
        bool, Ask(gettext_lazy("One may stop early and buy at the price reached"), kind="switch")
    ] = True
    per_day: Annotated[
        int, Ask(gettext_lazy("How often one person may help in a day")), Field(ge=1, le=50)
    ] = 5
    bargains: Annotated[int, Ask(gettext_lazy("Bargains of one person")), Field(ge=1, le=20)] = 1


class Bargaining(Mechanic[BargainTerms]):
    """Mechanic 2.4. A place is a cut; the owner's right to the price comes with the last one."""

    code = "bargain"
    title = gettext_lazy("Bargain")
    pitch = gettext_lazy("Friends cut the price down, step by step, and everybody sees how far.")
    steps = (
        gettext_lazy("Begin, and send it to your friends."),
        gettext_lazy("Each friend who helps takes a piece off the price."),
        gettext_lazy("Buy at the price that was reached; nobody has to buy."),
    )
    terms = BargainTerms
    landings = ("direct", "right")
    scarce = frozenset({"help"})
    machine = Machine(
        name="campaigns.bargain.state",
        table=INSTANCES,
        initial="cutting",
        transitions={
            # ready: the price stands, and can be ordered at for some hours
            "cutting": ("ready", "expired", "cancelled"),
            "ready": ("bought", "lapsed"),
            "bought": (),
            "lapsed": (),
            "expired": (),
            "cancelled": (),
        },
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "ten": Preset(gettext_lazy("Ten friends, one day"), {"people": 10, "hours": 24}),
        "few": Preset(gettext_lazy("Five close friends"), {"people": 5, "hours": 48}),
    }

    def faults(self, terms: BargainTerms) -> Mapping[str, Any]:
        """The lowest price must leave every friend something to cut."""
        if _price(terms) - terms.floor < terms.people:
            return {"floor": _("The lowest price must be below the price, with a cut for each.")}
        return {}

    def turns(self, terms: BargainTerms) -> int:
        """See the base."""
        return terms.bargains

    def price(self, terms: BargainTerms) -> int:
        """See the base."""
        return terms.floor

    def worst_case(self, terms: BargainTerms) -> int:
        """A lower price costs no budget: the shop sells for less."""
        return 0

    def reduced(self, terms: BargainTerms) -> Sequence[tuple[int, int]]:
        """One unit at the lowest price."""
        return [(1, terms.floor)]

    def advertised(self, terms: BargainTerms) -> tuple[int, int]:
        """The lowest price that friends can bring it to."""
        return terms.variant, terms.floor

    def facts(self, campaign: Campaign, terms: BargainTerms) -> Facts:
        """Cuts are fixed beforehand, by chance where the terms say so."""
        return replace(
            super().facts(campaign, terms),
            chance=terms.shape == LINE_CUT,
            method=_("How much each friend cuts off is fixed when a bargain begins."),
            share_needed=not terms.buy_now,
        )

    def begin(self, new: Beginning[BargainTerms]) -> Opening:
        """Every cut is decided now, from the price as it is now."""
        start = _price(new.terms)
        return Opening(
            cap=new.terms.people,
            lasts=dt.timedelta(hours=new.terms.hours),
            amount=start,
            chance=_bargain(new.subject, new.campaign.currency, start, new.terms),
            public={"start": start},
        )

    def chance_of(self, instance: Instance, terms: BargainTerms) -> Bargain:
        """See the base."""
        start = int(instance.public["start"])
        return _bargain(instance.pk, instance.campaign.currency, start, terms)

    def opened(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The owner is in from the beginning, and takes no cut."""
        return [Enter(OWNER, expires_at=play.instance.deadline + PAYING)]

    def help(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The next cut of the schedule; the last one fixes the price for the owner."""
        bargain, terms = play.instance, play.terms
        if bargain.state != "cutting":
            raise Refused("over")
        cut = self.chance_of(bargain, terms).parts(play.seed)[play.place - 1]
        price, left = bargain.amount - cut, bargain.cap - play.place
        owner = bargain.owner_id or 0
        effects: list[Effect] = [
            Contribute("cut", play.place, amount=cut, per_day=terms.per_day),
            Change({"amount": price}),
        ]
        if left == 1:
            effects.append(Tell(owner, "campaign.one_to_go"))
        if not left:
            effects += [*self._ready(play, price), Tell(owner, "campaign.reached")]
        return effects

    def redeem(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The owner stops and buys at the price that was reached."""
        bargain = play.instance
        if play.who.account_id != bargain.owner_id:
            raise Refused("not_yours")
        if bargain.state != "cutting" or not play.terms.buy_now:
            raise Refused("not_offered")
        return [*self._ready(play, bargain.amount), Lead(checkout_of(play.terms.variant))]

    def withdraw(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The owner gives it up. Cuts are not used for anything else."""
        if play.who.account_id != play.instance.owner_id:
            raise Refused("not_yours")
        if play.instance.state != "cutting":
            raise Refused("not_offered")
        return [Undo(), Move("cancelled", ends=True)]

    def paid(self, play: Play[BargainTerms], one: Participation) -> Sequence[Effect]:
        """Bought at the price of the bargain."""
        return [Confirm(one), Move("bought", ends=True)]

    def expire(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """Too few came, or nobody ordered in time."""
        to = "lapsed" if play.instance.state == "ready" else "expired"
        return [Undo(), Move(to, ends=True)]

    def view(self, shown: Shown[BargainTerms]) -> list[Block]:
        """See the base."""
        bargain, terms, currency = shown.instance, shown.terms, shown.campaign.currency
        start = Money(int(bargain.public["start"]), currency)
        now, floor = Money(bargain.amount, currency), Money(terms.floor, currency)
        left = bargain.cap - bargain.taken
        words = ngettext(
            "%(n)s more friend brings it to %(amount)s.",
            "%(n)s more friends bring it to %(amount)s.",
            left,
        ) % {"n": left, "amount": format_money(floor)}
        blocks: list[Block] = [Price(now, floor if left else None, start if now < start else None)]
        if bargain.state == "cutting":
            blocks.append(Progress(bargain.taken, bargain.cap, words))
            blocks.append(Countdown(bargain.deadline, _("Until then friends can help.")))
        helpers = [one.helper_id for one in shown.helps]
        cuts = [format_money(-Money(one.amount, currency)) for one in shown.helps[:MOST_CUTS]]
        blocks.append(Faces(_("Who helped"), helpers, amounts=cuts, empty=min(left, 8)))
        return [*blocks, *self._next(shown), *self.fairness(shown)]

    def _next(self, shown: Shown[BargainTerms]) -> list[Block]:
        bargain, terms = shown.instance, shown.terms
        price = format_money(Money(bargain.amount, shown.campaign.currency))
        if bargain.state == "bought":
            return [Note(_("It was bought at this price."), "good")]
        if bargain.ended_at is not None:
            return [Note(_("This bargain is over."))]
        if bargain.state == "ready":
            if not shown.own:
                return [Note(_("The price is reached. Well done, all of you."), "good")]
            mine = shown.mine
            until = mine.expires_at if mine and mine.expires_at else bargain.deadline
            label = _("Buy for %(amount)s") % {"amount": price}
            return [
                Won(_("The price is yours"), _("Thanks to everybody who helped.")),
                Countdown(until, _("to order at this price; it is not kept in stock for you")),
                Next("buy", label, url=checkout_of(terms.variant)),
            ]
        if shown.own:
            blocks: list[Block] = [Next("share", _("Ask friends"), _next_cut(self, shown))]
            if terms.buy_now and bargain.taken:
                blocks.append(Next("redeem", _("Buy for %(amount)s now") % {"amount": price}))
            return blocks
        if any(one.helper_id == shown.account_id for one in shown.helps):
            return [Note(_("Your cut counts. Thank you!"), "good")]
        return [Next("help", _("Help"), _next_cut(self, shown))]

    def _ready(self, play: Play[BargainTerms], price: int) -> list[Effect]:
        until = play.at + dt.timedelta(hours=play.terms.pay_hours)
        rows = Participation.objects.filter(instance_id=play.instance.pk, role=OWNER)
        owner = rows.exclude(state="out").get()
        return [
            GiveRight(play.terms.variant, price, until, to=owner),
            Change({"deadline": until + PAYING}),
            Move("ready"),
        ]


def _bargain(subject: int, currency: str, start: int, terms: BargainTerms) -> Bargain:
    return Bargain(
        subject=subject,
        currency=currency,
        start=start,
        floor=terms.floor,
        people=terms.people,
        rule=terms.shape,
    )


def _next_cut(kind: Bargaining, shown: Shown[BargainTerms]) -> str:
    """Say in money what one more friend does; where chance decides, between which amounts."""
    bargain, currency = shown.instance, shown.campaign.currency
    if shown.terms.shape == LINE_CUT:
        start, n = int(bargain.public["start"]), bargain.cap
        return _("%(n)s cuts together take off %(amount)s; how much each is was drawn.") % {
            "n": n,
            "amount": format_money(Money(start - shown.terms.floor, currency)),
        }
    cut = kind.chance_of(bargain, shown.terms).parts(seed_of(bargain))[bargain.taken]
    return _("One more friend takes off %(amount)s.") % {
        "amount": format_money(Money(cut, currency))
    }


def _price(terms: BargainTerms) -> int:
    return Variant.objects.values_list("price_amount", flat=True).get(pk=terms.variant)
