"""Background jobs run in the worker, and those of a dead worker run again."""

import datetime as dt
import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from banyan.kernel import clock
from banyan.ops import jobs, worker
from banyan.ops.processes import wait_until

TASK = "tests.ops.note"


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the task was called with; it reads the database as a job of ours would.

    The platform's own periodic jobs are left out, so that they do not run in between. The worker
    looks for jobs that no word came of every fifth of a second, not every five.
    """
    seen: list[str] = []
    monkeypatch.setitem(app.worker_defaults, "fetch_job_polling_interval", 0.2)
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})

    def note(text: str, timestamp: int = 0) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [text])
            seen.append(cursor.fetchone()[0])

    app.task(name=TASK)(note)
    yield seen
    del app.tasks[TASK]


@contextmanager
def working() -> Iterator[None]:
    """A worker for the length of the block; leaving it proves that it stops when told."""
    stop = threading.Event()
    thread = threading.Thread(target=worker.keep_running, args=("jobs", worker.run_jobs, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def rows(question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


@pytest.mark.usefixtures("threaded_db")
def test_a_committed_job_runs_and_a_rolled_back_one_does_not(notes: list[str]) -> None:
    task = app.tasks[TASK]
    with working():
        with transaction.atomic():
            task.defer(text="rolled back")
            transaction.set_rollback(True)
        with transaction.atomic():
            task.defer(text="committed")
        assert wait_until(lambda: notes == ["committed"], timeout=60), notes
    assert rows("SELECT count(*) FROM procrastinate_jobs") == 0
    assert rows("SELECT count(*) FROM procrastinate_workers") == 0


@pytest.mark.usefixtures("threaded_db")
def test_jobs_that_wait_for_others_leave_a_thread_to_those_that_cannot_wait(
    notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANYAN_JOB_THREADS", "2")
    answered, asking = threading.Event(), threading.Semaphore(0)

    def hang(n: int) -> None:
        asking.release()
        assert answered.wait(60)

    app.task(name="tests.ops.hang")(hang)
    try:
        with working():
            for n in range(3):
                app.tasks["tests.ops.hang"].defer(n=n)
            assert asking.acquire(timeout=60)
            assert asking.acquire(timeout=60)
            app.tasks[TASK].configure(queue=worker.AT_ONCE).defer(text="in time")
            app.tasks[TASK].defer(text="later")
            try:
                assert wait_until(lambda: notes == ["in time"], timeout=20), notes
            finally:
                answered.set()
            assert wait_until(lambda: notes == ["in time", "later"], timeout=60)
    finally:
        answered.set()
        del app.tasks["tests.ops.hang"]


def test_nothing_that_asks_others_is_among_the_jobs_that_cannot_wait() -> None:
    at_once = {name for name, task in app.tasks.items() if task.queue == worker.AT_ONCE}
    assert {"sales.advance", "campaigns.advance", "campaigns.lapse"} <= at_once
    assert at_once.isdisjoint({"notify.push_due", "notify.deliver_due", "payments.sweep"})


@pytest.mark.usefixtures("threaded_db")
@pytest.mark.parametrize("heartbeat", ["now() - interval '10 minutes'", None])
def test_a_job_that_a_dead_worker_held_runs_again(notes: list[str], heartbeat: str | None) -> None:
    job = app.tasks[TASK].defer(text="again")
    with connection.cursor() as cursor:
        holder = None
        if heartbeat is not None:
            cursor.execute(
                f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES ({heartbeat})"
                " RETURNING id"
            )
            holder = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', attempts = 1, worker_id = %s"
            " WHERE id = %s",
            [holder, job],
        )

    with working():
        assert wait_until(lambda: notes == ["again"], timeout=60), notes


@pytest.mark.usefixtures("threaded_db")
def test_a_dead_workers_job_whose_successor_waits_holds_nobody_up(
    notes: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "STALLED_EVERY", 0.5)
    task = app.tasks[TASK]
    dead = task.configure(queueing_lock="one at a time").defer(text="dead")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', attempts = 1 WHERE id = %s", [dead]
        )
    later = clock.now() + dt.timedelta(seconds=3)
    task.configure(queueing_lock="one at a time", schedule_at=later).defer(text="successor")
    with working():
        task.defer(text="another")
        assert wait_until(lambda: sorted(notes) == ["another", "dead", "successor"], timeout=60)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.usefixtures("threaded_db")
def test_a_periodic_job_runs_and_survives_a_database_that_dropped_every_session(
    notes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    task = app.tasks[TASK]
    every_second = "* * * * * *"
    app.periodic_registry.register_task(task, every_second, "", {"task_kwargs": {"text": "tick"}})
    with working():
        assert wait_until(lambda: "tick" in notes, timeout=60)
        rows(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # This thread's own is among them: whatever test comes next shall not find it dead.
        connection.close()
        before = len(notes)
        assert wait_until(lambda: len(notes) > before + 1, timeout=60)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    # What was logged holds the frames of what failed, and they hold a connection.
    caplog.clear()
    gc.collect()
    # The server lets go of a session a moment after its client has.
    left = f"SELECT json_agg(json_build_array(state, query)) FROM pg_stat_activity WHERE {others}"
    assert wait_until(lambda: rows(left) is None, timeout=60), rows(left)


@pytest.mark.usefixtures("threaded_db")
def test_a_job_of_a_living_worker_is_left_alone(
    notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STALLED_EVERY", 0.05)
    held = app.tasks[TASK].defer(text="held")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id"
        )
        holder = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
            [holder, held],
        )
    with working():
        app.tasks[TASK].defer(text="other")
        assert wait_until(lambda: "other" in notes, timeout=60)
        assert not wait_until(lambda: "held" in notes, timeout=1)


@pytest.mark.django_db
def test_the_shared_application_keeps_its_transactional_connector() -> None:
    before: Callable[[], object] = app.connector.get_sync_connector
    ours = worker.job_app()
    assert ours.connector is not app.connector
    assert app.connector.get_sync_connector == before
    assert ours.tasks is app.tasks


@pytest.mark.django_db
def test_jobs_that_failed_a_month_ago_are_forgotten() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " VALUES ('t', 'old', 'failed'), ('t', 'new', 'failed'), ('t', 'waits', 'todo')"
            " RETURNING id"
        )
        old = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM procrastinate_jobs WHERE task_name = 'waits'")
        waits = cursor.fetchone()[0]
        cursor.execute("DELETE FROM procrastinate_events")
        cursor.execute(
            "INSERT INTO procrastinate_events (job_id, type, at)"
            " SELECT id, 'failed', now() - CASE WHEN id IN (%s, %s) THEN interval '31 days'"
            " ELSE interval '29 days' END FROM procrastinate_jobs WHERE queue_name = 't'",
            [old, waits],
        )
        jobs.forget_ended_jobs(timestamp=0)
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE queue_name = 't'")
        assert {row[0] for row in cursor.fetchall()} == {"new", "waits"}
