"""What has to be settled before somebody can be erased: the floors above say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from banyan.kernel.personal import Person


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something open, in words, and where it is settled."""

    code: str
    text: str
    url: str = ""


Check = Callable[[Person], Sequence[Obstacle]]
_checks: dict[str, Check] = {}


def register_check(name: str, check: Check) -> None:
    """Say what else must be settled first. Called in ``AppConfig.ready()``."""
    _checks[name] = check


def obstacles(person: Person) -> list[Obstacle]:
    """Return everything that must be settled before the person is erased."""
    return [found for check in _checks.values() for found in check(person)]
