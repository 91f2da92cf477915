"""Points under fire: what is there is spent once, and an order earns once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db.models import F

from banyan.catalog.models import Shop, Variant
from banyan.entitlements import actions as entitlements
from banyan.entitlements.actions.points import Wanted
from banyan.entitlements.models import PointsLot, PointsPurse, PointsUse
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy
from banyan.orders import actions as orders
from banyan.orders.actions import pointing
from banyan.orders.actions.payment import withdraw_checkout
from banyan.orders.models import Checkout
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.pointed import give, points_of, purse_of
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import no_locks, rendezvous, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")


def scene() -> tuple[Shop, Variant, Account]:
    shop = make.shop()
    points_of(shop)
    item, buyer = make.variant(shop, price=10_000, stock=50), make.member()
    give(buyer, shop, 200)
    give(buyer, shop, 100, days=30)
    return shop, item, buyer


def spent(results: Sequence[object]) -> list[int]:
    """Return what each order that was placed has off."""
    return sorted(r.discount_amount for r in results if isinstance(r, Checkout))


def test_two_tabs_spend_the_same_points_once() -> None:
    shop, item, buyer = scene()

    results = run_concurrently(lambda: make.place((item, 1), buyer=buyer), 6)

    off = spent(results)
    assert sum(off) == 300, kinds(results)
    assert set(off) == {0, 300}
    assert all(isinstance(r, Checkout | Busy) for r in results), kinds(results)
    assert purse_of(buyer, shop) == (0, 0)
    assert PointsUse.objects.get().points == 300
    assert recount() == {}


def _look_then_write(parties: int) -> Callable[..., Any]:
    """Reserve as one would without knowing better."""
    together = rendezvous(parties)

    def write(*, actor: Actor, checkout_id: int, wanted: Sequence[Wanted]) -> None:
        [one] = wanted
        points, purse_id = one.spending.points, one.spending.purse.purse_id
        purse = PointsPurse.objects.get(pk=purse_id)
        together()
        if purse.available < points:
            raise entitlements.PointsGone()
        PointsPurse.objects.filter(pk=purse_id).update(available=F("available") - points)
        PointsUse.objects.create(
            purse_id=purse_id,
            checkout_id=checkout_id,
            order_id=one.order_id,
            order_number=one.order_number,
            points=points,
            amount=one.spending.amount,
            created_at=clock.now(),
        )

    return write


def test_negative_control_points_without_protection_are_spent_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _shop, item, buyer = scene()
    no_locks(monkeypatch)
    monkeypatch.setattr(entitlements, "reserve_points", _look_then_write(4))

    with without_check("entitlements_pointspurse", "points_not_overspent"):
        results = run_concurrently(lambda: make.place((item, 1), buyer=buyer), 4)
        over = sum(spent(results))
        PointsPurse.objects.update(available=0)

    assert over > 300, kinds(results)


def test_an_order_that_is_paid_and_told_of_many_times_at_once_earns_once() -> None:
    shop, item, buyer = scene()
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()

    results = run_concurrently(
        lambda: pointing.grant_for(
            actor=Actor.system("test"), order_id=order.pk, shop_id=order.shop_id
        ),
        6,
    )

    assert not any(isinstance(r, Exception) for r in results), kinds(results)
    assert PointsLot.objects.filter(order_id=order.pk).count() == 1
    assert purse_of(buyer, shop) == (0, 0)


def test_giving_up_and_expiring_at_once_give_points_back_once() -> None:
    shop, item, buyer = scene()
    checkout = make.place((item, 1), buyer=buyer)

    def give_up() -> Checkout:
        return orders.cancel_checkout(actor=make.actor(buyer), checkout_id=checkout.pk)

    def withdraw() -> Checkout:
        return withdraw_checkout(actor=Actor.system("test"), checkout_id=checkout.pk, reason="test")

    results = run_at_once(give_up, withdraw, give_up, withdraw)

    assert all(isinstance(r, Checkout | Busy) for r in results), kinds(results)
    assert purse_of(buyer, shop) == (300, 0)
    assert recount() == {}
