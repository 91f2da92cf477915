"""Whole guest orders, and five hundred buyers for a hundred units, over real HTTP.

Everything runs on this machine: web, worker, gateway, database and the buyers themselves. The
buyers are those of the demo's race (``banyan.ops.demo.race``): an empty cookie jar each, every
page from the shared link to the way back from the payment page.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from banyan.ops.demo.race import crowd
from banyan.ops.demo.race.buyer import Outcome
from bench.installation import Installation
from bench.report import Table

Ask = Callable[..., dict[str, Any]]
CLIENTS, ORDERS, ROUNDS = 8, 150, 3
# A connection plans a statement anew at its first eight uses; ten connections share these.
WARM_UP = 80
LANES, BUYERS, UNITS = 32, 500, 100
LEAST_RATE, MOST_SECONDS = 60.0, 10.0


def whole_orders(table: Table, installation: Installation, ask: Ask) -> None:
    """Measure whole orders at eight clients; about half a minute."""
    sale = ask("stage", str(ORDERS * ROUNDS + WARM_UP))
    crowd.send(sale["link"], origin=installation.origin, numbers=range(WARM_UP), lanes=CLIENTS)
    rates, ended, before, mine = [], [], installation.cpu(), time.process_time()
    for number in range(ROUNDS):
        began = time.perf_counter()
        numbers = range(1000 * (number + 1), 1000 * (number + 1) + ORDERS)
        ended += crowd.send(
            sale["link"], origin=installation.origin, numbers=numbers, lanes=CLIENTS
        )
        rates.append(ORDERS / (time.perf_counter() - began))
    spent = {kind: used - before.get(kind, 0.0) for kind, used in installation.cpu().items()}
    spent["client"] = time.process_time() - mine
    counted = ask("recount", json.dumps(sale))
    paid = sum(outcome.state == "paid" for outcome in ended)
    rate = statistics.median(rates)
    note = ", ".join(f"{one:.1f}" for one in rates)
    table.held("whole guest orders, 8 clients", rate, "/s", rate >= LEAST_RATE, f">= {LEAST_RATE}")
    table.row("  rounds", len(rates), "", note)
    _times(table, ended)
    total = ORDERS * ROUNDS
    for kind, seconds in sorted(spent.items(), key=lambda pair: -pair[1]):
        if seconds * 1000 / total > 0.05:
            table.row(f"  processor time, {kind}", seconds * 1000 / total, "ms/order")
    whole = sum(spent.values()) * 1000 / total
    most = f"so at most {2000 / whole:.0f}/s on two idle cores"
    table.row("  processor time, all", whole, "ms/order", most)
    exact = counted["paid"] == paid + WARM_UP == total + WARM_UP and counted["ledger"] == 0
    table.held(
        "  of these placed and paid", counted["paid"], "", exact, f"{total + WARM_UP}, ledger 0"
    )


def race(table: Table, installation: Installation, ask: Ask) -> None:
    """Measure the race."""
    sale = ask("stage", str(UNITS))
    began = time.perf_counter()
    ended = crowd.send(sale["link"], origin=installation.origin, numbers=range(BUYERS), lanes=LANES)
    seconds = time.perf_counter() - began
    counted = ask("recount", json.dumps(sale))
    states = Counter(outcome.state for outcome in ended)
    fast = seconds < MOST_SECONDS
    table.held("500 buyers, 100 units, 32 clients", seconds, "s", fast, f"< {MOST_SECONDS:.0f} s")
    right = {"paid": UNITS, "unsold": 0, "oversold": 0, "ledger": 0}
    for name, wanted in right.items():
        table.held(f"  {name}", counted[name], "", counted[name] == wanted, str(wanted))
    reasons = Counter(outcome.reason for outcome in ended if outcome.reason)
    told = "; ".join(f"{count} × {words}" for words, count in reasons.most_common())
    table.row("  refused", states["refused"], "", told)
    table.held("  failed", states["failed"], "", not states["failed"], "0")


def _times(table: Table, ended: list[Outcome]) -> None:
    times = sorted(outcome.ms for outcome in ended)
    table.row("  one order p50", times[len(times) // 2], "ms")
    table.row("  one order p99", times[len(times) * 99 // 100], "ms")
