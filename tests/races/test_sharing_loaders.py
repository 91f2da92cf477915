"""Several loaders on one spool, with writers at work and confirmations on the way."""

from __future__ import annotations

import fcntl
import itertools
import os
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor
from banyan.kernel.models import StoredEvent
from banyan.sharing import actions
from banyan.sharing.models import Link, PendingConfirmation, SpoolFile, Touch
from banyan.sharing.spool import SpoolWriter, load_once, loader
from banyan.sharing.spool.record import encode
from tests.support import factories as make
from tests.support.threads import run_concurrently
from tests.support.weakened import rendezvous

pytestmark = pytest.mark.usefixtures("threaded_db")
TOUCHES = 400


@pytest.fixture
def link(threaded_db: None) -> Link:
    return actions.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=make.product().pk,
        via=None,
    )


def write(folder: Path, link: Link, *, writers: int = 4) -> list[int]:
    """Write touches with several writers, some of which are gone afterwards."""
    base, numbers = id_floor(clock.now()), itertools.count(1)
    written = []
    for index in range(writers):
        writer = SpoolWriter(folder)
        for _ in range(TOUCHES // writers):
            touch_id = base + next(numbers)
            writer.append(encode(touch_id, link.pk, "v", "web unknown"))
            written.append(touch_id)
        if index % 2:
            writer.close()
    return written


def told() -> int:
    payloads = StoredEvent.objects.filter(name="sharing.touched").values_list("payload", flat=True)
    return sum(payload["count"] for payload in payloads)


def test_loaders_at_once_load_every_touch_exactly_once(
    tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "BATCH_BYTES", 1_000)
    written = write(tmp_path, link)

    added = run_concurrently(lambda: load_once(tmp_path), 4)
    added.append(load_once(tmp_path))

    assert sorted(Touch.objects.values_list("id", flat=True)) == written
    assert sum(added) == TOUCHES
    assert told() == TOUCHES
    assert len(list(tmp_path.glob("*.touches"))) == SpoolFile.objects.count() == 2


def test_a_file_that_another_loader_has_finished_leaves_nothing_behind(
    tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append(encode(id_floor(clock.now()) + 1, link.pk, "v", "web unknown"))
    writer.close()
    (path,) = tmp_path.glob("*.touches")
    finishing = os.open(path, os.O_RDONLY)
    fcntl.flock(finishing, fcntl.LOCK_EX)  # as who finishes it has it
    take_turn = loader._take_turn

    def after_the_other(name: str) -> int | None:
        monkeypatch.setattr(loader, "_take_turn", take_turn)
        os.close(finishing)
        assert run_concurrently(lambda: load_once(tmp_path), 1) == [1]
        return take_turn(name)

    monkeypatch.setattr(loader, "_take_turn", after_the_other)
    assert loader.Loader(tmp_path)._load_file(path) == 0

    assert not path.exists()
    assert not SpoolFile.objects.exists()
    assert Touch.objects.count() == told() == 1


def test_negative_control_without_turns_the_same_lines_are_taken_by_several(
    tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "BATCH_BYTES", 1_000)
    taken: list[bytes] = []
    all_read = rendezvous(4)
    decode_all = loader._decode_all

    def unlocked(name: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                'INSERT INTO sharing_spoolfile (name, "offset", updated_at)'
                " VALUES (%s, 0, now()) ON CONFLICT (name) DO NOTHING",
                [name],
            )
            cursor.execute('SELECT "offset" FROM sharing_spoolfile WHERE name = %s', [name])
            offset = int(cursor.fetchone()[0])
        all_read()
        return offset

    def counting(data: bytes, *, name: str, offset: int) -> object:
        taken.extend(line for line in data.split(b"\n") if line)
        return decode_all(data, name=name, offset=offset)

    monkeypatch.setattr(loader, "_take_turn", unlocked)
    monkeypatch.setattr(loader, "_decode_all", counting)
    write(tmp_path, link)
    # Who writes a file's row down first would hold the others up without any lock of ours.
    SpoolFile.objects.bulk_create(
        SpoolFile(name=file.name, offset=0, updated_at=clock.now())
        for file in tmp_path.glob("*.touches")
    )

    run_concurrently(lambda: load_once(tmp_path), 4)

    assert len(taken) > len(set(taken))


def write_while_loading(folder: Path, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write touches into files that are rotated all the time, and load them meanwhile."""
    monkeypatch.setattr("banyan.sharing.spool.writer.ROTATE_BYTES", 2_000)
    monkeypatch.setattr("banyan.sharing.spool.writer.SYNC_EVERY", 0.005)
    base = id_floor(clock.now())
    writer = SpoolWriter(folder)
    done = threading.Event()

    def work() -> None:
        for number in range(TOUCHES):
            writer.append(encode(base + number, link.pk, "v", "web unknown"))
            time.sleep(0.001)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        load_once(folder)
    thread.join()
    writer.close()
    load_once(folder)


def test_touches_written_and_rotated_while_loaded_are_all_loaded(
    tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_while_loading(tmp_path, link, monkeypatch)

    assert Touch.objects.count() == TOUCHES == told()
    assert list(tmp_path.glob("*.touches")) == []


def test_negative_control_a_loader_that_ignores_the_writers_lock_loses_touches(
    tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "_lock", lambda fd: True)
    base, writer = id_floor(clock.now()), SpoolWriter(tmp_path)

    for number in range(2):
        writer.append(encode(base + number, link.pk, "v", "web unknown"))
        load_once(tmp_path)
    writer.close()

    assert list(Touch.objects.values_list("id", flat=True)) == [base]


def confirm_while_loading(tmp_path: Path, link: Link) -> int:
    """Confirm touches the moment they are written; return how many became human."""
    base = id_floor(clock.now())
    numbers = range(base, base + 60)
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            load_once(tmp_path)
        connection.close()

    loading = threading.Thread(target=load)
    loading.start()
    writer = SpoolWriter(tmp_path)
    for touch_id in numbers:
        writer.append(encode(touch_id, link.pk, "v", "web unknown"))
        actions.confirm_touch(actor=Actor.guest("v"), touch_id=touch_id)
    stop.set()
    loading.join()
    writer.close()
    load_once(tmp_path)

    return Touch.objects.filter(verdict="human").count()


def test_a_confirmation_racing_the_loader_is_never_lost(tmp_path: Path, link: Link) -> None:
    assert confirm_while_loading(tmp_path, link) == 60
    assert not PendingConfirmation.objects.exists()


def test_negative_control_confirmations_that_do_not_wait_are_lost(
    tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_confirm_later", lambda actor, touch_id: False)

    assert confirm_while_loading(tmp_path, link) < 60
