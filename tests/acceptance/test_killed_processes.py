"""kill -9 of any single process while people check out: nothing is lost, doubled or made up.

A whole installation (database with fsync, web, live, worker, gateway, supervisor) serves guests
who come through a share link over HTTP; in the middle one process is killed. Everybody is served
in the end, within a bounded time; then all books are counted again. ``make test`` runs a small
profile; ``make soak`` (HYPOTHESIS_PROFILE=soak) runs 200 checkouts for each process.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.clusters import put_cluster, put_schema
from tests.support.installation import STOCK, VICTIMS, Installation
from tests.support.ports import free_port
from tests.support.recount import Rows, contradictions
from tests.support.shoppers import HABITS, WALKED_AWAY, Diary, Shopper

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
CLIENTS = 8
CHECKOUTS = 200 if SOAK else 42
# One process after the other in one run; the soak gives every process a run of its own.
PLANS = [(victim,) for victim in VICTIMS] if SOAK else [("web", "worker", "postmaster")]
WAYS = (*HABITS, WALKED_AWAY) if SOAK else HABITS
SETTLED_WITHIN = 120.0


@pytest.fixture(scope="module")
def installation(django_db_setup: None) -> Iterator[Installation]:
    from banyan.ops.postgres import TemporaryPostgres

    home = TemporaryPostgres()
    running = Installation(home, free_port())
    put_schema(put_cluster(running.var / "postgres"))
    running.start()
    yield running
    running.stop()
    home.stop()


def crowd(at: Installation, diary: Diary, numbers: range, plan: tuple[str, ...]) -> None:
    """Let everybody buy at once, and kill one process after each equal part of them."""
    queue = iter(numbers)
    taking = threading.Lock()
    failures: list[BaseException] = []

    def serve() -> None:
        while True:
            with taking:
                number = next(queue, None)
            if number is None:
                return
            try:
                Shopper(at.port, diary).buy(at.code, number, WAYS[number % len(WAYS)])
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=serve) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    part, before = len(numbers) // (len(plan) + 1), len(diary.paid)
    for index, victim in enumerate(plan, start=1):
        at.until(
            lambda goal=before + part * index: len(diary.paid) >= goal or bool(failures),  # type: ignore[misc]
            seconds=240,
        )
        at.kill(victim)
    for thread in threads:
        thread.join(300)
    assert not any(thread.is_alive() for thread in threads)
    assert not failures, (failures[0], at.text[-3000:])


def rows(at: Installation, sql: str) -> Rows:
    with at.connect() as connection:
        return list(connection.execute(sql).fetchall())


UNFINISHED = """
    SELECT (SELECT count(*) FROM orders_checkout WHERE state = 'placed')
         + (SELECT count(*) FROM kernel_event WHERE position IS NULL)
         + (SELECT count(*) FROM payments_providermessage WHERE handled_at IS NULL)
         + (SELECT count(*) FROM kernel_consumercursor, kernel_relaystate
            WHERE position < last_position)
"""


def settle(at: Installation, touches: list[int]) -> float:
    """Wait until nothing is under way any more; return how long that took."""
    began = time.monotonic()

    def quiet() -> bool:
        try:
            stored = rows(at, "SELECT count(*) FROM sharing_touch")[0][0]
            return bool(stored >= len(touches) and rows(at, UNFINISHED)[0][0] == 0)
        except Exception:
            return False  # the database is on its way back

    at.until(quiet, seconds=SETTLED_WITHIN)
    return time.monotonic() - began


def gateways_payments(at: Installation) -> dict[str, tuple[str, int, int]]:
    """Return the gateway's own record: status, captured and refunded by its payment id."""
    with contextlib.closing(sqlite3.connect(at.var / "sandbox.sqlite")) as book:
        return {
            ref: (status, captured, refunded)
            for ref, status, captured, refunded in book.execute(
                "SELECT id, status, captured, refunded FROM payment"
            )
        }


def ours(at: Installation) -> dict[str, tuple[str, int, int]]:
    """Return what we believe of the same payments."""
    told = rows(
        at,
        "SELECT provider_ref, state, captured_amount, refunded_amount FROM payments_intent"
        " WHERE provider_ref <> ''",
    )
    return {ref: ("succeeded" if c else s, c, r) for ref, s, c, r in told}


@pytest.fixture(scope="module")
def diary() -> Diary:
    """All that was seen in this installation, over every run of it."""
    return Diary()


@pytest.mark.parametrize("plan", PLANS, ids="+".join)
def test_killing_any_process_loses_nothing(
    installation: Installation, diary: Diary, plan: tuple[str, ...]
) -> None:
    at, done = installation, len(diary.paid)
    at.start_again()
    began = time.monotonic()

    crowd(at, diary, range(done, done + CHECKOUTS), plan)
    served = time.monotonic() - began
    settled = settle(at, diary.touches)

    assert len(diary.paid) == len(set(diary.paid)) == done + CHECKOUTS
    assert not diary.faults, diary.faults[0]
    assert contradictions(lambda sql: rows(at, sql)) == {}
    assert paid_once_each(at) == done + CHECKOUTS
    assert touches_are_all_there(at, diary)
    verified = at.ledger_verify()
    assert verified.returncode == 0, verified.stdout
    believed = ours(at)
    at.stop()
    assert {ref: row for ref, row in gateways_payments(at).items() if row[1]} == believed
    print(
        f"\nkilled {'+'.join(plan)}: {CHECKOUTS} checkouts in {served:.1f} s, settled after"
        f" {settled:.1f} s; {len(diary.touches)} touches;"
        f" answers {dict(diary.statuses)}, unreached {diary.unreached}"
    )


def paid_once_each(at: Installation) -> int:
    """Return how many buyers have exactly one order, paid, with its one commission."""
    [(checkouts, buyers, commissions, left)] = rows(
        at,
        "SELECT (SELECT count(*) FROM orders_checkout WHERE state = 'paid'),"
        " (SELECT count(DISTINCT contact_email) FROM orders_checkout),"
        " (SELECT count(*) FROM earnings_commission WHERE level = 1 AND state = 'pending'),"
        " (SELECT on_hand - allocated FROM catalog_stock)",
    )
    assert checkouts == buyers == commissions == STOCK - left
    return int(checkouts)


def touches_are_all_there(at: Installation, diary: Diary) -> bool:
    """Tell whether every answered opening is stored, and nothing that was never asked for."""
    assert len(diary.touches) == len(set(diary.touches))
    stored = {touch for (touch,) in rows(at, "SELECT id FROM sharing_touch")}
    assert set(diary.touches) <= stored
    return len(stored) <= diary.asked_for_touches
