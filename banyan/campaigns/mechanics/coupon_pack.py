"""A pack of coupons, shared: friends open it, each gets a coupon, and so does who sent it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field, model_validator

from banyan.kernel.money import Money, format_money
from banyan.kernel.states import Machine
from banyan.orders.models import Order

from ..blocks import Block, Countdown, Faces, Ladder, Next, Note, Progress
from ..causes import kept_of
from ..chance.packs import TIERED, Pack
from ..disclosing import Gift
from ..effects import Effect, Enter, Move, Once, Promise, TakeOne, Tell
from ..figures import of_packs
from ..mechanic import (
    INSTANCES,
    Beginning,
    Mechanic,
    Opening,
    Play,
    Preset,
    Shown,
    comes_late,
)
from ..models import Campaign, Instance, Participation
from ..persons import is_new
from ..policy import Facts
from ..problems import Refused
from ..rewards import LANDINGS, RewardTerms, cost_in, costs_of, names_of, reward, won
from ..terms import Ask, FromOrder

TOP = 2
"""What the better coupon is called in the proof file; the others are 1."""
LATE = "late"
"""The rule by which who comes too late is given something."""


class PackTerms(RewardTerms):
    """What is in a pack, for how many, and what who sent it gets."""

    coupon_fields: ClassVar[tuple[str, ...]] = ("coupon", "top", "newcomer", "instead", "late")
    kept: ClassVar[tuple[str, ...]] = ("late",)

    coupon: Annotated[
        int | None, Ask(gettext_lazy("Coupon for everybody who opens the pack"), kind="coupon")
    ] = None
    top: Annotated[
        int | None,
        Ask(
            gettext_lazy("A better coupon for one of them"),
            gettext_lazy("Who gets it is drawn when the pack is made, and can be checked."),
            kind="coupon",
        ),
    ] = None
    newcomer: Annotated[
        int | None,
        Ask(
            gettext_lazy("A coupon for those who have not bought anything yet"),
            gettext_lazy("They get it instead of the first one."),
            kind="coupon",
        ),
    ] = None
    instead: Annotated[
        int | None,
        Ask(gettext_lazy("A coupon for whoever comes when another one is used up"), kind="coupon"),
    ] = None
    late: Annotated[
        int | None,
        Ask(
            gettext_lazy("A coupon for who comes too late"),
            gettext_lazy("One for each person, as long as the budget lasts."),
            kind="coupon",
        ),
    ] = None
    late_most: Annotated[
        int,
        Ask(gettext_lazy("How many of these there are"), gettext_lazy("In the whole campaign.")),
        Field(ge=1, le=100_000),
    ] = 100
    places: Annotated[int, Ask(gettext_lazy("Coupons in a pack")), Field(ge=2, le=100)] = 10
    sender: Annotated[
        int,
        Ask(
            gettext_lazy("The sender's own coupon comes after so many friends"),
            gettext_lazy("0: at once. -1: the sender gets none."),
        ),
        Field(ge=-1, le=100),
    ] = 1
    hours: Annotated[
        int, Ask(gettext_lazy("A pack is open for"), unit=gettext_lazy("hours")), Field(ge=1, le=72)
    ] = 48
    packs: Annotated[int, Ask(gettext_lazy("Packs of one person")), Field(ge=1, le=50)] = 3
    per_day: Annotated[
        int, Ask(gettext_lazy("Packs of others that one may open in a day")), Field(ge=1, le=50)
    ] = 5
    starts: Annotated[
        Literal["hand", "order", "day"],
        Ask(
            gettext_lazy("A pack is made"),
            kind="choice",
            choices=(
                ("hand", gettext_lazy("by whoever likes to")),
                ("order", gettext_lazy("with a paid order, one for each")),
                ("day", gettext_lazy("by coming by, one a day")),
            ),
        ),
    ] = "hand"
    least: Annotated[
        int, Ask(gettext_lazy("The order must come to at least"), kind="money"), Field(ge=0)
    ] = 0
    order_days: Annotated[
        int,
        Ask(gettext_lazy("After an order it can be made for"), unit=gettext_lazy("days")),
        Field(ge=1, le=90),
    ] = 7

    @property
    def from_order(self) -> FromOrder | None:
        """See the base."""
        return FromOrder(self.least, self.order_days) if self.starts == "order" else None

    @property
    def is_daily(self) -> bool:
        """See the base."""
        return self.starts == "day"

    @property
    def idle(self) -> frozenset[str]:
        """See the base; without an order nothing is asked of it."""
        no_order = frozenset() if self.starts == "order" else frozenset({"least", "order_days"})
        no_late = frozenset() if self.late else frozenset({"late_most"})
        return super().idle | no_order | no_late

    @model_validator(mode="after")
    def _reachable(self) -> PackTerms:
        if self.sender > self.places:
            raise ValueError(_("The sender's own coupon would never come."))
        return self


class CouponPack(Mechanic[PackTerms]):
    """Mechanic 2.1. A place is a coupon; who takes the last one closes the pack."""

    code = "coupon_pack"
    title = gettext_lazy("Coupon pack")
    pitch = gettext_lazy("One sends it, many open it, everybody gains by it.")
    steps = (
        gettext_lazy("Make a pack, and send it to your friends."),
        gettext_lazy("Each friend who opens it gains by it at once."),
        gettext_lazy("What nobody opens in time is simply not given."),
    )
    terms = PackTerms
    landings = LANDINGS
    in_honour = gettext_lazy("Who opens a friend's pack, and who sent it, have a mark; no coupon.")
    keeps = dt.timedelta(minutes=10)
    machine = Machine(
        name="campaigns.coupon_pack.state",
        table=INSTANCES,
        initial="open",
        transitions={
            # stopped: the order that it came with was given back
            "open": ("drained", "expired", "stopped"),
            "drained": (),
            "expired": (),
            "stopped": (),
        },
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "weekend": Preset(
            gettext_lazy("A weekend with friends"), {"places": 10, "sender": 1, "hours": 48}
        ),
        "festival": Preset(
            gettext_lazy("A festival, many at once"), {"places": 50, "sender": 3, "hours": 72}
        ),
        "order": Preset(
            gettext_lazy("With every order"), {"starts": "order", "packs": 20, "sender": 0}
        ),
        "day": Preset(
            gettext_lazy("One a day, for who comes by"),
            {"starts": "day", "packs": 30, "places": 3, "hours": 24},
        ),
    }

    def turns(self, terms: PackTerms) -> int:
        """See the base."""
        return terms.packs

    def worst_case(self, terms: PackTerms) -> int:
        """Every place at its dearest, the top once, and the sender's own."""
        costs = costs_of(terms)
        others = [one for one in (terms.newcomer, terms.instead) if one]
        each = max(cost_in(costs, one) for one in (terms.coupon, *others))
        total = each * terms.places
        if terms.top:
            total += max(0, cost_in(costs, terms.top) - each)
        return total + (cost_in(costs, terms.coupon) if terms.sender >= 0 else 0)

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        return of_packs(campaign)

    def gives(self, terms: PackTerms) -> Sequence[Gift]:
        """A coupon for every place, a better one for one of them, and the sender's own."""
        top, sender = bool(terms.top), terms.sender >= 0
        opened = [terms.coupon, terms.newcomer, terms.instead]
        return [(opened, terms.places - top), ([terms.top], top), ([terms.coupon], sender)]

    def facts(self, campaign: Campaign, terms: PackTerms) -> Facts:
        """With a better coupon luck decides who opens it."""
        method = _("Who opens the pack gains by it, until it is empty.")
        if terms.top:
            method += " " + _("Which place has the better one is drawn when the pack is made.")
        if terms.from_order is not None:
            least = format_money(Money(terms.least, campaign.currency))
            days = terms.order_days
            text = ngettext(
                "A pack comes with a paid order, for %(n)s day.",
                "A pack comes with a paid order, for %(n)s days.",
                days,
            )
            if terms.least:
                text = ngettext(
                    "A pack comes with a paid order of at least %(amount)s, for %(n)s day.",
                    "A pack comes with a paid order of at least %(amount)s, for %(n)s days.",
                    days,
                )
            method += " " + text % {"amount": least, "n": days}
        if terms.is_daily:
            method += " " + _("One pack can be made each day, by the date of the shop.")
        if terms.late is not None:
            # No prize that is kept for anybody: out of what the packs leave of the budget.
            late = names_of(terms, campaign.currency)[terms.late]
            text = _(
                "Who comes too late has “%(coupon)s”, once: %(n)s at most in all, as long as the "
                "budget lasts."
            )
            method += " " + text % {"coupon": late, "n": terms.late_most}
        return replace(super().facts(campaign, terms), chance=bool(terms.top), method=method)

    def begin(self, new: Beginning[PackTerms]) -> Opening:
        """Which place has the better coupon is decided now."""
        terms = new.terms
        return Opening(
            cap=terms.places,
            lasts=dt.timedelta(hours=terms.hours),
            promise=self.worst_case(terms),
            chance=_order(new.subject, new.campaign.currency, terms),
            # What a coupon may cost is fixed with the promise, whatever becomes of the coupon.
            kept={"costs": costs_of(terms)},
        )

    def chance_of(self, instance: Instance, terms: PackTerms) -> Pack | None:
        """See the base."""
        return _order(instance.pk, instance.campaign.currency, terms)

    def opened(self, play: Play[PackTerms]) -> Sequence[Effect]:
        """The sender's own coupon, where it comes at once."""
        return self._sender(play, 0)

    def join(self, play: Play[PackTerms]) -> Sequence[Effect]:
        """Somebody opens it: a coupon by their place; the sender's own when it is its turn."""
        terms, who = play.terms, play.who.account_id
        if play.is_own:
            raise Refused("own")
        coupon, rule = terms.coupon, "opened"
        order = self.chance_of(play.instance, terms)
        if order and terms.top and order.parts(play.seed)[play.place - 1] == TOP:
            coupon, rule = terms.top, "top"
        elif terms.newcomer and is_new(play.who):
            coupon, rule = terms.newcomer, "newcomer"
        owner = play.instance.owner_id or 0
        effects: list[Effect] = [
            Enter("opener", place=play.place, data={"rule": rule}, per_day=terms.per_day),
            *reward(
                play,
                who,
                coupon,
                rule=rule,
                cause=f"play:{play.instance.pk}",
                instead=terms.instead,
            ),
            *self._sender(play, play.place),
        ]
        if play.place == 1:
            effects.append(Tell(owner, "campaign.claimed"))
        if play.place == play.instance.cap:
            effects += [Move("drained", ends=True), Tell(owner, "campaign.drained")]
        return effects

    def consoles(self, terms: PackTerms) -> bool:
        """Where a coupon is named for it; honour costs nothing."""
        return terms.late is not None or terms.honour

    def late(self, play: Play[PackTerms]) -> Sequence[Effect]:
        """Once for each person in the campaign, out of what the budget has left."""
        if play.is_own:
            raise Refused("own")
        who, late = play.who.account_id, play.terms.late
        cost = 0 if late is None else cost_in(play.instance.secret["costs"], late)
        cause = f"play:{play.instance.pk}"
        one = [] if late is None else [TakeOne(LATE, play.terms.late_most)]
        return [Once(), Promise(cost), *one, *reward(play, who, late, rule=LATE, cause=cause)]

    def stands(self, terms: PackTerms, order: Order, one: Participation | None = None) -> bool:
        """An order counts as long as it is worth what was asked for."""
        return kept_of(order) >= max(1, terms.least)

    def undone(self, play: Play[PackTerms]) -> Sequence[Effect]:
        """It stops opening; what was given stays, the rest of its money is free again."""
        return [Move("stopped", ends=True)]

    def expire(self, play: Play[PackTerms]) -> Sequence[Effect]:
        """Coupons that were given live on; what nobody took goes back to the budget."""
        return [Move("expired", ends=True)]

    def view(self, shown: Shown[PackTerms]) -> list[Block]:
        """See the base."""
        pack, left = shown.instance, shown.instance.cap - shown.instance.taken
        blocks: list[Block] = []
        mine = [one for one in shown.grants if one.account_id == shown.account_id]
        blocks += won(shown)
        if shown.terms.newcomer and any(one.rule == "opened" for one in mine):
            text = _("The other coupon is for those who have not bought anything here yet.")
            blocks.append(Note(text))
        blocks.append(_inside(shown.terms, shown.campaign.currency))
        words = ngettext("%(left)s of %(all)s is left", "%(left)s of %(all)s are left", left)
        words = words % {"left": left, "all": pack.cap}
        blocks.append(Progress(pack.taken, pack.cap, words))
        if pack.ended_at is None:
            blocks.append(
                Countdown(pack.deadline, _("Then the pack closes; what was given stays good."))
            )
        openers = [one for one in shown.people if one.role == "opener"]
        blocks.append(
            Faces(_("Who opened it"), [one.account_id for one in openers], empty=min(left, 8))
        )
        return [*blocks, *self._next(shown, bool(mine), left), *self.fairness(shown)]

    def _next(self, shown: Shown[PackTerms], have: bool, left: int) -> list[Block]:
        pack, terms = shown.instance, shown.terms
        if pack.state == "stopped":
            return [Note(_("The order that it came with was given back. What was opened stays."))]
        if pack.ended_at is None and not left:
            return [Note(_("What is left is kept for friends who are signing in."))]
        if not (have or shown.own) and shown.mine is None and comes_late(pack, shown.at):
            label = _("Take the mark") if terms.honour else _("Take the coupon for latecomers")
            hint = _("You came too late for the pack. This is for you all the same.")
            return [Note(_("The pack is empty.")), Next("join", label, hint)]
        if pack.ended_at is not None or not left:
            return [Note(_("The pack is empty.") if not left else _("The pack is closed."))]
        if shown.own:
            missing = terms.sender - pack.taken
            hint = _("Every friend who opens it gains by it.")
            if missing > 0:
                hint = ngettext(
                    "When %(n)s more friend opens it, your own comes.",
                    "When %(n)s more friends open it, your own comes.",
                    missing,
                ) % {"n": missing}
            return [Next("share", _("Send it to friends"), hint)]
        if have:
            return [Next("share", _("Pass it on"), _("What is left is for your friends."))]
        return [Next("join", _("Open the pack"), _("It is yours at once and needs no purchase."))]

    def _sender(self, play: Play[PackTerms], opened: int) -> list[Effect]:
        terms, owner = play.terms, play.instance.owner_id
        if terms.sender != opened or owner is None:
            return []
        cause = f"play:{play.instance.pk}"
        return reward(play, owner, terms.coupon, rule="sender", cause=cause, instead=terms.instead)


def _order(subject: int, currency: str, terms: PackTerms) -> Pack | None:
    """Return in which order the coupons come: one better one among ordinary ones."""
    if not terms.top:
        return None
    n = terms.places
    return Pack(
        subject=subject,
        currency=currency,
        count=n,
        total=n - 1 + TOP,
        rule=TIERED,
        tiers=((1, n - 1), (TOP, 1)),
    )


def _inside(terms: PackTerms, currency: str) -> Ladder:
    """Say what is in the pack."""
    names = names_of(terms, currency)
    rungs = [(_("For every friend"), names[terms.coupon], False)]
    if terms.top:
        rungs.append((_("For one of them"), names[terms.top], False))
    return Ladder(rungs)
