"""Any sequence of partial refunds, at any time, takes back exactly its share of the commission."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.earnings import actions
from banyan.earnings.models import PayoutItem
from banyan.ledger import proof
from banyan.ledger.rules import portion
from tests.earnings import story

parts = st.lists(st.integers(1, 40), min_size=1, max_size=6)
moves = st.lists(st.sampled_from(["receive", "due", "pay out", "nothing"]), max_size=6)


@pytest.mark.django_db
@settings(
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
