"""Codes are caught instead of carried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from banyan.people import ports


class Carrier:
    """Keeps every code by where it went; the latest comes first to hand."""

    def __init__(self) -> None:
        self.carried: list[tuple[str, str, str]] = []
        self.keys: set[str] = set()

    def __call__(
        self, *, channel: str, destination: str, code: str, language: str, key: str, minutes: int
    ) -> None:
        """Keep one code."""
        assert key not in self.keys, "the same key twice"
        self.keys.add(key)
        self.carried.append((channel, destination, code))

    def to(self, destination: str) -> str:
        """Return the latest code that went there."""
        return next(code for _c, where, code in reversed(self.carried) if where == destination)


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    """The one who carries codes in this test."""
    before = ports.code_sender()
    carrier = Carrier()
    ports.register_code_sender(carrier)
    yield carrier
    ports.register_code_sender(before)
