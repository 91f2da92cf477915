"""What earnings tells the floors above. Ids of rows; amounts in minor units."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class _OfCommission(Event):
    subject: ClassVar[str] = "commission_id"
    commission_id: int
    order_id: int
    payee_id: int
    amount: int
    currency: str


class CommissionEarned(_OfCommission):
    """The order is paid: the commission is alive, and held until the return window closes."""

    name: ClassVar[str] = "commission.earned"


class CommissionRejected(_OfCommission):
    """A sharer was on the path, but may not earn from this order; ``reason`` is a stable code."""

    name: ClassVar[str] = "commission.rejected"
    reason: str


class CommissionPayable(_OfCommission):
    """The return window closed: ``amount`` (what refunds left of it) can be paid out."""

    name: ClassVar[str] = "commission.payable"


class CommissionReversed(_OfCommission):
    """A refund took ``amount`` of the commission back, from wherever the money was."""

    name: ClassVar[str] = "commission.reversed"
    refund_id: int


class _OfItem(Event):
    subject: ClassVar[str] = "item_id"
    item_id: int
    batch_id: int
    amount: int
    currency: str


class _OfPayee(_OfItem):
    payee_id: int


class _OfShop(_OfItem):
    shop_id: int


class EarningsPaidOut(_OfPayee):
    """A payee's payout has arrived."""

    name: ClassVar[str] = "earnings.paid_out"


class EarningsPayoutFailed(_OfPayee):
    """A payout came back; the money is payable again."""

    name: ClassVar[str] = "earnings.payout_failed"
    reason: str


class EarningsPayoutReturned(_OfPayee):
    """A payee's bank sent back what had left; the money is payable again."""

    name: ClassVar[str] = "earnings.payout_returned"
    reason: str


class ShopPaidOut(_OfShop):
    """What the platform owed a shop was paid out to it."""

    name: ClassVar[str] = "shop.paid_out"


class ShopPayoutFailed(_OfShop):
    """A payout to a shop could not be sent; the platform owes it as before."""

    name: ClassVar[str] = "shop.payout_failed"
    reason: str


class ShopPayoutReturned(_OfShop):
    """A shop's bank sent back what had left; the platform owes it as before."""

    name: ClassVar[str] = "shop.payout_returned"
    reason: str
