"""Every fixture of the rule book, and every cell of its matrix, has a test by that name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

FIXTURES = (*range(1, 13), *range(17, 21), *range(22, 26), 27)
COLUMNS = (
    "expiry",
    "refund_after_success",
    "concurrent_last_slot",
    "self_assist",
    "new_user_only_breach",
    "partial_fill",
)
# Cells where the rule book itself has nothing to say.
EMPTY = {
    (2, "refund_after_success"),
    (6, "self_assist"),
    (7, "partial_fill"),
    (10, "refund_after_success"),
}
MATRIX = [
    (number, column)
    for number in (*range(1, 8), 10)
    for column in COLUMNS
    if (number, column) not in EMPTY
]
# In the row of flash sales the bucket is what refuses.
OTHERWISE = {(6, "new_user_only_breach"): "bucket_refuses"}


@pytest.fixture(scope="module")
def names() -> set[str]:
    return {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }


@pytest.mark.parametrize("number", FIXTURES)
def test_a_fixture_has_a_test(number: int, names: set[str]) -> None:
    assert [one for one in names if f"_f{number:02}_" in one]


@pytest.mark.parametrize(("number", "column"), MATRIX)
def test_a_cell_has_a_test(number: int, column: str, names: set[str]) -> None:
    wanted = f"test_m{number:02}_{OTHERWISE.get((number, column), column)}"
    assert [one for one in names if one.startswith(wanted)]
