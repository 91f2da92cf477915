"""Codes that nobody can guess: as many bits as they say, however they are compared."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import pytest

from banyan.kernel.ids import new_code, typed_code


def told_apart(codes: list[str], by: Callable[[str], str]) -> float:
    """Return how many bits the likeliest code has, given what letters turned out to be like."""
    letters = Counter(by(letter) for code in codes for letter in code)
    return len(codes[0]) * -math.log2(max(letters.values()) / letters.total())


@pytest.mark.parametrize("bits", [40, 80, 128])
def test_a_typed_code_has_its_bits_also_in_small_letters(bits: int) -> None:
    codes = [typed_code(bits) for _ in range(2_000)]
    assert told_apart(codes, str.lower) >= bits * 0.97, "but for what chance makes likelier"
    assert not set("".join(codes)) & set("01OIL")


def test_control_a_code_of_both_cases_has_fewer_bits_when_cases_are_one() -> None:
    codes = [new_code(80) for _ in range(2_000)]
    assert told_apart(codes, str) >= 80 * 0.97
    assert told_apart(codes, str.lower) < 70
