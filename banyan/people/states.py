"""State machines of people, as data."""

from __future__ import annotations

from banyan.kernel.states import Machine

GUEST_MERGE = Machine(
    name="people.guestmerge.state",
    initial="offered",
    transitions={
        "offered": ("accepted", "declined"),
        "accepted": ("undone",),
        "declined": (),
        "undone": (),
    },
)
