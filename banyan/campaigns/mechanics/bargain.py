"""A bargain: friends cut a price down, each by a cut that was fixed before the first one came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from banyan.catalog.models import Variant
from banyan.catalog.queries.stocks import free_units
from banyan.kernel.money import Money, format_money
from banyan.kernel.states import Machine

from ..bargains.terms import BargainTerms
from ..bargains.words import FEW, landing_note, pot_notes, stock_notes
from ..blocks import Block, Countdown, Faces, Next, Note, Price, Progress, Won
from ..chance.bargains import Bargain
from ..chance.packets import LINE_CUT
from ..effects import (
    Change,
    Confirm,
    Contribute,
    Effect,
    Enter,
    FreeUnit,
    GiveOff,
    GiveRight,
    KeepUnit,
    Lead,
    Mark,
    Move,
    MoveOne,
    Tell,
    Undo,
)
from ..figures import of_bargains, of_kept
from ..mechanic import INSTANCES, OWNER, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..milestones import passes
from ..models import Campaign, Instance, Participation
from ..persons import is_new
from ..policy import Facts
from ..problems import Refused
from ..rewards import checkout_of, won
from ..seeds import seed_of

MOST_CUTS = 20
TOLD_AT = (25, 50, 75)
"""At which parts of the way, in percent, its owner is told."""
PAYING = dt.timedelta(minutes=20)
"""How long after the last moment to order an order that was placed by then may still be paid."""


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
    landings = ("direct", "right", "coupon")
    in_honour = gettext_lazy("Friends stand behind what somebody wants; the price stays as it is.")
    scarce = frozenset({"help"})
    machine = Machine(
        name="campaigns.bargain.state",
        table=INSTANCES,
        initial="cutting",
        transitions={
            # ready: the price stands, and can be ordered at for some hours
            # given: it is the owner's as a coupon; backed: for honour, all have come
            "cutting": ("ready", "given", "backed", "expired", "cancelled"),
            "ready": ("bought", "lapsed"),
            "given": (),
            "backed": (),
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
        """The lowest price must leave every friend something to cut, and the pot its sum."""
        if terms.honour:
            return {}
        if _price(terms) - terms.lowest < terms.people:
            return {"floor": _("The lowest price must be below the price, with a cut for each.")}
        if terms.pot > terms.lowest:
            return {"pot": _("The pot is at most the lowest price.")}
        return {}

    def hindered(self, terms: BargainTerms) -> str:
        """See the base; where a piece is kept for each, there has to be one."""
        return "" if not terms.keeps or free_units(terms.variant) else "sold_out"

    def turns(self, terms: BargainTerms) -> int:
        """See the base."""
        return terms.bargains

    def price(self, terms: BargainTerms) -> int:
        """See the base."""
        return terms.lowest

    def worst_case(self, terms: BargainTerms) -> int:
        """A lower price costs no budget: the shop sells for less."""
        return 0

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        assert campaign.version is not None
        keeps = self.terms.model_validate(campaign.version.terms).keeps
        return [*of_bargains(campaign), *(of_kept(campaign) if keeps else ())]

    def reduced(self, terms: BargainTerms) -> Sequence[tuple[int, int]]:
        """One unit at the lowest price, less all that new friends can take out of the pot."""
        return [(1, max(0, terms.lowest - terms.pot))]

    def advertised(self, terms: BargainTerms) -> tuple[int, int]:
        """The lowest price that friends can bring it to."""
        return terms.variant, terms.lowest

    def facts(self, campaign: Campaign, terms: BargainTerms) -> Facts:
        """Cuts are fixed beforehand, by chance where the terms say so."""
        facts = replace(super().facts(campaign, terms), price_is="lowest")
        if terms.honour:
            return facts
        method = _("How much each friend cuts off is fixed when a bargain begins.")
        if terms.pot:
            amounts = {"bonus": terms.bonus, "all": terms.pot}
            told = {key: format_money(Money(n, campaign.currency)) for key, n in amounts.items()}
            method += (
                " " + _("Who is new here takes off %(bonus)s more, out of a pot of %(all)s.") % told
            )
        is_drawn = terms.shape == LINE_CUT
        if terms.keeps:
            method += " " + _("One piece is kept for whoever begins one, until it is over.")
        return replace(facts, chance=is_drawn, method=method, share_needed=not terms.buy_now)

    def begin(self, new: Beginning[BargainTerms]) -> Opening:
        """Every cut is decided now, from the price as it is now."""
        start = _price(new.terms)
        return Opening(
            cap=new.terms.people,
            lasts=dt.timedelta(hours=new.terms.hours),
            amount=start,
            chance=_bargain(new.subject, new.campaign.currency, start, new.terms),
            public={"start": start, "pot": new.terms.pot},
        )

    def chance_of(self, instance: Instance, terms: BargainTerms) -> Bargain | None:
        """See the base; for honour nothing is cut."""
        start = int(instance.public["start"])
        return _bargain(instance.pk, instance.campaign.currency, start, terms)

    def opened(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The owner is in from the beginning, and takes no cut; a piece may be kept for them."""
        if play.terms.honour:
            return [Enter(OWNER)]
        owner = Enter(OWNER, expires_at=play.instance.deadline + PAYING)
        return [owner, KeepUnit(play.terms.variant)] if play.terms.keeps else [owner]

    def help(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The next cut of the schedule; the last one fixes the price for the owner.

        Who is new here takes a bonus out of the pot besides, as long as there is any.
        """
        bargain, terms = play.instance, play.terms
        if bargain.state != "cutting":
            raise Refused("over")
        schedule = self.chance_of(bargain, terms)
        cut = schedule.parts(play.seed)[play.place - 1] if schedule else 0
        pot = int(bargain.public["pot"])
        bonus = min(terms.bonus, pot) if pot and is_new(play.who) else 0
        price, left = bargain.amount - cut - bonus, bargain.cap - play.place
        owner = bargain.owner_id or 0
        changed: dict[str, Any] = {"amount": price}
        if bonus:
            changed["public"] = bargain.public | {"pot": pot - bonus}
        effects: list[Effect] = [
            Contribute("cut", play.place, amount=cut + bonus, per_day=terms.per_day),
            Change(changed),
        ]
        if left == 1:
            effects.append(Tell(owner, "campaign.one_to_go"))
        if not left:
            told = "campaign.thanked" if terms.honour else "campaign.reached"
            effects += [*self._ready(play, price), Tell(owner, told)]
        return effects

    def progress(self, instance: Instance, terms: BargainTerms, nth: int) -> Sequence[Tell]:
        """Each quarter, and what may soon be gone where no piece is kept for who bargains."""
        if instance.ended_at is not None or not passes(nth, instance.cap, TOLD_AT):
            return []
        owner, left = instance.owner_id or 0, free_units(terms.variant)
        is_scarce = 0 < left <= FEW and not terms.keeps
        scarce = [Tell(owner, "campaign.scarce", {"n": left})] if is_scarce else []
        return [Tell(owner, "campaign.progress", {"n": instance.cap - nth}), *scarce]

    def redeem(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The owner stops and buys at the price that was reached."""
        bargain = play.instance
        if play.who.account_id != bargain.owner_id:
            raise Refused("not_yours")
        started = bargain.state == "cutting" and bargain.taken
        if not started or not play.terms.buy_now or play.terms.honour:
            raise Refused("not_offered")
        return [*self._ready(play, bargain.amount), Lead(checkout_of(play.terms.variant))]

    def withdraw(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """The owner gives it up. Cuts are not used for anything else."""
        if play.who.account_id != play.instance.owner_id:
            raise Refused("not_yours")
        if play.instance.state != "cutting":
            raise Refused("not_offered")
        return [Undo(), Move("cancelled", ends=True), *_unit_freed(play)]

    def paid(self, play: Play[BargainTerms], one: Participation) -> Sequence[Effect]:
        """Bought at the price of the bargain."""
        return [Confirm(one), Move("bought", ends=True)]

    def expire(self, play: Play[BargainTerms]) -> Sequence[Effect]:
        """Too few came, or nobody ordered in time."""
        to = "lapsed" if play.instance.state == "ready" else "expired"
        return [Undo(), Move(to, ends=True), *_unit_freed(play)]

    def view(self, shown: Shown[BargainTerms]) -> list[Block]:
        """See the base."""
        bargain, terms, currency = shown.instance, shown.terms, shown.campaign.currency
        if terms.honour:
            return self._backing(shown)
        start = Money(int(bargain.public["start"]), currency)
        used = terms.pot - int(bargain.public["pot"])
        now, floor = Money(bargain.amount, currency), Money(terms.lowest - used, currency)
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
            blocks += [landing_note(shown), *stock_notes(shown), *pot_notes(shown)]
        helpers = [one.helper_id for one in shown.helps]
        cuts = [format_money(-Money(one.amount, currency)) for one in shown.helps[:MOST_CUTS]]
        blocks.append(Faces(_("Who helped"), helpers, amounts=cuts, empty=min(left, 8)))
        return [*blocks, *self._next(shown), *self.fairness(shown)]

    def _next(self, shown: Shown[BargainTerms]) -> list[Block]:
        bargain, terms = shown.instance, shown.terms
        price = format_money(Money(bargain.amount, shown.campaign.currency))
        if bargain.state == "given" and shown.own:
            return won(shown)
        if bargain.state == "given":
            return [Note(_("The price is reached. Well done, all of you."), "good")]
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
            kept = _("to order at this price; one piece is kept for you")
            loose = _("to order at this price; it is not kept in stock for you")
            return [
                Won(_("The price is yours"), _("Thanks to everybody who helped.")),
                Countdown(until, kept if terms.keeps else loose),
                Next("buy", label, url=checkout_of(terms.variant)),
            ]
        if shown.own:
            blocks: list[Block] = [Next("share", _("Ask friends"), _next_cut(self, shown))]
            if terms.buy_now and bargain.taken:
                label = _("Buy for %(amount)s now") % {"amount": price}
                if shown.campaign.landing == "coupon":
                    label = _("Take the coupon for %(amount)s now") % {"amount": price}
                blocks.append(Next("redeem", label))
            return blocks
        if any(one.helper_id == shown.account_id for one in shown.helps):
            return [Note(_("Your cut counts. Thank you!"), "good")]
        return [Next("help", _("Help your friend"), _next_cut(self, shown))]

    def _backing(self, shown: Shown[BargainTerms]) -> list[Block]:
        """Honour: who stands behind it, and the goods at the price that everybody has."""
        bargain, left = shown.instance, shown.instance.cap - shown.instance.taken
        price = Money(_price(shown.terms), shown.campaign.currency)
        words = ngettext(
            "%(n)s more friend stands behind it, and it is well backed.",
            "%(n)s more friends stand behind it, and it is well backed.",
            left,
        )
        blocks: list[Block] = [Price(price)]
        if bargain.state == "cutting":
            blocks.append(Progress(bargain.taken, bargain.cap, words % {"n": left}))
            blocks.append(Countdown(bargain.deadline, _("Until then friends can help.")))
        people = [one.helper_id for one in shown.helps]
        blocks.append(Faces(_("Who stands behind it"), people, empty=min(left, 8)))
        label = _("Buy for %(amount)s") % {"amount": format_money(price)}
        buy = Next("buy", label, url=checkout_of(shown.terms.variant))
        if bargain.state == "backed":
            n = bargain.cap
            stand = ngettext("%(n)s friend stands behind it.", "%(n)s friends stand behind it.", n)
            return [*blocks, Note(stand % {"n": n}, "good"), buy]
        if bargain.ended_at is not None:
            return [*blocks, Note(_("This is over.")), buy]
        if shown.own:
            return [*blocks, Next("share", _("Ask friends")), buy]
        if any(one.helper_id == shown.account_id for one in shown.helps):
            return [*blocks, Note(_("You stand behind it. Thank you!"), "good")]
        hint = _("It costs nothing, and the price stays as it is.")
        return [*blocks, Next("help", _("Stand behind it"), hint)]

    def _ready(self, play: Play[BargainTerms], price: int) -> list[Effect]:
        """The price is the owner's: to order at for some hours, or as a coupon; or it is honour."""
        until = play.at + dt.timedelta(hours=play.terms.pay_hours)
        rows = Participation.objects.filter(instance_id=play.instance.pk, role=OWNER)
        owner = rows.exclude(state="out").get()
        to, cause = [owner.account_id], f"play:{play.instance.pk}"
        if play.terms.honour:
            return [Mark(to, "backed", cause), MoveOne(owner, "won"), Move("backed", ends=True)]
        if play.campaign.landing == "coupon":
            off = int(play.instance.public["start"]) - price
            given = GiveOff(to, play.terms.variant, off, until, "backed", cause)
            return [given, MoveOne(owner, "in"), Move("given", ends=True)]
        return [
            Mark(to, "backed", cause),
            GiveRight(play.terms.variant, price, until, to=owner, keeps=play.terms.keeps),
            Change({"deadline": until + PAYING}),
            Move("ready"),
        ]


def _unit_freed(play: Play[BargainTerms]) -> list[Effect]:
    return [FreeUnit()] if play.terms.keeps else []


def _bargain(subject: int, currency: str, start: int, terms: BargainTerms) -> Bargain | None:
    if terms.honour:
        return None
    return Bargain(
        subject=subject,
        currency=currency,
        start=start,
        floor=terms.lowest,
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
            "amount": format_money(Money(start - shown.terms.lowest, currency)),
        }
    schedule = kind.chance_of(bargain, shown.terms)
    cut = schedule.parts(seed_of(bargain))[bargain.taken] if schedule else 0
    return _("One more friend takes off %(amount)s.") % {
        "amount": format_money(Money(cut, currency))
    }


def _price(terms: BargainTerms) -> int:
    return Variant.objects.values_list("price_amount", flat=True).get(pk=terms.variant)
