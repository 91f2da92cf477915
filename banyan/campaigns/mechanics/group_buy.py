"""A group that buys together: the more they are, the less it costs; or everybody's money back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from banyan.catalog.models import Variant
from banyan.earnings.plans import current_versions
from banyan.earnings.rules import MOST_LEVELS
from banyan.kernel import clock
from banyan.kernel.money import Money, format_money
from banyan.kernel.states import Machine
from banyan.orders.actions.paying_back import PROMISE
from banyan.orders.models import Order
from banyan.orders.queries import is_asked_back, terms_of

from ..blocks import Block, Countdown, Earns, Faces, Ladder, Next, Note, Price, Progress, Won
from ..disclosing import Gift
from ..effects import (
    Bear,
    Change,
    Confirm,
    Effect,
    Enter,
    Follow,
    Forgo,
    GiveOff,
    GivePrice,
    GiveRight,
    Lead,
    Leave,
    LetGo,
    Mark,
    Move,
    Owe,
    PayOwed,
    Reprice,
    Tell,
    TellAll,
    Undo,
)
from ..groups.figures import figures_of
from ..groups.terms import GroupTerms
from ..mechanic import INSTANCES, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign, Instance, Participation
from ..persons import hands_of, is_new
from ..policy import Facts
from ..problems import Refused
from ..rewards import checkout_of, won
from ..seats import IF_FULL, choice_of, choices, is_back, line_of

LATER = dt.timedelta(days=1)
"""When to look again at an order that somebody may still have money back for."""


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
    reseats = True
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
        """A lower price costs no budget: the shop sells for less. What its leader earns does."""
        return terms.leader_perk * (terms.rungs[-1][0] - 1)

    def faults(self, terms: GroupTerms) -> Mapping[str, Any]:
        """Nobody is the third to be paid for one sale."""
        if not terms.leader_perk:
            return {}
        product = Variant.objects.select_related("product").get(pk=terms.variant).product
        plans = current_versions(shop_id=product.shop_id, product_ids=[product.pk])
        if not any(plan.rate_bps and plan.levels == MOST_LEVELS for plan in plans.values()):
            return {}
        told = _("Sales of this pay two people already: who opens a group cannot be a third.")
        return {"leader_perk": told}

    def gives(self, terms: GroupTerms) -> Sequence[Gift]:
        """Nothing but its price."""
        return ()

    def apology(self, terms: GroupTerms) -> int | None:
        """See the base."""
        return terms.apology

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        return figures_of(campaign)

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
        if terms.rungs[1:]:
            facts = replace(facts, price_is="first")
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
        if not terms.leader_perk:
            return replace(facts, method=method)
        perk = format_money(Money(terms.leader_perk, campaign.currency))
        earns = _("Who opens a group earns %(amount)s for each other who buys and keeps it.")
        told = f"{method} {earns % {'amount': perk}}"
        return replace(facts, method=told, paid_levels=1)

    def how(self, campaign: Campaign) -> Sequence[Any]:
        """See the base; where it ends with something for later nobody pays before."""
        return self.later if _is_later(campaign) else super().how(campaign)

    def begin(self, new: Beginning[GroupTerms]) -> Opening:
        """The first place is the leader's own."""
        lasts = min(dt.timedelta(hours=new.terms.hours), new.campaign.ends_at - new.at)
        cap = new.terms.rungs[-1][0]
        promise = 0 if _is_later(new.campaign) else self.worst_case(new.terms)
        return Opening(
            cap=cap, lasts=lasts, taken=1, promise=promise, amount=_list_price(new.terms)
        )

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

    def seats(self, play: Play[GroupTerms], one: Participation) -> bool:
        """In a group that may still grow, and costs no more than what they have paid."""
        group, terms = play.instance, play.terms
        return group.ended_at is None and _price_now(group, terms, group.done) <= one.amount

    def paid(self, play: Play[GroupTerms], one: Participation) -> Sequence[Effect]:
        """It counts. A step reached lowers the price for all; the last one completes the group."""
        terms, people = play.terms, play.instance.done + 1
        owner, steps = play.instance.owner_id or 0, [many for many, _price in terms.rungs]
        effects: list[Effect] = [Confirm(one)]
        if one.account_id != owner:
            effects.append(Tell(owner, "campaign.group_joined"))
        elif people < steps[0]:
            effects.append(Tell(owner, "campaign.group_opened"))
        if people >= steps[0]:
            there = [] if people > steps[0] else play.instance.participations.filter(state="in")
            effects.append(Mark([one.account_id, *_others(there)], "together", _cause(play)))
        if people in steps[1:] or terms.price_at(people) < one.amount:
            # Whoever reserved at an earlier step pays no more than the others, either.
            effects.append(Reprice(terms.price_at(people)))
        if people == steps[0] - 1:
            effects.append(TellAll("campaign.one_to_go", but=one.account_id))
        if people == steps[0]:
            effects += [Move("formed"), LetGo(), TellAll("campaign.group_full")]
        if people == steps[-1]:
            effects += [*self._perks(play, one), Move("completed", ends=True)]
        return effects

    def expire(self, play: Play[GroupTerms]) -> Sequence[Effect]:
        """Enough are in, or the shop completes it and says so, or everybody gets all back.

        Bought at the usual price for honour, it is sent either way.
        """
        group, terms = play.instance, play.terms
        if group.state == "formed":
            return [*self._perks(play), Move("completed", ends=True)]
        later = _is_later(play.campaign)
        if later and group.taken >= terms.people:
            return self._later(play)
        if terms.honour or (later and not 0 < terms.complete_from <= group.taken):
            return [Move("failed", ends=True)]
        if later:
            public = group.public | {"by_shop": terms.people - group.taken}
            return [Change({"public": public}), *self._later(play)]
        inside = group.participations.filter(state="in")
        if terms.complete_from and group.done >= terms.complete_from:
            public = group.public | {"by_shop": terms.people - group.done}
            spared = sum(group.amount - one.amount for one in inside)
            return [
                *(Change({"public": public}), Bear(spared, "completed"), LetGo()),
                *(TellAll("campaign.group_full"), *self._perks(play)),
                Move("completed", ends=True),
            ]
        told = [Tell(one.account_id, "campaign.group_failed", _back(one)) for one in inside]
        return [*told, Undo(), Move("failed", ends=True)]

    def _perks(self, play: Play[GroupTerms], last: Participation | None = None) -> list[Effect]:
        """What the leader is owed for others, not for a second account; if they are in, too."""
        owner, perk = play.instance.owner_id or 0, play.terms.leader_perk
        if not perk:
            return []
        inside = [*play.instance.participations.filter(state="in"), *([last] if last else [])]
        kept = [one for one in inside if not is_back(one)]
        people = {one.account_id for one in kept}
        if owner not in people:
            return []
        own = {owner, *hands_of(play.instance.pk, owner, people)}
        return [Owe(owner, perk, [one.pk for one in kept if one.account_id not in own])]

    def refunded(
        self, play: Play[GroupTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """Who has all back before there are enough is out; later it leaves the others as is.

        What the leader earned by them is taken back, however long ago it was paid.
        """
        if play.instance.state == "forming" and one.state == "in":
            return [Leave(one, "refunded")]
        return [Forgo(one)]

    def received(
        self, play: Play[GroupTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """It arrived: for some days it can still be sent back, and the leader waits for that."""
        if not play.terms.leader_perk or one.state != "in":
            return ()
        days = dt.timedelta(days=terms_of(order.shop_id).return_days)
        return [Follow(one, order.pk, (order.received_at or play.at) + days)]

    def due(self, play: Play[GroupTerms], one: Participation) -> Sequence[Effect]:
        """It was kept: the leader has their part. While somebody asks for money back, later."""
        group = play.instance
        if group.state == "formed":
            return [Follow(one, one.order_id, group.deadline + LATER)]
        if is_asked_back(one.order_id or 0):
            return [Follow(one, one.order_id, play.at + LATER)]
        return [Forgo(one) if is_back(one) else PayOwed(one)]

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
        if terms.leader_perk and not _is_later(shown.campaign):
            blocks.append(Earns(self._earns(shown)))
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
            hint = _("Your place is kept until then, and given to others if it is not paid for.")
            until = [Countdown(mine.expires_at, _("for your payment"))] if mine.expires_at else []
            label = _("Pay %(amount)s") % {"amount": price}
            chosen = choices()[choice_of(mine.data.get(IF_FULL))]
            late = Note(_("If you pay too late: %(what)s.") % {"what": chosen})
            return [*until, late, Next("pay", label, hint, url)]
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
        asked = _("If your payment comes when the group is full or over, you want")
        return [Next("join", label, hint, choices={IF_FULL: (asked, choices())})]

    def _earns(self, shown: Shown[GroupTerms]) -> str:
        """Say who earns by others' buying; the leader, what of it is theirs by now."""
        currency = shown.campaign.currency
        perk = format_money(Money(shown.terms.leader_perk, currency))
        if not shown.own:
            told = _("Who opened this group earns %(amount)s for each other who buys and keeps it.")
            return told % {"amount": perk}
        perks = [one for one in shown.grants if one.kind == "perk"]
        paid = sum(one.amount for one in perks)
        open_money = sum(one.cost for one in perks) - paid
        told = _(
            "You earn %(amount)s for each other who buys and keeps it: %(paid)s is yours, "
            "%(open)s waits until nothing can be sent back. Everybody here reads that you earn."
        )
        return told % {
            "amount": perk,
            "paid": format_money(Money(paid, currency)),
            "open": format_money(Money(open_money, currency)),
        }

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
                data={"paid": price, IF_FULL: choice_of(play.given.get(IF_FULL))},
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
            if not to:
                continue
            if play.campaign.landing == "coupon":
                off = max(1, group.amount - price)
                given.append(GiveOff(to, terms.variant, off, until, "together", cause))
            else:
                given += [
                    GivePrice(one, terms.variant, price, until, "together", cause) for one in to
                ]
        told = [Tell(one, "campaign.reached") for one in people]
        return [*given, Move("completed", ends=True), *told]


def _back(one: Participation) -> dict[str, Any]:
    """Return how much somebody has back, and until when at the latest."""
    line, day = line_of(one), clock.now() + PROMISE
    return {
        "amount": line.paid_amount - line.refunded_amount,
        "currency": line.currency,
        "day": f"{day:%Y-%m-%d}",
    }


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
