"""Deeds of the market's floor after the payment: parcels, money back, goods back, disputes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import F

from banyan.catalog import actions as catalog
from banyan.catalog.rules import IN_PARCELS
from banyan.delivery import actions as delivery
from banyan.delivery.models import Voucher
from banyan.delivery.queries import bought as handed_over
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.market import actions as market
from banyan.market.models import Dispute
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderLine, OrderRefund, Return
from banyan.orders.states import OPEN_RETURN
from banyan.payments import actions as payments
from banyan.payments.models import Refund
from banyan.payments.rules import Outcome
from banyan.standing import rules as standing_rules
from banyan.standing.actions import takedowns as standing
from banyan.standing.models import Takedown
from tests.properties.commerce_floor import SYSTEM
from tests.properties.commerce_run import Deed, How, Run, one


def _line(order: Order, how: How) -> OrderLine:
    line = one(list(order.lines.order_by("id")), how)
    assert line is not None
    return line


# -- parcels --------------------------------------------------------------------------------------


def a_parcel_is_sent(run: Run, how: How) -> None:
    """Send all that is left, or some units of one line; a key makes it one parcel."""
    order = run.order(how)
    if order is None:
        return
    some = how.yes and how.also
    units, key = {_line(order, how).pk: how.n} if some else None, new_code(80)

    def ship() -> int:
        boss = run.shop_of(order)
        return orders.ship(actor=boss, order_id=order.pk, carrier="SF", units=units, key=key).pk

    sent = run.act(ship)
    if sent is not None:
        run.answers_the_same(ship, sent)


def a_parcel_arrives(run: Run, how: How) -> None:
    """The buyer confirms."""
    order = run.order(how)
    if order is not None:
        run.act(lambda: orders.confirm_receipt(order_id=order.pk, **run.buyer_of(order)))


def a_voucher_is_redeemed(run: Run, how: How) -> None:
    """Redeem a voucher twice: the second scan says so."""
    voucher = one(list(Voucher.objects.order_by("id")), how)
    assert voucher is not None
    codes = handed_over([voucher.line_id])[voucher.line_id].vouchers
    boss = run.floor.owners[voucher.shop_id]
    for code in [code for row, code in codes if row.pk == voucher.pk] * 2:
        run.act(
            lambda code=code: delivery.redeem(  # type: ignore[misc]
                actor=boss, shop_id=voucher.shop_id, code=code, key=new_code(80)
            )
        )


def an_order_is_changed(run: Run, how: How) -> None:
    """The shop swaps a kind, lowers a number or pays shipping back, as it was shown."""
    order = run.order(how)
    if order is None:
        return
    line, boss, key = _line(order, how), run.shop_of(order), new_code(80)
    other = run.floor.exchanges.get(line.variant_id)
    if how.yes and other:
        wish = orders.Wish("variant", line_id=line.pk, variant_id=other)
    elif how.also:
        wish = orders.Wish("quantity", line_id=line.pk, quantity=max(0, line.to_ship - how.n))
    else:
        wish = orders.Wish("shipping", amount=order.shipping_amount * how.share // 100)
    shown = run.act(lambda: orders.preview_change(actor=boss, order_id=order.pk, wish=wish))
    if shown is None:
        return

    def change() -> int:
        return orders.confirm_change(
            actor=boss, order_id=order.pk, wish=wish, fingerprint=shown.fingerprint, key=key
        ).pk

    done = run.act(change)
    if done is not None:
        run.answers_the_same(change, done)


# -- money back -----------------------------------------------------------------------------------


def units_are_cancelled(run: Run, how: How) -> None:
    """The buyer cancels what was not sent."""
    order = run.order(how)
    if order is None:
        return
    units = {_line(order, how).pk: how.n} if how.yes else None
    run.act(
        lambda: orders.cancel_order(
            order_id=order.pk, key=new_code(80), units=units, **run.buyer_of(order)
        )
    )


def money_is_asked_for(run: Run, how: How) -> None:
    """The buyer asks for a part of the money."""
    order = run.order(how)
    if order is None:
        return
    left = order.total_amount - order.refunded_amount
    run.act(
        lambda: orders.ask_refund(
            order_id=order.pk,
            amount=left * how.share // 100,
            reason="scratched",
            key=new_code(80),
            **run.buyer_of(order),
        )
    )


def a_wish_is_answered(run: Run, how: How) -> None:
    """The shop grants what was asked for, another amount, or nothing."""
    rows = OrderRefund.objects.filter(state="requested").select_related("order__checkout")
    wish = one(list(rows.order_by("id")), how)
    assert wish is not None
    boss = run.shop_of(wish.order)
    if not how.yes:
        run.act(lambda: orders.refuse_refund(actor=boss, refund_id=wish.pk, reason="No."))
        return
    run.act(
        lambda: orders.grant_refund(
            actor=boss,
            order_id=wish.order_id,
            amount=wish.amount * how.share // 100,
            reason=wish.reason,
            key=wish.key,
            restock=how.also,
            request_id=wish.pk,
        )
    )


def _grant(run: Run, order: Order, how: How, amount: int, **by: Any) -> None:
    key = new_code(80)

    def grant() -> int:
        return orders.grant_refund(
            actor=run.shop_of(order),
            order_id=order.pk,
            amount=amount,
            reason="sorry",
            key=key,
            restock=how.also,
            **by,
        ).pk

    given = run.act(grant)
    if given is not None:
        run.answers_the_same(grant, given)


def a_line_is_paid_back(run: Run, how: How) -> None:
    """The shop gives back a part of one line's price."""
    order = run.order(how)
    if order is None:
        return
    line = _line(order, how)
    amount = (line.paid_amount - line.refunded_amount) * how.share // 100
    _grant(run, order, how, amount, lines={line.pk: amount})


def an_order_is_paid_back(run: Run, how: How) -> None:
    """The shop gives back a part of the whole."""
    order = run.order(how)
    if order is not None:
        left = order.total_amount - order.refunded_amount
        _grant(run, order, how, left * how.share // 100)


def the_bank_answers(run: Run, how: How) -> None:
    """A refund arrives or fails; the provider says so twice."""
    rows = Refund.objects.exclude(state__in=["succeeded", "failed"]).order_by("id")
    refund = one(list(rows), how)
    assert refund is not None

    def settle() -> Outcome:
        return payments.settle_refund(
            actor=Actor.provider("sandbox"),
            refund_id=refund.pk,
            sequence=refund.sequence,
            succeeded=how.yes,
            provider_ref=f"re_{refund.pk}",
            failure="" if how.yes else "closed",
        )

    run.act(settle)
    run.act(settle)


def a_failed_refund_is_sent_again(run: Run, how: How) -> None:
    """Ask the bank again."""
    rows = OrderRefund.objects.filter(state="failed").select_related("order__checkout")
    refund = one(list(rows.order_by("id")), how)
    assert refund is not None
    run.act(lambda: orders.retry_refund(refund_id=refund.pk, **run.buyer_of(refund.order)))


# -- goods back -----------------------------------------------------------------------------------


def goods_shall_go_back(run: Run, how: How) -> None:
    """The buyer asks to send something back, for money or for the other kind."""
    sent = OrderLine.objects.filter(
        shipped_quantity__gt=F("returned_quantity"), kind__in=IN_PARCELS
    ).exclude(order__state="closed")
    line = one(list(sent.order_by("id")), how)
    if line is None:
        return
    order = Order.objects.select_related("checkout").get(pk=line.order_id)
    other = run.floor.exchanges.get(line.variant_id)
    exchange = {line.pk: other} if other and how.yes else None
    run.act(
        lambda: orders.ask_return(
            order_id=order.pk,
            units={line.pk: min(how.n, line.shipped_quantity)},
            reason="damaged" if how.also else "changed_mind",
            key=new_code(80),
            exchange=exchange,
            **run.buyer_of(order),
        )
    )


def a_return_moves_on(run: Run, how: How) -> None:
    """The shop or the buyer does what comes next."""
    found = _return(how)
    boss, buyer = run.shop_of(found.order), run.buyer_of(found.order)
    line = found.lines.get()
    n = line.quantity if how.share > 50 else how.n % (line.quantity + 1)
    seen = {line.pk: orders.Found(accepted=n, restocked=n if how.yes else 0)}
    steps: dict[str, Callable[[], object]] = {
        "asked": lambda: orders.approve_return(actor=boss, return_id=found.pk, address="Dock 7"),
        "approved": lambda: orders.send_return(return_id=found.pk, carrier="SF", **buyer),
        "sent": lambda: orders.receive_return(actor=boss, return_id=found.pk),
        "received": lambda: orders.settle_return(
            actor=boss, return_id=found.pk, found=seen, at_fault=how.also, answer="As seen."
        ),
    }
    run.act(steps[found.state])


def a_return_is_ended(run: Run, how: How) -> None:
    """The buyer keeps it after all, the shop refuses, or there is no other piece."""
    found = _return(how)
    boss, buyer = run.shop_of(found.order), run.buyer_of(found.order)
    if how.yes:
        run.act(lambda: orders.withdraw_return(return_id=found.pk, **buyer))
    elif how.also:
        run.act(lambda: orders.refuse_return(actor=boss, return_id=found.pk, reason="No."))
    else:
        run.act(lambda: orders.offer_money(actor=boss, return_id=found.pk))


def _return(how: How) -> Return:
    rows = Return.objects.filter(state__in=OPEN_RETURN).select_related("order__checkout")
    found = one(list(rows.order_by("id")), how)
    assert found is not None
    return found


# -- disputes -------------------------------------------------------------------------------------


def a_buyer_complains(run: Run, how: How) -> None:
    """The buyer of something second-hand, or of a shop's goods, asks for a decision."""
    order = run.order(how)
    if order is None:
        return
    left = order.total_amount - order.refunded_amount
    run.act(
        lambda: market.open_dispute(
            order_id=order.pk,
            reason="not_as_described",
            claim_amount=left * how.share // 100,
            body="It is another one.",
            **run.buyer_of(order),
        )
    )


def a_dispute_ends(run: Run, how: How) -> None:
    """Support decides, or the buyer takes it back."""
    rows = Dispute.objects.filter(state="open").select_related("order__checkout")
    dispute = one(list(rows.order_by("id")), how)
    assert dispute is not None
    if how.yes and how.also:
        who = run.buyer_of(dispute.order)
        run.act(lambda: market.withdraw_dispute(dispute_id=dispute.pk, **who))
        return
    left = dispute.order.total_amount - dispute.order.refunded_amount
    run.act(
        lambda: market.decide_dispute(
            actor=run.floor.support,
            dispute_id=dispute.pk,
            refund_amount=left * how.share // 100 if how.yes else 0,
            reason="Seen.",
        )
    )


# -- off every page -------------------------------------------------------------------------------


def something_is_taken_down(run: Run, how: How) -> None:
    """Take goods of an order off every page, and settle what is open now or later."""
    order = run.order(how)
    if order is None:
        return
    product_id = _line(order, how).product_id
    down = run.act(
        lambda: standing.take_down(
            actor=run.floor.moderator,
            product_id=product_id,
            reason=next(iter(standing_rules.REASONS)),
            words="Not safe.",
        )
    )
    if down is not None and how.yes:
        run.act(lambda: standing.settle_takedown(actor=SYSTEM, takedown_id=down.pk))


def it_is_put_back(run: Run, how: How) -> None:
    """Lift a takedown; the shop puts the goods on sale again."""
    rows = Takedown.objects.exclude(state="lifted").select_related("product")
    down = one(list(rows.order_by("id")), how)
    assert down is not None
    lifted = run.act(
        lambda: standing.lift_takedown(
            actor=run.floor.moderator, takedown_id=down.pk, reason="It was another one."
        )
    )
    if lifted is not None:
        boss = run.floor.owners[down.product.shop_id]
        run.act(lambda: catalog.publish_product(actor=boss, product_id=down.product_id))


DEEDS: dict[Deed, tuple[str, int]] = {
    a_parcel_is_sent: ("unsent", 6),
    a_parcel_arrives: ("sent", 1),
    a_voucher_is_redeemed: ("voucher", 1),
    an_order_is_changed: ("unsent", 3),
    something_is_taken_down: ("order", 1),
    it_is_put_back: ("down", 2),
    units_are_cancelled: ("unsent", 1),
    money_is_asked_for: ("order", 1),
    a_wish_is_answered: ("wish", 2),
    a_line_is_paid_back: ("order", 1),
    an_order_is_paid_back: ("order", 1),
    the_bank_answers: ("refund", 1),
    a_failed_refund_is_sent_again: ("failed", 1),
    goods_shall_go_back: ("sent", 6),
    a_return_moves_on: ("return", 10),
    a_return_is_ended: ("return", 1),
    a_buyer_complains: ("order", 1),
    a_dispute_ends: ("dispute", 3),
}
"""What each deed needs to be there, if anything, and how often it is chosen."""
