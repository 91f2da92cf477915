"""Likes collected: so many friends like it, and its owner has a coupon, in up to three steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field, model_validator

from banyan.kernel.states import Machine

from ..blocks import Block, Countdown, Faces, Ladder, Next, Note, Progress
from ..effects import Change, Contribute, Effect, Enter, Follow, Move, TakeBack, Tell
from ..figures import of_likes
from ..mechanic import INSTANCES, OWNER, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..milestones import passes
from ..models import Campaign, Instance, Participation
from ..persons import is_new
from ..policy import Facts
from ..problems import Refused
from ..rewards import LANDINGS, RewardTerms, cost_in, costs_of, names_of, reward, won
from ..terms import Ask

TOLD_AT = (50, 90)
"""At which parts of the way to a step, in percent, its owner is told."""
LAST_DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
BURST = "burst"
"""The kind of a like that came in a burst: an edge that counts for nothing."""


class LikeTerms(RewardTerms):
    """How many likes bring what, within which time."""

    coupon_fields: ClassVar[tuple[str, ...]] = (
        "coupon", "coupon_2", "coupon_3", "instead", "elsewhere",
    )  # fmt: skip
    kept: ClassVar[tuple[str, ...]] = ("elsewhere",)

    likes: Annotated[int, Ask(gettext_lazy("Likes that it takes")), Field(ge=1, le=1000)] = 10
    coupon: Annotated[int | None, Ask(gettext_lazy("Coupon for them"), kind="coupon")] = None
    likes_2: Annotated[
        int,
        Ask(gettext_lazy("More likes"), gettext_lazy("0: no second step.")),
        Field(ge=0, le=2000),
    ] = 0
    coupon_2: Annotated[
        int | None, Ask(gettext_lazy("A better coupon for them"), kind="coupon")
    ] = None
    likes_3: Annotated[
        int,
        Ask(gettext_lazy("Still more likes"), gettext_lazy("0: no third step.")),
        Field(ge=0, le=3000),
    ] = 0
    coupon_3: Annotated[
        int | None, Ask(gettext_lazy("The best coupon for them"), kind="coupon")
    ] = None
    instead: Annotated[
        int | None, Ask(gettext_lazy("A coupon for when another one is used up"), kind="coupon")
    ] = None
    hours: Annotated[
        int,
        Ask(gettext_lazy("Likes are collected for"), unit=gettext_lazy("hours")),
        Field(ge=1, le=720),
    ] = 72
    redeem_days: Annotated[
        int,
        Ask(gettext_lazy("What was reached can be taken for"), unit=gettext_lazy("days")),
        Field(ge=1, le=60),
    ] = 7
    per_day: Annotated[
        int, Ask(gettext_lazy("Likes that one may give in a day")), Field(ge=1, le=100)
    ] = 10
    per_minute: Annotated[
        int,
        Ask(
            gettext_lazy("Likes of one collection that count within a minute"),
            gettext_lazy("0: all. Those beyond it are seen, and do not count."),
        ),
        Field(ge=0, le=1000),
    ] = 0
    newcomers: Annotated[
        bool,
        Ask(gettext_lazy("Only likes of those count who have bought nothing yet"), kind="switch"),
    ] = False

    elsewhere: Annotated[
        int | None,
        Ask(
            gettext_lazy("A coupon for a picture of likes on another network"),
            gettext_lazy("Two people look at each picture. It brings this once, and no likes."),
            kind="coupon",
        ),
    ] = None

    @property
    def outside(self) -> int | None:
        """See the base."""
        return self.elsewhere

    @property
    def steps(self) -> list[tuple[int, int | None]]:
        """(likes, coupon) from the first step up; without a coupon it is the price, or honour."""
        steps = [(self.likes, self.coupon)]
        for many, coupon in ((self.likes_2, self.coupon_2), (self.likes_3, self.coupon_3)):
            if many and coupon:
                steps.append((many, coupon))
        return steps

    @model_validator(mode="after")
    def _rising(self) -> LikeTerms:
        if bool(self.likes_2) != bool(self.coupon_2) or bool(self.likes_3) != bool(self.coupon_3):
            raise ValueError(_("A step needs both likes and a coupon."))
        counts = [many for many, _coupon in self.steps]
        if counts != sorted(set(counts)) or (self.likes_3 and not self.likes_2):
            raise ValueError(_("Each step needs more likes than the one before."))
        return self

    def reached(self, likes: int) -> tuple[int, int | None] | None:
        """Return the best step that so many likes bring, or None before the first one."""
        return next((step for step in reversed(self.steps) if likes >= step[0]), None)


class LikeCollection(Mechanic[LikeTerms]):
    """Mechanic 2.2. A place is a like of a person; only likes given here count."""

    code = "like_collection"
    title = gettext_lazy("Collecting likes")
    pitch = gettext_lazy("Enough friends like it, and it is reached.")
    steps = (
        gettext_lazy("Begin, and ask friends for a like."),
        gettext_lazy("A like costs nothing and counts once."),
        gettext_lazy("Take what the step brings that you have reached."),
    )
    terms = LikeTerms
    landings = LANDINGS
    in_honour = gettext_lazy("Likes for their own sake: enough of them, and it is well liked.")
    scarce = frozenset({"help"})
    machine = Machine(
        name="campaigns.like_collection.state",
        table=INSTANCES,
        initial="collecting",
        transitions={
            # reached: no more likes are taken, what they bring can be; honour ends it at once
            "collecting": ("reached", "redeemed", "void"),
            "reached": ("redeemed", "expired"),
            "redeemed": (),
            "expired": (),
            "void": (),
        },
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "ten": Preset(gettext_lazy("Ten likes, three days"), {"likes": 10, "hours": 72}),
        "thirty": Preset(gettext_lazy("Thirty likes, a week"), {"likes": 30, "hours": 168}),
    }

    def worst_case(self, terms: LikeTerms) -> int:
        """The dearest step, once, and what a picture brings."""
        costs = costs_of(terms)
        dearest = max(cost_in(costs, coupon) for _many, coupon in terms.steps)
        return dearest + (cost_in(costs, terms.elsewhere) if terms.elsewhere else 0)

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        return of_likes(campaign)

    def facts(self, campaign: Campaign, terms: LikeTerms) -> Facts:
        """Nothing comes without friends, and what was reached is taken within some days."""
        method = _("Whoever has so many likes in time may take what it brings.")
        if terms.honour:
            method = _("Whoever has so many likes in time is well liked.")
        return replace(
            super().facts(campaign, terms),
            method=" ".join(
                [
                    method,
                    *([_newcomers()] if terms.newcomers else []),
                    *([_burst(terms)] if terms.per_minute else []),
                    *([_elsewhere()] if terms.elsewhere else []),
                ]
            ),
            claim_terms=_("Take it on the page of your collection."),
            claim_days=terms.redeem_days,
            share_needed=True,
        )

    def begin(self, new: Beginning[LikeTerms]) -> Opening:
        """See the base."""
        return Opening(
            cap=new.terms.steps[-1][0],
            lasts=dt.timedelta(hours=new.terms.hours),
            promise=self.worst_case(new.terms),
            kept={"costs": costs_of(new.terms)},
        )

    def opened(self, play: Play[LikeTerms]) -> Sequence[Effect]:
        """Whoever collects is reminded on the last day, where there is more than one."""
        last = play.instance.deadline - LAST_DAY
        return [Enter(OWNER, due_at=last if last > play.at else None)]

    def due(self, play: Play[LikeTerms], one: Participation) -> Sequence[Effect]:
        """The last day: of the likes, or of taking what they bring."""
        collection, terms = play.instance, play.terms
        if collection.ended_at is not None:
            return []
        if terms.reached(collection.taken):
            until = {"until": collection.deadline.isoformat()}
            return [] if terms.honour else [Tell(one.account_id, "campaign.claim_ending", until)]
        missing = {"n": terms.likes - collection.taken}
        return [Tell(one.account_id, "campaign.ending", missing)]

    def help(self, play: Play[LikeTerms]) -> Sequence[Effect]:
        """A like. A step that is reached is told once; the last one ends the collecting.

        Where only newcomers count, anybody else's like is there and weighs nothing; so is one of a
        burst, beyond what counts within a minute.
        """
        terms, owner = play.terms, play.instance.owner_id or 0
        if play.instance.state != "collecting":
            raise Refused("over")
        if terms.newcomers and not is_new(play.who):
            return [Contribute("like", 0, weight=0, per_day=terms.per_day)]
        if terms.per_minute and _last_minute(play) >= terms.per_minute:
            return [Contribute(BURST, 0, weight=0, per_day=terms.per_day)]
        effects: list[Effect] = [Contribute("like", play.place, per_day=terms.per_day)]
        counts = [many for many, _coupon in terms.steps]
        if play.place in counts:
            kind = "campaign.thanked" if terms.honour else "campaign.reached"
            effects.append(Tell(owner, kind))
        if play.place == counts[-1]:
            effects += self._reach(play)
        return effects

    def progress(self, instance: Instance, terms: LikeTerms, nth: int) -> Sequence[Tell]:
        """Half way to a step, and nearly there."""
        target = next((many for many, _coupon in terms.steps if nth <= many), 0)
        if instance.state != "collecting" or not passes(nth, target, TOLD_AT):
            return []
        return [Tell(instance.owner_id or 0, "campaign.progress", {"n": target - nth})]

    def withdraw(self, play: Play[LikeTerms]) -> Sequence[Effect]:
        """A like is taken back, as long as nothing hangs on it."""
        if play.instance.state != "collecting" or play.terms.reached(play.instance.taken):
            raise Refused("not_offered")
        return [TakeBack()]

    def redeem(self, play: Play[LikeTerms]) -> Sequence[Effect]:
        """The owner takes the best coupon that was reached; that ends it."""
        if play.who.account_id != play.instance.owner_id:
            raise Refused("not_yours")
        terms, step = play.terms, play.terms.reached(play.instance.taken)
        if step is None:
            raise Refused("not_offered")
        cause = f"play:{play.instance.pk}"
        given = reward(
            play,
            play.who.account_id,
            step[1],
            rule="reached",
            cause=cause,
            instead=terms.instead,
        )
        return [*given, Move("redeemed", ends=True)]

    def expire(self, play: Play[LikeTerms]) -> Sequence[Effect]:
        """What was reached stays to be taken for some days; else it is over."""
        if play.instance.state == "reached":
            return [Move("expired", ends=True)]
        if play.terms.reached(play.instance.taken) is None:
            return [Move("void", ends=True)]
        return self._reach(play)

    def view(self, shown: Shown[LikeTerms]) -> list[Block]:
        """See the base."""
        play, terms = shown.instance, shown.terms
        titles = names_of(terms, shown.campaign.currency)
        rungs = [
            (
                ngettext("%(n)s like", "%(n)s likes", many) % {"n": many},
                titles.get(coupon, ""),
                play.taken >= many,
            )
            for many, coupon in terms.steps
        ]
        blocks: list[Block] = [Ladder(rungs)]
        following = next((many for many, _c in terms.steps if play.taken < many), None)
        if following and play.state == "collecting":
            left, what = following - play.taken, dict(terms.steps)[following]
            words = ngettext("%(n)s more like is needed", "%(n)s more likes are needed", left)
            if what in titles and not terms.honour:
                words = ngettext(
                    "%(n)s more like brings it: %(what)s",
                    "%(n)s more likes bring it: %(what)s",
                    left,
                )
            told = words % {"n": left, "what": titles.get(what, "")}
            blocks.append(Progress(play.taken, following, told))
            blocks.append(Countdown(play.deadline, _("Until then likes count.")))
        likers = [one.helper_id for one in shown.helps if one.weight]
        blocks.append(Faces(_("Who liked it"), likers))
        if terms.per_minute and play.ended_at is None:
            blocks.append(Note(_burst(terms)))
        if terms.newcomers and play.ended_at is None:
            blocks.append(Note(_newcomers()))
        return [*blocks, *self._next(shown)]

    def _next(self, shown: Shown[LikeTerms]) -> list[Block]:
        play = shown.instance
        if play.state == "redeemed" and (gained := won(shown)):
            return gained
        if play.state == "redeemed" and shown.terms.honour:
            return [Note(_("It is reached. Thank you!"), "good")]
        if play.ended_at is not None:
            return [Note(_("This is over."))]
        blocks: list[Block] = []
        if shown.own and shown.terms.reached(play.taken) and not shown.terms.honour:
            more = play.taken < play.cap
            hint = _("You can take it now, or wait for the next step.") if more else ""
            blocks.append(Next("redeem", _("Take it"), hint))
        if play.state != "collecting":
            return blocks or [Note(_("It is reached. Thank you!"), "good")]
        if shown.own:
            return [*blocks, Next("share", _("Ask friends for a like"))]
        mine = [one for one in shown.helps if one.helper_id == shown.account_id]
        if mine:
            if mine[0].kind == BURST:
                return [Note(_burst(shown.terms))]
            if not mine[0].weight:
                return [Note(_("Your like is seen, and does not count: you are no newcomer."))]
            if shown.terms.reached(play.taken):
                return [Note(_("Your like counts. Thank you!"), "good")]
            return [Next("withdraw", _("Take my like back"))]
        return [Next("help", _("Like"), _("It costs nothing, and counts once."))]

    def _reach(self, play: Play[LikeTerms]) -> list[Effect]:
        """No more likes count. What they bring waits to be taken; honour is there at once."""
        if play.terms.honour:
            owner, cause = play.instance.owner_id or 0, f"play:{play.instance.pk}"
            given = reward(play, owner, None, rule="reached", cause=cause)
            return [*given, Move("redeemed", ends=True)]
        until = play.at + dt.timedelta(days=play.terms.redeem_days)
        mine = Participation.objects.filter(instance_id=play.instance.pk, role=OWNER)
        told = [Follow(one, None, max(play.at, until - LAST_DAY)) for one in mine]
        return [Change({"deadline": until}), *told, Move("reached")]


def _newcomers() -> str:
    return _("Only likes of friends who have not bought anything here yet count.")


def _elsewhere() -> str:
    return _(
        "A picture of likes on another network brings a coupon once, when two people of the shop "
        "have accepted it. It brings no likes. Say there that you have something for it."
    )


def _last_minute(play: Play[LikeTerms]) -> int:
    """Count the likes of the last minute that weigh something, behind the lock of the instance."""
    recent = play.instance.contributions.filter(created_at__gt=play.at - MINUTE)
    return int(recent.filter(weight__gt=0, undone_at=None).count())


def _burst(terms: LikeTerms) -> str:
    words = ngettext(
        "Within a minute %(n)s like counts, and no more.",
        "Within a minute %(n)s likes count, and no more.",
        terms.per_minute,
    )
    return words % {"n": terms.per_minute}
