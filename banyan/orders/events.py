"""What orders tell the floors above. Ids of rows; amounts in minor units."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class _OfOrder(Event):
    subject: ClassVar[str] = "order_id"
    order_id: int
    checkout_id: int
    shop_id: int


class OrderPlaced(_OfOrder):
    """An order exists, with reserved stock and frozen attribution; not yet paid."""

    name: ClassVar[str] = "order.placed"


class OrderPaid(_OfOrder):
    """The order is paid and will be delivered.

    ``instances``: what it was bought in (a group, a bargain), as its lines' price rights say.
    """

    name: ClassVar[str] = "order.paid"
    amount: int
    currency: str
    instances: list[int] = []


class OrderExpired(_OfOrder):
    """The reservation lapsed unpaid; stock and coupon are free again."""

    name: ClassVar[str] = "order.expired"


class OrderCancelled(_OfOrder):
    """The unpaid order was given up; ``reason``: buyer, or why the platform ended it."""

    name: ClassVar[str] = "order.cancelled"
    reason: str = "buyer"


class OrderShipped(_OfOrder):
    """A parcel is on its way; it may hold only a part of the order."""

    name: ClassVar[str] = "order.shipped"
    shipment_id: int | None = None


class OrderParcelCorrected(_OfOrder):
    """Carrier or number of a parcel were wrong and are right now."""

    name: ClassVar[str] = "order.parcel_corrected"
    shipment_id: int


class OrderUnitsCancelled(_OfOrder):
    """Paid units will not be sent: they are free to be sold. ``lines``: [(line id, units)]."""

    name: ClassVar[str] = "order.units_cancelled"
    lines: list[tuple[int, int]]


class OrderChanged(_OfOrder):
    """A paid order was changed as its preview said: address, quantity, variant or shipping."""

    name: ClassVar[str] = "order.changed"
    change_id: int


class OrderReceived(_OfOrder):
    """The buyer (or the clock) confirmed receipt; the return window begins."""

    name: ClassVar[str] = "order.received"


class OrderRefunded(_OfOrder):
    """A refund was granted: its lines and amounts are fixed, money is on its way back.

    ``lines``: [(order line id, amount in minor units of goods only, quantity)].
    """

    name: ClassVar[str] = "order.refunded"
    refund_id: int
    amount: int
    currency: str
    lines: list[tuple[int, int, int]]


class OrderChargebackMoved(_OfOrder):
    """The payer's bank took money of the order, or gave it back; ``amount`` is what it has now.

    ``number`` counts the movements of the chargeback.
    """

    name: ClassVar[str] = "order.chargeback_moved"
    chargeback_id: int
    number: int
    amount: int
    currency: str


class OrderNoted(_OfOrder):
    """A message about an order; ``author_kind``: buyer, shop, support."""

    name: ClassVar[str] = "order.noted"
    note_id: int
    author_kind: str


class OrderReturnMoved(_OfOrder):
    """A return was asked for or went on; ``state`` see the machine ``orders.return.state``.

    ``offered``: it stays asked for, but now for money, because the shop has no other piece.
    ``unanswered``: the shop did not answer in time, so it is agreed to.
    """

    name: ClassVar[str] = "order.return_moved"
    return_id: int
    state: str
    offered: bool = False
    unanswered: bool = False


class OrderAnswerDue(_OfOrder):
    """A shop has a day left to answer what its buyer asks for. ``wish``: return or refund."""

    name: ClassVar[str] = "order.answer_due"
    wish: str
    wish_id: int


class OrderUnanswered(_OfOrder):
    """Nobody in the shop answered in time: the platform decides. ``wish``: return or refund.

    ``amount``: what the wish is worth.
    """

    name: ClassVar[str] = "order.unanswered"
    wish: str
    wish_id: int
    amount: int
    currency: str


class RefundHelpAsked(_OfOrder):
    """A buyer wants support to settle with them where a failed refund shall go."""

    name: ClassVar[str] = "order.refund_help_asked"
    refund_id: int


class OrderRefundAsked(_OfOrder):
    """The buyer asks for money back; the shop has to answer."""

    name: ClassVar[str] = "order.refund_asked"
    refund_id: int


class OrderRefundRefused(_OfOrder):
    """The shop turned down what the buyer asked for, with a reason."""

    name: ClassVar[str] = "order.refund_refused"
    refund_id: int


class OrderFapiaoMoved(_OfOrder):
    """A 发票 was asked for or answered; ``state`` see the machine ``orders.fapiao.state``."""

    name: ClassVar[str] = "order.fapiao_moved"
    state: str


class OrderRefundSettled(_OfOrder):
    """The refund arrived, or failed for want of a destination."""

    name: ClassVar[str] = "order.refund_settled"
    refund_id: int
    succeeded: bool
