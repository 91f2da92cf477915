"""What is earned with an order that its payer's bank has in hand waits; lost, it goes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from banyan.earnings import actions
from banyan.earnings.models import Commission, PayoutItem
from banyan.earnings.problems import NothingToPay
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.personal import Person
from banyan.ledger.proof import verify
from banyan.legal.ports import obstacles
from banyan.market import actions as market
from banyan.market.models import Dispute, Escrow
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments.access import get_intent_of
from banyan.payments.models import Refund
from banyan.payments.problems import PaymentChargedBack
from banyan.payments.providers.base import BankMove, ChargebackState
from banyan.sharing import actions as sharing
from tests.market import deals
from tests.payments.fixtures import till_settings
from tests.payments.scripted import script
from tests.payments.till import balance
from tests.support import factories as make

from . import story

__all__ = ["till_settings"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("till_settings")]

REF = "du_1"
EARNED = 1_000


@pytest.fixture(autouse=True)
def proved(till_settings: None) -> Iterator[None]:
    yield
    report = verify()
    assert report.clean
    assert not any(report.totals.values())


@pytest.fixture
def commission() -> Commission:
    """A tenth of 100.00, on a received order whose return window is open."""
    shop = make.shop()
    actions.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
    item = make.variant(shop, price=10_000)
    link = sharing.share(
        actor=make.actor(make.member()), target_kind="product", target_id=item.product_id, via=None
    )
    buyer = make.member()
    placed = make.place((item, 1), via=link.code, buyer=buyer, provider="scripted")
    order = make.pay(placed).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    return Commission.objects.select_related("order__shop", "payee").get(order=order)


def hear(order: Order, state: str, *moves: int, ref: str = REF) -> None:
    """Let the bank say where it stands; ``moves`` are all that it took so far."""
    now = clock.now()
    script.chargebacks[ref] = ChargebackState(
        provider_ref=ref,
        payment_ref=get_intent_of("checkout", order.checkout_id).provider_ref,
        state=state,
        money=Money(moves[0] if moves else order.total_amount, order.currency),
        reason="fraudulent",
        due_by=None,
        opened_at=now,
        moves=[
            BankMove(ref=f"{ref}_txn_{n}", taken=Money(moved, order.currency), fee=None, at=now)
            for n, moved in enumerate(moves)
        ],
    )
    payments.hear_chargeback(actor=story.SYSTEM, provider="scripted", provider_ref=ref)


def released() -> int:
    with clock.at(clock.now() + dt.timedelta(days=90)):
        return actions.release_due(actor=story.SYSTEM)


@pytest.mark.parametrize("state", ["inquiry", "needs_response", "under_review"])
def test_it_is_held_while_the_bank_has_it_in_hand(commission: Commission, state: str) -> None:
    moves = [] if state == "inquiry" else [10_000]
    hear(commission.order, state, *moves)
    assert released() == 0
    commission.refresh_from_db()
    assert commission.state == "held"


@pytest.mark.parametrize("state", ["inquiry", "needs_response"])
def test_whoever_bought_or_sold_it_stays_until_the_bank_has_decided(
    commission: Commission, state: str
) -> None:
    order = Order.objects.select_related("checkout", "shop").get(pk=commission.order_id)
    hear(order, state, *([] if state == "inquiry" else [10_000]))
    for account_id in (order.checkout.buyer_id, order.shop.owner_id):
        told = {one.code: one for one in obstacles(Person(account_id=account_id))}
        assert order.number in told["chargeback"].text
        assert order.checkout.access_token in told["chargeback"].url
    hear(order, "won", 10_000, -10_000)
    assert "chargeback" not in {one.code for one in obstacles(Person(order.checkout.buyer_id))}


def test_won_it_is_released(commission: Commission) -> None:
    hear(commission.order, "needs_response", 10_000)
    hear(commission.order, "won", 10_000, -10_000)
    assert released() == 1
    commission.refresh_from_db()
    assert (commission.state, commission.reversed_amount) == ("payable", 0)
    assert story.book(commission.payee) == EARNED
    assert story.shop_balance(commission.order.shop) == 10_000 - EARNED


@pytest.mark.parametrize("payable", [False, True])
def test_lost_it_is_reversed_wherever_it_is(commission: Commission, payable: bool) -> None:
    if payable:
        assert released() == 1
    hear(commission.order, "needs_response", 10_000)
    hear(commission.order, "lost", 10_000)
    commission.refresh_from_db()
    assert (commission.state, commission.reversed_amount) == ("reversed", EARNED)
    assert story.book(commission.payee) == story.book(commission.payee, "earner_held") == 0
    assert story.shop_balance(commission.order.shop) == 0


def test_a_part_takes_its_part_back(commission: Commission) -> None:
    hear(commission.order, "lost", 4_000)
    commission.refresh_from_db()
    assert (commission.state, commission.reversed_amount) == ("held", 400)
    assert story.shop_balance(commission.order.shop) == 10_000 - 4_000 - 600


def test_what_is_payable_is_not_paid_out_meanwhile(commission: Commission) -> None:
    assert released() == 1
    drafted = actions.draft_batch(actor=story.FINANCE)
    hear(commission.order, "needs_response", 10_000)
    actions.submit_batch(actor=story.FINANCE, batch_id=drafted.pk, provider="scripted")
    assert PayoutItem.objects.get().state == "skipped"
    with pytest.raises(NothingToPay):
        actions.draft_batch(actor=story.FINANCE)

    hear(commission.order, "won", 10_000, -10_000)
    again = actions.draft_batch(actor=story.FINANCE)
    assert again.items.get().amount == EARNED


def test_an_escrow_stays_closed_while_the_bank_has_it_in_hand() -> None:
    seller = deals.seller()
    listing = deals.listing(seller)
    buyer = make.member()
    variant = listing.product.variants.get()
    placed = make.place((variant, 1), buyer=buyer, provider="scripted")
    order = make.pay(placed).orders.get()
    deals.arrived(order, listing)
    total = order.total_amount

    hear(order, "needs_response", total)
    assert balance("escrow", owner_id=order.pk) == 0
    escrow = Escrow.objects.get()
    with clock.at(clock.now() + dt.timedelta(days=9)):
        market.release_due(actor=story.SYSTEM)
        market.release_escrow(actor=story.SYSTEM, escrow_id=escrow.pk)
    escrow.refresh_from_db()
    assert escrow.state == "held"

    hear(order, "won", total, -total)
    assert balance("escrow", owner_id=order.pk) == total
    with clock.at(clock.now() + dt.timedelta(days=9)):
        market.release_due(actor=story.SYSTEM)
    assert balance("earner_payable", owner_id=seller.pk) == total


def test_after_an_escrow_was_released_its_seller_bears_it() -> None:
    seller = deals.seller()
    listing = deals.listing(seller)
    placed = make.place(
        (listing.product.variants.get(), 1), buyer=make.member(), provider="scripted"
    )
    order = make.pay(placed).orders.get()
    deals.arrived(order, listing)
    with clock.at(clock.now() + dt.timedelta(days=9)):
        market.release_due(actor=story.SYSTEM)
    hear(order, "needs_response", order.total_amount)
    assert balance("earner_payable", owner_id=seller.pk) == 0
    hear(order, "lost", order.total_amount)
    assert balance("earner_payable", owner_id=seller.pk) == 0
    assert balance("clearing") == 0


def test_nobody_decides_about_money_that_the_bank_has() -> None:
    listing = deals.listing(deals.seller())
    buyer = make.member()
    placed = make.place((listing.product.variants.get(), 1), buyer=buyer, provider="scripted")
    order = make.pay(placed).orders.get()
    deals.arrived(order, listing)
    dispute = market.open_dispute(
        actor=make.actor(buyer),
        order_id=order.pk,
        reason="damaged",
        claim_amount=1_000,
        body="Broken.",
    )
    hear(order, "needs_response", order.total_amount)
    support = Actor(kind="staff", id=make.staff("support").pk, roles=frozenset({"support"}))

    def decide() -> Dispute:
        return market.decide_dispute(
            actor=support, dispute_id=dispute.pk, refund_amount=0, reason="x"
        )

    with pytest.raises(PaymentChargedBack):
        decide()
    hear(order, "won", order.total_amount, -order.total_amount)
    assert decide().state == "decided"


def test_a_bank_that_keeps_less_than_was_promised_back_ends_no_refund(
    commission: Commission,
) -> None:
    order = commission.order
    orders.grant_refund(
        actor=story.as_actor(order.shop.owner),
        order_id=order.pk,
        amount=4_000,
        reason="late",
        key="late",
    )
    refund = Refund.objects.get()
    hear(order, "needs_response", 10_000)
    hear(order, "needs_response", 10_000, -7_000)
    hear(order, "lost", 10_000, -7_000)
    refund.refresh_from_db()
    assert (refund.state, balance("clearing")) == ("requested", 0)

    hear(order, "won", 10_000, -7_000, -3_000)
    order.refresh_from_db()
    assert (order.refunded_amount, balance("clearing")) == (4_000, 4_000)
    assert story.shop_balance(order.shop) == 10_000 - 4_000 - 600
