"""State machines of leaving and of taking one's data along."""

from banyan.kernel.states import Machine

ERASURE = Machine(
    name="legal.erasure.state",
    initial="waiting",
    transitions={"waiting": ("cancelled", "done"), "cancelled": (), "done": ()},
)

EXPORT = Machine(
    name="legal.export.state",
    initial="asked",
    transitions={
        "asked": ("ready",),
        # once: the file goes with it
        "ready": ("taken", "expired"),
        "taken": (),
        "expired": (),
    },
)
