"""State machines of coupons in somebody's hands, of points, of price rights, and of their uses."""

from banyan.kernel.states import Machine

GRANT = Machine(
    name="entitlements.grant.state",
    initial="held",
    transitions={
        "held": ("reserved", "expired", "revoked"),
        "reserved": ("held", "redeemed"),
        "redeemed": ("held",),
        "expired": (),
        # revoked: what it was given for does not stand
        "revoked": (),
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

PRICE_RIGHT = Machine(
    name="entitlements.priceright.state",
    initial="held",
    transitions={
        "held": ("reserved", "expired", "revoked"),
        # An order that was given up gives it back, as long as there is time.
        "reserved": ("held", "redeemed", "expired"),
        "redeemed": ("returned",),
        "returned": (),
        "expired": (),
        "revoked": (),
    },
)

POINTS_LOT = Machine(
    name="entitlements.pointslot.state",
    initial="granted",
    transitions={
        "granted": ("available", "spent", "reversed"),
        "available": ("spent", "expired", "reversed"),
        # Points that an order gives back are good again.
        "spent": ("available", "reversed"),
        "expired": ("available", "reversed"),
        "reversed": ("available",),
    },
)

POINTS_USE = Machine(
    name="entitlements.pointsuse.state",
    initial="reserved",
    transitions={"reserved": ("spent", "released"), "spent": (), "released": ()},
)
