"""Sentences: how a thing travelled, who someone is, how sure a rate is."""

from __future__ import annotations

import pytest
from django.utils import translation

from banyan.web.ui.shapes import Face
from banyan.web.ui.words import compact, initials, interval, percent, relation_sentence

MIO, NOOR, LU, BEI, KAI = (Face(n) for n in ("mio", "Noor", "Lu", "Bei", "Kai"))


def test_one_sharer_shared_with_you() -> None:
    assert relation_sentence([NOOR]) == "<b>Noor</b> shared with you"


def test_two_sharers_are_both_named() -> None:
    said = relation_sentence([MIO, NOOR])
    assert said == "<b>mio</b> shared with <b>Noor</b>, <b>Noor</b> with you"


def test_another_end_than_the_viewer_is_named() -> None:
    assert relation_sentence([MIO], end="Cy") == "<b>mio</b> shared with <b>Cy</b>"


def test_a_long_path_names_both_ends_and_counts_the_middle() -> None:
    said = relation_sentence([MIO, NOOR, LU, BEI, KAI])
    assert said.startswith("<b>mio</b> shared with <b>Noor</b>")
    assert "2 more friends" in said
    assert said.endswith("<b>Kai</b> with you")


def test_an_empty_path_says_nothing() -> None:
    assert relation_sentence([]) == ""


def test_a_person_without_a_name_is_a_friend() -> None:
    assert relation_sentence([{"name": ""}]) == "<b>a friend</b> shared with you"


def test_a_name_cannot_bring_markup() -> None:
    said = relation_sentence([Face("<img src=x>"), Face("{taker}")])
    assert "<img" not in said
    assert "{taker}" in said


@pytest.mark.parametrize(
    ("name", "short"),
    [
        *(("mio", "M"), ("aunt bei", "AB"), ("read.with.lu", "RW"), ("林小满", "林"), ("", "·")),
        *(("Kiln & Co", "KC"), ("!?", "·")),
    ],
)
def test_initials_stand_for_a_name(name: str, short: str) -> None:
    assert initials(name) == short


def test_a_rate_is_told_with_its_interval() -> None:
    assert percent(0.08) == "8.0 %"
    assert "(6.9 – 9.2)" in interval(0.08, 0.069, 0.092)


def test_counts_are_short_in_the_reader_s_way() -> None:
    assert compact(999) == "999"
    with translation.override("en"):
        assert compact(1240) == "1.2K"
    with translation.override("zh-hans"):
        assert compact(12_400) == "1.2万"
