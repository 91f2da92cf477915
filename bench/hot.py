"""Orders of a hot sale: members who have claimed a unit by ticket only place, pay and come back.

What a whole order is without the looking around: the form's POST, the gateway's "pay" with its
message to us, and the way back. Everything runs on this machine, the buyers too.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from banyan.ops.demo.race.buyer import ADDRESS, Buyer, Lines, Outcome
from bench.installation import Installation
from bench.orders import CLIENTS, Ask
from bench.report import Table

ORDERS, ROUNDS, WARM_UP = 200, 3, 80
LEAST_RATE = 100.0
_CSRF = "x" * 32


class HotBuyer(Buyer):
    """A signed-in member with a right to one unit."""

    def __init__(self, number: int, *, origin: str, lines: Lines, session: str) -> None:
        super().__init__(number, origin=origin, lines=lines)
        self._cookies[origin, "banyan_session"] = session
        self._cookies[origin, "banyan_csrf"] = _CSRF

    def _buy(self, link: str) -> None:
        """Place an order for the variant ``link``, press "pay", follow the way back."""
        form = ADDRESS | {"variant": link, "n": "1", "token": f"hot-{link}-{self.number:06d}"}
        form["phone"] = f"+86138{self.number:08d}"
        pay_url = self._onward(self._send(f"{self._origin}/checkout", form))
        sent = self._send(f"{pay_url}/confirm", {"outcome": "success"})
        back = self._get(self._onward(sent))
        if "/pay/" in self._onward(back):
            raise ValueError("the payment was not known at the return")

    def _headers(self, origin: str, method: str) -> dict[str, str]:
        headers = super()._headers(origin, method)
        if method == "POST" and urlsplit(origin) == urlsplit(self._origin):
            headers |= {"Origin": origin, "Sec-Fetch-Site": "same-origin", "X-CSRFToken": _CSRF}
        return headers


def run(table: Table, installation: Installation, ask: Ask) -> None:
    """Measure the orders of a hot sale at eight clients; about a quarter of a minute."""
    total = ORDERS * ROUNDS
    sale = ask("hot_sale", str(total + WARM_UP))
    sessions: list[str] = sale.pop("sessions")
    _send(installation.origin, sale, list(enumerate(sessions[:WARM_UP])))
    rates, ended = [], list[Outcome]()
    before, mine = installation.cpu(), time.process_time()
    for number in range(ROUNDS):
        first = WARM_UP + number * ORDERS
        mine_now = list(enumerate(sessions[first : first + ORDERS], start=first))
        began = time.perf_counter()
        ended += _send(installation.origin, sale, mine_now)
        rates.append(ORDERS / (time.perf_counter() - began))
    spent = {kind: used - before.get(kind, 0.0) for kind, used in installation.cpu().items()}
    spent["client"] = time.process_time() - mine
    counted = ask("recount", json.dumps(sale))
    rate = statistics.median(rates)
    table.held("hot orders, 8 clients", rate, "/s", rate >= LEAST_RATE, f">= {LEAST_RATE:.0f}")
    table.row("  rounds", len(rates), "", ", ".join(f"{one:.1f}" for one in rates))
    times = sorted(outcome.ms for outcome in ended)
    table.row("  one order p50", times[len(times) // 2], "ms")
    table.row("  one order p99", times[len(times) * 99 // 100], "ms")
    for kind, seconds in sorted(spent.items(), key=lambda pair: -pair[1]):
        if seconds * 1000 / total > 0.05:
            table.row(f"  processor time, {kind}", seconds * 1000 / total, "ms/order")
    whole = sum(spent.values()) * 1000 / total
    most = f"so at most {2000 / whole:.0f}/s on two idle cores"
    table.row("  processor time, all", whole, "ms/order", most)
    paid, wanted = counted["paid"], total + WARM_UP
    exact = paid == wanted and counted["ledger"] == 0 and counted["oversold"] == 0
    table.held("  of these placed and paid", paid, "", exact, f"{wanted}, ledger 0")
    for reason, count in Counter(one.reason for one in ended if one.reason).most_common(3):
        table.row("  not paid", count, "", reason)


def _send(origin: str, sale: dict[str, Any], buyers: list[tuple[int, str]]) -> list[Outcome]:
    """Let the members buy from eight lanes; return how each ended."""
    ended: list[Outcome] = []

    def lane(part: list[tuple[int, str]]) -> None:
        lines = Lines()
        for number, session in part:
            buyer = HotBuyer(number, origin=origin, lines=lines, session=session)
            ended.append(buyer.buy(str(sale["variant_id"])))
        lines.close()

    threads = [
        threading.Thread(target=lane, args=(buyers[n::CLIENTS],), name=f"hot-{n}")
        for n in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended
