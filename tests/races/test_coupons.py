"""Coupons under fire: one use is one use, for a person as for the coupon; losers harm nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from banyan.catalog.models import Variant
from banyan.entitlements import actions as coupons
from banyan.entitlements.actions import grants, uses
from banyan.entitlements.models import Coupon, Grant, PersonUse, Redemption
from banyan.entitlements.rules import Given
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, Problem
from banyan.orders import actions as orders
from banyan.orders.actions import placement
from banyan.orders.models import Checkout
from banyan.payments.models import Intent, Refund
from banyan.people.models import Account
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import no_locks, rendezvous, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")


def _coupon(
    *, cap: int = 1, per_person: int = 1, budget: int | None = None, reach: str = "code"
) -> tuple[Coupon, Variant]:
    shop = make.shop()
    item = make.variant(shop, price=5_000, stock=50)
    coupon = coupons.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="Once",
        code="" if reach == "held" else "ONCE",
        amount_off=1_000,
        cap=cap,
        per_person=per_person,
        budget=budget,
        reach=reach,
    )
    return coupon, item


def _read_then_write(parties: int) -> Callable[..., Any]:
    """Reserve as one would without knowing better: look, think, write."""
    together = rendezvous(parties)

    def write(
        *,
        actor: Actor,
        given: Sequence[Given],
        checkout_id: int,
        person_key: str,
        same_person: Collection[str] = (),
    ) -> list[Redemption]:
        [one] = given
        coupon = Coupon.objects.get(pk=one.candidate.coupon_id)
        uses = PersonUse.objects.filter(coupon=coupon)
        own = uses.filter(person_key__in={person_key, *same_person}).count()
        together()
        short = coupon.budget is not None and coupon.budget_used + one.amount > coupon.budget
        if coupon.taken >= coupon.cap or own >= coupon.per_person or short:
            raise coupons.CouponRefused("coupon_used_up")
        Coupon.objects.filter(pk=coupon.pk).update(
            taken=F("taken") + 1, budget_used=F("budget_used") + one.amount
        )
        use = Redemption.objects.create(
            coupon=coupon,
            checkout_id=checkout_id,
            person_key=person_key,
            amount=one.amount,
            currency=coupon.currency,
            created_at=clock.now(),
        )
        PersonUse.objects.create(
            redemption=use, coupon=coupon, person_key=person_key, number=checkout_id % 2**31
        )
        return [use]

    return write


def _placed(results: list[object]) -> list[Checkout]:
    return [r for r in results if isinstance(r, Checkout)]


def test_burned_02_a_single_use_coupon_is_redeemed_once() -> None:
    coupon, item = _coupon()

    results = run_concurrently(lambda: make.place((item, 1), coupon="ONCE"), 8)

    [winner] = _placed(results)
    losers = [r for r in results if r is not winner]
    assert {getattr(r, "code", r) for r in losers} <= {"coupon_used_up", "busy"}, kinds(results)
    assert make.pay(winner).state == "paid"
    coupon.refresh_from_db()
    assert (coupon.taken, coupon.redemptions.get().state) == (1, "redeemed")
    assert Intent.objects.count() == 1
    assert recount() == {}


def test_burned_02_payments_at_once_redeem_once_and_leave_the_winner_alone() -> None:
    """Losers of the coupon pay the full price; giving up and paying touch nobody else's."""
    coupon, item = _coupon()
    winner = make.place((item, 1), coupon="ONCE")
    others = [make.place((item, 1)) for _ in range(4)]
    given_up = make.place((item, 1))

    def again() -> Checkout:
        return make.place((item, 1), coupon="ONCE")

    def give_up() -> Checkout:
        return orders.cancel_checkout(
            actor=Actor.guest(), checkout_id=given_up.pk, access_token=given_up.access_token
        )

    results = run_at_once(
        lambda: make.pay(Checkout.objects.get(pk=winner.pk)),
        lambda: make.pay(Checkout.objects.get(pk=winner.pk)),
        *[lambda pk=o.pk: make.pay(Checkout.objects.get(pk=pk)) for o in others],
        again,
        again,
        give_up,
    )

    failed = [r for r in results if isinstance(r, Exception) and not isinstance(r, Busy)]
    assert {getattr(r, "code", repr(r)) for r in failed} == {"coupon_used_up"}
    winner.refresh_from_db()
    assert (winner.state, winner.total_amount) == ("paid", 4_000)
    assert Redemption.objects.get().state == "redeemed"
    coupon.refresh_from_db()
    assert coupon.taken == 1
    assert not Refund.objects.exists()
    assert Checkout.objects.filter(state="paid").count() == 5
    assert recount() == {}


def test_burned_02_a_person_does_not_exceed_their_share() -> None:
    _coupon_row, item = _coupon(cap=10, per_person=2)

    results = run_concurrently(
        lambda: make.place((item, 1), coupon="ONCE", email="Cy@example.com"),
        8,
    )

    assert len(_placed(results)) == 2, kinds(results)
    refused = {getattr(r, "code", repr(r)) for r in results if isinstance(r, Exception)}
    assert refused <= {"coupon_used_by_you", "busy"}
    assert recount() == {}


def test_burned_02_control_without_the_lock_a_person_exceeds_their_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The count of own uses holds only while the coupon's row is locked around it."""
    _coupon_row, item = _coupon(cap=10, per_person=1)
    no_locks(monkeypatch)

    monkeypatch.setattr(placement, "reserve_coupons", _read_then_write(4))
    monkeypatch.setattr(placement, "reserve", lambda wanted, reference: None)
    run_concurrently(
        lambda: make.place((item, 1), coupon="ONCE", email="cy@example.com"),
        4,
    )

    assert "nobody uses a coupon more often than allowed" in recount()


def test_burned_02_the_whole_budget_is_spent_and_no_more() -> None:
    coupon, item = _coupon(cap=3)

    results = run_concurrently(lambda: make.place((item, 1), coupon="ONCE"), 10)

    assert len(_placed(results)) == 3, kinds(results)
    coupon.refresh_from_db()
    assert coupon.taken == 3
    assert recount() == {}


def test_burned_02_control_read_then_write_passes_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    _coupon_row, item = _coupon(cap=1)
    no_locks(monkeypatch)
    monkeypatch.setattr(placement, "reserve_coupons", _read_then_write(4))
    monkeypatch.setattr(placement, "reserve", lambda wanted, reference: None)
    with without_check("entitlements_coupon", "coupon_cap"):
        results = run_concurrently(lambda: make.place((item, 1), coupon="ONCE"), 4)
        found = recount()
        Coupon.objects.update(taken=1)

    assert len(_placed(results)) > 1
    assert "a coupon's uses are counted" in found


def test_a_coupon_given_back_while_it_is_asked_for_is_never_lost() -> None:
    """Expiry gives a use back while others ask for one: it ends with one of them or free."""
    coupon, item = _coupon()
    for _ in range(4):
        held = make.place((item, 1), coupon="ONCE")

        def expire(held: Checkout = held) -> None:
            with clock.at(held.expires_at):
                orders.expire_checkout(actor=Actor.system("test"), checkout_id=held.pk)

        run_at_once(expire, lambda: make.place((item, 1), coupon="ONCE"))
        assert recount() == {}
        for checkout in Checkout.objects.filter(state="placed"):
            expire(checkout)
    coupon.refresh_from_db()
    assert coupon.taken == 0


def test_one_person_under_many_names_does_not_exceed_their_share() -> None:
    """The same telephone with another e-mail each time is one person; so is the account of it."""
    _row, item = _coupon(cap=20, per_person=1)
    phone = "+8613912345678"
    ana = make.member("ana", phone=phone, email="ana@example.com")

    calls = [lambda: make.place((item, 1), coupon="ONCE", phone=phone) for _ in range(5)]
    calls += [lambda: make.place((item, 1), coupon="ONCE", buyer=ana) for _ in range(3)]
    calls += [lambda: make.place((item, 1), coupon="ONCE", email="ANA@example.com")]
    results = run_at_once(*calls)

    assert len(_placed(results)) == 1, kinds(results)
    refused = {getattr(r, "code", repr(r)) for r in results if isinstance(r, Exception)}
    assert refused <= {"coupon_used_by_you", "busy"}
    assert recount() == {}


def test_without_any_lock_two_first_uses_of_a_person_cannot_both_be() -> None:
    """The unique row is the last wall: whoever counts at the same time writes the same number."""
    coupon, _item = _coupon(cap=20, per_person=1)
    ready = threading.Barrier(4)

    def count(checkout_id: int) -> int:
        with transaction.atomic():
            use = Redemption.objects.create(
                coupon=coupon,
                checkout_id=checkout_id,
                person_key="contact:cy",
                amount=1,
                currency="CNY",
                created_at=clock.now(),
            )
            ready.wait(timeout=30)
            uses._count_person(use, {"contact:cy", f"contact:{checkout_id}"})
        return checkout_id

    results = run_at_once(*[lambda n=n: count(n) for n in range(1, 5)])

    assert len([one for one in results if isinstance(one, int)]) == 1, kinds(results)
    refused = {getattr(one, "code", one) for one in results if isinstance(one, Exception)}
    assert refused == {"coupon_used_by_you"}
    assert PersonUse.objects.filter(person_key="contact:cy").count() == 1


def test_the_money_of_a_budget_is_given_away_once() -> None:
    """2,500 of budget is two times 1,000 and no more, whatever the cap still allows."""
    coupon, item = _coupon(cap=20, budget=2_500)

    results = run_concurrently(lambda: make.place((item, 1), coupon="ONCE"), 8)

    assert len(_placed(results)) == 2, kinds(results)
    refused = {getattr(r, "code", repr(r)) for r in results if isinstance(r, Exception)}
    assert refused <= {"coupon_used_up", "busy"}
    coupon.refresh_from_db()
    assert (coupon.taken, coupon.budget_used) == (2, 2_000)
    assert recount() == {}


def test_control_read_then_write_passes_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    _row, item = _coupon(cap=20, budget=1_500)
    no_locks(monkeypatch)
    monkeypatch.setattr(placement, "reserve_coupons", _read_then_write(4))
    monkeypatch.setattr(placement, "reserve", lambda wanted, reference: None)
    with without_check("entitlements_coupon", "coupon_budget"):
        results = run_concurrently(lambda: make.place((item, 1), coupon="ONCE"), 4)
        found = recount()
        Coupon.objects.update(budget_used=0)

    assert len(_placed(results)) > 1
    assert "a coupon's budget is counted" in found


CLAIMERS, CLAIMS_EACH, LEFT = 25, 40, 100


def _claim_all(members: list[Actor]) -> list[list[str]]:
    """Let threads claim for many members each; return how each thread's claims ended."""

    def claims(mine: list[Actor]) -> list[str]:
        ends = []
        for who in mine:
            try:
                coupons.claim_coupon(actor=who, code="ONCE")
                ends.append("held")
            except Problem as problem:
                ends.append(problem.code)
        return ends

    size = len(members) // CLAIMERS
    parts = [members[n * size : (n + 1) * size] for n in range(CLAIMERS)]
    return run_at_once(*[lambda part=part: claims(part) for part in parts])


def test_f23_a_thousand_claims_on_a_hundred_give_a_hundred() -> None:
    coupon, _item = _coupon(cap=LEFT, reach="claim")
    accounts = Account.objects.bulk_create(
        Account(handle=f"m{n}", display_name=f"M{n}", created_at=clock.now())
        for n in range(CLAIMERS * CLAIMS_EACH)
    )

    ends = [end for part in _claim_all([make.actor(one) for one in accounts]) for end in part]

    assert (ends.count("held"), ends.count("coupon_used_up")) == (LEFT, len(accounts) - LEFT)
    coupon.refresh_from_db()
    assert (coupon.taken, Grant.objects.filter(state="held").count()) == (LEFT, LEFT)
    assert Grant.objects.values("account").distinct().count() == LEFT
    assert recount() == {}


def test_f23_control_claims_that_look_first_pass_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    _row, _item = _coupon(cap=3, reach="claim")

    together = rendezvous(8)

    def look_think_write(coupon: Coupon, n: int) -> None:
        fresh = Coupon.objects.get(pk=coupon.pk)
        together()
        if fresh.taken >= fresh.cap:
            raise coupons.CouponRefused("coupon_used_up")
        Coupon.objects.filter(pk=coupon.pk).update(taken=fresh.taken + n)

    monkeypatch.setattr(grants, "_promise", look_think_write)
    members = [make.actor(make.member()) for _ in range(8)]
    run_at_once(*[lambda who=who: coupons.claim_coupon(actor=who, code="ONCE") for who in members])

    assert Grant.objects.count() > 3
    assert "a coupon's uses are counted" in recount()


def test_a_member_who_taps_claim_many_times_holds_one() -> None:
    coupon, _item = _coupon(cap=5, reach="claim")
    ana = make.actor(make.member())

    results = run_concurrently(lambda: coupons.claim_coupon(actor=ana, code="ONCE"), 8)

    assert {getattr(one, "pk", repr(one)) for one in results} == {Grant.objects.get().pk}
    coupon.refresh_from_db()
    assert coupon.taken == 1


def _two_accounts_of_one_person() -> tuple[Coupon, list[Actor]]:
    coupon, _item = _coupon(cap=5, reach="claim")
    both = [make.member(), make.member()]
    for one in both:
        record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="test")
    return coupon, [make.actor(one) for one in both]


def _claim_at_once(people: list[Actor]) -> list[Any]:
    return run_at_once(
        *(lambda who=who: coupons.claim_coupon(actor=who, code="ONCE") for who in people)
    )


def test_two_accounts_of_one_person_take_one() -> None:
    coupon, both = _two_accounts_of_one_person()

    results = _claim_at_once(both)

    coupon.refresh_from_db()
    assert (coupon.taken, Grant.objects.count()) == (1, 1), kinds(results)
    refused = [one.code for one in results if isinstance(one, Problem)]
    assert refused == ["coupon_other_account"]
    assert recount() == {}


def test_control_without_the_lock_on_a_person_two_accounts_take_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coupon, both = _two_accounts_of_one_person()
    monkeypatch.setattr(grants, "_one_at_a_time", lambda coupon, person: None)
    look, together = grants._check_others, rendezvous(2)

    def later(*about: Any) -> None:
        look(*about)
        together()

    monkeypatch.setattr(grants, "_check_others", later)

    results = _claim_at_once(both)

    coupon.refresh_from_db()
    assert coupon.taken == 2, kinds(results)


def test_a_held_coupon_in_two_tabs_is_spent_once_and_given_back_once() -> None:
    coupon, item = _coupon(cap=5, reach="held")
    ana = make.member()
    grant = coupons.grant_coupon(
        actor=Actor.system("test"), coupon_id=coupon.pk, account_id=ana.pk, source="test"
    )

    results = run_concurrently(lambda: make.place((item, 1), buyer=ana), 5)

    with_it = [one for one in _placed(results) if one.discount_amount]
    assert len(with_it) == 1, kinds(results)
    failed = {getattr(r, "code", repr(r)) for r in results if isinstance(r, Exception)}
    assert failed <= {"coupon_taken", "busy"}
    grant.refresh_from_db()
    assert (grant.state, grant.checkout_id) == ("reserved", with_it[0].pk)
    assert recount() == {}

    def give_up() -> Checkout:
        return orders.cancel_checkout(actor=make.actor(ana), checkout_id=with_it[0].pk)

    run_at_once(give_up, give_up, lambda: make.pay(Checkout.objects.get(pk=with_it[0].pk)))
    grant.refresh_from_db()
    assert grant.state in {"held", "redeemed"}
    assert recount() == {}


def test_coupons_of_several_shops_are_taken_in_one_order_without_deadlock() -> None:
    """Baskets that meet two shops' coupons in opposite order, each all or nothing."""
    rows = []
    for name in ("FIRST", "SECOND"):
        shop = make.shop()
        item = make.variant(shop, price=5_000, stock=50)
        coupons.create_coupon(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            title=name,
            code=name,
            amount_off=500,
            cap=4,
            reach="auto",
        )
        rows.append(item)
    first, second = rows
    calls = [lambda: make.place((first, 1), (second, 1)) for _ in range(4)]
    calls += [lambda: make.place((second, 1), (first, 1)) for _ in range(4)]

    results = run_at_once(*calls)

    failed = {getattr(r, "code", repr(r)) for r in results if isinstance(r, Exception)}
    assert failed <= {"coupon_used_up"}
    assert sorted(Coupon.objects.values_list("taken", flat=True)) == [4, 4]
    assert recount() == {}
