"""The spool: whole lines, exactly once, whoever dies and whatever is broken."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor
from banyan.kernel.models import StoredEvent
from banyan.sharing import actions
from banyan.sharing.models import Link, SpoolFile, Touch
from banyan.sharing.spool import SpoolWriter, load_once, loader, quick, store
from banyan.sharing.spool.record import Touched, decode, encode
from banyan.sharing.spool.together import SyncTogether
from banyan.sharing.spool.writer import SUFFIX
from tests.support import factories as make

BASE = id_floor(clock.now())


@pytest.fixture
def link(db: None) -> Link:
    return actions.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=make.product().pk,
        via=None,
    )


def line(number: int, link: Link, visitor: str = "v", tail: str = "web unknown") -> bytes:
    return encode(BASE + number, link.pk, visitor, tail)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def ids() -> list[int]:
    return [pk - BASE for pk in Touch.objects.order_by("id").values_list("id", flat=True)]


class TestRecord:
    def test_a_line_is_read_as_it_was_written(self) -> None:
        touch = Touched(BASE, 42, "abc_-9", "wechat", "unknown")

        whole = encode(touch.id, touch.link_id, touch.visitor, "wechat unknown")

        assert whole.endswith(b"\n")
        assert decode(whole[:-1]) == touch
        nobody = decode(encode(BASE, 42, "", "web bot")[:-1])
        assert nobody is not None
        assert nobody.visitor == ""

    def test_no_damaged_line_is_taken_for_a_touch(self) -> None:
        whole = encode(BASE, 42, "abc", "web unknown")[:-1]

        for end in range(len(whole)):
            assert decode(whole[:end]) is None
        for at in range(len(whole)):
            flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            assert decode(flipped) is None
        assert decode(b"\0" * 80) is None

    def test_a_whole_line_behind_a_torn_one_is_found(self) -> None:
        whole = encode(BASE, 42, "abc", "web unknown")[:-1]

        assert decode(whole[:30] + whole) == decode(whole)


class TestWriter:
    def test_a_written_line_is_in_the_file_at_once(self, tmp_path: Path) -> None:
        writer = SpoolWriter(tmp_path / "new" / "spool")

        writer.append(b"one\n")
        writer.append(b"two\n")

        assert files(writer.directory)[0].read_bytes() == b"one\ntwo\n"
        assert files(writer.directory)[0].stat().st_mode & 0o077 == 0
        writer.close()

    def test_a_full_disk_is_an_error_and_never_silence(self, tmp_path: Path) -> None:
        short = SpoolWriter(tmp_path, write=lambda fd, data: os.write(fd, data[:5]))
        with pytest.raises(OSError, match="part of the line"):
            short.append(b"a whole line\n")
        short.close()

        full = os.open("/dev/full", os.O_WRONLY)
        writer = SpoolWriter(tmp_path)
        os.dup2(full, writer._fd)
        with pytest.raises(OSError) as caught:  # noqa: PT011 (errno says it)
            writer.append(b"a whole line\n")
        assert caught.value.errno == errno.ENOSPC
        writer.close()
        os.close(full)

    @pytest.mark.parametrize("size", [0, 1, 511, 512, 100_000])
    def test_a_line_of_any_length_is_written_whole(self, tmp_path: Path, size: int) -> None:
        data = os.urandom(size)
        fd = os.open(tmp_path / "file", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

        assert quick.write(fd, data) == size
        assert quick.write(fd, b"\0x") == 2
        os.close(fd)

        assert (tmp_path / "file").read_bytes() == data + b"\0x"
        with pytest.raises(OSError) as caught:  # noqa: PT011 (errno says it)
            quick.write(-1, b"x")
        assert caught.value.errno == errno.EBADF

    def test_the_disk_is_asked_soon_and_not_for_every_line(self, tmp_path: Path) -> None:
        syncs: list[int] = []
        writer = SpoolWriter(tmp_path, sync=syncs.append)
        for _ in range(1_000):
            writer.append(b"x\n")

        deadline = time.monotonic() + 60
        while not syncs and time.monotonic() < deadline:
            time.sleep(0.01)

        assert 1 <= len(syncs) <= 20
        writer.close()

    def test_with_each_no_line_returns_before_its_sync(self, tmp_path: Path) -> None:
        synced_size = 0

        def sync(fd: int) -> None:
            nonlocal synced_size
            size = os.fstat(fd).st_size
            os.fdatasync(fd)
            synced_size = size

        writer = SpoolWriter(tmp_path, each=True, sync=sync)
        for number in range(1, 20):
            writer.append(b"x\n")
            assert synced_size >= 2 * number
        writer.close()

    def test_with_each_a_failing_disk_is_the_callers_to_know(self, tmp_path: Path) -> None:
        def sync(fd: int) -> None:
            raise OSError(errno.EIO, "gone")

        writer = SpoolWriter(tmp_path, each=True, sync=sync)
        with pytest.raises(OSError, match="gone"):
            writer.append(b"x\n")
        with pytest.raises(OSError, match="gone"):
            writer.append(b"x\n")
        writer.close()

    def test_threads_that_wait_together_share_a_sync_that_began_later(self) -> None:
        began: list[float] = []
        late: list[bool] = []

        def sync() -> None:
            began.append(time.monotonic())
            time.sleep(0.005)

        together = SyncTogether(sync)

        def work() -> None:
            for _ in range(20):
                asked = time.monotonic()
                together.wait()
                late.append(not any(start >= asked for start in began))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert len(late) == 160
        assert not any(late)
        assert len(began) < 100

    def test_a_file_that_grew_is_left_for_the_loader(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("banyan.sharing.spool.writer.ROTATE_BYTES", 100)
        writer = SpoolWriter(tmp_path)
        written = 0
        deadline = time.monotonic() + 60
        while len(files(tmp_path)) < 4 and time.monotonic() < deadline:
            writer.append(b"%09d\n" % written)
            written += 1
            time.sleep(0.002)

        found = b"".join(path.read_bytes() for path in files(tmp_path))
        writer.close()

        assert len(files(tmp_path)) >= 4
        assert found == b"".join(b"%09d\n" % number for number in range(written))


@pytest.mark.django_db
class TestLoader:
    def test_a_living_file_is_loaded_as_it_grows(self, tmp_path: Path, link: Link) -> None:
        writer = SpoolWriter(tmp_path)
        writer.append(line(1, link))
        assert load_once(tmp_path) == 1
        assert load_once(tmp_path) == 0

        writer.append(line(2, link))
        writer.append(line(3, link, "", "wechat preview"))
        assert load_once(tmp_path) == 2

        assert ids() == [1, 2, 3]
        assert len(files(tmp_path)) == 1
        last = Touch.objects.get(pk=BASE + 3)
        assert (last.visitor, last.channel, last.verdict) == ("", "wechat", "preview")
        assert abs((last.at - clock.now()).total_seconds()) < 3600
        writer.close()

    def test_a_dead_file_is_finished_and_removed(self, tmp_path: Path, link: Link) -> None:
        writer = SpoolWriter(tmp_path)
        writer.append(line(1, link))
        writer.append(line(2, link)[:-7])
        writer.close()

        assert load_once(tmp_path) == 1
        assert files(tmp_path) == []
        assert not SpoolFile.objects.exists()

    def test_a_torn_end_of_a_living_file_waits_for_its_rest(
        self, tmp_path: Path, link: Link
    ) -> None:
        writer = SpoolWriter(tmp_path)
        whole = line(1, link)
        writer.append(whole[:20])
        assert load_once(tmp_path) == 0

        writer.append(whole[20:])
        assert load_once(tmp_path) == 1
        writer.close()

    def test_rubbish_costs_nobody_else_a_touch(self, tmp_path: Path, link: Link) -> None:
        writer = SpoolWriter(tmp_path)
        writer.append(line(1, link))
        writer.append(b"rubbish\n" + b"\0" * 4096 + b"\n\n")
        writer.append(line(2, link)[:11])  # a full disk
        writer.append(line(3, link))
        writer.append(b"@9999999999999999999 1 - web unknown 00000000\n")
        writer.append(encode(BASE + 4, 123, "v", "web unknown"))  # no such link
        writer.append(line(5, link))

        assert load_once(tmp_path) == 3
        assert ids() == [1, 3, 5]
        writer.close()

    def test_zeros_without_end_do_not_block_the_rest(
        self, tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loader, "BATCH_BYTES", 512)
        writer = SpoolWriter(tmp_path)
        writer.append(b"\0" * 2_000 + b"\n")
        writer.append(line(1, link))
        writer.close()

        assert load_once(tmp_path) == 1
        assert files(tmp_path) == []

    def test_a_file_larger_than_a_batch_is_loaded_whole(
        self, tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loader, "BATCH_BYTES", 300)
        writer = SpoolWriter(tmp_path)
        for number in range(50):
            writer.append(line(number, link))

        assert load_once(tmp_path) == 50
        assert ids() == list(range(50))
        writer.close()

    def test_a_file_whose_writer_died_at_birth_is_tidied_away(self, tmp_path: Path) -> None:
        old, young = tmp_path / "old.new", tmp_path / "young.new"
        for path in (old, young):
            path.touch()
        os.utime(old, (0, 0))

        loader.Loader(tmp_path).turn()

        assert (old.exists(), young.exists()) == (False, True)

    def test_an_id_that_is_there_already_is_not_loaded_again(
        self, tmp_path: Path, link: Link
    ) -> None:
        writer = SpoolWriter(tmp_path)
        writer.append(line(1, link))
        load_once(tmp_path)
        SpoolFile.objects.all().delete()
        writer.append(line(2, link))

        assert load_once(tmp_path) == 1
        assert ids() == [1, 2]
        told = StoredEvent.objects.filter(name="sharing.touched")
        assert [event.payload["count"] for event in told.order_by("id")] == [1, 1]
        writer.close()

    def test_an_offset_is_kept_only_with_its_touches(
        self, tmp_path: Path, link: Link, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer = SpoolWriter(tmp_path)
        writer.append(line(1, link))

        def fail(*args: object) -> None:
            raise OperationalError("gone in the middle")

        with monkeypatch.context() as broken:
            broken.setattr(store, "_tell", fail)
            with pytest.raises(OperationalError):
                load_once(tmp_path)
        assert ids() == []

        assert load_once(tmp_path) == 1
        writer.close()

    def test_one_event_per_link_and_batch_counts_people_only(
        self, tmp_path: Path, link: Link
    ) -> None:
        child = actions.share(
            actor=make.actor(make.member()),
            target_kind="product",
            target_id=link.target_id,
            via=link,
        )
        writer = SpoolWriter(tmp_path)
        for number in range(5):
            writer.append(line(number, link))
        writer.append(line(5, child))
        writer.append(line(6, child, tail="web bot"))
        load_once(tmp_path)

        events = StoredEvent.objects.filter(name="sharing.touched").order_by("subject_id")
        assert [(e.subject_id, e.payload["root_id"], e.payload["count"]) for e in events] == [
            (link.pk, link.pk, 5),
            (child.pk, link.pk, 1),
        ]
        writer.close()

    def test_the_browser_of_an_account_is_known_and_the_owners_own_opens_are_apart(
        self, tmp_path: Path, link: Link
    ) -> None:
        ben, system = make.member(), Actor.system("test")
        actions.claim_touches(actor=system, visitor="ben", account_id=ben.pk)
        actions.claim_touches(actor=system, visitor="own", account_id=link.owner_id)
        writer = SpoolWriter(tmp_path)
        writer.append(line(1, link, "ben"))
        writer.append(line(2, link, "own"))
        writer.append(line(3, link, "new"))
        load_once(tmp_path)

        rows = Touch.objects.order_by("id").values_list("account_id", "verdict")
        assert list(rows) == [(ben.pk, "unknown"), (link.owner_id, "self"), (None, "unknown")]
        writer.close()

    @pytest.mark.parametrize(
        ("tail", "visitor", "account", "expected"),
        [
            ("web unknown", "v", False, "human"),
            ("web prefetch", "v", False, "human"),
            ("web bot", "v", False, "bot"),
            ("web unknown", "v", True, "self"),
            ("web unknown", "", True, "self"),
            ("web unknown", "other", True, "human"),
        ],
    )
    def test_a_confirmation_that_came_first_is_applied(
        self, tmp_path: Path, link: Link, tail: str, visitor: str, account: bool, expected: str
    ) -> None:
        owner = link.owner_id if account else None
        actor = Actor(kind="member" if account else "guest", id=owner, visitor="v")
        actions.confirm_touch(actor=actor, touch_id=BASE + 1)
        writer = SpoolWriter(tmp_path)
        writer.append(line(1, link, visitor, tail))
        load_once(tmp_path)

        touch = Touch.objects.get()
        assert touch.verdict == expected
        if expected != "self":
            assert (touch.confirmed_at is None) == (expected == "bot")
        writer.close()


def test_a_running_loader_is_done_within_a_second_and_outlives_a_lost_database(
    threaded_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = actions.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=make.product().pk,
        via=None,
    )
    monkeypatch.setattr(loader, "spool_directory", lambda: tmp_path)
    healthy: Callable[..., int] = store.store
    failures = iter([True, False])

    def shaky(touches: list[Touched]) -> int:
        if next(failures, False):
            raise OperationalError("the database went away")
        return healthy(touches)

    monkeypatch.setattr(store, "store", shaky)
    stop = threading.Event()
    thread = threading.Thread(target=loader.run_loader, args=(stop,))
    thread.start()
    writer = SpoolWriter(tmp_path)
    delays = []
    for number in range(4):
        writer.append(line(number, link))
        began = time.monotonic()
        while not Touch.objects.filter(pk=BASE + number).exists():
            assert time.monotonic() - began < 60
            time.sleep(0.02)
        delays.append(time.monotonic() - began)
    writer.append(line(9, link))
    stop.set()
    thread.join(timeout=60)
    writer.close()

    assert not thread.is_alive()
    assert ids() == [0, 1, 2, 3, 9]
    assert min(delays[1:]) < 1.0
