"""What a shop is owed leaves once: double clicks, two people of finance, a refund, a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from banyan.catalog.models import Shop
from banyan.earnings import owing, settling
from banyan.earnings.models import PayoutBatch, PayoutItem
from banyan.earnings.settling import pass_on_again, settle_order
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict
from banyan.ledger import proof
from banyan.ledger.models import Journal, Posting
from banyan.ledger.queries import statement
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments import providers
from banyan.payments.actions import payouts as payment_payouts
from banyan.payments.actions import sending
from banyan.payments.actions.books import in_transit_account, provider_account
from banyan.payments.models import Payout
from tests.acceptance.lives_payments import PassingOn
from tests.earnings.shop_money import (
    TILL,
    draft,
    later,
    named,
    owed,
    refund,
    sold,
    submit,
    transit,
)
from tests.payments.scripted import script
from tests.support import factories as make
from tests.support.threads import run_at_once, run_concurrently
from tests.support.weakened import between, careless, meet, no_locks

pytestmark = pytest.mark.usefixtures("threaded_db")


@pytest.fixture(autouse=True)
def _by_hand(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["hand", "sandbox"]


def due() -> tuple[Shop, Order]:
    """Return a shop with 100.00 that is final, and the order that it is of."""
    shop = make.shop()
    named(shop)
    order = sold(shop)
    # Two that make an account of the books wait for each other by that alone.
    in_transit_account(shop.currency)
    provider_account(providers.get("hand"), None, shop.currency)
    return shop, order


def twice_drafted() -> tuple[Shop, list[PayoutBatch]]:
    """Return a shop that stands in two drafts: two people prepared one at the same instant."""
    shop, _order = due()
    first = draft()
    PayoutBatch.objects.filter(pk=first.pk).update(state="cancelled")
    second = draft()
    PayoutBatch.objects.filter(pk=first.pk).update(state="draft")
    return shop, [first, second]


def approve(batch: PayoutBatch) -> Callable[[], Any]:
    return lambda: submit(batch)


def left_for(shop: Shop) -> int:
    """Return what is, or was, on its way to the shop."""
    items = PayoutItem.objects.filter(shop=shop, state__in=["submitted", "paid"])
    return sum(items.values_list("amount", flat=True))


def lowest_after_a_payout(shop: Shop) -> int:
    """Return how little stood on the shop's account right after one of its payouts left it."""
    [book] = {
        posting.account
        for posting in Posting.objects.filter(
            account__owner_id=shop.pk, account__kind="shop_payable"
        ).select_related("account")
    }
    lines = statement(book, limit=100)
    return min(line.balance.amount for line in lines if line.kind == "shop_payout.requested")


def sound(results: list[Any]) -> None:
    assert not [each for each in results if isinstance(each, Exception)]
    assert proof.verify().clean


def test_many_clicks_at_once_send_one_batch_once() -> None:
    shop, _order = due()
    batch = draft()
    sound(run_concurrently(approve(batch), 6))
    assert (owed(shop), transit(), Payout.objects.count()) == (0, 10_000, 1)
    assert AuditEntry.objects.filter(action="payout_batch.submit").count() == 1


def test_two_people_who_prepared_it_at_once_pay_it_once() -> None:
    shop, batches = twice_drafted()
    sound(run_at_once(*(approve(each) for each in batches)))
    assert (left_for(shop), owed(shop), Payout.objects.count()) == (10_000, 0, 1)
    assert sorted(PayoutItem.objects.values_list("state", flat=True)) == ["skipped", "submitted"]


def test_negative_control_without_locks_both_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, batches = twice_drafted()
    no_locks(monkeypatch)
    meet(monkeypatch, owing, "payable", 2)
    run_at_once(*(approve(each) for each in batches))
    assert (left_for(shop), owed(shop)) == (20_000, -10_000)


def test_two_who_prepare_at_once_never_pay_more_than_is_payable() -> None:
    shop, _order = due()
    drafted = run_concurrently(draft, 2)
    batches = [each for each in drafted if isinstance(each, PayoutBatch)]
    assert batches
    sound(run_at_once(*(approve(each) for each in batches)))
    assert (left_for(shop), owed(shop)) == (10_000, 0)


@pytest.mark.parametrize("turn", range(3))
def test_a_refund_at_the_same_instant_never_lets_more_leave_than_there_is(turn: int) -> None:
    shop, order = due()
    batch = draft()
    sound(run_at_once(approve(batch), lambda: refund(order, 3_000)))
    assert lowest_after_a_payout(shop) >= 0
    assert left_for(shop) + owed(shop) == 7_000


def _refund_in_between(monkeypatch: pytest.MonkeyPatch) -> tuple[Shop, list[Any]]:
    shop, order = due()
    batch = draft()
    meanwhile = between(monkeypatch, owing, "payable", seconds=2)
    results = run_at_once(approve(batch), meanwhile(lambda: refund(order, 3_000)))
    return shop, results


def test_a_refund_that_comes_after_the_amount_was_read_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, results = _refund_in_between(monkeypatch)
    sound(results)
    assert lowest_after_a_payout(shop) == 0
    assert (left_for(shop), owed(shop)) == (10_000, -3_000)


def test_negative_control_without_locks_more_leaves_than_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_locks(monkeypatch)
    shop, _results = _refund_in_between(monkeypatch)
    assert lowest_after_a_payout(shop) == -3_000


# -- what is passed on ----------------------------------------------------------------------------


def part_given_up(settings: Any) -> tuple[Shop, Payout]:
    """Return a shop with an account of its own, to which 100.00 could not be passed on."""
    settings.PAYMENT_PROVIDERS = [
        "hand",
        "sandbox",
        "passingon=tests.acceptance.lives_payments:PassingOn",
    ]
    script.reset()
    shop = make.shop()
    named(shop)
    payments.connect_account(
        actor=make.actor(shop.owner), owner_kind="shop", owner_id=shop.pk,
        provider=PassingOn.name, account="acct_1", name="Tea Ltd",
    )  # fmt: skip
    order = sold(shop, provider=PassingOn.name)
    settle_order(actor=TILL, order_id=order.pk, key=f"received:{order.pk}")
    part = Payout.objects.get()
    payments.settle_payout(
        actor=TILL, payout_id=part.pk, succeeded=False, provider_ref="", failure="no money"
    )
    assert owed(shop) == 10_000
    return shop, part


def again(part: Payout) -> Callable[[], Any]:
    def act() -> Any:
        with later():
            return pass_on_again(actor=TILL, payout_id=part.pk, reason="the balance is filled")

    return act


def test_a_part_is_passed_on_again_or_paid_by_hand_and_not_both(settings: Any) -> None:
    shop, part = part_given_up(settings)
    batch = draft()
    results = run_at_once(approve(batch), again(part))
    refused = [each for each in results if isinstance(each, Exception)]
    assert all(isinstance(each, Conflict) for each in refused)
    live = Payout.objects.exclude(pk=part.pk)
    assert (owed(shop), transit(), live.count()) == (0, 10_000, 1)
    assert proof.verify().clean


def test_what_was_paid_by_hand_is_not_passed_on_after_it(settings: Any) -> None:
    shop, part = part_given_up(settings)
    submit(draft())
    with pytest.raises(Conflict) as refused:
        again(part)()
    assert refused.value.code == "nothing_to_pass_on"
    assert owed(shop) == 0


def test_negative_control_without_asking_the_batches_it_is_passed_on_too(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, part = part_given_up(settings)
    submit(draft())
    monkeypatch.setattr(settling, "_paid_in_a_batch_since", lambda order: False)
    again(part)()
    assert owed(shop) == -10_000


def test_an_old_order_is_not_passed_on_to_an_account_that_is_connected_later(
    settings: Any,
) -> None:
    settings.PAYMENT_PROVIDERS = [
        "hand",
        "sandbox",
        "passingon=tests.acceptance.lives_payments:PassingOn",
    ]
    shop = make.shop()
    named(shop)
    order = sold(shop, provider=PassingOn.name)
    submit(draft())
    payments.connect_account(
        actor=make.actor(shop.owner), owner_kind="shop", owner_id=shop.pk,
        provider=PassingOn.name, account="acct_1", name="Tea Ltd",
    )  # fmt: skip
    refund(order, 1_000)
    settle_order(actor=TILL, order_id=order.pk, key="back")
    assert (owed(shop), Payout.objects.count()) == (-1_000, 1)


# -- what came back -------------------------------------------------------------------------------


def sent() -> tuple[Shop, Payout]:
    shop, _order = due()
    submit(draft())
    payout = Payout.objects.get()
    payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="paid")
    return shop, payout


def returned(payout: Payout) -> Callable[[], Any]:
    return lambda: payments.say_returned(actor=TILL, payout_id=payout.pk, reason="closed")


def told() -> int:
    return AuditEntry.objects.filter(action="payout.returned").count()


def test_what_came_back_is_booked_once() -> None:
    shop, payout = sent()
    sound(run_concurrently(returned(payout), 6))
    assert (owed(shop), transit(), told()) == (10_000, 0, 1)
    assert Journal.objects.filter(kind="shop_payout.returned").count() == 1


def test_negative_control_without_locks_both_words_count(monkeypatch: pytest.MonkeyPatch) -> None:
    _shop, payout = sent()
    no_locks(monkeypatch)
    careless(monkeypatch, sending)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows.all())
    meet(monkeypatch, payment_payouts, "in_transit_account", 2)
    run_concurrently(returned(payout), 2)
    assert told() == 2
