"""A ticket sale under threads and kills: nothing sold twice, nothing left unsold."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from django.conf import settings
from django.db import connection

from banyan.kernel import clock, tickets
from banyan.kernel.models import TicketClaim, TicketPool
from banyan.kernel.problems import SoldOut
from tests.support.threads import run_at_once, run_concurrently
from tests.support.weakened import rendezvous

pytestmark = pytest.mark.usefixtures("threaded_db")


def _sale(stock: int) -> int:
    return tickets.open_sale(kind="sku", subject_id=1, stock=stock).pk


def _buy_until_sold_out(pool: int, quantity: int = 1) -> int:
    bought = 0
    while True:
        try:
            claims = tickets.claim(pool_id=pool, holder="t", quantity=quantity)
        except SoldOut:
            return bought
        tickets.use(claims=[c.pk for c in claims], holder="t")
        bought += quantity


def test_every_number_is_sold_once() -> None:
    pool = _sale(60)
    assert sum(run_concurrently(lambda: _buy_until_sold_out(pool), 6)) == 60
    numbers = TicketClaim.objects.filter(pool_id=pool).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 61))
    assert tickets.balance(pool).consistent


def test_negative_control_without_the_stock_condition_it_oversells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    all_counted = rendezvous(6)

    def draw(pool_id: int, holder: str, quantity: int, expires_at: dt.datetime) -> tickets.Drawn:
        free = TicketClaim.objects.filter(pool_id=pool_id).count() < 3
        all_counted()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO kernel_ticketclaim (pool_id, number, holder, expires_at)"
                " SELECT p.id, nextval(p.sequence_name::regclass), %s, %s"
                " FROM kernel_ticketpool AS p WHERE p.id = %s AND %s RETURNING id, number",
                [holder, expires_at, pool_id, free],
            )
            return list(cursor.fetchall())

    monkeypatch.setattr(tickets, "_draw", draw)
    pool = _sale(3)
    assert sum(run_concurrently(lambda: _buy_until_sold_out(pool), 6)) > 3


def test_pairs_are_whole_or_nothing_under_pressure() -> None:
    pool = _sale(31)
    sold = sum(run_concurrently(lambda: _buy_until_sold_out(pool, 2), 5))
    assert sold % 2 == 0
    sold += _buy_until_sold_out(pool, 2)
    assert sold == 30
    assert _buy_until_sold_out(pool, 1) == 1
    assert tickets.balance(pool).consistent


def test_raising_the_stock_during_the_rush_sells_all_of_it() -> None:
    pool = _sale(20)

    def raise_twice() -> int:
        tickets.raise_stock(pool_id=pool, stock=35)
        tickets.raise_stock(pool_id=pool, stock=50)
        return 0

    sold = sum(run_at_once(*[lambda: _buy_until_sold_out(pool)] * 5, raise_twice))
    start = clock.now()
    # What a claim drew while the stock was being raised waits for the sweeper.
    with clock.at(start):
        tickets.sweep()
    with clock.at(start + tickets.LONGEST_TRANSACTION):
        tickets.sweep()
        assert tickets.balance(pool).consistent
        sold += _buy_until_sold_out(pool)
    assert sold == 50
    numbers = TicketClaim.objects.filter(pool_id=pool).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 51))


def test_kill_between_claim_and_order_gives_the_ticket_back() -> None:
    pool = _sale(2)
    dead = _process(f"tickets.claim(pool_id={pool}, holder='dead')")
    assert TicketClaim.objects.get(pool_id=pool).holder == "dead"
    dead.send_signal(signal.SIGKILL)
    assert dead.wait(10) == -signal.SIGKILL

    assert _buy_until_sold_out(pool) == 1, "one is held until its time is over"
    with clock.at(clock.now() + tickets.TTL):
        assert tickets.sweep() == 1
        assert _buy_until_sold_out(pool) == 1
    assert tickets.balance(pool).consistent


def test_kill_between_number_and_claim_gives_the_number_back() -> None:
    pool = _sale(2)
    name = TicketPool.objects.get(pk=pool).sequence_name
    dead = _process(
        f"""
        transaction.atomic().__enter__()
        connection.cursor().execute("SELECT nextval('{name}')")
        """
    )
    dead.send_signal(signal.SIGKILL)
    assert dead.wait(10) == -signal.SIGKILL

    assert _buy_until_sold_out(pool) == 1
    assert not tickets.balance(pool).consistent
    start = clock.now()
    with clock.at(start):
        tickets.sweep()
    with clock.at(start + tickets.LONGEST_TRANSACTION):
        assert tickets.sweep() == 1
        assert _buy_until_sold_out(pool) == 1
    assert tickets.balance(pool).consistent


def _process(code: str) -> subprocess.Popen[bytes]:
    """Run ``code`` in a process of its own on this test's database; it then waits to be killed."""
    program = (
        "import django, sys, time; django.setup()\n"
        "from django.db import connection, transaction\n"
        "from banyan.kernel import tickets\n"
        f"{textwrap.dedent(code)}\n"
        "print('ready', flush=True); time.sleep(60)\n"
    )
    database = settings.DATABASES["default"]
    url = (
        f"postgresql:///{connection.settings_dict['NAME']}?host={database['HOST']}"
        f"&port={database['PORT']}&user={database['USER']}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": url},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process
