"""What happens to a checkout when it is paid, given up, or runs out of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import allocate, release, release_held
from banyan.entitlements.actions import locks_of as coupon_locks
from banyan.entitlements.actions import (
    points_locks,
    redeem_coupons,
    redemption_of,
    release_coupons,
    release_points,
    release_rights,
    spend_points,
)
from banyan.entitlements.purses import purses_in
from banyan.entitlements.queries import coupon_ids_of
from banyan.entitlements.rights import right_locks
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, NotFound
from banyan.kernel.states import Move, transition, transition_each
from banyan.kernel.sweeps import MOST, PIECE, sweep
from banyan.ledger import actions as ledger
from banyan.payments.actions import cancel_intent
from banyan.payments.events import PaymentCaptured
from banyan.payments.queries import being_paid
from banyan.payments.rules import LAST_WORD
from banyan.sales import actions as sales
from banyan.sales.queries import unwarned

from ..access import get_checkout_for_buyer
from ..events import OrderCancelled, OrderExpired, OrderPaid
from ..models import Checkout, Order, OrderLine
from ..reading import lines_of, lines_to_pay, orders_of
from ..states import CHECKOUT, ORDER
from .handover import hand_over
from .holding import kept_back
from .pointing import with_points
from .proceeds import credit, locks_of

WARNED = dt.timedelta(minutes=2)
"""How long before an unpaid order of a sale ends its buyer is told."""


class TooLate(Conflict):
    """The reservation is gone; the money goes back in full."""

    code = "payment_too_late"
    message = _("The reservation had run out. The payment is sent back in full.")


def _checkout_locks(checkout_id: int, lines: Sequence[OrderLine]) -> list[LockKey]:
    """Return the keys of all that a checkout's end touches: stock, coupons, rights, itself."""
    keys = [LockKey("checkout", checkout_id), *right_locks(line.right_id for line in lines)]
    keys += [LockKey("stock", line.variant.stock.pk) for line in lines]
    keys += [LockKey("order", order.pk) for order in _orders_in(lines)]
    if any(line.order.checkout.coupon_id for line in lines):
        keys += coupon_locks(coupon_ids_of(checkout_id))
    if with_points(lines):
        keys += points_locks(purses_in(checkout_id))
    return keys


def _orders_in(lines: Sequence[OrderLine]) -> list[Order]:
    """Return the orders of the lines, each once, in order."""
    orders = {line.order_id: line.order for line in lines}
    return [orders[order_id] for order_id in sorted(orders)]


def _paid_events(checkout_id: int, lines: Sequence[OrderLine]) -> list[OrderPaid]:
    played: dict[int, set[int]] = {}
    for line in lines:
        if line.instance_id is not None:
            played.setdefault(line.order_id, set()).add(line.instance_id)
    return [
        OrderPaid(
            order_id=order.pk,
            checkout_id=checkout_id,
            shop_id=order.shop_id,
            amount=order.total_amount,
            currency=order.currency,
            instances=sorted(played.get(order.pk, ())),
        )
        for order in _orders_in(lines)
    ]


def payment_locks(event: PaymentCaptured) -> list[LockKey]:
    """Return every lock that :func:`on_captured` and its own listeners need."""
    if event.subject_kind != "checkout":
        return []
    lines = lines_to_pay(event.subject_id)
    if locks.held(LockKey("payment", event.intent_id)):
        # Whoever pays or ends this checkout has to hold that too: it stays as it is.
        locks.keep("checkout to pay", event.subject_id, lines)
    orders = _orders_in(lines)
    keys = _checkout_locks(event.subject_id, lines)
    # In one order, since an account that is missing is made here.
    for order in sorted(orders, key=lambda one: one.shop_id):
        keys += locks_of(order)
    return keys + paid_locks(event.subject_id, lines)


def paid_locks(checkout_id: int, lines: Sequence[OrderLine]) -> list[LockKey]:
    """Return what the listeners of order.paid need when the orders of these lines are paid."""
    return [key for paid in _paid_events(checkout_id, lines) for key in events.locks_for(paid)]


def on_captured(event: PaymentCaptured, actor: Actor) -> None:
    """Place what was bought: allocate stock, redeem the coupons, credit the shops.

    Runs inside the capturing transaction, with :func:`payment_locks` held. Posts, per order,
    clearing -> shop_payable. Emits order.paid. Raises TooLate when the checkout is no longer
    waiting for payment; the caller then sends the money back.
    """
    if event.subject_kind != "checkout":
        return
    lines = locks.kept("checkout to pay", event.subject_id) or lines_to_pay(event.subject_id)
    checkout = lines[0].order.checkout
    if checkout.state != "placed":
        raise TooLate(detail=f"checkout {checkout.number} is {checkout.state}")
    mark_paid(actor=actor, checkout=checkout, lines=lines)


def mark_paid(*, actor: Actor, checkout: Checkout, lines: Sequence[OrderLine]) -> None:
    """Move a placed checkout to paid; see :func:`on_captured`.

    What the purchase has to itself comes first; then it asks for what others wait for.
    """
    times = {"paid_at": clock.now()}
    orders = _orders_in(lines)
    happened = _paid_events(checkout.pk, lines)
    with caused_by(checkout.pk):
        transition_each(
            Move(CHECKOUT, checkout, "paid", times),
            *(
                Move(ORDER, order, "paid", times, (events.stored_of(paid, actor=actor),))
                for order, paid in zip(orders, happened, strict=True)
            ),
            *redemption_of([line.right_id for line in lines if line.right_id]),
            actor=actor,
        )
        if checkout.coupon_id:
            redeem_coupons(actor=actor, checkout_id=checkout.pk)
        if with_points(lines):
            spend_points(actor=actor, checkout_id=checkout.pk)
        if any(line.sale_id for line in lines):
            sales.redeem(actor=actor, checkout_id=checkout.pk)
        for order in orders:
            prices = [line.price for line in lines if line.order_id == order.pk]
            credit(actor=actor, order=order, prices=prices)
        locks.take_postponed()
        for paid in happened:
            events.run_handlers(paid, actor)
        # They may have completed what an order would else have waited for.
        later = kept_back(lines)
        now = [line for line in lines if line.pk not in later]
        ledger.book_gathered()
        allocate([(line.variant_id, line.quantity) for line in now], reference=checkout.number)
        hand_over(actor=actor, checkout=checkout, lines=now)


def _give_up(actor: Actor, checkout_id: int, to: str, reason: str) -> Checkout:
    """End an unpaid checkout: stock and coupons are free again. Does nothing once it has ended."""
    with transaction.atomic():
        keys = _checkout_locks(checkout_id, lines_to_pay(checkout_id))
        intent_id = Checkout.objects.values_list("intent_id", flat=True).get(pk=checkout_id)
        if intent_id:
            keys.append(LockKey("payment", intent_id))
        how = OrderExpired if to == "expired" else partial(OrderCancelled, reason=reason)
        ended = _ended_events(checkout_id, how)
        for event in ended.values():
            keys += events.locks_for(event)
        locks.take(keys)
        checkout = Checkout.objects.get(pk=checkout_id)
        if checkout.state != "placed":
            return checkout
        with caused_by(checkout.pk):
            transition(CHECKOUT, checkout, to, actor=actor, reason=reason)
            for order in orders_of(checkout.pk):
                transition(ORDER, order, to, actor=actor, reason=reason)
                events.emit(ended[order.pk], actor=actor)
            release_coupons(actor=actor, checkout_id=checkout.pk)
            release_points(actor=actor, checkout_id=checkout.pk)
            _release(actor, checkout)
    return checkout


def _release(actor: Actor, checkout: Checkout) -> None:
    """Free what was reserved: rights go back to their holder, the units of either to these."""
    lines = lines_of(checkout.pk)
    keeping: set[int] = set()
    if any(line.right_id for line in lines):
        keeping = release_rights(actor=actor, checkout_id=checkout.pk)
    own = [line for line in lines if not line.sale_id]
    kept = [(line.variant_id, line.quantity) for line in own if line.right_id in keeping]
    free = [(line.variant_id, line.quantity) for line in own if line.right_id not in keeping]
    release(free, reference=checkout.number)
    release_held(kept, reference=checkout.number)
    if len(own) < len(lines):
        if checkout.state == "expired":
            sales.tell_lapsed(checkout_id=checkout.pk, url=f"/o/{checkout.access_token}")
        sales.give_back(actor=actor, checkout_id=checkout.pk, reference=checkout.number)


def _ended_events(
    checkout_id: int, how: Callable[..., OrderExpired | OrderCancelled]
) -> dict[int, OrderExpired | OrderCancelled]:
    return {
        order_id: how(order_id=order_id, checkout_id=checkout_id, shop_id=shop_id)
        for order_id, shop_id in Order.objects.filter(checkout_id=checkout_id).values_list(
            "id", "shop_id"
        )
    }


def cancel_checkout(*, actor: Actor, checkout_id: int, access_token: str = "") -> Checkout:
    """Give up an unpaid checkout. Emits order.cancelled; repeatable; a paid one is refused."""
    checkout = get_checkout_for_buyer(actor, checkout_id, access_token)
    checkout = _give_up(actor, checkout.pk, "cancelled", "buyer")
    if checkout.state == "paid":
        raise Conflict(_("This order is already paid."), code="already_paid")
    if checkout.intent_id:
        cancel_intent(actor=actor, intent_id=checkout.intent_id)
    return checkout


def withdraw_checkout(*, actor: Actor, checkout_id: int, reason: str) -> Checkout:
    """End an unpaid checkout on behalf of the platform; one that is paid or ended stays as it is.

    Emits order.cancelled with the ``reason``; repeatable. A payment on its way is sent back in full
    when it arrives.
    """
    checkout = _give_up(actor, checkout_id, "cancelled", reason)
    if checkout.state == "cancelled" and checkout.intent_id:
        cancel_intent(actor=actor, intent_id=checkout.intent_id)
    return checkout


def expire_checkout(*, actor: Actor, checkout_id: int) -> Checkout:
    """End a checkout whose reservation has run out. Emits order.expired; repeatable.

    One that may have been paid in time waits for the provider's last word, a minute at most.
    """
    checkout = Checkout.objects.filter(pk=checkout_id).first()
    if checkout is None:
        raise NotFound()
    if not _over().filter(pk=checkout_id).exists():
        return checkout
    return _give_up(actor, checkout_id, "expired", "reservation ran out")


def _over() -> QuerySet[Checkout]:
    """Return unpaid checkouts whose time is over, and of which the provider has said so."""
    now = clock.now()
    asked = ~Exists(being_paid().filter(intent_id=OuterRef("intent_id")))
    return Checkout.objects.filter(
        asked | Q(expires_at__lte=now - LAST_WORD), state="placed", expires_at__lte=now
    )


def warn_unpaid(*, piece: int = PIECE, most: int = MOST) -> int:
    """Tell members whose order of a sale ends unpaid within two minutes; how many. Each once.

    Not those who had no more than that to begin with.
    """
    now = clock.now()
    soon = Checkout.objects.filter(
        unwarned(OuterRef("pk")),
        state="placed",
        expires_at__gt=now,
        expires_at__lte=now + WARNED,
        created_at__lte=F("expires_at") - WARNED,
    )

    def warn(checkout_id: int) -> int:
        checkout = Checkout.objects.get(pk=checkout_id)
        with transaction.atomic():
            url = f"/o/{checkout.access_token}"
            return sales.tell_unpaid(checkout_id=checkout.pk, url=url)

    return sweep("orders.warn_unpaid", soon, warn, by="expires_at", piece=piece, most=most)


def expire_due(*, actor: Actor, piece: int = PIECE, most: int = MOST) -> int:
    """Expire what is due; returns how many were. One that cannot be keeps nobody else's goods."""

    def expire(checkout_id: int) -> int:
        return expire_checkout(actor=actor, checkout_id=checkout_id).state != "placed"

    return sweep("orders.expire", _over(), expire, by="expires_at", piece=piece, most=most)
