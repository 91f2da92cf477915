"""What lies where, what is promised, what is kept; and who is told."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import transaction

from banyan.catalog import actions as catalog
from banyan.catalog.models import PriceChange, Stock, StockAt, StockMovement, Variant
from banyan.catalog.proof import stock_audit
from banyan.catalog.reminders import BACK
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockOrderViolation
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, Invalid, NotFound, SoldOut
from banyan.notify import actions as notify
from banyan.notify.models import Message, Notification, Reminder
from tests.market import deals
from tests.support import factories as make

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("test")


def _owner(item: Variant) -> Actor:
    return make.actor(item.product.shop.owner)


def _hold(item: Variant, n: int) -> None:
    catalog.hold([(item.pk, n)], reference="sale:1")


# -- held -----------------------------------------------------------------------------------------


def test_what_a_sale_keeps_cannot_be_ordered() -> None:
    item = make.variant(stock=5)
    _hold(item, 4)

    with pytest.raises(SoldOut):
        make.place((item, 2))

    assert make.stock_of(item).free == 1
    assert make.stock_of(item).reserved == 0
    assert stock_audit() == []


def test_more_than_is_free_cannot_be_kept() -> None:
    item = make.variant(stock=5)
    make.place((item, 2))

    with pytest.raises(SoldOut):
        _hold(item, 4)

    assert make.stock_of(item).held == 0


def test_held_units_are_reserved_released_and_let_go() -> None:
    item = make.variant(stock=5)
    _hold(item, 4)
    catalog.reserve_held([(item.pk, 3)], reference="A")
    catalog.release_held([(item.pk, 1)], reference="A")
    catalog.unhold([(item.pk, 2)], reference="sale:1")

    stock = make.stock_of(item)
    assert (stock.held, stock.reserved, stock.free) == (0, 2, 3)
    assert stock_audit() == []


def test_stock_that_is_moved_without_its_lock_keeps_the_order_of_locks() -> None:
    """One row, last of all, may be; an earlier one, or several, would wait in another order."""
    first, second = make.variant(stock=5), make.variant(stock=5)
    assert first.stock.pk < second.stock.pk
    with transaction.atomic():
        _hold(first, 1)
        _hold(second, 1)
        _hold(first, 1)
    with transaction.atomic():
        _hold(second, 1)
        with pytest.raises(LockOrderViolation):
            _hold(first, 1)
    with transaction.atomic(), pytest.raises(LockOrderViolation):
        catalog.hold([(first.pk, 1), (second.pk, 1)], reference="sale:1")
    with transaction.atomic():
        locks.take(catalog.stock_locks([first.pk, second.pk]))
        catalog.hold([(first.pk, 1), (second.pk, 1)], reference="sale:1")


def test_the_audit_sees_a_figure_that_nobody_moved() -> None:
    item = make.variant(stock=5)
    Stock.objects.filter(variant=item).update(on_hand=6, held=1)

    found = {(d.figure, d.expected, d.found) for d in stock_audit()}

    assert found == {("on_hand", 5, 6), ("held", 0, 1)}
    with pytest.raises(SystemExit):
        call_command("stock_verify")


# -- counting -------------------------------------------------------------------------------------


def test_a_count_says_what_it_saw() -> None:
    item = make.variant(stock=5)
    catalog.set_on_hand(actor=_owner(item), variant_id=item.pk, on_hand=7, saw=5)

    with pytest.raises(Conflict) as refused:
        catalog.set_on_hand(actor=_owner(item), variant_id=item.pk, on_hand=9, saw=5)

    assert refused.value.code == "stock_changed"
    assert refused.value.extra == {"on_hand": 7}
    assert make.stock_of(item).on_hand == 7


def test_a_count_below_what_is_kept_is_refused() -> None:
    item = make.variant(stock=5)
    _hold(item, 4)

    with pytest.raises(Conflict) as refused:
        catalog.set_on_hand(actor=_owner(item), variant_id=item.pk, on_hand=3)

    assert refused.value.code == "stock_already_promised"
    assert make.stock_of(item).on_hand == 5


# -- locations ------------------------------------------------------------------------------------


def test_goods_are_carried_between_locations_and_the_sum_stays() -> None:
    item = make.variant(stock=10)
    who = _owner(item)
    one = catalog.add_location(actor=who, shop_id=item.product.shop_id, name="Barn")
    two = catalog.add_location(actor=who, shop_id=item.product.shop_id, name="Cellar")

    catalog.transfer(actor=who, variant_id=item.pk, quantity=6, source_id=None, target_id=one.pk)
    catalog.transfer(actor=who, variant_id=item.pk, quantity=2, source_id=one.pk, target_id=two.pk)

    stock = make.stock_of(item)
    assert (stock.on_hand, stock.elsewhere) == (10, 6)
    at = dict(StockAt.objects.values_list("location__name", "on_hand"))
    assert at == {"Barn": 4, "Cellar": 2}
    assert stock_audit() == []


@pytest.mark.parametrize(("source", "quantity"), [("shop", 5), ("barn", 7)])
def test_what_is_not_there_cannot_be_carried(source: str, quantity: int) -> None:
    item = make.variant(stock=10)
    who = _owner(item)
    barn = catalog.add_location(actor=who, shop_id=item.product.shop_id, name="Barn")
    catalog.transfer(actor=who, variant_id=item.pk, quantity=6, source_id=None, target_id=barn.pk)
    ends = (None, barn.pk) if source == "shop" else (barn.pk, None)

    with pytest.raises(Conflict) as refused:
        catalog.transfer(
            actor=who, variant_id=item.pk, quantity=quantity, source_id=ends[0], target_id=ends[1]
        )

    assert refused.value.code == "stock_not_there"
    assert make.stock_of(item).elsewhere == 6
    assert stock_audit() == []


def test_a_location_of_another_shop_is_not_there() -> None:
    item, other = make.variant(stock=10), make.variant(stock=10)
    foreign = catalog.add_location(actor=_owner(other), shop_id=other.product.shop_id, name="Barn")

    with pytest.raises(NotFound):
        catalog.transfer(
            actor=_owner(item), variant_id=item.pk, quantity=1, source_id=None, target_id=foreign.pk
        )
    with pytest.raises(NotFound):
        catalog.add_location(actor=_owner(item), shop_id=other.product.shop_id, name="Attic")

    assert StockAt.objects.count() == 0


def test_a_location_is_counted_on_its_own() -> None:
    item = make.variant(stock=10)
    who = _owner(item)
    barn = catalog.add_location(actor=who, shop_id=item.product.shop_id, name="Barn")

    catalog.set_on_hand(actor=who, variant_id=item.pk, on_hand=3, saw=0, location_id=barn.pk)

    stock = make.stock_of(item)
    assert (stock.on_hand, stock.elsewhere) == (13, 3)
    assert stock_audit() == []


def test_a_parcel_takes_from_other_locations_what_the_shop_lacks() -> None:
    item = make.variant(stock=5)
    who = _owner(item)
    barn = catalog.add_location(actor=who, shop_id=item.product.shop_id, name="Barn")
    catalog.transfer(actor=who, variant_id=item.pk, quantity=4, source_id=None, target_id=barn.pk)
    catalog.reserve([(item.pk, 3)], reference="A")
    catalog.allocate([(item.pk, 3)], reference="A")

    catalog.ship_out([(item.pk, 3)], reference="A")

    stock = make.stock_of(item)
    assert (stock.on_hand, stock.elsewhere) == (2, 2)
    assert stock_audit() == []


# -- low stock ------------------------------------------------------------------------------------


def _low_told() -> int:
    catalog.watch_stock(actor=SYSTEM)
    return StoredEvent.objects.filter(name="stock.low").count()


def test_little_left_is_told_once_and_again_only_after_a_restock() -> None:
    item = make.variant(stock=5)
    assert _low_told() == 0
    catalog.reserve([(item.pk, 2)], reference="A")
    assert _low_told() == 1
    catalog.release([(item.pk, 2)], reference="A")
    assert _low_told() == 1
    catalog.reserve([(item.pk, 3)], reference="B")
    assert _low_told() == 1

    catalog.set_on_hand(actor=_owner(item), variant_id=item.pk, on_hand=20)
    assert _low_told() == 1
    catalog.reserve([(item.pk, 15)], reference="C")
    assert _low_told() == 2


def test_a_variant_may_have_its_own_threshold() -> None:
    item = make.variant(stock=5)
    catalog.set_low_stock(actor=_owner(item), variant_id=item.pk, low_at=6)
    assert _low_told() == 1
    with pytest.raises(Invalid):
        catalog.set_low_stock(actor=_owner(item), variant_id=item.pk, low_at=-1)
    with pytest.raises(NotFound):
        catalog.set_low_stock(actor=Actor.guest(), variant_id=item.pk, low_at=1)


def test_who_sells_one_thing_second_hand_is_not_told_that_one_is_left() -> None:
    bicycle = deals.listing()
    assert _low_told() == 0
    deals.bought(bicycle)
    assert _low_told() == 0


# -- back in stock --------------------------------------------------------------------------------


def _empty() -> Variant:
    return make.variant(stock=0)


def _wait(who: Actor, item: Variant, contact: str = "") -> Reminder:
    return notify.remind(actor=who, kind=BACK, subject_id=item.pk, contact=contact)


def _refill(item: Variant, n: int) -> None:
    catalog.set_on_hand(actor=_owner(item), variant_id=item.pk, on_hand=n)


def test_those_who_waited_are_told_once_in_order() -> None:
    item = _empty()
    ana = make.member("ana")
    first = _wait(make.actor(ana), item)
    second = _wait(Actor.guest(), item, "b@example.com")
    assert catalog.tell_back_in_stock() == 0

    _refill(item, 1)

    assert catalog.tell_back_in_stock() == 2
    assert catalog.tell_back_in_stock() == 0
    assert Notification.objects.get(recipient=ana).kind == "stock.back"
    message = Message.objects.get(kind="stock.back")
    assert message.destination == "b@example.com"
    assert f"/stop/{second.token}" in message.body
    assert first.token != second.token


def test_no_more_are_told_than_a_wave_may_have() -> None:
    item = _empty()
    for n in range(8):
        _wait(Actor.guest(), item, f"w{n}@example.com")
    _refill(item, 2)

    assert catalog.tell_back_in_stock() == 6
    assert catalog.tell_back_in_stock() == 0
    left = Reminder.objects.filter(told_at=None).order_by("id")
    assert [one.destination for one in left] == ["w6@example.com", "w7@example.com"]
    with clock.at(clock.now() + dt.timedelta(hours=25)):
        assert catalog.tell_back_in_stock() == 2


def test_whose_account_is_closed_takes_nobodys_turn() -> None:
    item, gone = _empty(), [make.member() for _n in range(3)]
    for one in gone:
        _wait(make.actor(one), item)
    _wait(Actor.guest(), item, "b@example.com")
    for one in gone[1:]:
        one.is_active = False
        one.save(update_fields=["is_active"])
    for n in range(2):
        _wait(Actor.guest(), item, f"c{n}@example.com")

    _refill(item, 1)

    assert catalog.tell_back_in_stock() == 3
    told = Reminder.objects.exclude(told_at=None).order_by("id")
    assert [one.account or one.destination for one in told] == [
        gone[0], "b@example.com", "c0@example.com",
    ]  # fmt: skip
    gone[1].is_active = True
    gone[1].save(update_fields=["is_active"])
    with clock.at(clock.now() + dt.timedelta(hours=25)):
        assert catalog.tell_back_in_stock() == 2, "who is back, and the last guest"


def test_what_has_had_its_wave_keeps_nothing_else_from_its_turn() -> None:
    first, second = _empty(), _empty()
    for n in range(4):
        _wait(Actor.guest(), first, f"a{n}@example.com")
    _wait(Actor.guest(), second, "b@example.com")
    _refill(first, 1)
    assert catalog.tell_back_in_stock() == 3
    _refill(second, 1)

    assert catalog.tell_back_in_stock(most=1) == 1
    assert Reminder.objects.get(told_at=None).subject_id == first.pk


def test_a_wish_is_noted_once_and_can_be_taken_back() -> None:
    item = _empty()
    wish = _wait(Actor.guest(), item, "b@example.com")
    again = _wait(Actor.guest(), item, "B@example.com")
    assert again.pk == wish.pk

    notify.stop(token=wish.token)
    notify.stop(token=wish.token)

    _refill(item, 1)
    assert catalog.tell_back_in_stock() == 0
    assert Message.objects.count() == 0


def test_nobody_waits_for_what_is_there() -> None:
    item = make.variant(stock=1)
    with pytest.raises(Conflict) as refused:
        _wait(Actor.guest(), item, "b@example.com")
    assert refused.value.code == "in_stock"
    with pytest.raises(Invalid):
        _wait(Actor.guest(), _empty(), "nobody")
    assert Reminder.objects.count() == 0


# -- prices ---------------------------------------------------------------------------------------


def test_a_price_is_noted_when_it_changes_and_only_then() -> None:
    shop = make.shop()
    item = make.variant(shop, price=1_000)
    for price in (1_000, 900, 900, 1_000):
        data = catalog.ProductInput(
            title="Tea", variants=[catalog.VariantInput(price=price, on_hand=None)]
        )
        catalog.update_product(actor=make.actor(shop.owner), product_id=item.product_id, data=data)

    noted = PriceChange.objects.filter(variant=item).order_by("id")
    assert [one.amount for one in noted] == [1_000, 900, 1_000]
    assert StockMovement.objects.filter(stock__variant=item).count() == 1
