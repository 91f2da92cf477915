"""Starting races from the demo's page: one at a time, some in an hour, each in a process."""

from __future__ import annotations

import threading
from pathlib import Path

from django.conf import settings

from banyan.kernel import ratelimits
from banyan.web.shop.race import Race

from .book import BUYERS, UNITS, Book

MOST_PER_HOUR = 12
_starting = threading.Lock()


def book() -> Book:
    """Return the book of this installation."""
    return Book(Path(settings.VAR_DIR) / "races")


class RaceDesk:
    """What the race page asks."""

    def latest(self) -> Race | None:
        """Return the race that goes on or ended last."""
        return book().latest()

    def start(self) -> Race:
        """Start a race by a job of the worker, or return the one that goes on.

        Raises TooMany after :data:`MOST_PER_HOUR` in one hour.
        """
        from banyan.ops.jobs import run_race

        kept = book()
        # A file lock belongs to a process: threads of one need their own turn before it.
        with _starting, kept.gate():
            latest = kept.latest()
            if latest is not None and latest.going:
                return latest
            ratelimits.hit("demo.race", MOST_PER_HOUR, 3600)
            race = kept.open(units=UNITS, buyers=BUYERS)
        run_race.defer(ident=race.ident)
        return race
