"""State machines of storefronts."""

from banyan.kernel.states import Machine

STOREFRONT = Machine(
    name="storefronts.storefront.state",
    initial="open",
    transitions={"open": ("closed",), "closed": ("open",)},
)

OFFER = Machine(
    name="storefronts.offer.state",
    initial="live",
    transitions={"live": ("paused", "ended"), "paused": ("live", "ended"), "ended": ()},
)

POOL_ITEM = Machine(
    name="storefronts.poolitem.state",
    initial="offered",
    transitions={"offered": ("withdrawn",), "withdrawn": ("offered",)},
)

POOL_SELLER = Machine(
    name="storefronts.poolseller.state",
    initial="asked",
    transitions={
        "asked": ("approved", "refused"),
        "approved": ("refused",),
        "refused": ("approved",),
    },
)
