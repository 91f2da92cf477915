"""Whole lives of requests for money, of money passed on and paid out, for ``test_whole_life``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.earnings import actions as earnings
from banyan.earnings.models import PayoutBatch
from banyan.earnings.settling import settle_order
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments.access import get_intent_of
from banyan.payments.models import PaymentRequest, Payout, PayoutReturn, Refund
from banyan.payments.providers.base import (
    BankMove,
    Capabilities,
    ChargebackState,
    ProviderState,
    SplitOrder,
    Status,
    TakeBack,
)
from banyan.sharing import actions as sharing
from tests.payments import till
from tests.payments.scripted import ScriptedProvider, script
from tests.support import factories as make

SYSTEM = Actor.system("test")
TILL = Actor(kind="staff", id=1, roles=frozenset({"finance"}))


class PassingOn(ScriptedProvider):
    """The scripted provider, which passes money on too."""

    name = "passingon"
    label = "Passing on"

    def splits(self) -> bool:
        return True

    def connect(self, account: str, *, name: str) -> None:
        script.answer("connect", (account, name))

    def split(self, order: SplitOrder) -> ProviderState:
        return self._told("split", order)

    def query_split(self, order: SplitOrder) -> ProviderState:
        return self._told("query_split", order)

    def take_back(self, order: TakeBack) -> ProviderState:
        return self._told("take_back", order)

    def query_take_back(self, order: TakeBack) -> ProviderState:
        return self._told("query_take_back", order)

    def keep_rest(self, *, payment_ref: str, reference: str) -> None:
        script.answer("keep_rest", (payment_ref, reference))

    def _told(self, verb: str, order: SplitOrder | TakeBack) -> ProviderState:
        script.answer(verb, order)
        return self._moved(order.reference, order.money)


def of_payment_requests(settings: Any) -> None:
    """A request is paid, taken back, or runs out."""
    shop = make.shop()
    owner = make.actor(shop.owner)

    def asked() -> PaymentRequest:
        return payments.ask_for_payment(
            actor=owner,
            payee_kind="shop",
            payee_id=shop.pk,
            amount=Money(5_000, shop.currency),
            note="Two cups",
            good_for=dt.timedelta(days=1),
        )

    request = asked()
    intent = payments.intent_for_request(actor=Actor.guest(), request=request, provider="scripted")
    payments.start(actor=till.BUYER, intent_id=intent.pk, return_url="http://x/", locale="en")
    intent.refresh_from_db()
    payments.capture(actor=till.BUYER, intent_id=intent.pk, paid=till.told(intent))
    payments.cancel_request(actor=owner, request_id=asked().pk)
    late = asked()
    with clock.at(late.expires_at):
        payments.expire_request(actor=SYSTEM, request_id=late.pk)
    request.refresh_from_db()
    assert request.state == "paid"


class Keeping(ScriptedProvider):
    """The scripted provider, which keeps what it cannot send."""

    name = "keeping"
    label = "Keeping"
    capabilities = Capabilities(held=frozenset({"card_void"}))


def of_refunds_that_are_kept(settings: Any) -> None:
    """What could not be sent is kept at the provider, and somebody sends it on there."""
    settings.PAYMENT_PROVIDERS = [
        *settings.PAYMENT_PROVIDERS,
        "keeping=tests.acceptance.lives_payments:Keeping",
    ]
    order = make.pay(make.place((make.variant(price=10_000), 1), provider="keeping")).orders.get()
    asked = orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=1_000, reason="x", key="kept"
    )
    refund = payments.submit_refund(actor=SYSTEM, refund_id=asked.payment_refund_id or 0)
    for succeeded, failure in ((False, "card_void"), (True, "")):
        payments.settle_refund(
            actor=SYSTEM,
            refund_id=refund.pk,
            sequence=refund.sequence,
            succeeded=succeeded,
            provider_ref="kept",
            failure=failure,
        )
    asked.refresh_from_db()
    assert asked.state == "succeeded"


def of_money_passed_on(settings: Any) -> None:
    """What was passed on to a shop's own account is taken back, or cannot be."""
    settings.PAYMENT_PROVIDERS = [
        *settings.PAYMENT_PROVIDERS,
        "passingon=tests.acceptance.lives_payments:PassingOn",
    ]
    order = _passed_on()
    script.refund_status = Status.SUCCEEDED
    payments.submit_payout(actor=SYSTEM, payout_id=Payout.objects.get(provider=PassingOn.name).pk)
    for number, (first, then) in enumerate(
        [
            (Status.SUCCEEDED, None),
            (Status.FAILED, None),
            (Status.PENDING, Status.SUCCEEDED),
            (Status.PENDING, Status.FAILED),
        ]
    ):
        back = _taken_back(order, f"life:{number}")
        script.refund_status = first
        payments.submit_return(actor=SYSTEM, return_id=back.pk)
        if then is not None:
            script.refund_status = then
            payments.poll_return(actor=SYSTEM, return_id=back.pk)
    script.reset()
    states = PayoutReturn.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["paid", "failed", "paid", "failed"]


def _passed_on() -> Order:
    """Return a received order whose money is on its way to the shop's own account."""
    item = make.variant(price=10_000)
    shop, buyer = item.product.shop, make.member()
    payments.connect_account(
        actor=make.actor(shop.owner),
        owner_kind="shop",
        owner_id=shop.pk,
        provider="passingon",
        account="acct_1",
        name="Demo",
    )
    order: Order = make.pay(make.place((item, 1), buyer=buyer, provider="passingon")).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    settle_order(actor=SYSTEM, order_id=order.pk, key=f"received:{order.pk}")
    return order


def _taken_back(order: Order, key: str) -> PayoutReturn:
    orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=1_000, reason="x", key=key
    )
    settle_order(actor=SYSTEM, order_id=order.pk, key=key)
    back: PayoutReturn = PayoutReturn.objects.latest("id")
    return back


def of_payouts_by_hand(settings: Any) -> None:
    """A shop and a sharer are paid by hand: it could not be sent, was sent, and came back."""
    settings.PAYMENT_PROVIDERS = ["hand", *settings.PAYMENT_PROVIDERS]
    item, ana = make.variant(price=50_000), make.member()
    shop, owner = item.product.shop, make.actor(item.product.shop.owner)
    earnings.set_plan(actor=owner, shop_id=shop.pk, rate_bps=1_000)
    link = sharing.share(
        actor=make.actor(ana), target_kind="product", target_id=item.product_id, via=None
    )
    buyer = make.member()
    order = make.pay(make.place((item, 1), via=link.code, buyer=buyer)).orders.get()
    orders.ship(actor=owner, order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    earnings.set_destination(actor=make.actor(ana), name="Ana", account="IBAN 1")
    earnings.set_shop_destination(actor=owner, shop_id=shop.pk, name="Tea", account="IBAN 2")
    with clock.at(clock.now() + dt.timedelta(days=91)):
        earnings.release_due(actor=SYSTEM)
        for batch in (
            earnings.draft_batch(actor=SYSTEM, payees=[ana.pk]),
            earnings.draft_shop_batch(actor=SYSTEM, shops=[shop.pk]),
        ):
            lost = payments.say_not_sent(
                actor=TILL, payout_id=_by_hand(batch), reason="no such IBAN"
            )
            once_more = _by_hand(earnings.draft_again(actor=SYSTEM, batch_id=batch.pk))
            payments.say_sent(actor=TILL, payout_id=once_more, bank_ref="B-1", reason="x")
            back = payments.say_returned(actor=TILL, payout_id=once_more, reason="closed")
            assert (lost.state, back.state) == ("failed", "returned")


def _by_hand(batch: PayoutBatch) -> int:
    """Approve a batch of one; return the payout that waits to be sent."""
    earnings.submit_batch(actor=SYSTEM, batch_id=batch.pk, provider="hand")
    payout_id = batch.items.get().payout_id
    assert payout_id is not None
    return payout_id


def of_chargebacks(settings: Any) -> None:
    """A payer's bank asks, takes, gives back or keeps; in every order that a provider may tell."""
    still_open, ended = ("inquiry", "needs_response", "under_review"), ("won", "lost", "closed")
    for number, first in enumerate(still_open):
        for then in (*still_open, *ended):
            if then != first:
                _taken_by_the_bank(f"{number}:{then}", first, then)
    _covered("requested", Status.PENDING)
    _covered("failed", Status.FAILED)
    script.reset()
    assert set(Refund.objects.filter(state="covered").values_list("amount", flat=True)) == {10_000}


def _taken_by_the_bank(ref: str, *states: str) -> None:
    order = _paid_by_script()
    for state in states:
        _told(order, ref, state)


def _paid_by_script() -> Order:
    item = make.variant(price=10_000)
    order: Order = make.pay(make.place((item, 1), provider="scripted")).orders.get()
    return order


def _told(order: Order, ref: str, state: str) -> None:
    now, paid = clock.now(), Money(order.total_amount, order.currency)
    moves = [] if state in ("inquiry", "closed") else [("taken", paid)]
    if state == "won":
        moves.append(("back", -paid))
    script.chargebacks[ref] = ChargebackState(
        provider_ref=ref,
        payment_ref=get_intent_of("checkout", order.checkout_id).provider_ref,
        state=state,
        money=paid,
        reason="fraudulent",
        due_by=None,
        opened_at=now,
        moves=[
            BankMove(ref=f"{ref}:{name}", taken=taken, fee=None, at=now) for name, taken in moves
        ],
    )
    payments.hear_chargeback(actor=SYSTEM, provider="scripted", provider_ref=ref)


def _covered(state: str, answer: Status) -> None:
    """Let the bank take what was promised back, and has not left."""
    order = _paid_by_script()
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=order.total_amount,
        reason="x",
        key=f"covered:{state}",
    )
    refund = Refund.objects.latest("id")
    if answer == Status.FAILED:
        script.refund_status = answer
        payments.submit_refund(actor=SYSTEM, refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == state
    _told(order, f"covered:{state}", "lost")
