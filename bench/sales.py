"""``python -m bench.sales``: how fast one hot thing is claimed, by ticket and by counter row.

Starts a durable PostgreSQL of its own (fsync, full page writes, synchronous_commit on, as in
production) and an empty schema. At the database: processes with several connections each send the
statements that a claim consists of, each claim committed alone. Over HTTP: the real application,
members with sessions and form tokens, one POST per claim.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing as mp
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banyan.config.processor import keep_to
from bench import report
from bench.installation import free_port, places_of_a_run
from bench.members import signed_in

if TYPE_CHECKING:
    from banyan.ops.postgres import TemporaryPostgres

ROOT = Path(__file__).resolve().parent.parent
LEAST_AT_DATABASE, LEAST_OVER_HTTP = 8_000.0, 600.0
PROCESSES, CONNECTIONS, SECONDS = 1, 64, 3.0
CLIENTS, MEMBERS = 8, 2_400
STOCK = 10_000_000


def main() -> int:
    """Measure; an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["database", "http"])
    only = parser.parse_args().only
    from banyan.ops.postgres import TemporaryPostgres

    table = report.Table()
    with TemporaryPostgres(durable=True) as server:
        server.ensure_database("bench")
        dsn = server.dsn("bench")
        _prepare(dsn)
        version, settings = _database(dsn)
        print(report.facts(version, settings))
        if only != "http":
            _at_database(table, dsn, server.data_dir)
        if only != "database":
            _over_http(table, server)
    for missed in table.missed:
        print(f"MISSED  {missed}")
    return 1 if table.missed else 0


def _prepare(dsn: str) -> None:
    os.environ |= {"DATABASE_URL": dsn, "DJANGO_SETTINGS_MODULE": "banyan.config.settings"}
    os.environ |= {"BANYAN_ENV": "development", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def _database(dsn: str) -> tuple[str, str]:
    import psycopg

    names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
    with psycopg.connect(dsn) as connection:
        known = {name: connection.execute(f"SHOW {name}").fetchone() for name in names}
        version = connection.execute("SHOW server_version").fetchone()
    settings = ", ".join(f"{name}={value[0]}" for name, value in known.items() if value)
    return f"PostgreSQL {version[0] if version else '?'}", settings


# -- at the database ------------------------------------------------------------------------------


def _at_database(table: report.Table, dsn: str, home: Path) -> None:
    from django.db import connection

    from banyan.kernel import tickets

    pool = tickets.open_sale(kind="bench", subject_id=1, stock=STOCK)
    connection.close()
    counter = (
        "WITH taken AS (UPDATE bench_bucket SET taken = taken + 1 WHERE id = 1 AND taken < size"
        " RETURNING id) INSERT INTO bench_claim (bucket_id, holder, expires_at)"
        " SELECT id, %s, now() + interval '5 minutes' FROM taken RETURNING id"
    )
    _make_counter(dsn)
    expires = "2100-01-01T00:00:00Z"
    table.head(f"claims at the database, {PROCESSES * CONNECTIONS} connections, each committed")
    before = _seconds(home)
    rate = _rate(dsn, tickets.DRAW, ("bench", expires, pool.pk))
    spent = (_seconds(home) - before) * 1000 / (rate * SECONDS)
    table.held("by ticket", rate, "/s", rate >= LEAST_AT_DATABASE, f">= {LEAST_AT_DATABASE:.0f}")
    most = f"so at most {(os.cpu_count() or 1) * 1000 / spent:.0f}/s on these cores, idle"
    table.row("  the database's processor time", spent, "ms/claim", most)
    slow = _rate(dsn, counter, ("bench",))
    table.row("by counter row", slow, "/s", f"ticket is {rate / slow:.1f} times as fast")
    one = _rate(dsn, tickets.DRAW, ("bench", expires, pool.pk), processes=1, connections=1)
    table.row("by ticket, one connection", one, "/s")
    balance = tickets.balance(pool.pk)
    table.held("  tickets that nobody has", balance.within - balance.claims, "", True, "quiet")
    connection.close()


def _seconds(home: Path | None = None, *, pid: int = 0) -> float:
    """Return the processor time so far of a server's processes, by folder or by first process."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            mine = pid and pid in (int(folder.name), int(fields[1]))
            if mine or (home is not None and os.readlink(folder / "cwd") == str(home)):
                # Its own, and that of children that have ended.
                ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _make_counter(dsn: str) -> None:
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE bench_bucket (id bigint PRIMARY KEY, size int, taken int,"
            " CHECK (taken <= size))"
        )
        connection.execute(f"INSERT INTO bench_bucket VALUES (1, {STOCK}, 0)")
        connection.execute(
            "CREATE TABLE bench_claim (id bigint PRIMARY KEY DEFAULT banyan_id(),"
            " bucket_id bigint, holder text, expires_at timestamptz)"
        )
        connection.execute("CREATE INDEX ON bench_claim (expires_at)")


def _rate(
    dsn: str,
    statement: str,
    parameters: tuple[Any, ...],
    *,
    processes: int = PROCESSES,
    connections: int = CONNECTIONS,
) -> float:
    """Return how many claims a second all connections together commit."""
    context = mp.get_context("spawn")
    with context.Pool(processes) as workers:
        jobs = [
            workers.apply_async(_claim_for, (dsn, statement, parameters, connections, SECONDS))
            for _ in range(processes)
        ]
        return sum(job.get(timeout=120) for job in jobs)


def _claim_for(
    dsn: str, statement: str, parameters: tuple[Any, ...], connections: int, seconds: float
) -> float:
    """Claim on several connections of this process; return the claims of a second."""
    import select

    import psycopg
    from psycopg import pq

    # The wire protocol itself: what is measured is the database, not a client library.
    text = statement
    for number in range(1, len(parameters) + 1):
        text = text.replace("%s", f"${number}", 1)
    values = [str(value).encode() for value in parameters]
    lines = [psycopg.connect(dsn, autocommit=True) for _ in range(connections)]
    wires = {line.pgconn.socket: line.pgconn for line in lines}
    for wire in wires.values():
        assert wire.prepare(b"claim", text.encode()).status == pq.ExecStatus.COMMAND_OK
        wire.nonblocking = 1
        wire.send_query_prepared(b"claim", values)
        wire.flush()
    poll = select.epoll()
    for number in wires:
        poll.register(number, select.EPOLLIN)
    done, began = 0, time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        for number, _event in poll.poll(1):
            wire = wires[number]
            wire.consume_input()
            if wire.is_busy():
                continue
            while (result := wire.get_result()) is not None:
                assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
                done += result.ntuples
            wire.send_query_prepared(b"claim", values)
            wire.flush()
    for line in lines:
        line.close()
    return done / (now - began)


# -- over HTTP ------------------------------------------------------------------------------------


def _over_http(table: report.Table, postgres: TemporaryPostgres) -> None:
    home = postgres.data_dir
    path, variant, cookies = _furnish()
    port = free_port()
    environment = {**os.environ, "BANYAN_VAR": os.environ.get("BANYAN_VAR", "/tmp/bench-sales-var")}
    Path(environment["BANYAN_VAR"]).mkdir(exist_ok=True)
    told, others = places_of_a_run()
    environment |= told
    if others and postgres.pid:
        keep_to(others, pid=postgres.pid)
    _plain_names(Path(environment["BANYAN_VAR"]) / "static")
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "6", "--no-access-log", "--log-level"]
    command += ["error", "banyan.config.wsgi:application"]
    with subprocess.Popen(command, env=environment, cwd=ROOT) as server:
        try:
            _wait_for(port)
            _claim_over(port, path, variant, cookies[: CLIENTS * 30])
            began, used = time.perf_counter(), (_seconds(home), _seconds(pid=server.pid))
            got = _claim_over(port, path, variant, cookies[CLIENTS * 30 :])
            rate = got / (time.perf_counter() - began)
            spent = [_seconds(home) - used[0], _seconds(pid=server.pid) - used[1]]
        finally:
            server.terminate()
            server.wait(20)
    table.head(f"claims over HTTP, {CLIENTS} clients, a member and a form token each")
    wanted = len(cookies) - CLIENTS * 30
    table.held("claims of members", got, "", got == wanted, f"== {wanted}")
    for kind, seconds in zip(("database", "web"), spent, strict=True):
        table.row(f"  processor time, {kind}", seconds * 1000 / max(got, 1), "ms/claim")
    table.held("claims", rate, "/s", rate >= LEAST_OVER_HTTP, f">= {LEAST_OVER_HTTP:.0f}")


def _plain_names(folder: Path) -> None:
    """Let static files keep their names; no client here loads them."""
    from django.contrib.staticfiles.finders import get_finders

    folder.mkdir(exist_ok=True)
    names = {name: name for finder in get_finders() for name, _ in finder.list([])}
    told = {"paths": names, "version": "1.1", "hash": ""}
    (folder / "staticfiles.json").write_text(json.dumps(told), encoding="utf-8")


def _furnish() -> tuple[str, int, list[str]]:
    """Put a ticketed sale on by public actions, with members who have signed in."""
    import datetime as dt

    from django.db import connection

    from banyan.catalog import actions as catalog
    from banyan.kernel import clock
    from banyan.kernel.actors import Actor
    from banyan.people.models import Account
    from banyan.sales import actions as sales

    now = clock.now()
    owner = Account.objects.create(handle="bench", display_name="Bench", created_at=now)
    who = Actor(kind="member", id=owner.pk)
    shop = catalog.open_shop(actor=who, name="Bench", slug="bench", currency="CNY")
    goods = catalog.ProductInput("Cup", [catalog.VariantInput(price=9_900, on_hand=1_000_000)])
    product = catalog.create_product(actor=who, shop_id=shop.pk, data=goods)
    catalog.publish_product(actor=who, product_id=product.pk)
    variant = product.variants.get().pk
    data = sales.SaleInput(
        "Bench", now, now + dt.timedelta(hours=1),
        [sales.ItemInput(variant, 4_900, public=1_000_000)], ticketed=True,
    )  # fmt: skip
    sale = sales.plan_sale(actor=who, shop_id=shop.pk, data=data)
    sales.publish_sale(actor=who, sale_id=sale.pk)
    cookies = [session for _member, session in signed_in(MEMBERS, name="b")]
    connection.close()
    return f"/sale/{sale.pk}/claim", variant, cookies


def _claim_over(port: int, path: str, variant: int, cookies: list[str]) -> int:
    """Send one claim per session from several clients; return how many were given a unit."""
    got: list[int] = []
    parts = [cookies[n::CLIENTS] for n in range(CLIENTS)]
    threads = [
        threading.Thread(target=lambda p=part: got.append(_claim_each(port, path, variant, p)))
        for part in parts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(got)


def _claim_each(port: int, path: str, variant: int, sessions: list[str]) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    token, got = "x" * 32, 0
    for session in sessions:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"banyan_session={session}; banyan_csrf={token}",
            "X-CSRFToken": token,
            "Origin": f"http://127.0.0.1:{port}",
            "Sec-Fetch-Site": "same-origin",
        }
        line.request("POST", path, body=f"variant={variant}", headers=headers)
        answer = line.getresponse()
        answer.read()
        got += answer.status == 302 and "/checkout" in (answer.getheader("Location") or "")
    line.close()
    return got


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not come up")


if __name__ == "__main__":
    sys.exit(main())
