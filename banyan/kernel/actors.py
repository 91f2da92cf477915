"""Who does something, and within which cause. Passed explicitly to every action."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

_cause: ContextVar[int | None] = ContextVar("banyan_cause", default=None)


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or process behind an action.

    ``kind`` is member, guest, staff, system or provider; ``id`` the account id where there is
    one; ``visitor`` the first-party visitor id where consent allows one; ``roles`` the staff
    roles (support, finance, moderation, owner).
    """

    kind: str
    id: int | None = None
    visitor: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    label: str = ""

    @classmethod
    def system(cls, label: str) -> Actor:
        """Return the actor of a job or a sweep, named ``label`` in the audit log."""
        return cls(kind="system", label=label)

    @classmethod
    def provider(cls, label: str) -> Actor:
        """Return the actor of an authenticated message of an outside provider."""
        return cls(kind="provider", label=label)

    @classmethod
    def guest(cls, visitor: str | None = None) -> Actor:
        """Return somebody without an account."""
        return cls(kind="guest", visitor=visitor)

    def has_role(self, *roles: str) -> bool:
        """Tell whether the actor is staff with any of ``roles``; "owner" has every role."""
        return self.kind == "staff" and bool(self.roles & {*roles, "owner"})

    def __str__(self) -> str:
        return self.label or (f"{self.kind}:{self.id}" if self.id else self.kind)


def current_cause() -> int | None:
    """Return the causal id of this context: the id of the row that began the story."""
    return _cause.get()


@contextlib.contextmanager
def caused_by(cause: int | None) -> Iterator[None]:
    """Carry ``cause`` into every event, state change and journal written inside."""
    token = _cause.set(cause if cause is not None else _cause.get())
    try:
        yield
    finally:
        _cause.reset(token)
