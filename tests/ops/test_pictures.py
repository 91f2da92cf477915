"""The demo's pictures are the same whoever draws them, and no death of a drawer stops the story."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import pytest

from banyan.ops.demo import cast, pictures, wares
from banyan.ops.demo.pictures import Cover, Drawing, Face, Goods, drawn_meanwhile
from banyan.ops.processes import process_identity, wait_until

SOME: list[Drawing[object]] = [Face(1), Cover(0), Goods(0, 1)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "all_drawings", lambda: iter(SOME))


def test_every_picture_of_the_cast_is_drawn_ahead_once() -> None:
    found = list(pictures.all_drawings())

    others = len(wares.WARES) + len(wares.USED) + len(wares.PAPERS) + 2  # the wine, likes elsewhere
    assert (
        len(found)
        == len(set(found))
        == 40 + len(cast.SHOPS) * (1 + cast.PRODUCTS_PER_SHOP) + others
    )


def test_another_process_draws_the_same(few: None) -> None:
    with drawn_meanwhile() as studio:
        there = [studio.take(one) for one in SOME]

    assert there == [one.make() for one in SOME]


def test_what_nobody_began_is_drawn_at_once(few: None) -> None:
    with drawn_meanwhile() as studio:
        assert studio.take(Face(7)) == Face(7).make()


def test_drawers_that_were_killed_are_done_without(few: None) -> None:
    with drawn_meanwhile() as studio:
        for drawer in multiprocessing.active_children():
            drawer.kill()
        assert [studio.take(one) for one in SOME] == [one.make() for one in SOME]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's death")
def test_drawers_die_with_who_started_them() -> None:
    asks = (
        "import multiprocessing, time\n"
        "from banyan.ops.demo.pictures import drawn_meanwhile, Face\n"
        "if __name__ == '__main__':\n"
        "    with drawn_meanwhile() as studio:\n"
        "        studio.take(Face(1))\n"
        "        print(*[one.pid for one in multiprocessing.active_children()], flush=True)\n"
        "        time.sleep(60)\n"
    )
    asking = subprocess.Popen(
        [sys.executable, "-c", asks], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert asking.stdout is not None
    with asking.stdout:
        drawers = [process_identity(int(pid)) for pid in asking.stdout.readline().split()]
    asking.kill()
    asking.wait()

    assert drawers
    assert wait_until(lambda: not any(one and one.is_alive() for one in drawers), timeout=60)
