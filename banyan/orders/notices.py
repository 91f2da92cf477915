"""What orders tell the buyer about a refund: members on their page, guests by message."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.kernel.money import Money, format_money
from banyan.notify import kinds
from banyan.notify.actions import notify, send
from banyan.notify.kinds import Happening

from .events import OrderRefundSettled
from .models import OrderRefund

CONSUMER = "orders.notices"
SENT, FAILED = "refund.sent", "refund.failed"


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


def _words(happening: Happening) -> dict[str, str]:
    money = Money(int(happening.data["amount"]), str(happening.data["currency"]))
    return {"amount": format_money(money), "number": str(happening.data["number"])}


def _sent(happening: Happening) -> str:
    return _("Your refund of %(amount)s for order %(number)s was sent.") % _words(happening)


def _failed(happening: Happening) -> str:
    told = _("Your refund of %(amount)s could not be sent. Say where it shall go.")
    return told % _words(happening)


kinds.register(SENT, _sent, icon="coin", family="orders")
kinds.register(FAILED, _failed, icon="coin", family="orders")
