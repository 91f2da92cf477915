"""A code that a member gives to friends: a new friend has a coupon, and so has the member later."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from banyan.kernel.problems import Invalid
from banyan.kernel.states import Machine
from banyan.moderation.actions import check_text
from banyan.moderation.queries import is_suspended
from banyan.orders.models import Order
from banyan.trust.queries import household_of, known

from ..blocks import Block, Next, Note
from ..codes.goods import LINES, counting_lines, faults_of_goods, kept_in, names_of_goods
from ..codes.terms import HELD, REFUSED, ReferralTerms
from ..codes.words import OTHER_GOODS, SUSPENDED, WAITS, gains, only_for, told_owner
from ..disclosing import Gift
from ..effects import Change, Count, Effect, Enter, Follow, Keep, Move, MoveOne, Reverse, Tell
from ..figures import of_codes, of_goods
from ..mechanic import INSTANCES, Beginning, Mechanic, Opening, Play, Preset, Shown
from ..models import Campaign, Instance, Participation
from ..persons import is_new
from ..policy import Facts
from ..problems import Refused
from ..rewards import LANDINGS, cost_in, costs_of, reward, won

BEFORE = "before"
"""The first order of a friend who entered the code after it."""
COUNTED = "counted"
"""When somebody counted: for the bound of thirty days."""
MONTH, LATER = dt.timedelta(days=30), dt.timedelta(days=1)
MOST_FRIENDS = 100_000
_CHOSEN = re.compile(r"^[A-Z0-9]{4,16}$")


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

    def faults(self, terms: ReferralTerms) -> Mapping[str, Any]:
        """See the base; what a friend is given is for the goods of the code."""
        return faults_of_goods(terms)

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """See the base."""
        assert campaign.version is not None
        narrowed = bool(self.terms.model_validate(campaign.version.terms).categories)
        return [*of_codes(campaign), *(of_goods(campaign) if narrowed else ())]

    def gives(self, terms: ReferralTerms) -> Sequence[Gift]:
        """One for each friend, and one in thanks for each."""
        return [([terms.coupon], terms.most), ([terms.thanks], terms.most if terms.thanks else 0)]

    def facts(self, campaign: Campaign, terms: ReferralTerms) -> Facts:
        """Who brought a friend is thanked, for a sale that was kept, on one level."""
        late = ngettext(
            "It can still be entered within %(n)s hour of a first order, which counts then.",
            "It can still be entered within %(n)s hours of a first order, which counts then.",
            terms.grace_hours,
        )
        goods = _("It is for goods of %(names)s alone, those below included.")
        names = names_of_goods(terms)
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
            + (f" {late % {'n': terms.grace_hours}}" if terms.grace_hours else "")
            + (f" {goods % {'names': names}}" if names else ""),
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
        data: dict[str, Any] = {BEFORE: str(first.pk)}
        if terms.categories:
            data[LINES] = counting_lines(terms, first)
        place = Enter("friend", place=play.place, scope="campaign", data=data, due_at=play.at)
        return [place, *given]

    def bought(
        self, play: Play[ReferralTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """The first order counts if it is large enough, of the right goods, and in time."""
        terms, bought = play.terms, order.total_amount
        known: list[Effect] = []
        if terms.categories:
            lines = counting_lines(terms, order)
            if not lines:
                return [Follow(one, None, reason=OTHER_GOODS)]
            known = [Keep(one, {LINES: lines})]
            bought = sum(line.paid_amount for line in order.lines.filter(pk__in=lines))
        if bought < max(1, terms.least):
            return []  # what cost nothing, too: it would never be kept
        paid = order.paid_at or play.at
        if paid >= one.created_at + dt.timedelta(days=terms.days):
            return [Follow(one, None, reason="late"), MoveOne(one, "lost")]
        return [*known, Follow(one, order.pk)]

    def received(
        self, play: Play[ReferralTerms], one: Participation, order: Order
    ) -> Sequence[Effect]:
        """It arrived: now it can still be sent back for some days."""
        received = order.received_at or play.at
        return [Follow(one, order.pk, received + dt.timedelta(days=play.terms.hold_days))]

    def stands(self, terms: ReferralTerms, order: Order, one: Participation | None = None) -> bool:
        """An order counts as long as what counts of it is worth what was asked for."""
        return kept_in(terms, order, one) >= max(1, terms.least)

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
        While either of them is suspended it waits: an appeal may be upheld.
        """
        code, terms = play.instance, play.terms
        owner = code.owner_id or 0
        if one.state != "in" or code.ended_at is not None:
            return []
        if one.order_id is None and BEFORE in one.data:
            order = Order.objects.get(pk=int(one.data[BEFORE]))
            if not self.stands(terms, order, one):
                return [Follow(one, None, reason="refunded")]
            if order.received_at is None:
                return [Follow(one, order.pk)]
            return self.received(play, one, order)
        if not self.stands(terms, Order.objects.get(pk=one.order_id or 0), one):
            return [Follow(one, None, reason="refunded")]  # before we were told of it
        if owner in known(one.account_id).accounts:
            return [Follow(one, one.order_id, reason="own"), MoveOne(one, "lost")]
        at_home = owner in household_of(one.account_id)
        if at_home and terms.household == REFUSED:
            return [Follow(one, one.order_id, reason="household"), MoveOne(one, "lost")]
        if at_home and terms.household == HELD and "cleared" not in one.data:
            return [Keep(one, {"flag": "household"}), Follow(one, one.order_id, reason=HELD)]
        if is_suspended(owner) or is_suspended(one.account_id):
            return [Follow(one, one.order_id, play.at + LATER, reason=SUSPENDED)]
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
            hint = _("Publish it on your own profile if you like; not on coupon sites.")
            return [*told_owner(shown), Next("share", _("Send it to friends"), hint)]
        if shown.mine is not None:
            welcome = Note(_("You came by a friend's code. Welcome!"), "good")
            return [*(won(shown) or [welcome]), *only_for(terms)]
        if code.ended_at is not None or shown.at >= shown.campaign.ends_at:
            return [Note(_("This is over."))]
        use = Next("join", _("Use your friend's code"), _("For your first order with us."))
        return [*gains(terms, shown.campaign.currency), *only_for(terms), use]


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
    if first is None or kept_in(play.terms, first) < max(1, play.terms.least):
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
