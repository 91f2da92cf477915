"""State machines of payments."""

from banyan.kernel.states import Machine

INTENT = Machine(
    name="payments.intent.state",
    initial="created",
    transitions={
        "created": ("pending", "captured", "cancelled", "expired", "captured_unplaced"),
        "pending": ("captured", "failed", "cancelled", "expired", "captured_unplaced"),
        # A declined attempt may be retried; a decline never takes the order away.
        "failed": ("pending", "captured", "cancelled", "expired", "captured_unplaced"),
        "captured": (),
        "captured_unplaced": (),
        # Money can still arrive for a closed intent: it is recorded and sent back.
        "cancelled": ("captured_unplaced",),
        "expired": ("captured_unplaced",),
    },
)

REFUND = Machine(
    name="payments.refund.state",
    initial="requested",
    transitions={
        "requested": ("submitted", "succeeded", "failed"),
        "submitted": ("succeeded", "failed"),
        "failed": ("requested",),
        "succeeded": (),
    },
)

# A payout's, a split's and a split's way back: each is sent, and the provider has the last word.
PAYOUT = Machine(
    name="payments.payout.state",
    initial="requested",
    transitions={
        "requested": ("submitted", "paid", "failed"),
        "submitted": ("paid", "failed"),
        "paid": (),
        "failed": (),
    },
)

RETURN = Machine(
    name="payments.payoutreturn.state",
    initial="requested",
    transitions=PAYOUT.transitions,
)

PAYMENT_REQUEST = Machine(
    name="payments.paymentrequest.state",
    initial="open",
    transitions={
        "open": ("paid", "expired", "cancelled"),
        "paid": (),
        "expired": (),
        "cancelled": (),
    },
)
