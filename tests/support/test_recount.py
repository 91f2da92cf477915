"""The oracle of the races can fail: each question finds what contradicts it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from banyan.catalog.models import Shop
from banyan.delivery import actions as delivery
from banyan.delivery.models import Voucher
from banyan.earnings import actions as earnings
from banyan.entitlements import actions as coupons
from banyan.kernel import relay
from banyan.orders import actions as orders
from banyan.sharing import actions as sharing
from tests.delivery import goods
from tests.sales.scene import on
from tests.support import factories as make
from tests.support.recount import QUESTIONS, recount
from tests.support.weakened import without_check

pytestmark = pytest.mark.usefixtures("threaded_db")

_DEAD = (
    "INSERT INTO kernel_deadevent (consumer, event_id, error, created_at)"
    " SELECT 'c', id, '', now() FROM kernel_event LIMIT 1"
)
TAMPERED = {
    "parcels hold what was shipped": (
        "UPDATE orders_orderline SET shipped_quantity = quantity WHERE cancelled_quantity = 0"
    ),
    "a unit has one fate": "UPDATE orders_orderline SET refunded_quantity = quantity + 1",
    "no order without payment": "UPDATE payments_intent SET state = 'pending'",
    "no payment without order": "UPDATE orders_checkout SET state = 'placed' WHERE state = 'paid'",
    "what could not be placed goes back in full": (
        "UPDATE payments_intent SET state = 'captured_unplaced' WHERE state = 'captured'"
    ),
    "a checkout and its orders agree": "UPDATE orders_order SET state = 'expired'",
    "one order.paid for each paid order": "DELETE FROM kernel_event WHERE name = 'order.paid'",
    "stock is what its movements say": "UPDATE catalog_stock SET on_hand = on_hand + 1",
    "stock is what the orders say": "UPDATE catalog_stock SET reserved = reserved + 1",
    "a pool's free keys are its stock": (
        "UPDATE delivery_key SET state = 'withdrawn' WHERE state = 'free'"
    ),
    "what was paid was handed over or fell short": "UPDATE delivery_grant SET line_id = -line_id",
    "a redeemed voucher has one accepted scan": "UPDATE delivery_scan SET result = 'again'",
    "what is held is what sales, plays and prices keep": "UPDATE sales_bucket SET size = size + 1",
    "a sale's units are counted": "UPDATE sales_right SET state = 'expired'",
    "a coupon's uses are counted": "UPDATE entitlements_coupon SET taken = taken + 1",
    "a coupon's budget is counted": "UPDATE entitlements_coupon SET budget_used = 1",
    "a held coupon goes with its use": "UPDATE entitlements_grant SET state = 'reserved'",
    "what a coupon takes off is what the lines say": (
        "UPDATE entitlements_redemption SET amount = amount + 1"
    ),
    "a coupon's use goes with its checkout": (
        "UPDATE entitlements_redemption SET state = 'released'"
    ),
    "a price right is used once": "UPDATE orders_orderline SET right_id = NULL",
    "a price right goes with its order": "UPDATE entitlements_priceright SET state = 'reserved'",
    "nobody uses a coupon more often than allowed": (
        "UPDATE entitlements_personuse"
        " SET person_key = 'contact:one', number = (id & 2147483647)::int"
    ),
    "refunds of an order add up": "UPDATE orders_order SET refunded_amount = refunded_amount + 1",
    "refunds of a payment add up": (
        "UPDATE payments_intent SET refunded_amount = refunded_amount + 1 WHERE captured_amount > 0"
    ),
    "chargebacks of a payment add up": (
        "UPDATE payments_intent SET charged_back_amount = 1 WHERE captured_amount > refunded_amount"
    ),
    "orders bear what the bank took of their payment": (
        "INSERT INTO payments_chargeback (provider, provider_ref, intent_id, amount, currency,"
        " reason, state, taken_amount, covered_amount, fee_amount, fee_currency, opened_at,"
        " told_at) SELECT provider, 'du_1', id, 1, currency, '', 'lost', 1, 0, 0, '', created_at,"
        " created_at FROM payments_intent WHERE captured_amount > 0 LIMIT 1"
    ),
    "every shared, paid line has its commissions once": "DELETE FROM earnings_commission",
    "journals sum to zero": (
        "UPDATE ledger_posting SET amount = amount + 1"
        " WHERE id = (SELECT min(id) FROM ledger_posting)"
    ),
    "positions have no gap": (
        "UPDATE kernel_event SET position = position + 1000"
        " WHERE position = (SELECT max(position) FROM kernel_event)"
    ),
    "no event was parked": _DEAD,
}


def _a_day() -> None:
    """Orders of every kind: paid through a share, with a coupon, refunded in part, unpaid."""
    shop = make.shop()
    owner = make.actor(shop.owner)
    earnings.set_plan(actor=owner, shop_id=shop.pk, rate_bps=1_000)
    item = make.variant(shop, stock=50)
    link = sharing.share(
        actor=make.actor(make.member()), target_kind="product", target_id=item.product_id, via=None
    )
    made = coupons.create_coupon(
        actor=owner, shop_id=shop.pk, title="C", code="DAY", amount_off=100, cap=5
    )
    coupons.print_codes(actor=owner, coupon_id=made.pk, n=1)
    order = make.pay(make.place((item, 2), via=link.code, coupon="DAY")).orders.get()
    make.pay(make.place((item, 1), coupon="DAY"))
    make.place((item, 1), coupon="DAY")
    ana = make.member()
    make.right(ana, item, 4_000)
    make.pay(make.place((item, 1), buyer=ana))
    orders.grant_refund(actor=owner, order_id=order.pk, amount=500, reason="late", key="late")
    _without_parcel(shop)
    in_sale = make.variant(shop, stock=5)
    on(in_sale, public=2)
    make.place((in_sale, 1))
    relay.drain()


def _without_parcel(shop: Shop) -> None:
    """A key, a file and two services, of which one was had."""
    lines = [(goods.keyed(n=2, of=shop), 1), (goods.filed(of=shop), 1), (goods.voucher(of=shop), 2)]
    make.pay(make.place(*lines))
    voucher = Voucher.objects.order_by("id")[0]
    delivery.redeem(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        code=delivery.open_voucher(voucher),
        key="day",
    )


def test_every_question_has_a_tampering() -> None:
    assert set(TAMPERED) == set(QUESTIONS)


def test_each_question_finds_what_contradicts_it() -> None:
    _a_day()
    assert recount() == {}
    for question, tampering in TAMPERED.items():
        assert question in _found_after(tampering), question
        assert recount() == {}, "the tampering was undone"


def _found_after(tampering: str) -> set[str]:
    """Tamper behind the application's back, recount, and undo."""
    ask: Callable[[], dict[str, object]] = recount  # type: ignore[assignment]
    with without_check("entitlements_coupon", "coupon_cap"), connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(tampering)
            return set(ask())
        finally:
            cursor.execute("ROLLBACK")
