"""Background work of operations."""

from __future__ import annotations

import subprocess
import sys

from procrastinate import sql
from procrastinate.contrib.django import app

RACE_SECONDS = 240
ENDED = ("failed", "cancelled", "aborted")
DAYS_KEPT = 30


@app.periodic(cron="20 3 * * *")
@app.task(queue="bulk", name="ops.forget_ended_jobs", queueing_lock="ops.forget_ended_jobs")
def forget_ended_jobs(timestamp: int) -> None:
    """Forget jobs that failed a month ago; those that went well are forgotten at once."""
    app.connector.get_sync_connector().execute_query(
        sql.queries["delete_old_jobs"], nb_hours=24 * DAYS_KEPT, queue=None, statuses=list(ENDED)
    )


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
