"""The life of a commission: frozen at placement, alive at payment, held, payable, paid."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.earnings import actions
from banyan.earnings.models import Commission, PayoutItem
from banyan.kernel import clock
from banyan.kernel.models import StateChange, StoredEvent
from banyan.ledger import proof
from banyan.ledger.models import Journal, Posting
from banyan.orders.models import OrderLine

from . import story

pytestmark = pytest.mark.django_db


def _states(commission: Commission) -> list[str]:
    changes = StateChange.objects.filter(
        machine="earnings.commission.state", subject_id=commission.pk
    )
    return list(changes.order_by("pk").values_list("target", flat=True))


def test_a_sale_through_a_link_becomes_money_in_the_bank() -> None:
    ana, buyer, shop = story.member("ana"), story.member("cy"), story.shop()
    version = story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=9_950)
    order = story.placed((item, 2), via=story.chain(item, ana), buyer=buyer, shipping=800)

    commission = story.only(order)
    assert (commission.state, commission.base_amount, commission.amount) == (
        "quoted",
        19_900,
        1_990,
    )
    assert OrderLine.objects.get(order=order).plan_version_id == version.pk
    assert not Journal.objects.exists()

    story.paid(order)
    assert story.book(ana, "earner_held") == 1_990
    assert story.shop_balance(shop) == 19_900 + 800 - 1_990

    story.received(order)
    commission.refresh_from_db()
    assert order.received_at is not None
    assert commission.hold_until == order.received_at + dt.timedelta(days=7)

    story.due(order)
    assert (story.book(ana, "earner_held"), story.book(ana)) == (0, 1_990)

    batch = actions.draft_batch(actor=story.FINANCE)
    actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
    item_row = PayoutItem.objects.get(batch=batch)
    assert item_row.payout_id is not None
    assert story.book(ana) == 0
    story.settle(item_row.payout_id)

    commission.refresh_from_db()
    batch.refresh_from_db()
    assert (commission.state, batch.state) == ("paid", "settled")
    assert _states(commission) == ["pending", "held", "payable", "paid"]
    assert set(StoredEvent.objects.values_list("name", flat=True)) >= {
        "commission.earned",
        "commission.payable",
        "earnings.paid_out",
    }
    assert proof.verify().clean


def test_an_order_without_a_link_costs_no_commission() -> None:
    shop = story.shop()
    version = story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    order = story.paid(story.placed((item, 1)))
    assert not Commission.objects.exists()
    assert OrderLine.objects.get(order=order).plan_version_id == version.pk
    assert story.shop_balance(shop) == 10_000


def test_a_shop_without_a_plan_pays_nobody() -> None:
    ana, shop = story.member("ana"), story.shop()
    item = story.variant(shop)
    order = story.placed((item, 1), via=story.chain(item, ana))
    assert not Commission.objects.exists()
    assert OrderLine.objects.get(order=order).plan_version_id is None


def test_a_price_of_zero_earns_nothing_and_breaks_nothing() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=0)
    story.paid(story.placed((item, 1), via=story.chain(item, ana)))
    assert not Commission.objects.exists()
    assert not Journal.objects.exists()


def test_the_discount_lowers_the_base_and_shipping_does_not_raise_it() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=10_000)
    order = story.placed((item, 1), via=story.chain(item, ana), discount=2_500, shipping=900)
    assert (story.only(order).base_amount, story.only(order).amount) == (7_500, 750)


def test_a_new_plan_version_changes_new_orders_only() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    via = story.chain(item, ana)
    before = story.placed((item, 1), via=via)
    story.plan(shop, rate_bps=500)
    after = story.placed((item, 1), via=via)
    story.paid(before)
    assert (story.only(before).amount, story.only(after).amount) == (1_000, 500)
    assert story.book(ana, "earner_held") == 1_000


def test_a_product_has_its_own_rate() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    plain, special = story.variant(shop), story.variant(shop)
    story.plan(shop, rate_bps=2000, product_id=special.product_id)
    order = story.placed((plain, 1), (special, 1), via=story.chain(plain, ana))
    amounts = Commission.objects.filter(order=order).order_by("line_id")
    assert [each.amount for each in amounts] == [1_000, 2_000]
    assert {each.explanation["rule"]["scope"] for each in amounts} == {"shop", "product"}


@pytest.mark.parametrize("end", [story.expired])
def test_an_unpaid_order_ends_its_quotes(end: object) -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    order = story.placed((item, 1), via=story.chain(item, ana))
    story.expired(order)
    story.expired(order)
    assert story.only(order).state == "expired"
    assert not Journal.objects.exists()


def test_nothing_is_payable_one_second_before_the_window_closes() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000, hold_days=3)
    item = story.variant(shop)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, ana))))
    until = story.only(order).hold_until
    assert until is not None
    with clock.at(until - dt.timedelta(seconds=1)):
        assert actions.release_due(actor=story.SYSTEM) == 0
    with clock.at(until):
        assert actions.release_due(actor=story.SYSTEM) == 1
        assert actions.release_due(actor=story.SYSTEM) == 0
    assert story.book(ana) == 1_000


def test_every_journal_of_the_chain_carries_the_checkout_as_its_cause() -> None:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, ana))))
    story.refund(order, (order.lines.get(), 4_000))
    story.due(order)
    causes = set(
        Journal.objects.filter(subject_kind="commission").values_list("cause_id", flat=True)
    )
    assert causes == {order.checkout_id}
    for journal in Journal.objects.all():
        amounts = Posting.objects.filter(journal=journal).values_list("amount", flat=True)
        assert sum(amounts) == 0
