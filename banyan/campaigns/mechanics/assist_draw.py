"""A draw: who enters has a chance, and one more for every friend who helps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field, model_validator

from banyan.kernel.states import Machine

from ..blocks import Block, Countdown, Faces, Ladder, Next, Note, Progress, Proof
from ..chance.draws import Draw
from ..disclosing import Gift
from ..effects import Change, Contribute, Effect, Enter, Move, MoveOne, Tell
from ..mechanic import INSTANCES, OWNER, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign, Instance, Participation
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


class DrawTerms(RewardTerms):
    """What can be won, how often, and how much help counts."""

    coupon_fields: ClassVar[tuple[str, ...]] = ("prize", "prize_2", "prize_3")
    main: ClassVar[str] = "prize"

    prize: Annotated[int | None, Ask(gettext_lazy("First prize"), kind="coupon")] = None
    count: Annotated[int, Ask(gettext_lazy("How many of them")), Field(ge=1, le=1000)] = 1
    prize_2: Annotated[int | None, Ask(gettext_lazy("Second prize"), kind="coupon")] = None
    count_2: Annotated[int, Ask(gettext_lazy("How many of them")), Field(ge=0, le=1000)] = 0
    prize_3: Annotated[int | None, Ask(gettext_lazy("Third prize"), kind="coupon")] = None
    count_3: Annotated[int, Ask(gettext_lazy("How many of them")), Field(ge=0, le=10_000)] = 0
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
    chance = True
    machine = Machine(
        name="campaigns.assist_draw.state",
        table=INSTANCES,
        initial="active",
        transitions={
            # frozen: no help counts any more, the draw is next
            "active": ("frozen", "withdrawn"),
            "frozen": ("won", "lost"),
            "won": (),
            "lost": (),
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

    def gives(self, terms: DrawTerms) -> Sequence[Gift]:
        """Every prize, once for all who enter."""
        return [([coupon], many) for coupon, many in terms.prizes]

    def facts(self, campaign: Campaign, terms: DrawTerms) -> Facts:
        """Luck decides, and friends who help make winning likelier."""
        return replace(
            super().facts(campaign, terms),
            method=_("All entries are drawn from when the campaign ends, each by its chances."),
            by_sharing=bool(terms.helpers),
            share_raises_odds=bool(terms.helpers),
        )

    def begin(self, new: Beginning[DrawTerms]) -> Opening:
        """An entry lives until the campaign ends; what it can win is in the campaign's budget."""
        return Opening(
            cap=max(1, new.terms.helpers),
            lasts=new.campaign.ends_at - new.at,
            kept={"costs": costs_of(new.terms)},
        )

    def opened(self, play: Play[DrawTerms]) -> Sequence[Effect]:
        """One person, one entry."""
        return [Enter(OWNER, scope="campaign")]

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

    def expire(self, play: Play[DrawTerms]) -> Sequence[Effect]:
        """The list is closed; the draw itself is the campaign's."""
        if play.instance.state != "active":
            return []
        return [Change({"deadline": play.instance.deadline + DRAWING}), Move("frozen")]

    def draw_of(self, campaign: Campaign, terms: DrawTerms) -> Draw:
        """See the base."""
        return Draw(
            subject=campaign.pk,
            prizes=tuple((str(coupon or RIGHT), many) for coupon, many in terms.prizes),
            closes_at=campaign.ends_at.isoformat(),
        )

    def weight(self, terms: DrawTerms, instance: Instance) -> int:
        """One chance, and one for each friend who helped."""
        return 1 + min(terms.helpers, instance.taken)

    def drawn(self, play: Play[DrawTerms], prize: str | None) -> Sequence[Effect]:
        """The prize is given at once; nobody has to be quick, and nobody is passed over."""
        owner = play.instance.owner_id or 0
        rows = Participation.objects.filter(instance_id=play.instance.pk, role=OWNER, state="in")
        moved: list[Effect] = [MoveOne(one, "won" if prize else "lost") for one in rows]
        if prize is None:
            return [*moved, Move("lost", ends=True), Tell(owner, "campaign.lost")]
        coupon = None if prize == RIGHT else int(prize)
        given = reward(play, owner, coupon, rule="prize", cause=f"play:{play.instance.pk}")
        told = Tell(owner, "campaign.titled" if play.terms.honour else "campaign.won")
        return [*moved, *given, Move("won", ends=True), told]

    def view(self, shown: Shown[DrawTerms]) -> list[Block]:
        """See the base."""
        entry, terms, campaign = shown.instance, shown.terms, shown.campaign
        titles = names_of(terms, campaign.currency)
        prizes = [(titles.get(one, ""), f"× {many}", False) for one, many in terms.prizes]
        blocks: list[Block] = [Ladder(prizes)]
        chances = self.weight(terms, entry)
        words = ngettext("%(n)s chance", "%(n)s chances", chances) % {"n": chances}
        if entry.ended_at is None and terms.helpers:
            blocks.append(Progress(chances, 1 + terms.helpers, words))
        if entry.state == "active":
            blocks.append(Countdown(entry.deadline, _("Then it is drawn, and everybody is told.")))
        if terms.helpers:
            people = [one.helper_id for one in shown.helps]
            blocks.append(Faces(_("Who helped"), people))
        return [*blocks, *self._next(shown), *_proof(campaign)]

    def _next(self, shown: Shown[DrawTerms]) -> list[Block]:
        entry, left = shown.instance, shown.terms.helpers - shown.instance.taken
        if entry.state == "won":
            if not shown.own:
                return [Note(_("This entry has won."), "good")]
            return [Note(_("You have won"), "good"), *won(shown)]
        if entry.state == "lost":
            return [Note(_("It was drawn, and others had the luck this time."))]
        if entry.state != "active":
            return [Note(_("The list is closed. It is being drawn."))]
        if left <= 0:
            return [Note(_("All the help that counts is there."), "good")]
        if shown.own:
            hint = _("Every friend who helps gives you one more chance.")
            return [Next("share", _("Ask friends"), hint)]
        if any(one.helper_id == shown.account_id for one in shown.helps):
            return [Note(_("Your help counts. Thank you!"), "good")]
        return [Next("help", _("Help"), _("It costs nothing and gives your friend one chance."))]


def _proof(campaign: Campaign) -> list[Block]:
    published = campaign.public.get("published")
    if not published:
        return []
    if "proof" not in campaign.public:
        return [Proof(published["seed"], _("The seed was fixed before anybody could enter."))]
    url = f"/verify?proof=/campaign/{campaign.code}/proof"
    return [Proof(published["seed"], _("It is drawn: the list and the seed are public."), url)]
