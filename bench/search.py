"""``python -m bench.search``: pages of searches and listings, 100,000 goods and 1,000,000 posts.

Fills a database of its own (``bench.shelves``), then asks it through the whole application, in
this process and one page at a time: so the figures are server time, from the request to the last
byte of the page. ``--products`` and ``--posts`` make it smaller. Ends with 1 on a missed bound.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import report

SEARCH_P95, LISTING_P95 = 80.0, 60.0
ROUNDS, WARM_UP = 25, 3


def main(arguments: list[str]) -> int:
    """Fill, ask, print; an exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.search")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    from banyan.ops.postgres import TemporaryPostgres

    with TemporaryPostgres() as server, tempfile.TemporaryDirectory(dir="/tmp") as var:
        os.environ.update(
            DATABASE_URL=server.dsn(), BANYAN_VAR=var, BANYAN_ENV="development",
            DJANGO_SETTINGS_MODULE="banyan.config.settings", BANYAN_SECRET_KEY="bench" * 10,
        )  # fmt: skip
        import django

        from banyan.ops.environment import Surroundings
        from banyan.ops.prepare import collect_static

        django.setup()
        collect_static(Surroundings.read())
        return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    from django.db import connection

    from banyan.catalog import actions as catalog
    from banyan.community import actions as community
    from banyan.ops.prepare import migrate
    from banyan.people import actions as people
    from bench.shelves import Shelves, Size

    migrate()
    table = report.Table()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    print("\n" + report.facts(f"PostgreSQL {version}", "fsync=off, one connection, guests"))
    now_ms = int(time.time() * 1000) - 1_704_067_200_000
    shelves = Shelves(Size(options.products, options.posts), now_ms=now_ms)
    table.head("the database")
    table.row("filled in", _seconds(shelves.fill), "s")
    for name, count in (
        ("goods and shops", catalog.count_words),
        ("posts", community.count_words),
        ("members", people.count_words),
    ):
        table.row(f"words counted, {name}", _seconds(count), "s", "every hour, in the background")
    with connection.cursor() as cursor:
        for name in ("catalog_product", "community_post", "people_account", "kernel_searchword"):
            cursor.execute(f"SELECT count(*) FROM {name}")
            table.row(name, cursor.fetchone()[0], "rows")
        cursor.execute("SELECT pg_database_size(current_database()) / 1e6")
        table.row("size", float(cursor.fetchone()[0]), "MB")
    _searches(table, shelves, options.rounds)
    _listings(table, options.rounds)
    for missed in table.missed:
        print(f"MISSED  {missed}")
    return 1 if table.missed else 0


def _searches(table: report.Table, shelves: Any, rounds: int) -> None:
    from bench.shelves import asked_of

    table.head(f"searches, {rounds} of each kind (/explore?q=)")
    questions = asked_of(shelves)
    kinds = list(dict.fromkeys(kind for kind, _ in itertools.islice(asked_of(shelves), 40)))
    times: dict[str, list[Taken]] = {}
    for _round in range(WARM_UP + rounds):
        for kind, fields in itertools.islice(questions, len(kinds)):
            taken, following = _ask("/explore", fields)
            if _round >= WARM_UP:
                times.setdefault(kind, []).append(taken)
            if kind == "posts alone":
                taken = _deep("/explore", following)
                if _round >= WARM_UP:
                    times.setdefault("posts, fifth page", []).append(taken)
    _print(table, times, "search", SEARCH_P95)


def _listings(table: report.Table, rounds: int) -> None:
    chance = random.Random(1)
    table.head(f"listings of 24, {rounds} of each kind")
    times: dict[str, list[Taken]] = {}
    for number in range(WARM_UP + rounds):
        for kind, path, fields in _lists(chance):
            taken, following = _ask(path, fields)
            deep = _deep(path, following) if kind in {"category", "category, in stock"} else None
            if number >= WARM_UP:
                times.setdefault(kind, []).append(taken)
                if deep is not None:
                    times.setdefault(f"{kind}, fifth page", []).append(deep)
    _print(table, times, "listing", LISTING_P95)


def _lists(chance: random.Random) -> Iterator[tuple[str, str, dict[str, str]]]:
    category = f"kind-{chance.randint(1, 40)}"
    yield "category", "/explore", {"category": category}
    yield "category, in stock", "/explore", {"category": category, "is": "stock"}
    yield "category, by price", "/explore", {
        "category": category, "currency": "CNY", "from": "20", "to": "60",
    }  # fmt: skip
    yield "shop", f"/shop/shop-{chance.randrange(20)}", {}
    yield "explore", "/explore", {}


def _deep(path: str, following: str) -> Taken:
    """Go on to the fifth page, or the last one before; return what that took."""
    taken = Taken(0.0, 0.0)
    for _page in range(4):
        if not following:
            break
        taken, following = _ask(path + following, {})
    return taken


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page took: milliseconds by the clock, and of processor time here and in PostgreSQL."""

    clock: float
    used: float


def _ask(path: str, fields: dict[str, str]) -> tuple[Taken, str]:
    """Return what a page took, and the address of the next one."""
    from django.db import connection
    from django.test import Client

    global _client
    _client = _client or Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")
    connection.ensure_connection()
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    here, there = time.process_time(), int(backend.read_text().split()[0])
    began = time.perf_counter()
    answer = _client.get(path, fields)
    clock = (time.perf_counter() - began) * 1000
    used = (time.process_time() - here) * 1000 + (int(backend.read_text().split()[0]) - there) / 1e6
    taken = Taken(clock, used)
    html = answer.content.decode()
    if answer.status_code != 200:
        raise RuntimeError(f"{path} {fields}: {answer.status_code}")
    more = re.search(r'href="(\?[^"]*after=[^"]+)"', html)
    return taken, more[1].replace("&amp;", "&") if more else ""


_client: Any = None


def _print(table: report.Table, times: dict[str, list[Taken]], name: str, bound: float) -> None:
    for kind, taken in times.items():
        p50, p95, p99 = (_part([one.clock for one in taken], at) for at in (0.5, 0.95, 0.99))
        used = _part([one.used for one in taken], 0.5)
        table.row(kind, p50, "ms p50", f"p95 {p95:.1f}, p99 {p99:.1f}; processor {used:.1f}")
    every = [one for taken in times.values() for one in taken]
    clock, used_by = [one.clock for one in every], [one.used for one in every]
    table.row(f"every {name}, {len(every)} pages", _part(clock, 0.5), "ms p50")
    p95 = _part(clock, 0.95)
    table.held(f"every {name}", p95, "ms p95", p95 < bound, f"< {bound:.0f}")
    table.row(f"every {name}", _part(clock, 0.99), "ms p99", f"longest {max(clock):.1f}")
    parts = ", ".join(f"{_part(used_by, at):.1f}" for at in (0.5, 0.95, 0.99))
    table.row("  processor time", _part(used_by, 0.95), "ms p95", f"p50, p95, p99: {parts}")


def _part(taken: list[float], share: float) -> float:
    ranked = sorted(taken)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def _seconds(act: Any) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main(sys.argv[1:]))
