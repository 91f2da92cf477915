"""State machines of orders. A checkout is paid as a whole; each shop's order lives on its own."""

from banyan.kernel.states import Machine

CHECKOUT = Machine(
    name="orders.checkout.state",
    initial="placed",
    transitions={
        "placed": ("paid", "expired", "cancelled"),
        "paid": (),
        "expired": (),
        "cancelled": (),
    },
)

ORDER = Machine(
    name="orders.order.state",
    initial="placed",
    transitions={
        "placed": ("paid", "expired", "cancelled"),
        # received at once: nothing of it comes in a parcel
        "paid": ("shipped", "received", "closed"),
        "shipped": ("received", "closed"),
        "received": ("closed",),
        "expired": (),
        "cancelled": (),
        # closed: everything was refunded
        "closed": (),
    },
)

REFUND = Machine(
    name="orders.refund.state",
    initial="requested",
    transitions={
        # withdrawn: what was asked for is paid back already
        "requested": ("refused", "processing", "withdrawn"),
        "processing": ("succeeded", "failed"),
        # the provider refused the destination: somebody names another one, here or there
        "failed": ("processing", "succeeded"),
        "refused": (),
        "succeeded": (),
        "withdrawn": (),
    },
)

BANK = "bank"
"""Who asked for a refund that is none: the payer's bank has taken the money."""

GRANTED = ("processing", "succeeded", "failed")
"""States of a refund whose money is, or was, on its way back."""

RETURN = Machine(
    name="orders.return.state",
    initial="asked",
    transitions={
        # refunded at once: nobody in the shop answered, and the platform decided
        "asked": ("approved", "refused", "withdrawn", "refunded"),
        "approved": ("sent", "received", "withdrawn", "lapsed"),
        "sent": ("received",),
        # what came is looked at: money, another piece, or neither
        "received": ("refunded", "exchanged", "refused"),
        "refunded": (),
        "exchanged": (),
        "refused": (),
        "withdrawn": (),
        "lapsed": (),
    },
)

CAN_SEND = ("paid", "shipped", "received")
"""States of an order of which parcels may leave; the last two for what is sent in exchange."""

OPEN_RETURN = ("asked", "approved", "sent", "received")
"""States of a return that is not yet answered for good."""

FAPIAO = Machine(
    name="orders.fapiao.state",
    initial="asked",
    transitions={
        "asked": ("issued", "refused", "withdrawn"),
        "refused": ("asked",),
        "withdrawn": ("asked",),
        "issued": (),
    },
)
