"""A draw: who enters has a chance, and one more for every friend who helps."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field, model_validator

from banyan.kernel.actors import Actor
from banyan.kernel.states import Machine
from banyan.orders.models import Order

from .. import beacon
from ..blocks import Block, Countdown, Faces, Ladder, Next, Note, Progress
from ..chance.draws import BEACON, MEMBERS, NONE, Draw
from ..disclosing import Gift
from ..effects import (
    Change,
    Contribute,
    Effect,
    Enter,
    Follow,
    Keep,
    Move,
    MoveOne,
    Promise,
    Tell,
)
from ..entrants import again, asks_word, barred, not_new, orders_of, word_in
from ..figures import of_draw
from ..mechanic import (
    INSTANCES,
    OWNER,
    Beginning,
    Mechanic,
    Opening,
    Play,
    Preset,
    Shown,
    Standing,
)
from ..models import Campaign, Instance, Participation
from ..persons import is_new, person_of
from ..policy import Facts
from ..problems import Refused
from ..rewards import (
    LANDINGS,
    RIGHT,
    RewardTerms,
    cost_in,
    costs_of,
    names_of,
    reward,
    won,
)
from ..terms import Ask

DRAWING = dt.timedelta(days=7)
"""How long an entry may wait for the draw before somebody has to look why."""
LAST_DAY = dt.timedelta(days=1)
"""How long before its end whoever has not taken a prize is reminded."""
LEAST_RUNNERS = 10


class DrawTerms(RewardTerms):
    """What can be won, how often, and how much help counts."""

    coupon_fields: ClassVar[tuple[str, ...]] = ("prize", "prize_2", "prize_3")
    main: ClassVar[str] = "prize"

    prize: Annotated[int | None, Ask(gettext_lazy("First prize"), kind="coupon")] = None
    count: Annotated[int, Ask(gettext_lazy("How many first prizes")), Field(ge=1, le=1000)] = 1
    prize_2: Annotated[int | None, Ask(gettext_lazy("Second prize"), kind="coupon")] = None
    count_2: Annotated[int, Ask(gettext_lazy("How many second prizes")), Field(ge=0, le=1000)] = 0
    prize_3: Annotated[int | None, Ask(gettext_lazy("Third prize"), kind="coupon")] = None
    count_3: Annotated[int, Ask(gettext_lazy("How many third prizes")), Field(ge=0, le=10_000)] = 0
    helpers: Annotated[
        int,
        Ask(
            gettext_lazy("Friends whose help counts"),
            gettext_lazy("Each gives one more chance. 0: everybody has one chance."),
        ),
        Field(ge=0, le=50),
    ] = 5
    per_day: Annotated[
        int, Ask(gettext_lazy("How often one person may help in a day")), Field(ge=1, le=50)
    ] = 5

    orders: Annotated[
        int,
        Ask(
            gettext_lazy("Paid orders that count"),
            gettext_lazy("What is bought here after entering. 0: orders give no chances."),
        ),
        Field(ge=0, le=20),
    ] = 0
    per_order: Annotated[
        int, Ask(gettext_lazy("Chances for each of these orders")), Field(ge=1, le=10)
    ] = 1
    min_spend: Annotated[
        int, Ask(gettext_lazy("An order counts from"), kind="money"), Field(ge=0)
    ] = 0
    new_only: Annotated[
        bool, Ask(gettext_lazy("Only for those who have bought nothing before"), kind="switch")
    ] = False
    claim_days: Annotated[
        int,
        Ask(
            gettext_lazy("A prize can be taken for"),
            gettext_lazy("After that it goes to the next."),
            unit=gettext_lazy("days"),
        ),
        Field(ge=1, le=30),
    ] = 7
    luck: Annotated[
        str,
        Ask(
            gettext_lazy("What decides besides the seed"),
            gettext_lazy("It is published before anybody enters, and cannot be changed."),
            kind="choice",
            choices=(
                (NONE, gettext_lazy("The list of entries alone")),
                (MEMBERS, gettext_lazy("Words that those who enter may give")),
                (BEACON, gettext_lazy("A public beacon, and such words")),
            ),
        ),
        Field(pattern=f"^({NONE}|{MEMBERS}|{BEACON})$"),
    ] = MEMBERS

    @property
    def idle(self) -> frozenset[str]:
        """See the base; of orders that do not count, and prizes that there are not, nothing."""
        gone = {"count_2": self.prize_2, "count_3": self.prize_3}
        idle = super().idle | {name for name, prize in gone.items() if not prize}
        return idle | (frozenset() if self.orders else {"per_order", "min_spend"})

    @property
    def most(self) -> int:
        """The most chances that one entry can have."""
        return 1 + self.helpers + self.orders * self.per_order

    @property
    def prizes(self) -> list[tuple[int | None, int]]:
        """(coupon, how many), the best first; None is the price."""
        found = [(self.prize, self.count)]
        for coupon, many in ((self.prize_2, self.count_2), (self.prize_3, self.count_3)):
            if coupon and many:
                found.append((coupon, many))
        return found

    @model_validator(mode="after")
    def _whole(self) -> DrawTerms:
        second = bool(self.prize_2) == bool(self.count_2)
        if not second or bool(self.prize_3) != bool(self.count_3):
            raise ValueError(_("A prize needs both a coupon and a number."))
        return self


class AssistDraw(Mechanic[DrawTerms]):
    """Mechanic 2.3, drawn at the end. An instance is an entry; a place in it is a friend's help."""

    code = "assist_draw"
    title = gettext_lazy("Draw with help")
    pitch = gettext_lazy("Everybody has a chance; friends who help give one more each.")
    steps = (
        gettext_lazy("Enter: that is your first chance."),
        gettext_lazy("Every friend who helps gives you one more."),
        gettext_lazy("It is drawn when the campaign ends, and everybody can check it."),
    )
    terms = DrawTerms
    landings = LANDINGS
    in_honour = gettext_lazy("Who is drawn is called the winner, and has nothing but the title.")
    scarce = frozenset({"help"})
    pooled = True
    watches = True
    chance = True
    machine = Machine(
        name="campaigns.assist_draw.state",
        table=INSTANCES,
        initial="active",
        transitions={
            # frozen: no help counts any more, the draw is next
            "active": ("frozen", "withdrawn"),
            # void: it was not allowed to take part
            "frozen": ("won", "waiting", "lost", "void"),
            # won: the prize can be taken until the deadline
            "won": ("claimed", "forfeited"),
            # waiting: next in the order, if somebody does not take their prize
            "waiting": ("won", "lost", "forfeited"),
            "claimed": (),
            "forfeited": (),
            "lost": (),
            "void": (),
            "withdrawn": (),
        },
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "one": Preset(gettext_lazy("One great prize"), {"count": 1, "helpers": 5}),
        "many": Preset(gettext_lazy("Many small prizes"), {"count": 100, "helpers": 2}),
    }

    def worst_case(self, terms: DrawTerms) -> int:
        """Every prize, once: the budget is kept for the campaign, not for an entry."""
        costs = costs_of(terms)
        return sum(cost_in(costs, coupon) * many for coupon, many in terms.prizes)

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        return of_draw(campaign)

    def gives(self, terms: DrawTerms) -> Sequence[Gift]:
        """Every prize, once for all who enter."""
        return [([coupon], many) for coupon, many in terms.prizes]

    def facts(self, campaign: Campaign, terms: DrawTerms) -> Facts:
        """Luck decides, and friends who help or orders make winning likelier."""
        claimed = ngettext(
            "Whoever wins takes the prize on the page of their entry, within %(n)s day; after that "
            "it goes to the next. It goes there too if an order that gave a chance is given back.",
            "Whoever wins takes the prize on the page of their entry, within %(n)s days; after "
            "that it goes to the next. It goes there too if an order that gave a chance is given "
            "back.",
            terms.claim_days,
        )
        return replace(
            super().facts(campaign, terms),
            method=" ".join(
                [
                    _("All entries are drawn from when the campaign ends, each by its chances."),
                    *(str(_LUCK[one]) for one in [terms.luck] if one in _LUCK),
                ]
            ),
            by_sharing=bool(terms.helpers),
            share_raises_odds=bool(terms.helpers),
            free_entry=_("Entering is free, and gives everybody one chance.")
            if terms.orders
            else "",
            claim_terms="" if terms.honour else claimed % {"n": terms.claim_days},
            claim_days=0 if terms.honour else terms.claim_days,
            at_once=terms.honour,
        )

    def faults(self, terms: DrawTerms) -> Mapping[str, Any]:
        """A beacon has to be named by who runs this site."""
        if terms.luck != BEACON or beacon.is_set():
            return {}
        return {"luck": _("This site names no public beacon.")}

    def published(self, actor: Actor, campaign: Campaign, terms: DrawTerms) -> Mapping[str, Any]:
        """Fix what the prizes cost, for which the budget is there, and the beacon that decides."""
        round_ = {"beacon": beacon.named(campaign.ends_at)} if terms.luck == BEACON else {}
        return {"costs": costs_of(terms), **round_}

    def begin(self, new: Beginning[DrawTerms]) -> Opening:
        """An entry lives until the campaign ends; what it can win is in the campaign's budget."""
        if new.terms.new_only and not is_new(person_of(new.actor)):
            raise Refused("newcomers_only")
        return Opening(
            cap=max(1, new.terms.helpers),
            lasts=new.campaign.ends_at - new.at,
            kept={"costs": new.campaign.public.get("costs") or costs_of(new.terms)},
        )

    def opened(self, play: Play[DrawTerms]) -> Sequence[Effect]:
        """One person, one entry."""
        return [Enter(OWNER, scope="campaign", data=word_in(play.given))]

    def help(self, play: Play[DrawTerms]) -> Sequence[Effect]:
        """One more chance for the owner."""
        if not play.terms.helpers:
            raise Refused("not_offered")
        owner = play.instance.owner_id or 0
        given = Contribute("help", play.place, per_day=play.terms.per_day)
        return [given, Tell(owner, "campaign.chance")]

    def withdraw(self, play: Play[DrawTerms]) -> Sequence[Effect]:
        """The owner leaves the draw."""
        if play.mine is None or play.instance.state != "active":
            return super().withdraw(play)
        return [MoveOne(play.mine, "out"), Move("withdrawn", ends=True)]

    def bought(self, play: Play[DrawTerms], one: Participation, order: Order) -> Sequence[Effect]:
        """The owner is told of one more chance; the orders themselves are counted at the end."""
        counted = self._orders(play.campaign, play.terms, [one])[one.pk]
        if play.instance.state != "active" or not 0 < counted <= play.terms.orders:
            return []
        return [Tell(one.account_id, "campaign.bought_chance")]

    def refunded(self, play: Play[DrawTerms], one: Participation, order: Order) -> Sequence[Effect]:
        """Before the list is closed the chance is gone; after that the prize goes to the next."""
        if play.instance.state not in {"won", "waiting"} or not self._given_back(play, one):
            return []
        return _loses(one, "forfeited", "campaign.forfeited")

    def redeem(self, play: Play[DrawTerms]) -> Sequence[Effect]:
        """The owner takes the prize, or gives a word before the list is closed."""
        mine, state = play.mine, play.instance.state
        if mine is None:
            raise Refused("not_yours")
        if state == "active" and play.terms.luck != NONE:
            return [Keep(mine, word_in(play.given))]
        if state != "won":
            raise Refused("not_offered")
        if self._given_back(play, mine):
            raise Refused("given_back")
        prize = mine.data["prize"]
        coupon = None if prize == RIGHT else int(prize)
        cause = f"play:{play.instance.pk}"
        given = reward(play, mine.account_id, coupon, rule="prize", cause=cause)
        return [MoveOne(mine, "won"), *given, Move("claimed", ends=True)]

    def due(self, play: Play[DrawTerms], one: Participation) -> Sequence[Effect]:
        """The last day of a prize that was not taken."""
        until = {"until": play.instance.deadline.isoformat()}
        won = play.instance.state == "won"
        return [Tell(one.account_id, "campaign.claim_ending", until)] if won else []

    def expire(self, play: Play[DrawTerms]) -> Sequence[Effect]:
        """The list is closed; later: a prize was not taken."""
        entry = play.instance
        if entry.state == "active":
            frozen = Tell(entry.owner_id or 0, "campaign.frozen")
            return [Change({"deadline": entry.deadline + DRAWING}), Move("frozen"), frozen]
        if entry.state == "waiting":
            return [Change({"deadline": entry.deadline + _days(play.terms)})]
        if entry.state != "won":
            return []
        mine = Participation.objects.get(instance=entry, role=OWNER, state="in")
        return _loses(mine, "forfeited", "campaign.forfeited")

    def draw_of(self, campaign: Campaign, terms: DrawTerms) -> Draw:
        """See the base."""
        told = campaign.public.get("beacon")
        many = sum(many for _coupon, many in terms.prizes)
        return Draw(
            subject=campaign.pk,
            prizes=tuple((str(coupon or RIGHT), many) for coupon, many in terms.prizes),
            runners=max(LEAST_RUNNERS, 2 * many),
            source=terms.luck,
            beacon=beacon.name_of(told) if told else "",
            patience=told["hours"] if told else 0,
            closes_at=campaign.ends_at.isoformat(),
        )

    def standing(
        self, campaign: Campaign, terms: DrawTerms, people: Sequence[Participation]
    ) -> Mapping[int, Standing]:
        """One chance, one for each friend who helped, and some for orders that are kept."""
        void = again(people) | barred(campaign, people)
        if terms.new_only:
            void = not_new(campaign, people) | void
        orders = self._orders(campaign, terms, people)
        return {
            one.pk: Standing(_chances(terms, one.instance, orders[one.pk]), void.get(one.pk, ""))
            for one in people
        }

    def voided(self, play: Play[DrawTerms], reason: str) -> Sequence[Effect]:
        """The owner is told why."""
        owner = play.instance.owner_id or 0
        assert play.mine is not None
        told = Tell(owner, "campaign.void", {"reason": reason})
        return [MoveOne(play.mine, "out"), Move("void", ends=True), told]

    def drawn(self, play: Play[DrawTerms], prize: str | None) -> Sequence[Effect]:
        """A prize waits to be taken; the next ones wait for those who do not take theirs."""
        assert play.mine is not None
        owner = play.mine.account_id
        back = bool(play.place) and self._given_back(play, play.mine)
        if back or (prize is None and not play.place):
            return _loses(play.mine, "lost", "campaign.forfeited" if prize else "campaign.lost")
        until = play.at + _days(play.terms)
        later = Change({"deadline": until})
        if prize is None:
            told = Tell(owner, "campaign.next", {"rank": play.place})
            return [later, Move("waiting"), *([] if play.terms.honour else [told])]
        coupon = None if prize == RIGHT else int(prize)
        if play.terms.honour:
            # A title is there at once: nobody has to take it, and nobody else can have it.
            given = reward(play, owner, None, rule="prize", cause=f"play:{play.instance.pk}")
            moved = [MoveOne(play.mine, "won"), Move("won"), Move("claimed", ends=True)]
            return [*given, *moved, Tell(owner, "campaign.titled")]
        return [
            later,
            Promise(cost_in(play.instance.secret["costs"], coupon)),
            Follow(play.mine, None, max(play.at, until - LAST_DAY)),
            Move("won"),
            Tell(owner, "campaign.won", {"until": until.isoformat()}),
        ]

    def _orders(
        self, campaign: Campaign, terms: DrawTerms, people: Sequence[Participation]
    ) -> Counter[int]:
        if not terms.orders:
            return Counter()
        return orders_of(campaign, people, least=terms.min_spend)

    def _given_back(self, play: Play[DrawTerms], one: Participation) -> bool:
        """Tell whether an order that gave a chance when the list was closed was given back."""
        orders = self._orders(play.campaign, play.terms, [one])
        return _chances(play.terms, play.instance, orders[one.pk]) < one.weight

    def view(self, shown: Shown[DrawTerms]) -> list[Block]:
        """See the base."""
        entry, terms, campaign = shown.instance, shown.terms, shown.campaign
        titles = names_of(terms, campaign.currency)
        prizes = [(titles.get(one, ""), f"× {many}", False) for one, many in terms.prizes]
        blocks: list[Block] = [Ladder(prizes)]
        owners = [one for one in shown.people if one.role == OWNER]
        orders = self._orders(campaign, terms, owners) if entry.state == "active" else Counter()
        chances = _chances(terms, entry, sum(orders.values()))
        words = ngettext("%(n)s chance", "%(n)s chances", chances) % {"n": chances}
        if entry.state == "active":
            if terms.most > 1:
                blocks.append(Progress(chances, terms.most, words))
            blocks.append(Countdown(entry.deadline, _("Then it is drawn, and everybody is told.")))
        if terms.helpers:
            people = [one.helper_id for one in shown.helps]
            blocks.append(Faces(_("Who helped"), people))
        return [*blocks, *self._next(shown), *self.fairness(shown)]

    def _next(self, shown: Shown[DrawTerms]) -> list[Block]:
        entry = shown.instance
        if entry.state != "active":
            return _after(shown)
        left = shown.terms.helpers - entry.taken
        if not shown.own:
            if any(one.helper_id == shown.account_id for one in shown.helps):
                return [Note(_("Your help counts. Thank you!"), "good")]
            hint = _("It costs nothing and gives your friend one chance.")
            return [Next("help", _("Help your friend"), hint)] if left > 0 else []
        blocks: list[Block] = []
        if left > 0:
            hint = _("Every friend who helps gives you one more chance.")
            blocks.append(Next("share", _("Ask friends"), hint))
        elif shown.terms.helpers:
            blocks.append(Note(_("All the help that counts is there."), "good"))
        if shown.terms.orders:
            blocks.append(Note(_("What you buy here until then gives you more chances.")))
        if shown.terms.luck != NONE and shown.mine is not None:
            blocks.append(asks_word(shown.mine))
        return blocks


def _chances(terms: DrawTerms, entry: Instance, orders: int) -> int:
    counted = min(terms.orders, orders) * terms.per_order
    return 1 + min(terms.helpers, entry.taken) + counted


def _days(terms: DrawTerms) -> dt.timedelta:
    return dt.timedelta(days=terms.claim_days)


def _loses(one: Participation, to: str, kind: str) -> list[Effect]:
    return [MoveOne(one, "lost"), Move(to, ends=True), Tell(one.account_id, kind)]


def _after(shown: Shown[DrawTerms]) -> list[Block]:
    """Say what came of an entry whose list is closed."""
    entry = shown.instance
    if entry.state == "won":
        text = _("Until then the prize can be taken; after that it goes to the next.")
        blocks: list[Block] = [Note(_("This entry has won."), "good")]
        blocks = [Note(_("You have won"), "good")] if shown.own else blocks
        blocks.append(Countdown(entry.deadline, text))
        return [*blocks, Next("redeem", _("Take the prize"))] if shown.own else blocks
    if entry.state == "claimed":
        if not shown.own:
            return [Note(_("This entry has won."), "good")]
        return [Note(_("You have won"), "good"), *won(shown)]
    return [Note(_AFTER[entry.state])]


_LUCK: Mapping[str, Any] = {
    MEMBERS: gettext_lazy("Words that those who enter may give are drawn with."),
    BEACON: gettext_lazy("What a public beacon says after the end is drawn with, and words, too."),
}
_AFTER: Mapping[str, Any] = {
    "frozen": gettext_lazy("The list is closed. It is being drawn."),
    "waiting": gettext_lazy("Others were drawn first. You are next if somebody does not come."),
    "lost": gettext_lazy("It was drawn, and others had the luck this time."),
    "forfeited": gettext_lazy("The prize went to the next."),
    "void": gettext_lazy("This entry does not count: its owner could not take part."),
    "withdrawn": gettext_lazy("This entry was taken back."),
}
