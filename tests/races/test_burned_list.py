"""What burned others stays named here: each of the twelve has a test, and each race its control."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

BURNED = {
    1: "the last unit, many threads, one order",
    2: "a single-use coupon, parallel payments: one redemption, and no loser touches the winner",
    3: "a group's last place: N+3 payers, exactly N in; the team completes once",
    4: "the expiry job twice and racing the last payment: complete or refunded, never both",
    5: "webhook and browser return in both orders and at once: one capture, one order, one journal",
    6: "two lines that share one stock row",
    7: "opposite line order in two carts: no deadlock",
    8: "a refund after the commission was payable, and after it was paid out",
    9: "the same key or form with other content: 422, nothing written",
    10: "one merchant on another's rows: 404, no row changed",
    11: "every event has a schema, every transition row a test, every illegal move raises",
    12: "the same number of statements for 1, 10 and 100",
}
CONTROLLED = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12}


# Fixtures of the rule book that are races, too; of F07 the control is that of all last places.
FIXTURES = {10, 19, 27}


def _tests() -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for number, name in re.findall(r"^def test_burned_(\d\d)_(\w+)", path.read_text(), re.M):
            found[int(number)].add(name)
    return found


def test_each_thing_that_burned_others_has_a_test() -> None:
    assert set(BURNED) == set(range(1, 13)) == set(_tests())


def test_each_race_among_them_has_a_negative_control() -> None:
    found = _tests()
    controlled = {n for n, names in found.items() if any("control" in name for name in names)}
    assert controlled >= CONTROLLED


def test_each_race_among_the_fixtures_has_a_negative_control() -> None:
    text = "".join(path.read_text() for path in (TESTS / "races").glob("test_*.py"))
    assert {int(n) for n in re.findall(r"^def test_f(\d\d)_control", text, re.M)} >= FIXTURES
