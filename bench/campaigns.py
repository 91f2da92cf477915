"""Campaigns that everybody wants at once: ``python -m bench.campaigns``, or the part ``campaigns``.

Ten thousand grabs at a hundred shares of a red packet, through the actions and over HTTP; then
packs one after another and one collection of likes, over HTTP. Nobody waits between two presses.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from urllib.parse import urlsplit

from bench.installation import Installation
from bench.orders import Ask
from bench.playing import GRABS, LANES, LIKES, PACKS, PLACES, SHARES
from bench.report import Table

MOST_BY_ACTIONS, MOST_OVER_HTTP, MOST_P95, LEAST_JOINS = 5.0, 15.0, 200.0, 200.0
_CSRF = "x" * 32
Press = tuple[str, str]


def run(table: Table, installation: Installation, ask: Ask) -> None:
    """Measure; about a minute."""
    inside = ask("grabs")
    seconds = inside["seconds"]
    fast = seconds <= MOST_BY_ACTIONS
    table.held(f"{GRABS} grabs by actions, {LANES} threads", seconds, "s", fast, "<= 5")
    table.held("  faults", len(inside["faults"]), "", not inside["faults"], "0")
    _exact(table, inside)

    packet = ask("packet")
    sessions: list[str] = packet["sessions"]
    path = f"/play/{packet['code']}/join"
    presses = [(path, sessions[n % len(sessions)]) for n in range(GRABS)]
    seconds, times, failed = _press(installation.origin, presses)
    fast = seconds <= MOST_OVER_HTTP
    table.held(f"{GRABS} grabs over HTTP, {LANES} clients", seconds, "s", fast, "<= 15")
    p95 = times[len(times) * 95 // 100]
    table.row("  one grab p50", times[len(times) // 2], "ms")
    table.held("  one grab p95", p95, "ms", p95 < MOST_P95, "< 200")
    table.held("  failed", failed, "", not failed, "0")
    _exact(table, ask("credited", packet["code"]))

    hot = ask("plays")
    people: list[str] = hot["sessions"]
    pieces = [people[n * PLACES : (n + 1) * PLACES] for n in range(PACKS)]
    packs = [
        (f"/play/{code}/join", who)
        for code, some in zip(hot["packs"], pieces, strict=True)
        for who in some
    ]
    _joins(table, installation, ask, "joins of hot packs", packs, hot["packs"])
    likes = [(f"/play/{hot['likes']}/help", who) for who in people[:LIKES]]
    _joins(table, installation, ask, "likes of one hot collection", likes, [hot["likes"]])


def _exact(table: Table, counted: dict[str, int]) -> None:
    right = counted["credited"] == counted["people"] == SHARES and bool(counted["ledger"])
    table.held("  credited", counted["credited"], "", right, f"{SHARES}, nobody twice, ledger 0")


def _joins(
    table: Table,
    installation: Installation,
    ask: Ask,
    name: str,
    presses: list[Press],
    codes: list[str],
) -> None:
    before, mine = installation.cpu(), time.process_time()
    seconds, times, failed = _press(installation.origin, presses)
    spent = {kind: used - before.get(kind, 0.0) for kind, used in installation.cpu().items()}
    spent["client"] = time.process_time() - mine
    rate = len(presses) / seconds
    table.held(name, rate, "/s", rate >= LEAST_JOINS, f">= {LEAST_JOINS:.0f}")
    table.row("  p95", times[len(times) * 95 // 100], "ms", f"{failed} failed")
    for kind, used in sorted(spent.items(), key=lambda pair: -pair[1]):
        if used * 1000 / len(presses) > 0.05:
            table.row(f"  processor time, {kind}", used * 1000 / len(presses), "ms/join")
    counted = ask("taken", ",".join(codes))
    right = counted["taken"] == len(presses) and counted["sound"]
    table.held("  of these in", counted["taken"], "", right, f"{len(presses)}, recounted")


def _press(origin: str, presses: list[Press]) -> tuple[float, list[float], int]:
    """Send every press, from so many lanes; seconds, sorted times in ms, and how many failed."""
    times, failed = list[float](), list[int]()

    def lane(part: list[Press]) -> None:
        line = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=60)
        for path, session in part:
            began = time.perf_counter()
            line.request("POST", path, body="", headers=_headers(origin, session))
            answer = line.getresponse()
            answer.read()
            times.append((time.perf_counter() - began) * 1000)
            if answer.status not in {302, 303}:
                failed.append(answer.status)
        line.close()

    lanes = [threading.Thread(target=lane, args=(presses[n::LANES],)) for n in range(LANES)]
    began = time.perf_counter()
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    return time.perf_counter() - began, sorted(times), len(failed)


def _headers(origin: str, session: str) -> dict[str, str]:
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"banyan_session={session}; banyan_csrf={_CSRF}",
        "X-CSRFToken": _CSRF,
        "Origin": origin,
        "Sec-Fetch-Site": "same-origin",
    }


if __name__ == "__main__":
    from bench.__main__ import main

    sys.exit(main(["campaigns"]))
