"""Where a race stands, as a small file that its process writes and pages read."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from banyan.ops.filelock import FileLock, LockHeldError
from banyan.ops.processes import ProcessIdentity, process_identity
from banyan.web.shop.race import Race, Recount

UNITS = 100
BUYERS = 500
KEPT = 20
START_SECONDS = 60.0
GATE_SECONDS = 5.0


class Book:
    """The races of one installation, newest last; at most one is going."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made at the first race."""
        self.folder = folder

    def latest(self) -> Race | None:
        """Return the newest race, told broken when its process is gone."""
        names = self._names()
        return self.read(names[-1]) if names else None

    def read(self, ident: str) -> Race | None:
        """Return a race."""
        try:
            stored = json.loads((self.folder / f"{ident}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        runner = stored.pop("runner")
        recount = stored.pop("recount")
        race = Race(**stored, recount=Recount(**recount) if recount else None)
        if race.going and not self._alive(race, runner):
            return replace(race, state="broken")
        return race

    def write(self, race: Race, *, runner: ProcessIdentity | None = None) -> None:
        """Write where a race stands. Atomic."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stored: dict[str, Any] = {**asdict(race), "runner": asdict(runner) if runner else None}
        draft = self.folder / f".{race.ident}.{os.getpid()}"
        draft.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        draft.replace(self.folder / f"{race.ident}.json")

    def open(self, *, units: int, buyers: int) -> Race:
        """Write a new waiting race; call it inside :meth:`gate`."""
        race = Race(ident=f"{time.time_ns():020d}", state="waiting", units=units, buyers=buyers)
        self.write(race)
        for old in self._names()[:-KEPT]:
            (self.folder / f"{old}.json").unlink(missing_ok=True)
        return race

    def take(self, ident: str) -> Race | None:
        """Make this process the runner of a waiting race; None when it is not to be run (again)."""
        with self.gate():
            race = self.read(ident)
            if race is None or race.state != "waiting":
                return None
            race = replace(race, state="running")
            self.write(race, runner=process_identity(os.getpid()))
            return race

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Let one process at a time decide whether a race begins."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "gate")
        deadline = time.monotonic() + GATE_SECONDS
        while not lock.held:
            try:
                lock.acquire()
            except LockHeldError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        try:
            yield
        finally:
            lock.release()

    def _alive(self, race: Race, runner: dict[str, Any] | None) -> bool:
        if runner is not None:
            return ProcessIdentity(**runner).is_alive()
        return time.time_ns() - int(race.ident) < START_SECONDS * 1e9

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("[0-9]*.json"))
