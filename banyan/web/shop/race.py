"""The demo's race: one button, hundreds of real buyers, and what the database says afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.problems import NotFound

from ..http import private, same_origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """What the database says after a race. All zeros but ``paid`` is how it should be.

    ``ledger`` is what the proof found: the absolute sum of every currency plus every drift.
    """

    paid: int
    unsold: int
    oversold: int
    ledger: int
    journals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One race. ``state``: waiting, running, over, or broken (its process ended too early)."""

    ident: str
    state: str
    units: int
    buyers: int
    paid: int = 0
    refused: int = 0
    failed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    product_url: str = ""
    orders_url: str = ""
    recount: Recount | None = None

    @property
    def done(self) -> int:
        """How many visits have ended."""
        return self.paid + self.refused + self.failed

    @property
    def going(self) -> bool:
        """Whether it is still to end."""
        return self.state in {"waiting", "running"}


class Races(Protocol):
    """Who can run races. Filled in where the demo is."""

    def latest(self) -> Race | None:
        """Return the race that goes on or ended last."""

    def start(self) -> Race:
        """Start a race, or return the one that goes on. TooMany after some in one hour."""


_races: Races | None = None


def register(races: Races | None) -> None:
    """Say who runs races."""
    global _races
    _races = races


def _desk() -> Races:
    if not settings.DEMO or _races is None:
        raise NotFound()
    return _races


@require_safe
@private
def race(request: HttpRequest) -> HttpResponse:
    """Show the button, the race that goes on, or how the last one ended."""
    latest = _desk().latest()
    part = "_state" if request.headers.get("hx-request") else ""
    context = {"race": latest, "reasons": _sorted(latest)}
    return render(request, f"shop/demo/race{part}.html", context)


def _sorted(race: Race | None) -> list[tuple[str, int]]:
    """Return what buyers were told and how often; they read English, whoever looks may not."""
    told = race.reasons.items() if race else []
    return sorted(((gettext(words), n) for words, n in told), key=lambda pair: -pair[1])


@require_POST
@same_origin
def race_start(request: HttpRequest) -> HttpResponse:
    """Start a race; pressing twice starts one."""
    _desk().start()
    return redirect("demo_race")
