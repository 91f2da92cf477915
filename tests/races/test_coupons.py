"""Coupons under fire: one use is one use, for a person as for the coupon; losers harm nobody."""

from __future__ import annotations

import time
from collections.abc import Collection

import pytest
from django.db.models import F

from banyan.catalog.models import Variant
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon, Redemption
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy
from banyan.orders import actions as orders
from banyan.orders.actions import placement
from banyan.orders.models import Checkout
from banyan.payments.models import Intent, Refund
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import no_locks, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")


def _coupon(*, cap: int = 1, per_person: int = 1) -> tuple[Coupon, Variant]:
    shop = make.shop()
    item = make.variant(shop, price=5_000, stock=50)
    coupon = coupons.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="Once",
        code="ONCE",
        amount_off=1_000,
        cap=cap,
        per_person=per_person,
    )
    return coupon, item


def _read_then_write(
    *,
    coupon: Coupon,
    checkout_id: int,
    person_key: str,
    amount: int,
    same_person: Collection[str] = (),
) -> Redemption:
    """Reserve as one would without knowing better: look, think, write."""
    taken = Coupon.objects.get(pk=coupon.pk).taken
    own = Redemption.objects.filter(
        coupon=coupon, person_key__in={person_key, *same_person}
    ).count()
    time.sleep(0.3)
    if taken >= coupon.cap or own >= coupon.per_person:
        raise coupons.CouponRefused("coupon_used_up")
    Coupon.objects.filter(pk=coupon.pk).update(taken=F("taken") + 1)
    return Redemption.objects.create(
        coupon=coupon,
        checkout_id=checkout_id,
        person_key=person_key,
        amount=amount,
        currency=coupon.currency,
        created_at=clock.now(),
    )


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

    monkeypatch.setattr(placement, "reserve_coupon", _read_then_write)
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
    monkeypatch.setattr(placement, "reserve_coupon", _read_then_write)
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
