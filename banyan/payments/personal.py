"""What payments hold of people: what the law on payments and books keeps."""

from banyan.kernel.personal import Erase, holds, names_nobody

LAW = "At least ten years: the law on books and on money laundering."

holds("payments.Intent", Erase.PSEUDONYM, LAW, owner=("payer_id",), fields=("pay_url",))
holds("payments.Attempt", Erase.KEEP, LAW, owner=("intent__payer_id",), fields=("request",))
holds("payments.ProviderMessage", Erase.KEEP, LAW, fields=("payload",))
holds("payments.Refund", Erase.KEEP, LAW, fields=("destination", "reason"))
holds(
    "payments.Payout", Erase.KEEP, f"{LAW} By hand it is sealed, and emptied by its last word.",
    fields=("destination",),
)  # fmt: skip
holds("payments.PaymentRequest", Erase.KEEP, LAW, fields=("note",))
names_nobody(
    "payments.PayoutReturn",
    "payments.ConnectedAccount",
    "payments.Chargeback",
    "payments.ChargebackMove",
)
