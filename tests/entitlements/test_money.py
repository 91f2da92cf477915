"""Who bears a coupon: the books after paying and after every refund, to the cent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.catalog.models import Shop, Variant
from banyan.delivery import actions as delivery
from banyan.delivery.models import LicenceKey
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon, Grant, Redemption
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.ledger import actions as ledger
from banyan.ledger.models import Posting
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order, OrderLine
from tests.delivery import goods
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db


def balance(kind: str, owner_kind: str = "platform", owner_id: int = 0) -> int:
    account = ledger.account(kind=kind, owner_kind=owner_kind, owner_id=owner_id, currency="CNY")
    return sum(Posting.objects.filter(account=account.pk).values_list("amount", flat=True))


def owed(shop: Shop) -> int:
    return balance("shop_payable", "shop", shop.pk)


def platforms(**terms: Any) -> Coupon:
    values: dict[str, Any] = {
        "title": "From us",
        "code": "US",
        "cap": 9,
        "per_person": 9,
        "currency": "CNY",
    }
    return coupons.create_coupon(
        actor=make.actor(make.staff("finance")),
        shop_id=None,
        **values | terms,
    )


def refund(order: Order, amount: int) -> None:
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=amount,
        reason="late",
        key=f"{order.pk}:{order.refunded_amount}",
    )
    order.refresh_from_db()


@pytest.fixture
def two() -> tuple[Variant, Variant]:
    return make.variant(price=7_777), make.variant(price=3_333)


def test_the_shops_get_what_the_buyer_did_not_pay(two: tuple[Variant, Variant]) -> None:
    first, second = two
    platforms(amount_off=1_000)

    checkout = make.pay(make.place((first, 1), (second, 1), coupon="US"))

    assert checkout.total_amount == 11_110 - 1_000
    assert balance("promotions") == -1_000
    assert (owed(first.product.shop), owed(second.product.shop)) == (7_777, 3_333)
    steps = [line.price for order in checkout.orders.all() for line in order.lines.all()]
    parts = [step for price in steps for step in price if step["step"] == "coupon"]
    assert {step["funded_by"] for step in parts} == {"platform"}
    assert sum(step["amount"] for step in parts) == -1_000
    assert recount() == {}
    assert verify().clean


def test_refunds_in_any_parts_give_the_platform_its_part_back(
    two: tuple[Variant, Variant],
) -> None:
    first, _second = two
    platforms(percent_bps=3_333)
    order = make.pay(make.place((first, 1), coupon="US")).orders.get()
    funded = -balance("promotions")
    assert owed(first.product.shop) == order.total_amount + funded

    seen = []
    for amount in (1, 999, 1_234):
        refund(order, amount)
        seen.append(-balance("promotions"))
    assert sorted(seen, reverse=True) == seen
    refund(order, order.total_amount - order.refunded_amount)

    assert balance("promotions") == 0
    assert owed(first.product.shop) == 0
    assert verify().clean
    assert recount() == {}


def test_an_order_that_the_platform_pays_whole_still_pays_the_shop() -> None:
    item = make.variant(price=900)
    platforms(amount_off=5_000)
    checkout = make.place((item, 1), coupon="US")
    assert (checkout.state, checkout.total_amount) == ("paid", 0)
    assert (balance("promotions"), owed(item.product.shop)) == (-900, 900)
    assert recount() == {}


def test_a_shops_coupon_costs_the_shop_and_nobody_else() -> None:
    item = make.variant(price=5_000)
    shop = item.product.shop
    coupons.create_coupon(
        actor=make.actor(shop.owner), shop_id=shop.pk, title="Ours", code="OURS", amount_off=700
    )
    make.pay(make.place((item, 1), coupon="OURS"))
    assert (balance("promotions"), owed(shop)) == (0, 4_300)


def test_both_at_once_and_free_shipping_add_up_to_the_cent() -> None:
    shop = make.shop(shipping_amount=1_001)
    item = make.variant(shop, price=3_333)
    both: list[dict[str, Any]] = [
        {"percent_bps": 1_234},
        {"benefits": [{"code": "free_shipping"}], "stacking": "shipping"},
    ]
    for terms in both:
        coupons.create_coupon(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            title="Auto",
            reach="auto",
            cap=5,
            **terms,
        )
    platforms(amount_off=333)

    checkout = make.place((item, 1), coupon="US")

    left = 3_333 - 333
    assert checkout.discount_amount == 333 + (left * 1_234 + 5_000) // 10_000
    assert checkout.shipping_amount == 0
    assert checkout.total_amount == 3_333 - checkout.discount_amount
    amounts = sorted(Redemption.objects.values_list("amount", flat=True))
    assert amounts == [333, (left * 1_234 + 5_000) // 10_000, 1_001]
    make.pay(checkout)
    assert owed(shop) == checkout.total_amount + 333
    assert recount() == {}
    assert verify().clean


# -- what comes back ------------------------------------------------------------------------------


def held_and_paid() -> tuple[Grant, Checkout]:
    item = make.variant(price=5_000)
    shop, ana = item.product.shop, make.member()
    made = coupons.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="Gift",
        amount_off=500,
        reach="held",
        budget=500,
    )
    grant = coupons.grant_coupon(
        actor=Actor.system("test"), coupon_id=made.pk, account_id=ana.pk, source="test"
    )
    checkout = make.pay(make.place((item, 1), buyer=ana))
    grant.refresh_from_db()
    assert grant.state == "redeemed"
    return grant, checkout


def test_a_full_refund_before_sending_brings_the_coupon_back() -> None:
    grant, checkout = held_and_paid()
    order = checkout.orders.get()

    refund(order, 1_000)
    grant.refresh_from_db()
    assert grant.state == "redeemed"
    refund(order, 3_500)

    grant.refresh_from_db()
    assert (grant.state, grant.checkout_id) == ("held", None)
    coupon = Coupon.objects.get()
    assert (coupon.taken, coupon.budget_used) == (1, 0)
    assert Redemption.objects.get().state == "returned"
    assert recount() == {}
    [line] = order.lines.all()
    again = make.place((line.variant, 1), buyer=grant.account)
    assert again.discount_amount == 500


def test_a_full_refund_after_sending_does_not() -> None:
    grant, checkout = held_and_paid()
    order = checkout.orders.get()
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")

    refund(order, order.total_amount)

    grant.refresh_from_db()
    assert grant.state == "redeemed"
    assert recount() == {}


def test_the_platforms_coupon_comes_back_with_the_last_order(two: tuple[Variant, Variant]) -> None:
    first, second = two
    coupon = platforms(amount_off=1_000)
    found = list(make.pay(make.place((first, 1), (second, 1), coupon="US")).orders.order_by("id"))

    refund(found[0], found[0].total_amount)
    coupon.refresh_from_db()
    assert coupon.taken == 1
    refund(found[1], found[1].total_amount)

    coupon.refresh_from_db()
    assert (coupon.taken, coupon.budget_used, balance("promotions")) == (0, 0, 0)
    assert recount() == {}


# -- goods that cost their buyer nothing -----------------------------------------------------------


def given_away(item: Variant) -> Coupon:
    """Let the platform pay the whole of one product."""
    only = {"code": "products", "args": {"ids": [str(item.product_id)]}}
    return platforms(percent_bps=10_000, conditions=[only])


def cancel(order: Order, *lines: OrderLine) -> None:
    orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        key=f"cancel:{order.pk}:{[line.pk for line in lines]}",
        units={line.pk: line.quantity for line in lines} or None,
        access_token=order.checkout.access_token,
    )
    order.refresh_from_db()


def test_what_the_platform_paid_whole_goes_back_to_it_when_it_is_cancelled() -> None:
    item = make.variant(price=900)
    coupon = platforms(amount_off=5_000)
    order = make.place((item, 2), coupon="US").orders.get()
    [line] = order.lines.all()
    one = {line.pk: 1}
    as_guest: dict[str, Any] = {
        "actor": Actor.guest(),
        "order_id": order.pk,
        "access_token": order.checkout.access_token,
    }

    orders.cancel_order(**as_guest, key="one", units=one)
    assert (balance("promotions"), owed(item.product.shop)) == (-900, 900)
    orders.cancel_order(**as_guest, key="two", units=one)

    assert (balance("promotions"), owed(item.product.shop)) == (0, 0)
    order.refresh_from_db()
    coupon.refresh_from_db()
    assert (order.state, coupon.taken, coupon.budget_used) == ("closed", 0, 0)
    assert verify().clean
    assert recount() == {}


def test_the_platforms_coupon_stays_used_while_what_it_paid_is_kept(
    two: tuple[Variant, Variant],
) -> None:
    first, second = two
    coupon = given_away(first)
    checkout = make.pay(make.place((first, 1), (second, 1), coupon="US"))
    free = checkout.orders.get(shop=first.product.shop)
    assert free.total_amount == 0

    cancel(checkout.orders.get(shop=second.product.shop))
    coupon.refresh_from_db()
    assert (coupon.taken, balance("promotions")) == (1, -7_777)

    cancel(free)
    coupon.refresh_from_db()
    assert (coupon.taken, balance("promotions"), owed(first.product.shop)) == (0, 0, 0)
    assert recount() == {}


@pytest.mark.parametrize("sent", [False, True])
def test_a_free_line_stays_bought_when_the_paid_one_beside_it_is_cancelled(sent: bool) -> None:
    shop = make.shop()
    free, paid = make.variant(shop, price=700), make.variant(shop, price=300)
    coupon = given_away(free)
    order = make.pay(make.place((free, 1), (paid, 1), coupon="US")).orders.get()
    lines = {line.variant_id: line for line in order.lines.all()}
    if sent:
        units = {lines[free.pk].pk: 1}
        orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF", units=units)

    cancel(order, lines[paid.pk])

    coupon.refresh_from_db()
    assert order.state == ("shipped" if sent else "paid")
    assert (coupon.taken, balance("promotions"), owed(shop)) == (1, -700, 700)
    assert recount() == {}
    if not sent:
        cancel(order, lines[free.pk])
        coupon.refresh_from_db()
        assert (order.state, coupon.taken) == ("closed", 0)
        assert (balance("promotions"), owed(shop)) == (0, 0)
        assert recount() == {}
    assert verify().clean


def halved(item: Variant) -> Coupon:
    """Let the platform pay the half of one product."""
    only = {"code": "products", "args": {"ids": [str(item.product_id)]}}
    return platforms(percent_bps=5_000, conditions=[only])


@pytest.mark.parametrize("back", ["helped", "beside it"])
def test_the_platform_gets_back_its_part_of_what_goes_back_and_of_nothing_beside_it(
    back: str,
) -> None:
    shop = make.shop()
    helped, beside = make.variant(shop, price=2_000), make.variant(shop, price=1_000)
    halved(helped)
    order = make.pay(make.place((helped, 1), (beside, 1), coupon="US")).orders.get()
    assert (balance("promotions"), owed(shop)) == (-1_000, 3_000)
    lines = {line.variant_id: line for line in order.lines.all()}

    cancel(order, lines[helped.pk if back == "helped" else beside.pk])
    expected = (0, 1_000) if back == "helped" else (-1_000, 2_000)
    assert (balance("promotions"), owed(shop)) == expected

    refund(order, order.total_amount - order.refunded_amount)
    assert (balance("promotions"), owed(shop)) == (0, 0)
    assert verify().clean
    assert recount() == {}


@pytest.mark.parametrize("paid_whole", [False, True])
def test_goods_that_come_back_bring_the_platform_its_money_though_their_shipping_is_kept(
    paid_whole: bool,
) -> None:
    shop = make.shop(shipping_amount=900)
    helped, beside = make.variant(shop, price=2_000), make.variant(shop, price=1_000)
    given_away(helped) if paid_whole else halved(helped)
    order = make.pay(make.place((helped, 1), (beside, 1), coupon="US")).orders.get()
    boss, line = make.actor(shop.owner), order.lines.get(variant=helped)
    orders.ship(actor=boss, order_id=order.pk, carrier="SF")
    asked = orders.ask_return(
        actor=Actor.guest(),
        order_id=order.pk,
        units={line.pk: 1},
        reason="changed_mind",
        key="back",
        access_token=order.checkout.access_token,
    )
    orders.approve_return(actor=boss, return_id=asked.pk, address="Dock 7, Harbour")
    orders.receive_return(actor=boss, return_id=asked.pk)
    found = {asked.lines.get().pk: orders.Found(accepted=1)}
    orders.settle_return(actor=boss, return_id=asked.pk, found=found, at_fault=False)

    assert (balance("promotions"), owed(shop)) == (0, 1_900)
    order.refresh_from_db()
    refund(order, order.total_amount - order.refunded_amount)
    assert (balance("promotions"), owed(shop)) == (0, 0)
    assert verify().clean
    assert recount() == {}


def test_what_is_over_never_crowds_out_a_coupon_that_runs() -> None:
    item, ana = make.variant(price=5_000), make.member()
    old = platforms(code="", amount_off=1, reach="auto")
    Coupon.objects.filter(pk=old.pk).update(ends_at=clock.now())
    Coupon.objects.bulk_create(
        Coupon(
            **{
                field.name: getattr(old, field.name)
                for field in Coupon._meta.fields
                if field.name not in {"id", "code", "ends_at"}
            },
            code=f"OLD-{n}",
            ends_at=clock.now(),
        )
        for n in range(35)
    )
    platforms(code="", amount_off=400, reach="auto")
    held = platforms(code="", amount_off=1, reach="held", cap=99)
    for _each in range(35):
        coupons.grant_coupon(
            actor=Actor.system("test"), coupon_id=held.pk, account_id=ana.pk, source="test"
        )
    printed = platforms(code="", amount_off=900, reach="held", life_days=3_000)
    [code] = coupons.print_codes(actor=make.actor(make.staff("finance")), coupon_id=printed.pk, n=1)

    assert make.place((item, 1)).discount_amount == 400
    assert make.place((item, 1), buyer=ana, coupon=code.code or "").discount_amount == 900


def copies(of: Coupon, n: int, **columns: Any) -> None:
    Coupon.objects.bulk_create(
        Coupon(
            **{
                field.name: getattr(of, field.name)
                for field in Coupon._meta.fields
                if field.name not in {"id", "code"} | set(columns)
            },
            code=new_code(),
            **columns,
        )
        for _each in range(n)
    )


def test_what_is_used_up_or_yet_to_come_never_crowds_out_a_coupon_that_runs() -> None:
    item = make.variant(price=5_000)
    old = platforms(code="", amount_off=1, reach="auto", budget=100)
    copies(old, 35, taken=9)
    copies(old, 35, budget_used=100)
    copies(old, 35, starts_at=clock.now() + dt.timedelta(days=1))
    Coupon.objects.filter(pk=old.pk).update(taken=9)
    platforms(code="", amount_off=400, reach="auto")

    assert make.place((item, 1)).discount_amount == 400


def test_a_paused_coupon_that_somebody_has_crowds_out_none_that_runs() -> None:
    item, ana = make.variant(price=5_000), make.member()
    system = Actor.system("test")
    paused = platforms(code="", amount_off=1, reach="held", cap=99, life_days=1)
    for _each in range(35):
        coupons.grant_coupon(actor=system, coupon_id=paused.pk, account_id=ana.pk, source="test")
    coupons.pause_coupon(actor=make.actor(make.staff("finance")), coupon_id=paused.pk)
    good = platforms(code="", amount_off=900, reach="held")
    coupons.grant_coupon(actor=system, coupon_id=good.pk, account_id=ana.pk, source="test")

    assert make.place((item, 1), buyer=ana).discount_amount == 900


def test_each_shop_of_a_purchase_has_room_for_its_coupons() -> None:
    first, second = make.variant(price=5_000), make.variant(price=5_000)
    for item, n in ((first, 31), (second, 1)):
        shop = item.product.shop
        made = coupons.create_coupon(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            title="Theirs",
            amount_off=300,
            reach="auto",
        )
        copies(made, n - 1)

    assert make.place((first, 1), (second, 1)).discount_amount == 600


def test_what_the_platform_paid_whole_and_could_not_be_handed_over_goes_back_to_it() -> None:
    shop = make.shop()
    free, paid = goods.keyed(of=shop, n=1, price=700), make.variant(shop, price=300)
    given_away(free)
    checkout = make.place((free, 1), (paid, 1), coupon="US")
    delivery.withdraw_key(
        actor=make.actor(shop.owner), key_id=LicenceKey.objects.get().pk, reason="spoilt"
    )
    make.pay(checkout)
    order = checkout.orders.get()
    assert (balance("promotions"), owed(shop)) == (-700, 1_000)

    for _each in range(2):
        orders.refund_missing(actor=Actor.system("test"), order_id=order.pk)

    assert (balance("promotions"), owed(shop)) == (0, 300)
    assert verify().clean
    assert recount() == {}
