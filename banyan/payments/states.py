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
        # covered: the payer's bank took the money before we had sent it
        "requested": ("submitted", "succeeded", "failed", "covered"),
        "submitted": ("succeeded", "failed"),
        # succeeded: the provider kept the money, and somebody has sent it on there
        "failed": ("requested", "succeeded", "covered"),
        "succeeded": (),
        "covered": (),
    },
)

# A payout's, a split's and a split's way back: each is sent, and the provider has the last word.
_SENT: dict[str, tuple[str, ...]] = {
    "requested": ("submitted", "paid", "failed"),
    "submitted": ("paid", "failed"),
    "paid": (),
    "failed": (),
}

PAYOUT = Machine(
    name="payments.payout.state",
    initial="requested",
    # returned: by hand, and the payee's bank has sent it back after it had left
    transitions=_SENT | {"paid": ("returned",), "returned": ()},
)

RETURN = Machine(name="payments.payoutreturn.state", initial="requested", transitions=_SENT)

# What a payer's bank takes back. Which of its open states it is in is the provider's to say.
_STILL_OPEN = ("inquiry", "needs_response", "under_review")
_ENDED = ("won", "lost", "closed")
CHARGEBACK = Machine(
    name="payments.chargeback.state",
    initial="inquiry",
    transitions={
        state: tuple(to for to in (*_STILL_OPEN, *_ENDED) if to != state)
        if state in _STILL_OPEN
        else ()
        for state in (*_STILL_OPEN, *_ENDED)
    },
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
