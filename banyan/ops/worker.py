"""``python -m banyan.ops.worker``: jobs, the event relay and the spool loader in one process.

Each runs in a thread of its own that is started again when it fails; SIGTERM lets every one of
them finish what it is doing. Any number of workers may run: each loop elects its own leader or
claims its rows.
"""

import asyncio
import copy
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procrastinate import App

logger = logging.getLogger("banyan.worker")

Loop = Callable[[threading.Event], None]
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
JOB_GRACE = 8.0
AT_ONCE = "now"
"""The queue of jobs that are late after seconds, and ask nobody outside."""
STALLED_AFTER = 30.0
STALLED_EVERY = 30.0


def main() -> int:
    """Run until SIGTERM or SIGINT; an exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "banyan.config.settings")
    import django

    django.setup()
    from banyan.kernel import relay
    from banyan.payments.checks import tell_findings
    from banyan.sharing import spool

    tell_findings()
    stop = threading.Event()

    def on_signal(signum: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    run_loops({"jobs": run_jobs, "relay": relay.run, "spool": spool.run_loader}, stop=stop)
    return 0


def run_loops(loops: Mapping[str, Loop], *, stop: threading.Event) -> None:
    """Run every loop in its own thread until ``stop`` is set and all have returned."""
    threads = [
        threading.Thread(target=keep_running, args=(name, loop, stop), name=name)
        for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        # A plain wait() would keep the interpreter from handling the signal that sets it.
        stop.wait(0.5)
    for thread in threads:
        thread.join()


def keep_running(name: str, loop: Loop, stop: threading.Event) -> None:
    """Call ``loop(stop)`` again whenever it fails or returns early, with growing pauses.

    The thread's database connections are closed after every call, so that a broken one is never
    used again and a pooled one goes back.
    """
    pause = FIRST_PAUSE
    while not stop.is_set():
        began = time.monotonic()
        try:
            loop(stop)
        except Exception:
            logger.exception("%s failed", name)
        finally:
            close_connections()
        if stop.is_set():
            return
        pause = FIRST_PAUSE if time.monotonic() - began > STEADY_AFTER else pause
        logger.warning("%s ended; starting it again in %.1f s", name, pause)
        stop.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def close_connections() -> None:
    """Give this thread's database connections back."""
    from django.db import connections

    connections.close_all()


def run_jobs(stop: threading.Event) -> None:
    """Work on background jobs until ``stop``; running jobs get some seconds to finish."""
    asyncio.run(_work(job_app(), stop))


def job_app() -> "App":
    """An application with all our tasks on a connector that can listen.

    The shared application keeps Django's connector, so that code in this process which defers a
    job still does so inside its own transaction. Periodic jobs, which nobody's transaction asks
    for, are put into the queue by the connector that can reconnect.
    """
    from procrastinate.contrib.django import DjangoApp, app

    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's connector has it
    ours = DjangoApp(
        connector=connector,
        import_paths=app.import_paths,
        worker_defaults=app.worker_defaults,
        periodic_defaults=app.periodic_defaults,
    )
    ours.tasks = app.tasks
    for (_, periodic_id), periodic in app.periodic_registry.periodic_tasks.items():
        task = copy.copy(periodic.task)
        task.blueprint = ours
        ours.periodic_registry.register_task(
            task, periodic.cron, periodic_id, periodic.configure_kwargs.copy()
        )
    return ours


async def _work(app: "App", stop: threading.Event) -> None:
    threads = int(os.environ.get("BANYAN_JOB_THREADS") or 4)
    # One each, one for the jobs that cannot wait, one for whoever waits for the end: by itself the
    # loop has as many as the machine has processors, and four.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads + 2))
    async with app.open_async():
        running = [
            asyncio.create_task(_run_worker(app, concurrency=threads)),
            # Letters, pushes and payments go to others, who may not answer: they may take every
            # thread but this one, so that sales and campaigns still begin and end in time.
            asyncio.create_task(_run_worker(app, queues=[AT_ONCE], concurrency=1)),
            asyncio.create_task(_rescue_stalled(app)),
        ]
        waiting = asyncio.create_task(asyncio.to_thread(_until_set, stop, running))
        await asyncio.wait({*running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        failures = [task for task in running if task.done() and not task.cancelled()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, waiting, return_exceptions=True)
        for task in failures:
            if (error := task.exception()) is not None:
                raise error


async def _run_worker(app: "App", *, concurrency: int, queues: list[str] | None = None) -> None:
    await app.run_worker_async(
        concurrency=concurrency,
        queues=queues,  # type: ignore[arg-type]  # None is every queue, as its words say
        install_signal_handlers=False,
        shutdown_graceful_timeout=JOB_GRACE,
        delete_jobs="successful",
    )


def _until_set(stop: threading.Event, running: "list[asyncio.Task[None]]") -> None:
    while not stop.wait(0.25) and not any(task.done() for task in running):
        pass


async def _rescue_stalled(app: "App") -> None:
    """Put jobs of dead workers back into the queue; every job may run twice."""
    from procrastinate.exceptions import UniqueViolation

    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            logger.warning("job %s (%s) was left by a dead worker; again", job.id, job.task_name)
            try:
                await app.job_manager.retry_job(job)
            except UniqueViolation:
                # The same job waits in the queue just now; this one's turn comes after it.
                logger.info("job %s (%s) waits for its successor", job.id, job.task_name)
        await asyncio.sleep(STALLED_EVERY)


if __name__ == "__main__":
    # By its own name: an application made in "__main__" is taken for a mistake.
    from banyan.ops.worker import main as main_by_name

    sys.exit(main_by_name())
