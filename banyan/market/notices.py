"""Who is told of disputes and of money: both sides by notice, a guest by message."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from banyan.catalog.models import ShopStaff
from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.kernel.money import Money, format_money
from banyan.notify import kinds
from banyan.notify.actions import notify
from banyan.notify.kinds import Happening

from .events import (
    DisputeAnswered,
    DisputeDecided,
    DisputeOpened,
    DisputeWithdrawn,
    EscrowReleased,
)
from .models import Dispute

CONSUMER = "market.notices"


@events.subscribe(DisputeOpened, consumer=CONSUMER)
def tell_opened(event: DisputeOpened, meta: Meta) -> None:
    """Tell the seller's side that the buyer complains."""
    _tell(event.dispute_id, "dispute.opened", to_seller=True)


@events.subscribe(DisputeAnswered, consumer=CONSUMER)
def tell_answered(event: DisputeAnswered, meta: Meta) -> None:
    """Tell whoever did not write."""
    if event.side != "buyer":
        _tell(event.dispute_id, "dispute.answered", to_seller=False)
    if event.side != "seller":
        _tell(event.dispute_id, "dispute.answered", to_seller=True)


@events.subscribe(DisputeWithdrawn, consumer=CONSUMER)
def tell_withdrawn(event: DisputeWithdrawn, meta: Meta) -> None:
    """Tell the seller's side that it is over."""
    _tell(event.dispute_id, "dispute.withdrawn", to_seller=True)


@events.subscribe(DisputeDecided, consumer=CONSUMER)
def tell_decided(event: DisputeDecided, meta: Meta) -> None:
    """Tell both sides what was decided."""
    amount = format_money(Money(event.refund_amount, event.currency))
    _tell(event.dispute_id, "dispute.decided", to_seller=True, amount=amount)
    _tell(event.dispute_id, "dispute.decided", to_seller=False, amount=amount)


@events.subscribe(EscrowReleased, consumer=CONSUMER)
def tell_released(event: EscrowReleased, meta: Meta) -> None:
    """Tell the seller that the money is theirs."""
    if not event.amount:
        return
    notify(
        recipient_id=event.seller_id,
        kind="escrow.released",
        group_key=f"escrow:{event.escrow_id}",
        url="/me/earnings",
        data={"amount": format_money(Money(event.amount, event.currency))},
    )


def _tell(dispute_id: int, kind: str, *, to_seller: bool, **data: Any) -> None:
    dispute = Dispute.objects.select_related("order__checkout").get(pk=dispute_id)
    order = dispute.order
    url = f"/disputes/{dispute.pk}"
    if to_seller:
        staff = ShopStaff.objects.filter(shop_id=order.shop_id)
        recipients = list(staff.values_list("account_id", flat=True))
    else:
        url += f"?o={order.checkout.access_token}"
        recipients = [order.checkout.buyer_id] if order.checkout.buyer_id else []
    for recipient_id in recipients:
        notify(
            recipient_id=recipient_id,
            kind=kind,
            group_key=f"{kind}:{dispute.pk}",
            url=url,
            data={"number": order.number, **data},
        )


def _opened(happening: Happening) -> str:
    return _("The buyer of %(number)s asks for a decision.") % happening.data


def _answered(happening: Happening) -> str:
    return _("Something new was said about %(number)s.") % happening.data


def _withdrawn(happening: Happening) -> str:
    return _("The buyer of %(number)s took the complaint back.") % happening.data


def _decided(happening: Happening) -> str:
    told = _("It was decided about %(number)s: %(amount)s goes back to the buyer.")
    return told % happening.data


def _released(happening: Happening) -> str:
    return _("%(amount)s from your sale is yours now.") % happening.data


kinds.register("dispute.opened", _opened, icon="receipt", family="orders")
kinds.register("dispute.answered", _answered, icon="receipt", family="orders")
kinds.register("dispute.withdrawn", _withdrawn, icon="receipt", family="orders")
kinds.register("dispute.decided", _decided, icon="receipt", family="orders")
kinds.register("escrow.released", _released, icon="wallet", family="orders")
