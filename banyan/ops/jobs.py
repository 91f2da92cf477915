"""Background work of operations."""

from __future__ import annotations

import subprocess
import sys

from procrastinate.contrib.django import app

RACE_SECONDS = 240


@app.task(queue="demo", name="demo.race")
def run_race(ident: str) -> int:
    """Run a race of the demo in a process of its own; its exit code. A second time does nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "banyan.ops.demo.race.runner", ident],
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=RACE_SECONDS,
    )
    return done.returncode
