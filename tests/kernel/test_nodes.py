"""Node numbers and ids made outside the database."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from banyan.kernel import clock, ids, nodes
from banyan.kernel.models import Node
from banyan.kernel.nodes import IdMaker, NoNodeFreeError


@pytest.mark.django_db
def test_leases_are_distinct_and_never_the_databases_own() -> None:
    assert [nodes.lease_node("edge") for _ in range(3)] == [1, 2, 3]


@pytest.mark.django_db
def test_a_lease_that_ran_out_is_given_again() -> None:
    nodes.lease_node("edge")
    second = nodes.lease_node("edge")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_node SET leased_until = now() WHERE number = %s", [second])
    assert nodes.lease_node("other") == second
    assert Node.objects.get(number=second).holder.startswith("other@")


@pytest.mark.django_db
def test_when_all_are_leased_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "LAST_NODE", 2)
    nodes.lease_node("edge")
    nodes.lease_node("edge")
    with pytest.raises(NoNodeFreeError):
        nodes.lease_node("edge")


def test_ids_have_the_databases_layout() -> None:
    before = clock.now() - dt.timedelta(milliseconds=1)
    made = IdMaker(513)()
    assert made >> 12 & 1023 == 513
    assert before < ids.id_time(made) <= clock.now()


def test_ids_rise_and_never_repeat_under_threads() -> None:
    make = IdMaker(7)
    per_thread: list[list[int]] = []

    def run() -> None:
        per_thread.append([make() for _ in range(20_000)])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for made in per_thread:
        assert made == sorted(made)
    assert len({value for made in per_thread for value in made}) == 80_000


def test_a_clock_that_goes_back_does_not_repeat_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    make = IdMaker(7)
    now = 1_800_000_000.0
    monkeypatch.setattr("banyan.kernel.nodes.time.time", lambda: now)
    before = [make() for _ in range(5000)]
    now -= 60
    after = [make() for _ in range(5000)]
    assert before + after == sorted(set(before + after))


@pytest.mark.parametrize("number", [0, 1024, -1])
def test_numbers_out_of_range(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 1023"):
        IdMaker(number)


def test_the_floor_of_a_moment_is_below_every_id_of_it() -> None:
    moment = clock.now()
    made = IdMaker(1)()
    assert ids.id_floor(moment) <= made
    assert ids.id_time(ids.id_floor(moment)) <= moment
    assert ids.id_floor(ids.id_time(made)) <= made
