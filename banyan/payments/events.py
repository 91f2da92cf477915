"""What payments tell the floors above."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class _OfIntent(Event):
    subject: ClassVar[str] = "intent_id"
    intent_id: int
    subject_kind: str
    subject_id: int
    amount: int
    currency: str


class PaymentCaptured(_OfIntent):
    """The full amount has arrived. Its in-transaction handlers place what was bought."""

    name: ClassVar[str] = "payment.captured"


class PaymentFailed(_OfIntent):
    """An attempt was declined; the payer may try again."""

    name: ClassVar[str] = "payment.failed"
    reason: str = ""


class PaymentUnplaced(_OfIntent):
    """Money arrived for something that can no longer be had; a full refund was requested."""

    name: ClassVar[str] = "payment.unplaced"
    reason: str = ""


class _OfRefund(Event):
    subject: ClassVar[str] = "refund_id"
    refund_id: int
    intent_id: int
    subject_kind: str
    subject_id: int
    amount: int
    currency: str


class RefundRequested(_OfRefund):
    """A refund was promised; it still has to be sent to the provider."""

    name: ClassVar[str] = "refund.requested"


class RefundSucceeded(_OfRefund):
    """The provider has sent the money back."""

    name: ClassVar[str] = "refund.succeeded"


class RefundFailed(_OfRefund):
    """The provider could not send it; another destination is needed."""

    name: ClassVar[str] = "refund.failed"
    reason: str = ""


class ChargebackOpened(_OfIntent):
    """A payer's bank asks money back; somebody may answer at the provider until ``due_by``."""

    name: ClassVar[str] = "chargeback.opened"
    chargeback_id: int
    due_by: str = ""


class ChargebackMoved(_OfIntent):
    """The bank has taken money, or given it back; in the transaction that books it.

    ``amount`` is what whoever was paid bears more than before, negative where it is less.
    ``number`` counts the movements: a chargeback has each number once.
    """

    name: ClassVar[str] = "chargeback.moved"
    chargeback_id: int
    number: int


class ChargebackClosed(_OfIntent):
    """It has an end: ``state`` is won, lost or closed. ``amount`` is what stays with who was paid.

    In the transaction that writes it.
    """

    name: ClassVar[str] = "chargeback.closed"
    chargeback_id: int
    state: str


class _OfPayout(Event):
    subject: ClassVar[str] = "payout_id"
    payout_id: int
    subject_kind: str
    subject_id: int
    amount: int
    currency: str


class PayoutRequested(_OfPayout):
    """A payout was decided; it still has to be sent to the provider."""

    name: ClassVar[str] = "payout.requested"


class PayoutPaid(_OfPayout):
    """The provider has paid it out."""

    name: ClassVar[str] = "payout.paid"


class PayoutFailed(_OfPayout):
    """The provider could not pay it out."""

    name: ClassVar[str] = "payout.failed"
    reason: str = ""


class PayoutReturned(_OfPayout):
    """What was sent by hand came back from the payee's bank."""

    name: ClassVar[str] = "payout.returned"
    reason: str
