"""State machines of the market."""

from banyan.kernel.states import Machine

ESCROW = Machine(
    name="market.escrow.state",
    initial="held",
    transitions={
        "held": ("disputed", "released", "returned"),
        # a dispute ends by its decision, or goes on as before when the buyer takes it back
        "disputed": ("held", "released", "returned"),
        "released": (),
        # everything went back to the buyer
        "returned": (),
    },
)

DISPUTE = Machine(
    name="market.dispute.state",
    initial="open",
    transitions={
        "open": ("withdrawn", "decided"),
        "withdrawn": (),
        "decided": (),
    },
)
