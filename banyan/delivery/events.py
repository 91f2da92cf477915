"""What deliveries without a parcel tell the floors above."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class _OfOrder(Event):
    subject: ClassVar[str] = "order_id"
    order_id: int
    shop_id: int


class HandedOver(_OfOrder):
    """Files, keys and vouchers of a paid order are there for the buyer to fetch."""

    name: ClassVar[str] = "delivery.handed_over"


class FellShort(_OfOrder):
    """Something of a paid order could not be handed over; its money goes back."""

    name: ClassVar[str] = "delivery.fell_short"


class _OfVoucher(Event):
    subject: ClassVar[str] = "voucher_id"
    voucher_id: int
    order_id: int
    shop_id: int


class VoucherRedeemed(_OfVoucher):
    """The service of a voucher was had on site."""

    name: ClassVar[str] = "voucher.redeemed"


class VoucherExpired(_OfVoucher):
    """A voucher's time ran out unused."""

    name: ClassVar[str] = "voucher.expired"


class VoucherExpiring(_OfVoucher):
    """A voucher ends within two days and is still unused: its holder is reminded, once."""

    name: ClassVar[str] = "voucher.expiring"
