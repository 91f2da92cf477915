"""State machines of a coupon in somebody's hands, and of its use by a purchase."""

from banyan.kernel.states import Machine

GRANT = Machine(
    name="entitlements.grant.state",
    initial="held",
    transitions={
        "held": ("reserved", "expired"),
        "reserved": ("held", "redeemed"),
        "redeemed": ("held",),
        "expired": (),
    },
)

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
