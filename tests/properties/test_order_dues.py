"""Whatever happens to an order, what its page says the shop gets is what the ledger posted."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.earnings import actions as earnings
from banyan.earnings.queries import due_of, shop_standings
from banyan.kernel.problems import Problem
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.orders.queries import lines_of
from banyan.sharing import actions as sharing
from tests.earnings.test_chargebacks import hear
from tests.payments.fixtures import till_settings
from tests.payments.scripted import script
from tests.payments.till import balance
from tests.support import factories as make
from tests.support.posted import posted_about

__all__ = ["till_settings"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("till_settings")]

acts = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), st.integers(1, 30_000)),
        st.tuples(st.just("cancel"), st.integers(1, 2)),
        st.tuples(st.just("bank"), st.integers(1, 40_000)),
        st.tuples(st.sampled_from(["won", "lost"]), st.just(0)),
    ),
    max_size=7,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    price=st.integers(100, 9_999),
    ours=st.sampled_from([0, 1, 33, 100]),
    rate=st.sampled_from([0, 333, 5_000]),
    shipping=st.sampled_from([0, 499]),
    done=acts,
)
def test_what_a_shop_gets_of_an_order_is_what_was_posted(
    price: int, ours: int, rate: int, shipping: int, done: list[tuple[str, int]]
) -> None:
    """``ours`` percent of the price is borne by the platform; somebody else shared it."""
    script.reset()
    shop, buyer = make.shop(shipping_amount=shipping), make.member()
    if rate:
        earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=rate)
    item = make.variant(shop, price=price)
    link = sharing.share(
        actor=make.actor(make.member()), target_kind="product", target_id=item.product_id, via=None
    )
    if ours:
        paid = price - price * ours // 100
        make.right(buyer, item, paid, funded_by="platform", quantity=3)
    placed = make.place((item, 3), via=link.code, buyer=buyer, provider="scripted")
    order = (make.pay(placed) if placed.total_amount else placed).orders.get()
    _assert_equal(order)
    taken = 0
    for number, (what, n) in enumerate(done):
        try:
            taken = _do(order, what, n, number, taken)
        except Problem:
            continue
        finally:
            _assert_equal(order)
    assert verify().clean


def _do(order: Order, what: str, n: int, number: int, taken: int) -> int:
    """Do one thing, where it is possible; return what the bank has."""
    order.refresh_from_db()
    left = order.total_amount - order.refunded_amount
    merchant = make.actor(order.shop.owner)
    if what == "refund" and left:
        amount, key = min(n, left), f"{order.pk}:r{number}"
        orders.grant_refund(
            actor=merchant, order_id=order.pk, amount=amount, reason="dent", key=key
        )
    elif what == "cancel":
        assert order.checkout.buyer is not None
        line = lines_of([order])[order.pk][0]
        buyer, key = make.actor(order.checkout.buyer), f"{order.pk}:c{number}"
        orders.cancel_order(actor=buyer, order_id=order.pk, units={line.pk: n}, key=key)
    elif what == "bank" and left and not script.chargebacks:
        taken = min(n, left)
        hear(order, "needs_response", taken, ref=f"du_{order.pk}")
    elif what in {"won", "lost"} and taken:
        hear(order, what, *([taken, -taken] if what == "won" else [taken]), ref=f"du_{order.pk}")
        taken = 0
    return taken


def _assert_equal(order: Order) -> None:
    order = Order.objects.select_related("shop", "checkout").get(pk=order.pk)
    due = due_of(order)
    assert due is not None
    owed = balance("shop_payable", owner_id=order.shop_id)
    assert due.due.amount == posted_about(order) == owed, due
    for one in shop_standings(order.shop_id):
        assert one.owed.amount == owed == one.waiting.amount + one.over.amount
