"""State machines of earnings."""

from banyan.kernel.states import Machine

COMMISSION = Machine(
    name="earnings.commission.state",
    initial="quoted",
    transitions={
        # frozen at placement, alive at payment
        "quoted": ("pending", "expired", "rejected"),
        "pending": ("held", "held_fraud", "reversed"),
        "held": ("payable", "held_fraud", "reversed"),
        "held_fraud": ("held", "reversed"),
        "payable": ("paid", "reversed"),
        # payable once more: the payee's bank has sent the payout back
        "paid": ("payable", "reversed"),
        "reversed": (),
        "expired": (),
        "rejected": (),
    },
)

PAYOUT_BATCH = Machine(
    name="earnings.payoutbatch.state",
    initial="draft",
    transitions={
        "draft": ("submitted", "cancelled"),
        "submitted": ("settled",),
        "settled": (),
        "cancelled": (),
    },
)

# Where the money of a commission is: on the payee's held account, or on their payable one.
HELD_STATES = ("pending", "held", "held_fraud")
PAYABLE_STATES = ("payable", "paid")
LIVE_STATES = HELD_STATES + PAYABLE_STATES
