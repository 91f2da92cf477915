"""Any sequence of partial refunds, at any time, takes back exactly its share of the commission."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from banyan.earnings import actions
from banyan.earnings.models import Commission, PayoutItem
from banyan.ledger import proof
from banyan.ledger.models import Account as Book
from banyan.ledger.queries import balance
from banyan.ledger.rules import portion
from banyan.orders import actions as orders
from tests.earnings import story
from tests.storefronts import stalls
from tests.support import factories as make

parts = st.lists(st.integers(1, 40), min_size=1, max_size=6)
moves = st.lists(st.sampled_from(["receive", "due", "pay out", "nothing"]), max_size=6)


@pytest.mark.django_db
@hypothesis.settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(price=st.integers(1, 5_000), rate=st.integers(1, 5_000), parts=parts, moves=moves)
def test_random_partial_refunds_sum_to_the_share_and_the_books_stay_clean(
    price: int, rate: int, parts: list[int], moves: list[str]
) -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=rate)
    item = story.variant(shop, price=price)
    order = story.paid(story.placed((item, 1), via=story.chain(item, ana)))
    line = order.lines.get()
    if not line.commissions.exists():
        assert price * rate < 5_000, "only what rounds to nothing earns nothing"
        return
    whole, refunded, paid_out = story.only(order).amount, 0, 0
    for step in range(max(len(parts), len(moves))):
        if step < len(moves):
            paid_out += _move(order, moves[step])
        if step < len(parts) and refunded < price:
            part = min(price - refunded, max(1, price * parts[step] // 60))
            story.refund(order, (line, part))
            refunded += part
        commission = story.only(order)
        assert commission.reversed_amount == portion(whole, refunded, price)
        assert (commission.state == "reversed") == (commission.reversed_amount == whole)
        assert story.book(ana, "earner_held") + story.book(ana) == (
            whole - commission.reversed_amount - paid_out
        )
        assert story.shop_balance(shop) == price - refunded - whole + commission.reversed_amount
    assert proof.verify().clean


@pytest.mark.django_db
@hypothesis.settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    over=st.integers(1, 4),
    supply=st.integers(1, 300),
    n=st.integers(1, 3),
    fee_bps=st.integers(0, 5_000),
    parts=parts,
)
@example(over=2, supply=1, n=1, fee_bps=5_000, parts=[20, 20, 20])
@example(over=2, supply=299, n=1, fee_bps=5_000, parts=[31, 1, 40])
@example(over=3, supply=100, n=3, fee_bps=4_999, parts=[1, 1, 29, 1, 40])
def test_a_margin_and_its_fee_are_nobodys_once_all_is_refunded_in_any_parts(
    settings: Any, over: int, supply: int, n: int, fee_bps: int, parts: list[int]
) -> None:
    settings.POOL_FEE_BPS = fee_bps
    item = make.variant(price=10_000)
    shop, page = item.product.shop, stalls.page()
    offer = stalls.listed(page, stalls.supply(item, supply=supply), supply + over)
    order = make.pay(stalls.place(item, offer, n=n)).orders.get()
    margin = Commission.objects.get(order=order)
    fee = over * n * fee_bps // 10_000
    assert (margin.amount, margin.fee_amount) == (over * n - fee, fee)
    line, fees = order.lines.get(), _fees()
    left, back = line.paid_amount, 0
    for step, part in enumerate([*parts, 60]):
        amount = min(left, max(1, line.paid_amount * part // 60))
        if not amount:
            break
        orders.grant_refund(
            actor=make.actor(shop.owner), order_id=order.pk, amount=amount,
            lines={line.pk: amount}, reason="in parts", key=f"{order.pk}-{step}",
        )  # fmt: skip
        left -= amount
        margin.refresh_from_db()
        back = margin.fee_amount - margin.fee_left
        assert _fees() == fees - back
        assert stalls.balance("earner_held", page.owner_id) == (
            margin.amount - margin.reversed_amount
        )

    assert (left, back, margin.state, margin.reversed_amount) == (0, fee, "reversed", margin.amount)
    assert stalls.balance("earner_held", page.owner_id) == 0
    assert stalls.balance("shop_payable", shop.pk) == order.total_amount - line.paid_amount
    assert proof.verify().clean


def _fees() -> int:
    """What the platform has of fees; a hot account, so it is summed."""
    book = Book.objects.filter(kind="platform_fees", currency="CNY").first()
    return balance(book).amount if book else 0


def _move(order: object, move: str) -> int:
    """Take the order one step on, where that step is possible; return what was paid out."""
    from banyan.orders.models import Order

    assert isinstance(order, Order)
    order.refresh_from_db()
    if move == "receive" and order.state == "paid":
        story.received(order)
    elif move == "due" and order.state == "received":
        story.due(order)
    elif move == "pay out" and story.only(order).state == "payable":
        batch = actions.draft_batch(actor=story.FINANCE, minimum=1)
        actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
        total = 0
        for item in PayoutItem.objects.filter(batch=batch, state="submitted"):
            assert item.payout_id is not None
            story.settle(item.payout_id)
            if item.payee_id == story.only(order).payee_id:
                total += item.amount
        return total
    return 0
