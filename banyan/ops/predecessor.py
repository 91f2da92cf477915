"""What a killed run left behind, found by its own mark and ended before the next one starts."""

import contextlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from banyan.ops.processes import ProcessIdentity, process_identity, processes_with, terminate

RUN_MARK = "BANYAN_RUN_ID"


class RunRecord:
    """The file ``var/run/run.json``: this run's mark and its children, for whoever comes next."""

    def __init__(self, folder: Path) -> None:
        """Choose a mark; nothing is written before ``write``."""
        self.path = folder / "run.json"
        self.mark = secrets.token_hex(16)

    def write(self, children: Mapping[str, int | None]) -> None:
        """Note the living children, by name and pid. Atomic."""
        known = {
            name: {"pid": identity.pid, "started": identity.started}
            for name, pid in children.items()
            if pid is not None and (identity := process_identity(pid)) is not None
        }
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({"mark": self.mark, "children": known}), encoding="utf-8")
        draft.replace(self.path)

    def remove(self) -> None:
        """Forget the run: it ended in order."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def end_predecessor(self, *, grace: float = 5) -> int:
        """End every process of a run that was killed; how many there were.

        A process counts when it carries the old run's mark in its environment, or (where that
        cannot be read) when pid and start time are those noted. Pids reused since are not touched.
        """
        try:
            noted = json.loads(self.path.read_text(encoding="utf-8"))
            mark = str(noted["mark"])
            orphans = {
                ProcessIdentity(pid=int(child["pid"]), started=str(child["started"]))
                for child in noted["children"].values()
            }
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return 0
        orphans = {orphan for orphan in orphans if orphan.is_alive()}
        orphans |= set(processes_with(RUN_MARK, mark))
        terminate(orphans, grace=grace)
        self.remove()
        return len(orphans)
