"""The same file at once, and the sweep between a form's reading and its writing."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.media import actions
from banyan.media.actions import staging
from banyan.media.models import Image, StagedUpload
from tests.media.samples import jpeg
from tests.support.threads import run_at_once, run_concurrently

ANA = Actor(kind="member", id=7)
THREADS = 6


def stage_at_once() -> list[Any]:
    """Stage one file in several threads; return their outcomes."""
    data = jpeg(300, 200)
    return run_concurrently(lambda: actions.stage(actor=ANA, data=data, filename="x.jpg"), THREADS)


@pytest.mark.usefixtures("threaded_db")
def test_one_file_sent_many_times_at_once_is_one_picture() -> None:
    staged = stage_at_once()
    assert all(isinstance(one, StagedUpload) for one in staged), staged
    assert len({one.token for one in staged}) == THREADS
    assert Image.objects.count() == 1
    assert StoredEvent.objects.filter(name="image.taken").count() == 1
    tokens = [one.token for one in staged]
    assert len(actions.claim_staged(actor=ANA, tokens=tokens)) == 1


@pytest.fixture
def without_the_constraint(threaded_db: None) -> Iterator[None]:
    """Take the protection away, and bring it back on the emptied table."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX image_once_per_owner")
    yield
    StagedUpload.objects.all().delete()
    Image.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE UNIQUE INDEX image_once_per_owner ON media_image (owner_id, sha256)"
            " WHERE owner_id IS NOT NULL"
        )


@pytest.mark.usefixtures("without_the_constraint")
def test_control_without_the_constraint_one_file_becomes_several_pictures() -> None:
    stage_at_once()
    assert Image.objects.count() > 1


class SweepBetween:
    """A clock whose first reading by this thread lets a sweep run, two days later."""

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.removed: list[Any] = []

    def now(self) -> dt.datetime:
        """Return a time at which everything unused is due."""
        if threading.current_thread() is self.thread and not self.removed:
            self.removed.append(None)
            sweeper = Actor.system("sweep")
            self.removed = run_at_once(lambda: actions.sweep_staged(actor=sweeper))
        return clock.now() + dt.timedelta(hours=49)


def claim_while_sweeping(monkeypatch: pytest.MonkeyPatch) -> tuple[list[Image], list[Any]]:
    """Claim a due token while a sweep runs between its reading and its writing."""
    token = actions.stage(actor=ANA, data=jpeg(300, 200), filename="x.jpg").token
    between = SweepBetween()
    monkeypatch.setattr(staging, "clock", between)
    return actions.claim_staged(actor=ANA, tokens=[token]), between.removed


@pytest.mark.usefixtures("threaded_db")
def test_a_sweep_never_takes_a_picture_from_the_form_that_is_being_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images, removed = claim_while_sweeping(monkeypatch)
    assert removed == [0]
    assert [Image.objects.get(kept_at__isnull=False)] == images


@pytest.mark.usefixtures("threaded_db")
def test_control_without_the_lock_the_form_gets_a_picture_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = QuerySet.select_for_update

    def unlocked(self: QuerySet[Any], *args: Any, **options: Any) -> QuerySet[Any]:
        if self.model is StagedUpload and not options.get("skip_locked"):
            return self
        return real(self, *args, **options)

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    images, removed = claim_while_sweeping(monkeypatch)
    assert removed == [1]
    assert len(images) == 1
    assert not Image.objects.exists()
