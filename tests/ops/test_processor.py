"""The threads that answer requests keep to one processor, the database to the others."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from banyan.config import processor
from banyan.config.processor import OwnProcessor, keep_to, shared_out
from banyan.ops.environment import Surroundings
from banyan.ops.supervisor import recipes

here = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a thread keep to one")


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process have the processors 3 and 5."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {5, 3})


@here
def test_the_only_web_process_has_one_and_the_database_the_others(two_processors: None) -> None:
    """Which ones depends on what a container leaves to us."""
    assert shared_out(web_processes=1) == (3, {5})


@here
@pytest.mark.parametrize("allowed", [{0}, {7}])
def test_one_processor_is_everybodys(allowed: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to share out."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: allowed)
    assert shared_out(web_processes=1) is None


def test_several_web_processes_are_left_to_the_kernel(two_processors: None) -> None:
    """Two of them on one processor would be worse than anything."""
    assert shared_out(web_processes=2) is None


@here
def test_each_thread_is_placed_once_and_nobody_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real thread that answers twice; the one that began it stays where it was."""
    mine, found, placed = os.sched_getaffinity(0), [], []

    def counted(processors: set[int]) -> None:
        placed.append(processors)
        keep_to(processors)

    monkeypatch.setattr(processor, "keep_to", counted)

    def application(_environ: object, _start: object) -> list[bytes]:
        found.append((os.sched_getaffinity(0), os.sched_getscheduler(0)))
        return [b"ok"]

    one = min(mine)
    wrapped = OwnProcessor(application, one)

    def answer_twice() -> None:
        assert list(wrapped({}, None)) == list(wrapped({}, None)) == [b"ok"]

    thread = threading.Thread(target=answer_twice)
    thread.start()
    thread.join()
    assert found == [({one}, os.SCHED_BATCH)] * 2
    assert placed == [{one}]
    assert (os.sched_getaffinity(0), os.sched_getscheduler(0)) == (mine, os.SCHED_OTHER)


@here
def test_what_the_system_refuses_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may forbid it; a process may be gone."""

    def refuse(*_args: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    keep_to({0})


@here
def test_only_the_web_process_is_told(two_processors: None, tmp_path: Path) -> None:
    """The worker, the live process and the gateway run wherever there is room."""
    given = {"BANYAN_VAR": str(tmp_path)}
    told = {r.name: r.environment.get(processor.NAME) for r in recipes(_read(given), {})}
    assert told == {"web": "3", "live": None, "worker": None, "sandbox": None}


@here
@pytest.mark.parametrize(
    "given", [{"BANYAN_OWN_PROCESSOR": "0"}, {"BANYAN_WEB_WORKERS": "2"}], ids=str
)
def test_nobody_is_told_where_it_is_turned_off(
    two_processors: None, given: dict[str, str], tmp_path: Path
) -> None:
    """By name, or by asking for several web processes."""
    recipe, *_others = recipes(_read({"BANYAN_VAR": str(tmp_path), **given}), {})
    assert processor.NAME not in recipe.environment


def _read(given: dict[str, str]) -> Surroundings:
    return Surroundings.read(given)
