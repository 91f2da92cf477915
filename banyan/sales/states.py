"""State machines of a sale, of a right to buy, and of a place in the waiting room."""

from banyan.kernel.states import Machine

SALE = Machine(
    name="sales.sale.state",
    initial="draft",
    transitions={
        "draft": ("scheduled",),
        "scheduled": ("warm", "on", "ended"),
        # warm: the page says when it begins, and the waiting room is open
        "warm": ("on", "ended"),
        "on": ("sold_out", "ended"),
        # a unit that nobody paid came back
        "sold_out": ("on", "ended"),
        "ended": (),
    },
)

RIGHT = Machine(
    name="sales.right.state",
    initial="issued",
    transitions={
        # issued: an F-code that takes no unit yet
        "issued": ("bound", "expired", "revoked"),
        "bound": ("reserved", "issued", "expired"),
        # an F-code whose order was not paid can be used again by the same person
        "reserved": ("redeemed", "issued", "expired"),
        "redeemed": ("returned",),
        "expired": (),
        "revoked": (),
        "returned": (),
    },
)

COUNTED = ("bound", "reserved", "redeemed")
"""States of a right that counts towards what one person may have."""

ENTRY = Machine(
    name="sales.entry.state",
    initial="waiting",
    transitions={
        "waiting": ("admitted", "left"),
        "admitted": ("served", "lapsed", "left"),
        "served": (),
        "lapsed": (),
        "left": (),
    },
)
