"""A group that buys together: the more they are, the less it costs; or everybody's money back."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field, model_validator

from banyan.catalog.models import Variant
from banyan.kernel.money import Money, format_money
from banyan.kernel.states import Machine
from banyan.orders.models import Order

from ..blocks import Block, Countdown, Faces, Ladder, Next, Note, Price, Progress, Won
from ..effects import (
    Change,
    Confirm,
    Effect,
    Enter,
    GiveOff,
    GivePrice,
    GiveRight,
    Lead,
    Leave,
    LetGo,
    Mark,
    Move,
    Reprice,
    Tell,
    Undo,
)
from ..mechanic import INSTANCES, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign, Instance, Participation
from ..persons import is_new
from ..policy import Facts
from ..problems import Refused
from ..rewards import checkout_of, won
from ..terms import Ask, Terms


class GroupTerms(Terms):
    """What is bought, at which price from how many people on, and what if they stay too few."""

    variant_fields: ClassVar[tuple[str, ...]] = ("variant",)
    main: ClassVar[str] = "price"
    more: ClassVar[tuple[str, ...]] = ("price_2", "price_3", "leader_price")

    variant: Annotated[int, Ask(gettext_lazy("What is bought"), kind="variant")]
    people: Annotated[int, Ask(gettext_lazy("People for a group")), Field(ge=2, le=100)] = 3
    price: Annotated[int, Ask(gettext_lazy("Price in the group"), kind="money"), Field(ge=0)] = 0
    people_2: Annotated[
        int,
        Ask(gettext_lazy("More people"), gettext_lazy("0: no second step.")),
        Field(ge=0, le=500),
    ] = 0
    price_2: Annotated[int, Ask(gettext_lazy("Price from then on"), kind="money"), Field(ge=0)] = 0
    people_3: Annotated[
        int,
        Ask(gettext_lazy("Still more people"), gettext_lazy("0: no third step.")),
        Field(ge=0, le=1000),
    ] = 0
    price_3: Annotated[int, Ask(gettext_lazy("Price from then on"), kind="money"), Field(ge=0)] = 0
    leader_price: Annotated[
        int,
        Ask(
            gettext_lazy("Price for who opens the group"),
            gettext_lazy("0: the same as everybody's."),
            kind="money",
        ),
        Field(ge=0),
    ] = 0
    hours: Annotated[
        int,
        Ask(gettext_lazy("A group is open for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=168),
    ] = 24
    minutes: Annotated[
        int,
        Ask(gettext_lazy("A place waits for its payment"), unit=gettext_lazy("minutes")),
        Field(ge=5, le=30),
    ] = 15
    complete_from: Annotated[
        int,
        Ask(
            gettext_lazy("The shop completes a group from so many people on"),
            gettext_lazy("0: never. It is said on the page, and nobody is made up."),
        ),
        Field(ge=0, le=99),
    ] = 0
    newcomers: Annotated[
        bool,
        Ask(gettext_lazy("Only those may join who have bought nothing yet"), kind="switch"),
    ] = False
    groups: Annotated[int, Ask(gettext_lazy("Groups that one may open")), Field(ge=1, le=20)] = 1
    days: Annotated[
        int,
        Ask(
            gettext_lazy("A coupon or a price for later can be used for"),
            gettext_lazy("Where a group ends with one of them, nobody pays before."),
            unit=gettext_lazy("days"),
        ),
        Field(ge=1, le=90),
    ] = 7

    @property
    def rungs(self) -> list[tuple[int, int]]:
        """(people, price) from the first step up."""
        steps = [(self.people, self.price), (self.people_2, self.price_2)]
        return [one for one in [*steps, (self.people_3, self.price_3)] if one[0]]

    @model_validator(mode="after")
    def _falling(self) -> GroupTerms:
        rungs = self.rungs
        for (few, high), (many, low) in itertools.pairwise(rungs):
            if many <= few or not (self.honour or 0 < low < high):
                raise ValueError(_("Each step needs more people and a lower price."))
        if self.complete_from >= self.people:
            raise ValueError(_("The shop completes groups that are too small, not full ones."))
        return self

    def price_at(self, people: int) -> int:
        """Return what everybody pays when so many are in; the first price before that."""
        reached = [price for many, price in self.rungs if people >= many]
        return reached[-1] if reached else self.price


class GroupBuy(Mechanic[GroupTerms]):
    """Mechanic 2.5. A place is reserved with a price right and counts once its order is paid."""

    code = "group_buy"
    title = gettext_lazy("Group buy")
    pitch = gettext_lazy("Enough people together pay less; too few, and everybody gets all back.")
    steps = (
        gettext_lazy("Open a group, and pay your place at the group's price."),
        gettext_lazy("Friends join and pay theirs, until enough are in."),
        gettext_lazy("The parcels are sent. Too few in time, and everybody gets all of it back."),
    )
    later = (
        gettext_lazy("Open a group, and ask friends to join. Nobody pays for that."),
        gettext_lazy("The more join in time, the lower the price."),
        gettext_lazy("Then the price is everybody's for some days, on every device."),
    )
    terms = GroupTerms
    landings = ("direct", "coupon", "right")
    in_honour = gettext_lazy("Friends buy the same at its usual price, and are shown together.")
    pay_to_enter = True
    watches = True
    machine = Machine(
        name="campaigns.group_buy.state",
        table=INSTANCES,
        initial="forming",
        transitions={
            # formed: enough for the first price; more may come and lower it
            # (where it ends with something for later, nobody pays and forming goes to completed)
            "forming": ("formed", "completed", "failed"),
            "formed": ("completed",),
            "completed": (),
            "failed": (),
        },
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "three": Preset(gettext_lazy("Three friends, one day"), {"people": 3, "hours": 24}),
        "ten": Preset(gettext_lazy("Ten people, three days"), {"people": 10, "hours": 72}),
    }

    def turns(self, terms: GroupTerms) -> int:
        """See the base."""
        return terms.groups

    def price(self, terms: GroupTerms) -> int:
        """See the base."""
        return terms.rungs[-1][1]

    def worst_case(self, terms: GroupTerms) -> int:
        """A lower price costs no budget: the shop sells for less."""
        return 0

    def reduced(self, terms: GroupTerms) -> Sequence[tuple[int, int]]:
        """A full group at the last step's price, its leader at their own."""
        people, price = terms.rungs[-1]
        return [(1, min(terms.leader_price or price, price)), (people - 1, price)]

    def advertised(self, terms: GroupTerms) -> tuple[int, int]:
        """The price of the first step; every later one is lower."""
        return terms.variant, terms.price

    def facts(self, campaign: Campaign, terms: GroupTerms) -> Facts:
        """Enough people pay less; too few, and everybody gets all back."""
        facts = super().facts(campaign, terms)
        if terms.honour:
            return replace(facts, method=_("Everybody buys at the usual price, and is sent it."))
        if _is_later(campaign):
            method = _(
                "With enough people in time the price of the step is everybody's for a while."
            )
            return replace(facts, method=method, pay_to_enter=False)
        method = _(
            "With enough people in time everybody buys at the price of the step; with too "
            "few all their money goes back."
        )
        return replace(facts, method=method)

    def how(self, campaign: Campaign) -> Sequence[Any]:
        """See the base; where it ends with something for later nobody pays before."""
        return self.later if _is_later(campaign) else super().how(campaign)

    def begin(self, new: Beginning[GroupTerms]) -> Opening:
        """The first place is the leader's own."""
        lasts = min(dt.timedelta(hours=new.terms.hours), new.campaign.ends_at - new.at)
        cap = new.terms.rungs[-1][0]
        return Opening(cap=cap, lasts=lasts, taken=1, amount=_list_price(new.terms))

    def opened(self, play: Play[GroupTerms]) -> Sequence[Effect]:
        """The leader's place waits for its payment like any other."""
        if _is_later(play.campaign):
            return [Enter("leader")]
        return self._reserve(play, "leader", play.terms.leader_price or play.terms.price)

    def join(self, play: Play[GroupTerms]) -> Sequence[Effect]:
        """A place is reserved, and leads to the checkout."""
        if play.terms.newcomers and not is_new(play.who):
            raise Refused("newcomers_only")
        if _is_later(play.campaign):
            last = play.place == play.instance.cap
            return [Enter("member", place=play.place), *(self._later(play) if last else [])]
        price = play.terms.price_at(play.instance.done)
        effects = self._reserve(play, "member", price)
        return [*effects, Lead(checkout_of(play.terms.variant))]

    def paid(self, play: Play[GroupTerms], one: Participation) -> Sequence[Effect]:
        """It counts. A step reached lowers the price for all; the last one completes the group."""
        terms, people = play.terms, play.instance.done + 1
        effects: list[Effect] = [Confirm(one)]
        owner = play.instance.owner_id or 0
        if one.account_id != owner:
            effects.append(Tell(owner, "campaign.group_joined"))
        steps = [many for many, _price in terms.rungs]
        if people >= steps[0]:
            there = [] if people > steps[0] else play.instance.participations.filter(state="in")
            effects.append(Mark([one.account_id, *_others(there)], "together", _cause(play)))
        if people in steps[1:]:
            effects.append(Reprice(terms.price_at(people)))
        if people == steps[0]:
            effects += [Move("formed"), LetGo()]
        if people == steps[-1]:
            effects.append(Move("completed", ends=True))
        return effects

    def expire(self, play: Play[GroupTerms]) -> Sequence[Effect]:
        """Enough are in, or the shop completes it and says so, or everybody gets all back.

        Bought at the usual price for honour, it is sent either way.
        """
        group, terms = play.instance, play.terms
        if group.state == "formed":
            return [Move("completed", ends=True)]
        later = _is_later(play.campaign)
        if later and group.taken >= terms.people:
            return self._later(play)
        if terms.honour or (later and not 0 < terms.complete_from <= group.taken):
            return [Move("failed", ends=True)]
        if later:
            public = group.public | {"by_shop": terms.people - group.taken}
            return [Change({"public": public}), *self._later(play)]
        if terms.complete_from and group.done >= terms.complete_from:
            public = group.public | {"by_shop": terms.people - group.done}
            return [Change({"public": public}), LetGo(), Move("completed", ends=True)]
        return [Undo(), Move("failed", ends=True)]

    def refunded(
        self, play: Play[GroupTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """Who has all back before there are enough is out; later it leaves the others as is."""
        if play.instance.state != "forming" or one.state != "in":
            return ()
        return [Leave(one, "refunded")]

    def view(self, shown: Shown[GroupTerms]) -> list[Block]:
        """See the base."""
        group, terms, currency = shown.instance, shown.terms, shown.campaign.currency
        here = _people(shown)
        usual, money = (
            Money(group.amount, currency),
            Money(_price_now(group, terms, here), currency),
        )
        blocks: list[Block] = [Price(money, None, None if terms.honour else usual)]
        if not terms.honour:
            blocks.append(
                Ladder(
                    [
                        (
                            ngettext("%(n)s person", "%(n)s people", many) % {"n": many},
                            format_money(Money(price, currency)),
                            here >= many,
                        )
                        for many, price in terms.rungs
                    ]
                )
            )
        missing = max(0, terms.people - here)
        words = ngettext("%(n)s more person is needed", "%(n)s more people are needed", missing)
        if missing and group.ended_at is None:
            blocks.append(Progress(here, terms.people, words % {"n": missing}))
        people = [one.account_id for one in shown.people if one.state == "in"]
        blocks.append(Faces(_("Who is in"), people, empty=min(missing, 8)))
        if group.ended_at is None:
            text = _("Too few by then: everybody gets all their money back.")
            if terms.honour:
                text = _("Until then friends can join; what you buy is sent either way.")
            elif _is_later(shown.campaign):
                text = _("Then everybody has the price that was reached; too few, and it is over.")
            blocks.append(Countdown(group.deadline, text))
        return [*blocks, *self._next(shown, missing)]

    def _next(self, shown: Shown[GroupTerms], missing: int) -> list[Block]:
        group, mine = shown.instance, shown.mine
        if group.state == "failed" and (shown.terms.honour or _is_later(shown.campaign)):
            return [Note(_("This is over."))]
        if group.state == "failed":
            return [Note(_("Too few came. What was paid is on its way back."))]
        if group.ended_at is not None and mine is not None and (gained := won(shown)):
            return gained
        if group.state == "completed" and "by_shop" in group.public:
            n = group.public["by_shop"]
            words = ngettext(
                "The shop stood in for %(n)s person.", "The shop stood in for %(n)s people.", n
            )
            return [Note(words % {"n": n}, "good")]
        if group.ended_at is not None:
            if mine is not None:
                return [Won(_("The group is complete."), _("The shop sends what you ordered."))]
            return [Note(_("The group is complete."), "good")]
        if mine is not None and mine.state == "reserved":
            price = format_money(Money(mine.amount, shown.campaign.currency))
            url = checkout_of(shown.terms.variant)
            hint = _("Your place is kept until it is paid for, or given to others.")
            until = [Countdown(mine.expires_at, _("for your payment"))] if mine.expires_at else []
            label = _("Pay %(amount)s") % {"amount": price}
            return [*until, Next("pay", label, hint, url)]
        if mine is not None:
            return [
                Won(_("You are in"), _("We tell you when the group is complete.")),
                Next("share", _("Bring others"), self._worth(shown)),
            ]
        now = _price_now(group, shown.terms, _people(shown))
        price = format_money(Money(now, shown.campaign.currency))
        if group.taken >= group.cap:
            return [Note(_("All places are taken; one that is not paid for comes back."))]
        label = _("Join for %(amount)s") % {"amount": price}
        hint = _("You get all of it back if the group stays too small.")
        if shown.terms.honour:
            hint = _("You buy it at its usual price, together with your friends.")
        elif _is_later(shown.campaign):
            label = _("Join")
            hint = ngettext(
                "Nobody pays now. The price is yours for %(n)s day when the group is complete.",
                "Nobody pays now. The price is yours for %(n)s days when the group is complete.",
                shown.terms.days,
            ) % {"n": shown.terms.days}
        return [Next("join", label, hint)]

    def _worth(self, shown: Shown[GroupTerms]) -> str:
        """Say what the next step takes and brings, in money."""
        done, currency = _people(shown), shown.campaign.currency
        if shown.terms.honour:
            return ""
        for many, price in shown.terms.rungs:
            if done < many:
                n = many - done
                words = ngettext(
                    "%(n)s more person brings it to %(amount)s.",
                    "%(n)s more people bring it to %(amount)s.",
                    n,
                )
                return words % {"n": n, "amount": format_money(Money(price, currency))}
        return ""

    def _reserve(self, play: Play[GroupTerms], role: str, price: int) -> list[Effect]:
        until = min(play.at + dt.timedelta(minutes=play.terms.minutes), play.instance.deadline)
        price = _price_now(play.instance, play.terms, 0) if play.terms.honour else price
        return [
            Enter(
                role,
                amount=price,
                data={"paid": price},
                expires_at=until,
                scope="account",
            ),
            GiveRight(play.terms.variant, price, until),
        ]

    def _later(self, play: Play[GroupTerms]) -> list[Effect]:
        """Everybody has the price that was reached, as a coupon or a right, for some days."""
        terms, group, cause = play.terms, play.instance, _cause(play)
        usual, until = terms.price_at(group.taken), play.at + dt.timedelta(days=terms.days)
        people = _others(group.participations.filter(state="in"))
        people += [play.person.account_id] if play.person else []
        leader = min(usual, terms.leader_price or usual)
        given: list[Effect] = []
        for price in {usual, leader}:
            to = [one for one in people if price == (leader if one == group.owner_id else usual)]
            if play.campaign.landing == "coupon":
                off = max(1, group.amount - price)
                given.append(GiveOff(to, terms.variant, off, until, "together", cause))
            else:
                given += [
                    GivePrice(one, terms.variant, price, until, "together", cause) for one in to
                ]
        told = [Tell(one, "campaign.reached") for one in people]
        return [*given, Move("completed", ends=True), *told]


def _is_later(campaign: Campaign) -> bool:
    """Whether a group ends with something for later: nobody pays to be in it."""
    return campaign.landing != "direct" and campaign.drive != "honour"


def _people(shown: Shown[GroupTerms]) -> int:
    """Return how many are in: who has paid, or everybody where nobody pays."""
    return shown.instance.taken if _is_later(shown.campaign) else shown.instance.done


def _price_now(group: Instance, terms: GroupTerms, people: int) -> int:
    """Return what it costs with so many in; for honour the usual price, whoever comes."""
    return group.amount if terms.honour else terms.price_at(people)


def _others(rows: Iterable[Participation]) -> list[int]:
    return [one.account_id for one in rows]


def _cause(play: Play[GroupTerms]) -> str:
    return f"play:{play.instance.pk}"


def _list_price(terms: GroupTerms) -> int:
    return Variant.objects.values_list("price_amount", flat=True).get(pk=terms.variant)
