"""How a room opens, and where a shop stands with a thread."""

from __future__ import annotations

from banyan.kernel.states import Machine

REQUEST, OPEN, DECLINED = "request", "open", "declined"
WAITING, DONE = "waiting", "done"

# A stranger's room is a request until its other side accepts, or simply answers.
ROOM = Machine(
    name="chat.room.state",
    initial=REQUEST,
    transitions={REQUEST: (OPEN, DECLINED), DECLINED: (OPEN,), OPEN: ()},
)

# Open: the shop owes an answer. Waiting: the buyer does. Done: nobody does.
THREAD = Machine(
    name="chat.thread.state",
    initial=OPEN,
    transitions={OPEN: (WAITING, DONE), WAITING: (OPEN, DONE), DONE: (OPEN, WAITING)},
)
