"""State machines of moderation."""

from banyan.kernel.states import Machine

CASE = Machine(
    name="moderation.case.state",
    initial="open",
    transitions={"open": ("decided",), "decided": ()},
)

APPEAL = Machine(
    name="moderation.appeal.state",
    initial="open",
    transitions={"open": ("upheld", "dismissed"), "upheld": (), "dismissed": ()},
)

RIGHTS_NOTICE = Machine(
    name="moderation.rightsnotice.state",
    initial="filed",
    transitions={
        "filed": ("taken_down", "refused"),
        # without a counter-notice it stays down when its term is over
        "taken_down": ("countered", "stays_down"),
        # the claimant goes to court within the wait, or the content comes back
        "countered": ("restored", "stays_down"),
        "refused": (),
        "restored": (),
        "stays_down": (),
    },
)
