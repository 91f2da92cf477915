"""A code that a member gives to friends: a new friend has a coupon, and so has the member later."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import Field

from banyan.kernel.problems import Invalid
from banyan.kernel.states import Machine
from banyan.moderation.actions import check_text
from banyan.orders.models import Order
from banyan.trust.queries import household_of, known

from ..blocks import Block, Ladder, Next, Note, Progress
from ..causes import kept_of
from ..disclosing import Gift
from ..effects import Change, Count, Effect, Enter, Follow, Keep, Move, MoveOne, Reverse, Tell
from ..figures import of_codes
from ..mechanic import INSTANCES, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign, Instance, Participation
from ..persons import is_new
from ..policy import Facts
from ..problems import Refused
from ..rewards import LANDINGS, RewardTerms, cost_in, costs_of, names_of, reward, won
from ..terms import Ask

ALLOWED, HELD, REFUSED = "allowed", "held", "refused"
BEFORE = "before"
"""The first order of a friend who entered the code after it."""
WAITS, COUNTED = "month", "counted"
"""Why thanks wait for a later month, and when somebody counted: for the bound of thirty days."""
MONTH, LATER = dt.timedelta(days=30), dt.timedelta(days=1)
MOST_FRIENDS = 100_000
_CHOSEN = re.compile(r"^[A-Z0-9]{4,16}$")


class ReferralTerms(RewardTerms):
    """What a new friend has, what the member has for them, and what counts as a friend won."""

    coupon_fields: ClassVar[tuple[str, ...]] = ("coupon", "thanks")
    kept: ClassVar[tuple[str, ...]] = ("thanks",)

    coupon: Annotated[int | None, Ask(gettext_lazy("Coupon for the new friend"), kind="coupon")] = (
        None
    )
    thanks: Annotated[
        int | None,
        Ask(
            gettext_lazy("Coupon for who brought them"),
            gettext_lazy("Given once the friend's first order is kept."),
            kind="coupon",
        ),
    ] = None
    least: Annotated[
        int, Ask(gettext_lazy("The order must come to at least"), kind="money"), Field(ge=0)
    ] = 0
    days: Annotated[
        int,
        Ask(gettext_lazy("A friend's first order counts for"), unit=gettext_lazy("days")),
        Field(ge=1, le=365),
    ] = 90
    grace_hours: Annotated[
        int,
        Ask(
            gettext_lazy("After a first order the code can still be entered for"),
            gettext_lazy("0: before it only. That order counts, if it was placed here."),
            unit=gettext_lazy("hours"),
        ),
        Field(ge=0, le=168),
    ] = 0
    hold_days: Annotated[
        int,
        Ask(
            gettext_lazy("After it arrived we wait for"),
            gettext_lazy("As long as it may be sent back."),
            unit=gettext_lazy("days"),
        ),
        Field(ge=0, le=90),
    ] = 7
    most: Annotated[
        int,
        Ask(
            gettext_lazy("Friends for whom one is thanked"),
            gettext_lazy("Later ones still have their coupon; a price is for no more than these."),
        ),
        Field(ge=1, le=1000),
    ] = 20
    per_month: Annotated[
        int,
        Ask(
            gettext_lazy("Friends for whom one is thanked within thirty days"),
            gettext_lazy("0: no bound. Thanks beyond it wait until there is room again."),
        ),
        Field(ge=0, le=1000),
    ] = 0
    household: Annotated[
        str,
        Ask(
            gettext_lazy("A friend with the same address"),
            gettext_lazy("Flatmates and families; the same person never counts."),
            kind="choice",
            choices=(
                (ALLOWED, gettext_lazy("Counts")),
                (HELD, gettext_lazy("Counts once somebody has looked at it")),
                (REFUSED, gettext_lazy("Does not count")),
            ),
        ),
        Field(pattern=f"^({ALLOWED}|{HELD}|{REFUSED})$"),
    ] = HELD


class Referral(Mechanic[ReferralTerms]):
    """Mechanic 2.7. An instance is a member's code; a place in it is a friend who entered it."""

    code = "referral"
    title = gettext_lazy("Code for friends")
    pitch = gettext_lazy("A new friend enters your code, and both of you gain.")
    steps = (
        gettext_lazy("Take your code, and give it to friends who are new here."),
        gettext_lazy("A friend who enters it gains by it for a first order."),
        gettext_lazy("Once that order is kept, you are thanked too."),
    )
    terms = ReferralTerms
    landings = LANDINGS
    in_honour = gettext_lazy("A new friend is welcomed, and who brought them is a guide.")
    watches = True
    machine = Machine(
        name="campaigns.referral.state",
        table=INSTANCES,
        initial="active",
        transitions={"active": ("closed",), "closed": ()},
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "quarter": Preset(gettext_lazy("Three months, twenty friends"), {"days": 90, "most": 20}),
        "month": Preset(gettext_lazy("One month, five friends"), {"days": 30, "most": 5}),
    }

    def worst_case(self, terms: ReferralTerms) -> int:
        """The thanks for everybody for whom there are thanks; a friend's coupon has its own cap."""
        costs = costs_of(terms)
        thanks = cost_in(costs, terms.thanks) if terms.thanks else 0
        return terms.most * (thanks + cost_in(costs, terms.coupon))

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        return of_codes(campaign)

    def gives(self, terms: ReferralTerms) -> Sequence[Gift]:
        """One for each friend, and one in thanks for each."""
        return [([terms.coupon], terms.most), ([terms.thanks], terms.most if terms.thanks else 0)]

    def facts(self, campaign: Campaign, terms: ReferralTerms) -> Facts:
        """Who brought a friend is thanked, for a sale that was kept, on one level."""
        late = _("It can still be entered within %(n)s hours of a first order, which counts then.")
        return replace(
            super().facts(campaign, terms),
            method=_(
                "A new friend gains by entering the code; who gave it is thanked once "
                "the friend's first order is kept."
            )
            + " "
            + _(
                "Where that order goes back later, the coupon in thanks is taken back; a used one "
                "is settled by the next friend."
            )
            + (f" {late % {'n': terms.grace_hours}}" if terms.grace_hours else ""),
            paid_levels=1 if terms.thanks else 0,
        )

    def begin(self, new: Beginning[ReferralTerms]) -> Opening:
        """The code lives as long as the campaign; its owner may choose it."""
        chosen = str(new.given.get("code", "")).strip().upper()
        if chosen:
            if not _CHOSEN.match(chosen):
                raise Invalid(fields={"code": _("4 to 16 letters and digits, without spaces.")})
            check_text(actor=new.actor, text=chosen, where="message")
        return Opening(
            # A coupon has a cap of its own; a price has none but the promise.
            cap=MOST_FRIENDS if new.terms.variant is None else new.terms.most,
            lasts=new.campaign.ends_at - new.at,
            promise=self.worst_case(new.terms),
            code=chosen,
            kept={"costs": costs_of(new.terms)},
        )

    def join(self, play: Play[ReferralTerms]) -> Sequence[Effect]:
        """A new friend enters the code, once in the campaign whoever's it is."""
        who, terms = play.who.account_id, play.terms
        if play.is_own:
            raise Refused("own")
        if play.at >= play.campaign.ends_at:
            raise Refused("over")
        near = household_of(play.who.account_id) if terms.household == REFUSED else ()
        if play.instance.owner_id in near:
            raise Refused("household")
        first = None if is_new(play.who) else _first_order(play)
        if _brought(who, play.instance):
            raise Refused("cycle")
        # Beyond those who are thanked for, the promise does not reach; the coupon's own cap does.
        given = reward(
            play,
            who,
            terms.coupon,
            rule="friend",
            cause=f"play:{play.instance.pk}",
            within=play.place <= terms.most,
        )
        if first is None:
            return [Enter("friend", place=play.place, scope="campaign"), *given]
        # Followed at the next turn of the clock, behind the lock and as it stands then.
        data = {BEFORE: str(first.pk)}
        place = Enter("friend", place=play.place, scope="campaign", data=data, due_at=play.at)
        return [place, *given]

    def bought(
        self, play: Play[ReferralTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """The first order counts if it is large enough, and in time."""
        if order.total_amount < play.terms.least:
            return []
        paid = order.paid_at or play.at
        if paid >= one.created_at + dt.timedelta(days=play.terms.days):
            return [Follow(one, None, reason="late"), MoveOne(one, "lost")]
        return [Follow(one, order.pk)]

    def received(
        self, play: Play[ReferralTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """It arrived: now it can still be sent back for some days."""
        received = order.received_at or play.at
        return [Follow(one, order.pk, received + dt.timedelta(days=play.terms.hold_days))]

    def stands(self, terms: ReferralTerms, order: Order) -> bool:
        """An order counts as long as it is worth what was asked for."""
        return kept_of(order) >= max(1, terms.least)

    def refunded(
        self, play: Play[ReferralTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """Another order may count instead; what was thanked for already is taken back."""
        if one.state == "in":
            return [Follow(one, None, reason="refunded")]
        if one.state != "won":
            return []
        undone = Reverse(one, play.instance.owner_id or 0, "thanks", f"place:{one.pk}")
        # Who settled what was owed leaves it owed again.
        return [undone, Keep(one, {"owed": True})] if one.data.get("settles") else [undone]

    def due(self, play: Play[ReferralTerms], one: Participation) -> Sequence[Effect]:
        """It was kept. The member is thanked, for as many friends as there are thanks for.

        Not for themselves: an order with their own card or device tells that now, at the latest. A
        household is as the terms say; who is held is decided again once a reviewer has cleared it.
        """
        code, terms = play.instance, play.terms
        owner = code.owner_id or 0
        if one.state != "in" or code.ended_at is not None:
            return []
        if one.order_id is None and BEFORE in one.data:
            order = Order.objects.get(pk=int(one.data[BEFORE]))
            if not self.stands(terms, order):
                return [Follow(one, None, reason="refunded")]
            if order.received_at is None:
                return [Follow(one, order.pk)]
            return self.received(play, one, order)
        if not self.stands(terms, Order.objects.get(pk=one.order_id or 0)):
            return [Follow(one, None, reason="refunded")]  # before we were told of it
        if owner in known(one.account_id).accounts:
            return [Follow(one, one.order_id, reason="own"), MoveOne(one, "lost")]
        at_home = owner in household_of(one.account_id)
        if at_home and terms.household == REFUSED:
            return [Follow(one, one.order_id, reason="household"), MoveOne(one, "lost")]
        if at_home and terms.household == HELD and "cleared" not in one.data:
            return [Keep(one, {"flag": "household"}), Follow(one, one.order_id, reason=HELD)]
        if code.done >= terms.most:
            return [Follow(one, one.order_id, reason="cap"), MoveOne(one, "lost")]
        if _is_full(play):
            return [Follow(one, one.order_id, play.at + LATER, reason=WAITS)]
        owed = code.participations.filter(state="reversed", data__owed=True).order_by("id").first()
        if owed is not None:
            settled = [Keep(owed, {"owed": False}), Keep(one, {"settles": str(owed.pk)})]
            return [Count(one), *settled, Tell(owner, "campaign.settled")]
        counted = [Count(one), Keep(one, {COUNTED: play.at.isoformat()})]
        effects: list[Effect] = [*counted, Tell(owner, "campaign.friend")]
        if terms.thanks or terms.honour:
            effects += reward(play, owner, terms.thanks, rule="thanks", cause=f"place:{one.pk}")
        return effects

    def expire(self, play: Play[ReferralTerms]) -> Sequence[Effect]:
        """No new friends; for those who came the member is thanked until their time is over."""
        terms, code = play.terms, play.instance
        waits = dt.timedelta(days=terms.days + terms.hold_days + 60)
        until = play.campaign.ends_at + waits
        if code.deadline < until and code.participations.filter(state="in").exists():
            return [Change({"deadline": until})]
        return [Move("closed", ends=True)]

    def view(self, shown: Shown[ReferralTerms]) -> list[Block]:
        """See the base."""
        code, terms = shown.instance, shown.terms
        if shown.own:
            words = ngettext(
                "%(n)s friend of %(all)s qualified", "%(n)s friends of %(all)s qualified", code.done
            )
            left_out = [one for one in shown.people if one.data.get("reason") == "cap"]
            late = [one for one in shown.people if one.data.get("reason") == "late"]
            near = [one for one in shown.people if one.data.get("reason") in {"own", "household"}]
            waits = [one for one in shown.people if one.state == "in" and _waits(one)]
            held = [one for one in shown.people if one.state == "in" and _is_held(one)]
            blocks: list[Block] = [
                Note(_("Your code: %(code)s") % {"code": code.code}, "gold"),
                *_gains(terms, shown.campaign.currency),
                Progress(code.done, terms.most, words % {"n": code.done, "all": terms.most}),
            ]
            if left_out:
                n = len(left_out)
                text = ngettext(
                    "For %(n)s more friend there were no thanks left.",
                    "For %(n)s more friends there were no thanks left.",
                    n,
                )
                blocks.append(Note(text % {"n": n}))
            if late:
                n = len(late)
                text = ngettext(
                    "%(n)s friend ordered too late to count.",
                    "%(n)s friends ordered too late to count.",
                    n,
                )
                blocks.append(Note(text % {"n": n}))
            if near:
                n = len(near)
                text = ngettext(
                    "%(n)s friend does not count: the same person, or household.",
                    "%(n)s friends do not count: the same person, or household.",
                    n,
                )
                blocks.append(Note(text % {"n": n}))
            if waits:
                n = len(waits)
                text = ngettext(
                    "%(n)s friend has qualified; thanks for them wait for a later month.",
                    "%(n)s friends have qualified; thanks for them wait for a later month.",
                    n,
                )
                blocks.append(Note(text % {"n": n}))
            if held:
                n = len(held)
                text = ngettext(
                    "%(n)s friend has your address: somebody looks at it first.",
                    "%(n)s friends have your address: somebody looks at it first.",
                    n,
                )
                blocks.append(Note(text % {"n": n}))
            blocks += _taken_back(shown)
            hint = _("Publish it on your own profile if you like; not on coupon sites.")
            return [*blocks, Next("share", _("Send it to friends"), hint)]
        if shown.mine is not None:
            return won(shown) or [Note(_("You came by a friend's code. Welcome!"), "good")]
        if code.ended_at is not None or shown.at >= shown.campaign.ends_at:
            return [Note(_("This is over."))]
        use = Next("join", _("Use your friend's code"), _("For your first order with us."))
        return [*_gains(terms, shown.campaign.currency), use]


def _first_order(play: Play[ReferralTerms]) -> Order:
    """Return the first order of somebody who is new but for it, in the terms' hours after it.

    Raises Refused ``newcomers_only``: too late, bought elsewhere or with another account, or not
    worth what is asked for.
    """
    since = play.at - dt.timedelta(hours=play.terms.grace_hours)
    if not play.terms.grace_hours or not is_new(play.who, at=since):
        raise Refused("newcomers_only")
    mine = Order.objects.filter(checkout__buyer=play.who.account_id, paid_at__isnull=False)
    first = mine.filter(shop=play.campaign.shop_id).order_by("paid_at", "id").first()
    if first is None or kept_of(first) < max(1, play.terms.least):
        raise Refused("newcomers_only")
    return first


def _is_full(play: Play[ReferralTerms]) -> bool:
    """Tell whether one was thanked for as many friends as one can be within thirty days.

    Behind the lock of the code, so that two who qualify at once do not both find room. Once the
    campaign is over there is no bound: what waits then is given.
    """
    if not play.terms.per_month or play.at >= play.campaign.ends_at:
        return False
    since = (play.at - MONTH).isoformat()
    counted = play.instance.participations.filter(state="won", data__counted__gt=since)
    return bool(counted.count() >= play.terms.per_month)


def _taken_back(shown: Shown[ReferralTerms]) -> list[Block]:
    """Say which friends count no more, and what is owed for them."""
    gone = [one for one in shown.people if one.state == "reversed"]
    blocks: list[Block] = []
    if gone:
        text = ngettext(
            "The order of %(n)s friend went back later, and the thanks for it with it.",
            "The orders of %(n)s friends went back later, and the thanks for them with them.",
            len(gone),
        )
        blocks.append(Note(text % {"n": len(gone)}))
    if owed := sum(bool(one.data.get("owed")) for one in gone):
        text = ngettext(
            "You have used %(n)s coupon of these: the next friend settles it.",
            "You have used %(n)s coupons of these: the next friends settle them.",
            owed,
        )
        blocks.append(Note(text % {"n": owed}))
    return blocks


def _gains(terms: ReferralTerms, currency: str) -> list[Block]:
    """Say what both of them have; honour alone brings nothing to be named."""
    if terms.honour:
        return []
    names = names_of(terms, currency)
    rungs = [(_("For the new friend"), names[terms.coupon], False)]
    if terms.thanks:
        rungs.append((_("For who brought them, later"), names[terms.thanks], False))
    return [Ladder(rungs)]


def _is_held(one: Participation) -> bool:
    return one.data.get("reason") == HELD and "cleared" not in one.data


def _waits(one: Participation) -> bool:
    return bool(one.data.get("reason") == WAITS)


def _brought(account_id: int, code: Instance) -> bool:
    """Whether somebody brought the owner of a code here, or whoever brought them, and so on."""
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT, [code.owner_id, code.campaign_id, account_id])
        return cursor.fetchone() is not None


_BROUGHT = """
    WITH RECURSIVE above (id) AS (
      SELECT %s::bigint UNION
      SELECT i.owner_id FROM above
      JOIN campaigns_participation p ON p.account_id = above.id AND p.campaign_id = %s
       AND p.role = 'friend' AND p.state <> 'out'
      JOIN campaigns_instance i ON i.id = p.instance_id)
    SELECT FROM above WHERE id = %s
"""
