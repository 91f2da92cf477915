"""State machine of a coupon's use."""

from banyan.kernel.states import Machine

REDEMPTION = Machine(
    name="entitlements.redemption.state",
    initial="reserved",
    transitions={
        "reserved": ("redeemed", "released"),
        "redeemed": ("returned",),
        "released": (),
        "returned": (),
    },
)
