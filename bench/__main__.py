"""``python -m bench``: every figure of docs/explanation/speed.md, in at most ten minutes.

Starts an installation of its own from an empty folder with the demo, as ``make run`` does, and
measures it; figures that have a floor are taken in turn with it, round by round. Ends with 1 when
a bound is missed. ``python -m bench NAME...`` takes only some parts: edge, streams, start,
page, orders, hot, campaigns, race, feed, vitals.
"""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import campaigns, edge, hot, orders, page, report, streams, vitals
from bench.installation import OURS, ROOT, Installation

PARTS = ("edge", "streams", "start", "page", "orders", "hot", "campaigns", "race", "feed", "vitals")
FIRST_SECONDS, SECOND_SECONDS, MOST_MEMORY = 60.0, 6.0, 450.0
IDLE_SECONDS, IDLE_EVERY = 300.0, 10.0


def main(wanted: list[str]) -> int:
    """Measure the wanted parts, or all; an exit code."""
    parts = wanted or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        return 2
    table, began = report.Table(), time.monotonic()
    if "edge" in parts:
        table.head("share links (bench.edge)")
        edge.run(table)
    if "streams" in parts:
        table.head("2,000 open live pages, one process (bench.streams)")
        streams.run(table)
    if set(parts) - {"edge", "streams"}:
        with tempfile.TemporaryDirectory(prefix="banyan-bench-", dir="/tmp") as folder:
            Path(folder).chmod(0o755)
            _whole(table, parts, Path(folder))
    print(f"\ntook {time.monotonic() - began:.0f} s")
    for missed in table.missed:
        print(f"MISSED  {missed}")
    return 1 if table.missed else 0


def _whole(table: report.Table, parts: list[str], folder: Path) -> None:
    installation = Installation(folder / "var")
    with contextlib.ExitStack() as stack:
        stack.callback(installation.stop)
        first, used = installation.start(), installation.cpu_with_ended()
        ask = functools.partial(_ask, installation)
        known = ask("database")
        settings = ", ".join(f"{name}={value}" for name, value in known["settings"].items())
        print("\n" + report.facts(known["version"], settings))
        if "start" in parts:
            _starts(table, installation, (first, used), ask)
        else:
            _idle(ask)
        if "page" in parts:
            table.head("product page (bench.page)")
            page.run(table, installation, ask("stage", "1000"))
        if "orders" in parts:
            table.head("whole orders (bench.orders)")
            orders.whole_orders(table, installation, ask)
        if "hot" in parts:
            table.head("orders of a hot sale (bench.hot)")
            hot.run(table, installation, ask)
        if "campaigns" in parts:
            table.head("campaigns that everybody wants (bench.campaigns)")
            campaigns.run(table, installation, ask)
        if "race" in parts:
            table.head("the race (bench.orders)")
            orders.race(table, installation, ask)
        if "feed" in parts:
            table.head("single reads and writes, in one process (bench.inside)")
            _reads(table, ask)
        if "vitals" in parts:
            table.head("pages on a slow phone (bench.vitals)")
            vitals.run(table, installation, ask)


def _starts(
    table: report.Table, installation: Installation, first: tuple[float, float], ask: orders.Ask
) -> None:
    table.head("starting and resting")
    seconds, used = first
    soon = seconds < FIRST_SECONDS
    table.held("first page, empty folder, with the demo", seconds, "s", soon, "< 60")
    table.row("  processor time until then", used, "s", "of all its processes, ended ones too")
    idle = _idle(ask)
    table.row("  then until nothing is left to do", idle, "s", "pictures at idle priority")
    installation.stop()
    second = installation.start()
    table.held("first page, second start", second, "s", second < SECOND_SECONDS, "< 6")
    time.sleep(5)
    memory = {kind: used for kind, used in installation.memory().items() if kind in OURS}
    total = sum(memory.values())
    table.held("memory at rest (PSS), one web worker", total, "MB", total < MOST_MEMORY, "< 450")
    for kind, used in sorted(memory.items(), key=lambda pair: -pair[1]):
        table.row(f"  {kind}", used, "MB")


def _idle(ask: orders.Ask) -> float:
    """Wait until no background work is left, so that it does not weigh on what follows.

    Asking is a process of its own, which weighs too: so not often.
    """
    began = time.monotonic()
    while time.monotonic() - began < IDLE_SECONDS and ask("rest")["jobs"]:
        time.sleep(IDLE_EVERY)
    return time.monotonic() - began


def _reads(table: report.Table, ask: orders.Ask) -> None:
    placed = ask("statements")
    table.row("placing an order", placed["statements"], "SQL", f"{placed['ms']:.1f} ms")
    read = ask("feed")
    size = f"{read['ms']:.1f} ms; {read['posts']} posts, {read['follows']} follows"
    table.row("following feed, a page", read["statements"], "SQL", size)


def _ask(installation: Installation, *question: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.inside", *question],
        env=installation.environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
