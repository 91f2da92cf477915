"""Every mechanic, played in any order, with acts that fall over in the middle.

One machine for each: it begins, joins, helps, pays, pauses, waits and lets the jobs run by the
public actions, and asks after every act what must hold whatever was done. A refusal is an answer;
anything else that is raised, or that a job writes down as a fault, is one. In the end time goes by,
and then nothing may be left open.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import applying, playing
from banyan.campaigns.mechanic import mechanic, mechanics
from banyan.campaigns.models import (
    Campaign,
    Contribution,
    Grant,
    Instance,
    Participation,
    PersonKey,
)
from banyan.campaigns.persons import Person
from banyan.campaigns.proof import campaign_audit
from banyan.catalog.models import Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy, Problem
from banyan.ledger.actions import forget_accounts
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order
from banyan.payments.actions.credit import issue_credit
from tests.campaigns.scene import DAY, SYSTEM, campaign, coupon, somebody
from tests.properties.campaign_cuts import Faults, everything, falling_over_after, fell_over
from tests.properties.commerce_floor import falling_over_at
from tests.support import factories as make
from tests.support.recount import recount

START = dt.datetime(2026, 11, 11, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
WAITS = (MINUTE, 20 * MINUTE, 20 * MINUTE, 400 * MINUTE, DAY, 6 * DAY)
JOBS: tuple[Callable[..., object], ...] = (
    campaigns.lapse_due,
    orders.expire_due,
    campaigns.advance,
    campaigns.settle_orders,
)

ALWAYS = ("begin", "jobs", "wait", "pause", "resume", "resume", "end")
DEEDS: Mapping[str, Sequence[str]] = {
    "coupon_pack": ["join"] * 4,
    "like_collection": [*["help"] * 5, "withdraw", "redeem", "redeem"],
    "assist_draw": [*["help"] * 4, "withdraw", *["redeem"] * 2, "order", "pay", "refund"],
    "bargain": [*["help"] * 4, "redeem", "withdraw", "order", "order", "pay", "pay", "refund"],
    "group_buy": [*["join"] * 4, *["order"] * 4, *["pay"] * 4, "refund", "keep"],
    "instant_draw": [*["help"] * 3, *["redeem"] * 4, "withdraw", "order", "pay", "refund"],
    "red_packet": ["join"] * 5,
    "referral": [*["join"] * 3, *["order"] * 3, *["pay"] * 3, "keep", "keep", "refund"],
}


GIVEN = {"total": "500", "count": "3"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A published campaign and those who play; the last two sit at one browser."""

    of: Campaign
    owner: Actor
    item: Variant
    cast: Sequence[Actor]


def scene(code: str) -> Scene:
    """Publish a campaign, scarce enough for everything to run out; the first of its cast begins."""
    with clock.at(START):
        shop = make.shop()
        item = make.variant(shop, price=10_000, stock=50)
        first, more = coupon(shop, title="first"), coupon(shop, title="second", amount_off=900)
        terms: dict[str, dict[str, Any]] = {
            "coupon_pack": {"coupon": first.pk, "places": 3, "sender": 2, "budget": 4_500},
            "like_collection": {"coupon": first.pk, "likes": 2, "likes_2": 3, "coupon_2": more.pk}
            | {"budget": 2_000},
            "assist_draw": {"prize": first.pk, "count": 2, "helpers": 2, "orders": 1},
            "instant_draw": {"prize": first.pk, "nothing": 1, "prize_2": more.pk, "count_2": 2}
            | {"weight_2": 2, "base": 2, "helpers": 2, "orders": 1, "budget": 2_300},
            "bargain": {"variant": item.pk, "floor": 4_000, "people": 2, "bargains": 2},
            "group_buy": {"variant": item.pk, "people": 2, "price": 8_000, "people_2": 3}
            | {"price_2": 7_000, "groups": 2, "minutes": 5, "leader_perk": 300, "budget": 2_000},
            "referral": {"coupon": first.pk, "thanks": more.pk, "most": 1, "hold_days": 1},
            "red_packet": {},
        }
        cast = [somebody() for _n in range(6)]
        if code == "red_packet":
            of = campaigns.standing_campaign(mechanic_code=code, currency="CNY")
            for who in cast[:2]:
                money = Money(1_500, "CNY")
                issue_credit(
                    actor=SYSTEM, account_id=who.pk, amount=money, key=str(who.pk), reason="gift"
                )
        else:
            of = campaign(shop, code, ends_at=START + 10 * DAY, **terms[code])
        actors = [
            Actor(kind="member", id=who.pk, visitor="shared" if n > 3 else f"own{n}")
            for n, who in enumerate(cast)
        ]
        campaigns.begin(actor=actors[0], code=of.code, given=GIVEN)
        return Scene(of, make.actor(shop.owner), item, actors)


class Plays(RuleBasedStateMachine):
    """One run of a campaign."""

    scene: ClassVar[Scene]
    deeds: ClassVar[Sequence[str]]
    always: ClassVar[Sequence[str]] = ALWAYS

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.cut: Callable[[], AbstractContextManager[None]] | None = None
        self.faults = Faults()
        logging.getLogger("banyan.campaigns").addHandler(self.faults)
        # Durable acts may run inside it, as inside the savepoint of a test.
        self._room = transaction.atomic()
        self._room._from_testcase = True  # type: ignore[attr-defined]
        self._room.__enter__()

    @rule(
        data=st.data(),
        who=st.integers(0, 5),
        number=st.integers(0, 5),
        cut=st.one_of(
            st.none(),
            st.none(),
            st.none(),
            st.builds(partial, st.just(falling_over_at), st.integers(0, 30)),
            st.builds(partial, st.just(falling_over_after), st.integers(1, 4)),
        ),
    )
    def somebody_acts(
        self,
        data: st.DataObject,
        who: int,
        number: int,
        cut: Callable[[], AbstractContextManager[None]] | None,
    ) -> None:
        """Do something; with ``cut`` it falls over at a statement or an effect, and is redone."""
        verb = data.draw(st.sampled_from([*self.always, *self.deeds]), label="deed")
        deed = getattr(self, f"do_{verb}", None)
        self.cut = cut
        if deed is None:
            self.play(verb, self.scene.cast[who], number)
        else:
            deed(self.scene.cast[who], number)

    @invariant()
    def everything_holds(self) -> None:
        """Ask after every act."""
        assert not self.faults.told, self.faults.told
        # In a group two in the same hands are two: it may be a household, and the shop sees it.
        twins = [] if self.scene.of.mechanic == "group_buy" else self.scene.cast[4:]
        found = broken([one.id or 0 for one in twins])
        assert not found, found

    def teardown(self) -> None:
        """Let time go by; then nothing is left open, and all books are right."""
        logging.getLogger("banyan.campaigns").removeHandler(self.faults)
        try:
            for _round in range(6):
                self.now += 60 * DAY
                self.do_jobs(SYSTEM, 0)
            self.everything_holds()
            assert not Instance.objects.filter(ended_at=None).exists(), "something never ends"
            self.scene.of.refresh_from_db()
            over = "published" if self.scene.of.shop_id is None else "settled"
            assert (self.scene.of.state, self.scene.of.reserved) == (over, 0)
            assert not Participation.objects.exclude(order_due_at=None).exists()
            assert recount() == {}
            assert verify().clean, verify()
        finally:
            transaction.set_rollback(True)
            self._room.__exit__(None, None, None)
            forget_accounts()

    def act(self, call: Callable[[], object]) -> None:
        """Do something in one transaction: what fell over has left nothing, and is redone.

        A refusal is an answer.
        """
        cut, self.cut = self.cut, None
        with clock.at(self.now):
            before = everything() if cut else {}
            if cut and fell_over(cut, lambda: self.refusable(call)):
                assert everything() == before, "what fell over has left something"
                self.refusable(call)
            elif not cut:
                self.refusable(call)

    def work(self, call: Callable[[], object]) -> None:
        """Do something in several transactions: where it fell over, the next time does the rest."""
        cut, self.cut = self.cut, None
        with clock.at(self.now):
            if cut:
                fell_over(cut, lambda: self.refusable(call))
                self.faults.told.clear()
                self.everything_holds()
            self.refusable(call)

    def refusable(self, call: Callable[[], object]) -> None:
        """Take no for an answer."""
        try:
            call()
        except Busy as busy:
            raise AssertionError("nobody else is here") from busy
        except Problem:
            pass

    def play(self, verb: str, who: Actor, number: int) -> None:
        """Do a verb to one of the instances."""
        code = chosen(list(Instance.objects.order_by("id").values_list("code", flat=True)), number)
        given = {"if_full": ("refund", "other", "own")[number % 3]}
        if code:
            self.act(lambda: campaigns.play(actor=who, code=code, verb=verb, given=given))

    def do_begin(self, who: Actor, number: int) -> None:
        """Begin one."""
        given = GIVEN | {"total": str(3 + 200 * number)}
        code = self.scene.of.code
        self.act(lambda: campaigns.begin(actor=who, code=code, given=given))

    def do_order(self, who: Actor, _number: int) -> None:
        """Order what the campaign is about, at the price that one has."""
        self.act(
            lambda: orders.place(
                actor=who,
                lines=[orders.WantedLine(self.scene.item.pk, 1)],
                contact=orders.Contact(email=f"player{who.id}@example.com", phone=""),
                address=make.ADDRESS | {"recipient": f"Player {who.id}"},
                placement_key=f"{who.id}:{self.now.isoformat()}",
                provider="sandbox",
            )
        )

    def do_pay(self, _who: Actor, number: int) -> None:
        """Let the payment of some checkout arrive: in time, late, or again."""
        one = chosen(list(Checkout.objects.exclude(intent_id=None).order_by("-id")), number)
        if one:
            self.work(lambda: make.pay(one))

    def do_refund(self, _who: Actor, number: int) -> None:
        """Give a paid order back."""
        one = chosen(list(Order.objects.filter(state="paid").order_by("id")), number)
        if one:
            self.work(lambda: orders.undo_orders(actor=SYSTEM, order_ids=[one.pk], reason="wanted"))

    def do_keep(self, _who: Actor, number: int) -> None:
        """Let an order arrive."""
        paid = Order.objects.filter(state="paid").select_related("checkout__buyer")
        one = chosen(list(paid.order_by("id")), number)
        if one is None or one.checkout.buyer is None:
            return
        buyer, owner = make.actor(one.checkout.buyer), self.scene.owner

        def arrive() -> None:
            orders.ship(actor=owner, order_id=one.pk, carrier="SF", tracking="1")
            orders.confirm_receipt(actor=buyer, order_id=one.pk)

        self.work(arrive)

    def do_wait(self, _who: Actor, number: int) -> None:
        """Let time go by."""
        self.now += WAITS[number % len(WAITS)]

    def do_jobs(self, _who: Actor, number: int) -> None:
        """Let every job run, perhaps twice, and tell what has happened."""
        for _n in range(1 + number % 2):
            for job in JOBS:
                self.work(lambda job=job: job(actor=SYSTEM))  # type: ignore[misc]
            if mechanic(self.scene.of.mechanic).watches:
                with clock.at(self.now):
                    relay.drain()

    def do_pause(self, _who: Actor, _number: int) -> None:
        """Pause the campaign, where it is a shop's."""
        self.turn(campaigns.pause_campaign)

    def do_resume(self, _who: Actor, _number: int) -> None:
        """Let it go on."""
        self.turn(campaigns.resume_campaign)

    def do_end(self, _who: Actor, number: int) -> None:
        """End it, not often: much is over then."""
        if number == 0:
            self.turn(campaigns.end_campaign)

    def turn(self, how: Callable[..., object]) -> None:
        """Do something to the campaign as the shop's owner."""
        if self.scene.of.shop_id is not None:
            owner, pk = self.scene.owner, self.scene.of.pk
            self.act(lambda: how(actor=owner, campaign_id=pk))


def chosen(rows: Sequence[Any], number: int) -> Any:
    """Return one of the rows, or None without any."""
    return rows[number % len(rows)] if rows else None


def broken(twins: Collection[int]) -> dict[str, object]:
    """Return what contradicts the invariants of all mechanics (INV-1 to INV-11)."""
    found: dict[str, object] = dict(campaign_audit())
    if over := list(Campaign.objects.filter(budget__lt=F("reserved") + F("spent")).values("id")):
        found["the budget holds"] = over
    if over := list(Instance.objects.filter(spent__gt=F("promise")).values("id")):
        found["a promise holds"] = over
    people = Counter(_there(twins))
    if twice := [key for key, times in people.items() if times > 1]:
        found["one person is there once"] = twice
    causes = Counter(Grant.objects.values_list("campaign_id", "cause", "rule", "account_id"))
    if again := [key for key, times in causes.items() if times > 1]:
        found["a grant is given once"] = again
    coupons = CouponGrant.objects.filter(source="campaign").count()
    if coupons != Grant.objects.filter(kind="coupon").count():
        found["a coupon has a grant"] = coupons
    for one in Instance.objects.filter(campaign__mechanic="bargain"):
        cuts = Contribution.objects.filter(instance=one).aggregate(sum=Sum("amount"))["sum"] or 0
        if one.public["start"] - cuts != one.amount:
            found["cuts are what the price fell by"] = (one.pk, cuts)
    for came in (Participation, Contribution):
        if late := list(came.objects.filter(created_at__gte=F("instance__deadline")).values("id")):
            found["nobody comes after the deadline"] = late
    if alone := list(Contribution.objects.filter(helper=F("helped")).values("id")):
        found["nobody helps themselves"] = alone
    wrong = Participation.objects.filter(instance__state="failed", state__in=["in", "reserved"])
    wrong |= Participation.objects.filter(instance__state__in=["formed", "completed"], state="lost")
    if rows := list(wrong.values_list("id", "state")):
        found["complete or undone, never both"] = rows
    return found


def _there(twins: Collection[int]) -> list[tuple[int, int]]:
    """Return (instance, person) for everybody who is in or has helped; twins are one person."""
    inside = Participation.objects.exclude(state="out").values_list("instance_id", "account_id")
    helped = Contribution.objects.filter(undone_at=None).values_list("instance_id", "helper_id")
    return [(one, min(twins) if who in twins else who) for one, who in [*inside, *helped]]


def on(opened: Scene, always: Sequence[str] = ALWAYS) -> type[Plays]:
    """Return the machine of one campaign."""

    code = opened.of.mechanic
    name = type(mechanic(code)).__name__
    return type(name, (Plays,), {"scene": opened, "deeds": DEEDS[code], "always": always})


_LONG = settings.default is not None and settings.default.max_examples >= 1_000
RUNS = settings(
    max_examples=200 if _LONG else 4,
    stateful_step_count=60 if _LONG else 20,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    derandomize=not _LONG,
    database=None,
    # To look for the shortest way there takes minutes: the soak does.
    phases=list(Phase) if _LONG else [Phase.generate],
)


def test_every_mechanic_that_is_played_here_has_a_machine() -> None:
    # What is sold in a flash sale is the commerce machine's.
    assert DEEDS.keys() | {"flash_sale"} == mechanics().keys()


@pytest.mark.django_db
@pytest.mark.parametrize("code", DEEDS)
def test_whatever_is_played_and_falls_over_everything_holds(code: str) -> None:
    run_state_machine_as_test(on(scene(code)), settings=RUNS)


# -- controls: with a protection off the machine finds it -----------------------------------------

SEARCH = settings(RUNS, max_examples=200, phases=[Phase.generate])


def _without_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise what is not there, and let the database keep it."""

    def promise(one: Campaign, money: int) -> None:
        Campaign.objects.filter(pk=one.pk).update(reserved=F("reserved") + money)

    monkeypatch.setattr(playing, "promise", promise)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE campaigns_campaign DROP CONSTRAINT campaign_budget")


def _without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know people by their account alone."""

    def only_the_account(person: Person, scope: str) -> list[PersonKey]:
        key = f"account:{person.account_id}"
        return [PersonKey(account_id=person.account_id, scope=scope, key=key)]

    monkeypatch.setattr(applying, "_keys", only_the_account)


CONTROLS = {
    "without the budget's condition": (_without_budget, "coupon_pack", "the budget holds"),
    "without the keys of a person": (_without_keys, "coupon_pack", "one person is there once"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("control", CONTROLS)
def test_control_the_machine_finds(control: str, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off, code, told = CONTROLS[control]
    switch_off(monkeypatch)
    opened = scene(code)
    with pytest.raises((AssertionError, DatabaseError), match=told):
        run_state_machine_as_test(on(opened, always=["begin"]), settings=SEARCH)
