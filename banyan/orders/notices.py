"""What orders tell the buyer of money that goes back: how a refund ended, and what came in vain."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.kernel.money import Money, format_money
from banyan.notify import kinds
from banyan.notify.actions import notify, send
from banyan.notify.kinds import Happening
from banyan.payments.events import PaymentUnplaced

from .events import OrderRefundSettled
from .models import Checkout, OrderRefund
from .telling import write

CONSUMER = "orders.notices"
SENT, FAILED = "refund.sent", "refund.failed"
IN_VAIN = "payment.back"


@events.subscribe(OrderRefundSettled, consumer=CONSUMER)
def tell_buyer(event: OrderRefundSettled, meta: Meta) -> None:
    """Tell the buyer that the money was sent, or that it needs another destination."""
    refund = OrderRefund.objects.select_related("order__checkout").get(pk=event.refund_id)
    checkout = refund.order.checkout
    kind = SENT if event.succeeded else FAILED
    if checkout.buyer_id is not None:
        notify(
            recipient_id=checkout.buyer_id,
            kind=kind,
            group_key=f"refund:{refund.pk}",
            url=f"/refunds/{refund.pk}",
            data={
                "amount": refund.amount,
                "currency": refund.currency,
                "number": refund.order.number,
            },
        )
        return
    email = checkout.contact_email
    if not (email or checkout.contact_phone):
        return
    send(
        channel="email" if email else "sms",
        destination=email or checkout.contact_phone,
        kind=kind,
        context={
            "amount": format_money(Money(refund.amount, refund.currency), checkout.language),
            "number": refund.order.number,
            "path": f"/refunds/{refund.pk}?o={checkout.access_token}",
        },
        language=checkout.language,
        key=f"{kind}:{refund.pk}:{meta.id}",
        cause_id=checkout.pk,
    )


@events.subscribe(PaymentUnplaced, consumer=CONSUMER)
def tell_of_money_in_vain(event: PaymentUnplaced, meta: Meta) -> None:
    """Tell the buyer that a payment came too late, or a second time, and goes back in full.

    Whoever paid in an app and closed it sees no page of ours that says so.
    """
    if event.subject_kind != "checkout":
        return
    checkout = Checkout.objects.select_related("buyer").get(pk=event.subject_id)
    money = Money(event.amount, event.currency)
    paid = checkout.paid_at is not None
    told = {"amount": format_money(money, checkout.language), "paid": paid}
    write(checkout, IN_VAIN, meta, told, of=f"{event.intent_id}")
    if checkout.buyer_id is not None:
        notify(
            recipient_id=checkout.buyer_id,
            kind=IN_VAIN,
            group_key=f"{IN_VAIN}:{event.intent_id}",
            url=f"/o/{checkout.access_token}",
            data={
                "amount": event.amount,
                "currency": event.currency,
                "number": checkout.number,
                "paid": paid,
            },
        )


def _words(happening: Happening) -> dict[str, str]:
    money = Money(int(happening.data["amount"]), str(happening.data["currency"]))
    return {"amount": format_money(money), "number": str(happening.data["number"])}


def _sent(happening: Happening) -> str:
    return _("Your refund of %(amount)s for order %(number)s was sent.") % _words(happening)


def _failed(happening: Happening) -> str:
    told = _("Your refund of %(amount)s could not be sent. Say where it shall go.")
    return told % _words(happening)


def _in_vain(happening: Happening) -> str:
    if happening.data["paid"]:
        told = _(
            "%(number)s was paid already: %(amount)s that came besides goes back to the payer."
        )
    else:
        told = _("%(amount)s came too late for %(number)s, and goes back to the payer.")
    return told % _words(happening)


kinds.register(SENT, _sent, icon="coin", family="orders")
kinds.register(FAILED, _failed, icon="coin", family="orders")
kinds.register(IN_VAIN, _in_vain, icon="coin", family="orders")
