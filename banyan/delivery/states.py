"""State machine of a service voucher."""

from banyan.kernel.states import Machine

VOUCHER = Machine(
    name="delivery.voucher.state",
    initial="issued",
    transitions={
        "issued": ("redeemed", "expired", "refunded"),
        # scanned offline before its end, told to us soon after it
        "expired": ("redeemed", "refunded"),
        "redeemed": (),
        "refunded": (),
    },
)
