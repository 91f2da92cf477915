"""Slips of the hand: what is one apart shares a struck-out form, and the nearest word is chosen."""

from __future__ import annotations

import pytest

from banyan.kernel.search import spelling


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("mug", "mug", 0),
        ("", "mug", 3),
        ("teapot", "teapto", 1),
        ("teapot", "tepot", 1),
        ("teapot", "teappot", 1),
        ("teapot", "teapat", 1),
        ("teapot", "taepto", 2),
        ("kettle", "teapot", 5),
    ],
)
def test_slips_are_counted(one: str, other: str, apart: int) -> None:
    assert spelling.distance(one, other) == spelling.distance(other, one) == apart


@pytest.mark.parametrize(
    ("word", "forgiven"), [("mug", 0), ("teapot", 1), ("porcelain", 2), ("a1b2c3", 0), ("", 0)]
)
def test_short_words_and_numbers_are_not_guessed(word: str, forgiven: int) -> None:
    assert spelling.slips(word) == forgiven


def test_the_nearest_word_wins_then_the_one_in_most_documents() -> None:
    known = [("teapots", 900), ("teapot", 3), ("teapat", 2), ("kettle", 5_000)]
    assert spelling.nearest("teapto", known) == "teapot"
    assert spelling.nearest("teaput", known) == "teapot", "as near as teapat, and in more"
    assert spelling.nearest("xxxxxx", known) is None
    assert spelling.nearest("teapot", [("teapot", 3)]) is None, "that is no change"


def test_a_word_has_few_forms_however_long_it_is() -> None:
    assert len(spelling.struck("pneumonoultramicroscopic")) <= 37
    assert all(-(2**31) <= form < 2**31 for form in spelling.struck("porcelain"))
