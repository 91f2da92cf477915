"""State machines of trust."""

from banyan.kernel.states import Machine

CIRCLE = Machine(
    name="trust.circle.state",
    initial="open",
    transitions={
        # found, and somebody has to look; what it holds stays held meanwhile
        "open": ("confirmed", "cleared"),
        "confirmed": ("cleared",),
        "cleared": (),
    },
)
