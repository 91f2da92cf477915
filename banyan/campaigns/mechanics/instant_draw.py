"""A wheel: every turn is decided by chance at once, out of a seed that was fixed beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field, model_validator

from banyan.entitlements.costs import most_off
from banyan.entitlements.models import Coupon
from banyan.kernel import counters, fairness
from banyan.kernel.actors import Actor
from banyan.kernel.states import Machine
from banyan.orders.models import Order

from ..blocks import Block, Countdown, Faces, Ladder, Next, Note, Progress, Proof, Won
from ..chance.instant import NOTHING, Prize, Wheel, prize_counter, start
from ..disclosing import Gift
from ..effects import Contribute, Effect, Enter, Keep, Move, MoveOne, Tell, Turn
from ..figures import of_wheel
from ..mechanic import DRAW, INSTANCES, OWNER, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign, Participation
from ..policy import Facts
from ..problems import Refused
from ..rewards import name_of
from ..terms import Ask, Terms

_CHANCE_HINT = gettext_lazy("Its chance is this number, of the sum of all such numbers.")


class WheelTerms(Terms):
    """What a turn can bring and how likely, and how one comes to turns."""

    coupon_fields: ClassVar[tuple[str, ...]] = ("prize", "prize_2", "prize_3")

    main: ClassVar[str] = "prize"

    prize: Annotated[int | None, Ask(gettext_lazy("First prize"), kind="coupon")] = None
    count: Annotated[int, Ask(gettext_lazy("How many first prizes")), Field(ge=1, le=10_000)] = 1
    weight: Annotated[
        int, Ask(gettext_lazy("Weight of the first prize"), _CHANCE_HINT), Field(ge=1, le=1_000_000)
    ] = 1
    prize_2: Annotated[int | None, Ask(gettext_lazy("Second prize"), kind="coupon")] = None
    count_2: Annotated[int, Ask(gettext_lazy("How many second prizes")), Field(ge=0, le=10_000)] = 0
    weight_2: Annotated[
        int,
        Ask(gettext_lazy("Weight of the second prize"), _CHANCE_HINT),
        Field(ge=0, le=1_000_000),
    ] = 0
    prize_3: Annotated[int | None, Ask(gettext_lazy("Third prize"), kind="coupon")] = None
    count_3: Annotated[int, Ask(gettext_lazy("How many third prizes")), Field(ge=0, le=10_000)] = 0
    weight_3: Annotated[
        int, Ask(gettext_lazy("Weight of the third prize"), _CHANCE_HINT), Field(ge=0, le=1_000_000)
    ] = 0
    nothing: Annotated[
        int, Ask(gettext_lazy("Weight of nothing"), _CHANCE_HINT), Field(ge=0, le=1_000_000)
    ] = 9
    next_one: Annotated[
        bool,
        Ask(
            gettext_lazy("When a prize is gone the next one is given, else nothing"), kind="switch"
        ),
    ] = False
    base: Annotated[int, Ask(gettext_lazy("Turns that everybody has")), Field(ge=1, le=10)] = 1
    helpers: Annotated[
        int,
        Ask(
            gettext_lazy("Friends whose help counts"),
            gettext_lazy("Each gives one more turn. 0: help gives none."),
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
            gettext_lazy("Each gives one more turn. 0: orders give none."),
        ),
        Field(ge=0, le=20),
    ] = 0

    @property
    def prizes(self) -> Mapping[str, tuple[int | None, int, int]]:
        """(coupon, how many, weight) by the prize's id on the wheel, the best first.

        For honour the first one is a mark, and no coupon.
        """
        rows = (
            (self.prize, self.count, self.weight),
            (self.prize_2, self.count_2, self.weight_2),
            (self.prize_3, self.count_3, self.weight_3),
        )
        return {
            str(n): (coupon, many, weight)
            for n, (coupon, many, weight) in enumerate(rows, start=1)
            if (coupon or (self.honour and n == 1)) and many and weight
        }

    @model_validator(mode="after")
    def _whole(self) -> WheelTerms:
        for one in (
            (self.prize_2, self.count_2, self.weight_2),
            (self.prize_3, self.count_3, self.weight_3),
        ):
            if any(one) and not all(one):
                raise ValueError(_("A prize needs a coupon, a number and a weight."))
        return self


class InstantDraw(Mechanic[WheelTerms]):
    """Mechanic 2.3, instant. An instance is somebody's turns; a place in it is a friend's help.

    All turns of a campaign are one chain: ``Campaign.public`` holds how many there were and the
    receipt of the last one, a bounded counter what is left of each prize.
    """

    code = "instant_draw"
    title = gettext_lazy("Wheel")
    pitch = gettext_lazy("Turn it and see at once; friends who help give one more turn each.")
    steps = (
        gettext_lazy("Begin: you have some turns at once."),
        gettext_lazy("Every friend who helps gives you one more."),
        gettext_lazy("What a turn brings is yours at once, and everybody can check it."),
    )
    terms = WheelTerms
    landings = ("coupon",)
    in_honour = gettext_lazy(
        "The wheel falls on a mark, as rare as its number says, or on nothing."
    )
    scarce = frozenset({"help"})
    shared = True
    watches = True
    chance = True
    machine = Machine(
        name="campaigns.instant_draw.state",
        table=INSTANCES,
        initial="active",
        transitions={"active": ("closed",), "closed": ()},
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "rare": Preset(gettext_lazy("One great prize"), {"count": 1, "weight": 1, "nothing": 999}),
        "often": Preset(
            gettext_lazy("Many small prizes"), {"count": 500, "weight": 1, "nothing": 1}
        ),
    }

    def worst_case(self, terms: WheelTerms) -> int:
        """Every prize, once: the budget is kept for the campaign, not for one who turns."""
        costs = _costs(terms)
        return sum(costs[coupon] * n for coupon, n, _weight in terms.prizes.values() if coupon)

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        assert campaign.version is not None
        terms = self.terms.model_validate(campaign.version.terms)
        return of_wheel(campaign, self.wheel_of(campaign, terms), _names(terms))

    def gives(self, terms: WheelTerms) -> Sequence[Gift]:
        """Every prize, once for all who turn."""
        return [([coupon], many) for coupon, many, _weight in terms.prizes.values()]

    def facts(self, campaign: Campaign, terms: WheelTerms) -> Facts:
        """Luck decides at once, and friends who help give more turns."""
        return replace(
            super().facts(campaign, terms),
            method=_("Each turn is decided at once, by the chances that are told."),
            by_sharing=bool(terms.helpers),
            share_raises_odds=bool(terms.helpers),
        )

    def faults(self, terms: WheelTerms) -> Mapping[str, Any]:
        """Every prize must be there when it is won."""
        left = {one.pk: one.cap - one.taken for one in _coupons(terms)}
        found = {}
        for prize, (coupon, many, _weight) in terms.prizes.items():
            if coupon is None:
                continue
            left[coupon] = left.get(coupon, 0) - many
            if left[coupon] < 0:
                found["count" if prize == "1" else f"count_{prize}"] = _(
                    "There are not as many of this coupon."
                )
        return found

    def wheel_of(self, campaign: Campaign, terms: WheelTerms) -> Wheel:
        """See the base."""
        ids = list(terms.prizes)
        followers = [*ids[1:], NOTHING] if terms.next_one else [NOTHING] * len(ids)
        prizes = [
            Prize(prize, weight, many, instead)
            for (prize, (_coupon, many, weight)), instead in zip(
                terms.prizes.items(), followers, strict=True
            )
        ]
        return Wheel(campaign.pk, (*prizes, Prize(NOTHING, terms.nothing)))

    def published(self, actor: Actor, campaign: Campaign, terms: WheelTerms) -> Mapping[str, Any]:
        """Fix the seed and the terms, and fill the stock."""
        wheel = self.wheel_of(campaign, terms)
        for prize, (_coupon, many, _weight) in terms.prizes.items():
            counters.open_counter(kind=prize_counter(prize), subject_id=campaign.pk, cap=many)
        seed = fairness.commit(purpose=DRAW, subject_id=campaign.pk)
        head = start(wheel)
        return {"published": {"seed": seed, "terms": head}, "turns": 0, "head": head}

    def begin(self, new: Beginning[WheelTerms]) -> Opening:
        """One may turn until the campaign ends; what can be won is in the campaign's budget."""
        return Opening(
            cap=max(1, new.terms.helpers),
            lasts=new.campaign.ends_at - new.at,
            kept={"costs": {str(key): n for key, n in _costs(new.terms).items()}},
            public={"turns": []},
        )

    def opened(self, play: Play[WheelTerms]) -> Sequence[Effect]:
        """One person, one row of turns."""
        return [Enter(OWNER, scope="campaign")]

    def help(self, play: Play[WheelTerms]) -> Sequence[Effect]:
        """One more turn for the owner."""
        if not play.terms.helpers:
            raise Refused("not_offered")
        given = Contribute("help", play.place, per_day=play.terms.per_day)
        return [given, Tell(play.instance.owner_id or 0, "campaign.chance")]

    def bought(self, play: Play[WheelTerms], one: Participation, order: Order) -> Sequence[Effect]:
        """One more turn for an order paid before the end; the same order counts once.

        One that was given back makes room for another.
        """
        counted = one.data.get("orders", [])
        late = (order.paid_at or play.at) >= play.instance.deadline
        if late or order.pk in counted or _kept(counted) >= play.terms.orders:
            return []
        return [Keep(one, {"orders": [*counted, order.pk]})]

    def redeem(self, play: Play[WheelTerms]) -> Sequence[Effect]:
        """The owner turns. A form says which of their turns it is, so that twice is once."""
        play_, terms = play.instance, play.terms
        if play.who.account_id != play_.owner_id:
            raise Refused("not_yours")
        made = len(play_.public["turns"])
        if play.given.get("turn", str(made)) != str(made):
            return []
        if made >= self.chances(play_.taken, terms, play.mine):
            raise Refused("chances")
        costs = play_.secret["costs"]
        coupons = {
            prize: (coupon, int(costs.get(str(coupon), 0)))
            for prize, (coupon, _many, _weight) in terms.prizes.items()
        }
        return [Turn(self.wheel_of(play.campaign, terms), coupons)]

    def chances(self, helped: int, terms: WheelTerms, mine: Participation | None) -> int:
        """Return how many turns somebody has in all, used ones among them.

        An order that was given back in full gives none; if its turn is used, the next one nets it.
        """
        orders = mine.data.get("orders", []) if mine else []
        return terms.base + min(terms.helpers, helped) + _kept(orders)

    def expire(self, play: Play[WheelTerms]) -> Sequence[Effect]:
        """What was not turned until the end is not turned any more."""
        won = any(given != NOTHING for _n, given, _receipt in play.instance.public["turns"])
        rows = Participation.objects.filter(instance_id=play.instance.pk, role=OWNER, state="in")
        ended = [MoveOne(one, "won" if won else "lost") for one in rows]
        return [*ended, Move("closed", ends=True)]

    def view(self, shown: Shown[WheelTerms]) -> list[Block]:
        """See the base."""
        play, terms = shown.instance, shown.terms
        names = _names(terms)
        wheel = self.wheel_of(shown.campaign, terms)
        blocks: list[Block] = [Ladder(_odds(wheel, names))]
        if play.ended_at is None:
            blocks.append(Countdown(play.deadline, _("Until then it can be turned.")))
        if shown.own:
            blocks += self._own(shown, names)
        elif play.ended_at is not None:
            blocks.append(Note(_("This is over.")))
        elif any(one.helper_id == shown.account_id for one in shown.helps):
            blocks.append(Note(_("Your help counts. Thank you!"), "good"))
        elif terms.helpers > play.taken:
            hint = _("It costs nothing and gives your friend one more turn.")
            blocks.append(Next("help", _("Help your friend"), hint))
        if terms.helpers:
            blocks.append(Faces(_("Who helped"), [one.helper_id for one in shown.helps]))
        return [*blocks, *_proof(shown.campaign)]

    def _own(self, shown: Shown[WheelTerms], names: Mapping[str, str]) -> list[Block]:
        play, terms = shown.instance, shown.terms
        turns = play.public["turns"]
        chances = self.chances(play.taken, terms, shown.mine)
        blocks: list[Block] = []
        if turns:
            last = names.get(turns[-1][1])
            if last and terms.honour:
                blocks.append(Won(_("You have won"), last))
            elif last:
                blocks.append(Won(_("You have won"), last, "/me/coupons", _("My coupons")))
            else:
                blocks.append(Note(_("It fell on nothing.")))
        words = ngettext("%(n)s turn of %(all)s used", "%(n)s turns of %(all)s used", len(turns))
        text = words % {"n": len(turns), "all": chances}
        blocks.append(Progress(len(turns), chances, text))
        if play.ended_at is None and len(turns) < chances:
            hint = _("What it falls on was decided by chance beforehand, and is yours at once.")
            fields = {"turn": len(turns)}
            blocks.append(Next("redeem", _("Turn the wheel"), hint, fields=fields))
        elif play.ended_at is None and play.taken < terms.helpers:
            hint = _("Every friend who helps gives you one more turn.")
            blocks.append(Next("share", _("Ask friends"), hint))
        if turns:
            notes = [
                _("Turn %(n)s: %(what)s. Receipt %(receipt)s")
                % {"n": n + 1, "what": names.get(given, _("nothing")), "receipt": head}
                for n, given, head in turns
            ]
            blocks.append(Faces(_("Your turns"), [], notes))
        return blocks


def _kept(orders: Sequence[int]) -> int:
    """Count those of some orders that were not given back in full. No statement without any."""
    rows = Order.objects.filter(pk__in=orders, refunded_amount__lt=F("total_amount"))
    return rows.count() if orders else 0


def _names(terms: WheelTerms) -> dict[str, str]:
    """Return what the prizes are called, by their id on the wheel. One statement."""
    titles: dict[int | None, str] = {one.pk: name_of(one) for one in _coupons(terms)}
    titles |= {None: _("A mark of honour")}
    return {prize: titles[coupon] for prize, (coupon, _m, _w) in terms.prizes.items()}


def _odds(wheel: Wheel, names: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    rungs = []
    for one in wheel.prizes:
        chance = _("chance %(n)s in %(all)s") % {"n": one.weight, "all": wheel.total}
        if one.stock is None:
            rungs.append((_("Nothing"), chance, False))
            continue
        left = counters.left(kind=prize_counter(one.id), subject_id=wheel.subject)
        stock = _("%(n)s of %(all)s left") % {"n": left, "all": one.stock}
        rungs.append((names[one.id], f"{chance} · {stock}", False))
    return rungs


def _proof(campaign: Campaign) -> list[Block]:
    published = campaign.public["published"]
    if "proof" not in campaign.public:
        text = _("The seed was fixed before anybody could turn. Keep your receipts.")
        return [Proof(published["seed"], text)]
    url = f"/verify?proof=/campaign/{campaign.code}/proof"
    return [Proof(published["seed"], _("It is over: every turn and the seed are public."), url)]


def _coupons(terms: WheelTerms) -> list[Coupon]:
    wanted = [coupon for coupon, _many, _weight in terms.prizes.values() if coupon]
    return list(Coupon.objects.filter(pk__in=wanted))


def _costs(terms: WheelTerms) -> dict[int, int]:
    return {one.pk: most_off(one.terms) or 0 for one in _coupons(terms)}
