"""State machines of standing."""

from banyan.kernel.states import Machine

PERMIT = Machine(
    name="standing.permit.state",
    initial="asked",
    transitions={
        "asked": ("granted", "refused"),
        "granted": ("withdrawn", "ended"),
        "refused": (),
        "withdrawn": (),
        # its day has passed, or a newer one took its place
        "ended": (),
    },
)

REPORT = Machine(
    name="standing.report.state",
    initial="open",
    transitions={"open": ("upheld", "dismissed"), "upheld": (), "dismissed": ()},
)

APPEAL = Machine(
    name="standing.appeal.state",
    initial="open",
    transitions={"open": ("upheld", "dismissed"), "upheld": (), "dismissed": ()},
)

TAKEDOWN = Machine(
    name="standing.takedown.state",
    initial="settling",
    transitions={
        "settling": ("settled",),
        # what was paid is refunded, who has it is warned; the goods may come back after a talk
        "settled": ("lifted",),
        "lifted": (),
    },
)
