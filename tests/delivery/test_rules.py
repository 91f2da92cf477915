"""Codes that can be typed, names that are tame, windows that are half open."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.delivery.rules import (
    ALPHABET,
    LENGTH,
    Validity,
    clean_name,
    first_name,
    grouped,
    new_voucher_code,
    pasted_keys,
    read_code,
    refusal,
    units_refunded,
)

NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
codes = st.builds(new_voucher_code)


def test_a_code_has_at_least_eighty_bits() -> None:
    assert len(ALPHABET) ** LENGTH >= 2**80
    assert len({new_voucher_code() for _ in range(1000)}) == 1000


@given(codes, st.integers(0, LENGTH), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_always_noticed(code: str, at: int, letter: str) -> None:
    typed = code[:at] + letter + code[at + 1 :]
    assert read_code(typed) == (code if letter == code[at] else None)


@given(codes, st.integers(0, LENGTH - 1))
def test_two_letters_that_changed_places_are_always_noticed(code: str, at: int) -> None:
    typed = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    same = code[at] == code[at + 1]
    # The last place is the check letter itself, which is not weighed by its place.
    assert read_code(typed) == (code if same else None) or at == LENGTH - 1


@given(codes)
def test_a_code_is_read_however_it_is_written(code: str) -> None:
    for text in (
        grouped(code),
        grouped(code).lower().replace("-", " "),
        f"  https://shop.test/v/{code}/ ",
        f"https://shop.test/v/{code}?from=qr",
    ):
        assert read_code(text) == code


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    read = read_code(text)
    assert read is None or len(read) == LENGTH + 1


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("song.mp3", "song.mp3"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.exe", "a.exe"),
        ('a"b;c\r\nX-Evil: 1.pdf', "abcX-Evil 1.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".epub", "x" * 115 + ".epub"),
        ("歌曲.mp3", "歌曲.mp3"),
    ],
)
def test_a_file_name_is_tame(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept
    assert len(clean_name(given_name)) <= 120


def test_keys_come_from_lines_or_the_first_column() -> None:
    assert pasted_keys("A-1\n\n  B-2 \r\nC-3") == ([(1, "A-1"), (3, "B-2"), (4, "C-3")], [])
    listed = '\ufeffA-1,first\n"B,2",second\n'
    assert pasted_keys(listed) == ([(1, "A-1"), (2, "B,2")], [])
    assert pasted_keys("A\nA") == ([(1, "A"), (2, "A")], [])
    assert pasted_keys("A\rB") == ([(1, "A"), (2, "B")], [])


def test_a_quotation_mark_that_is_not_closed_takes_no_other_line_along() -> None:
    assert pasted_keys('A\n"B\nC') == ([(1, "A"), (3, "C")], [2])
    assert pasted_keys('"' + "A\n" * 100_000)[1] == [1]
    assert pasted_keys("A" * 200_000) == ([], [1])
    assert pasted_keys('12" B') == ([(1, '12" B')], [])


def test_a_window_ends_with_what_ends_first() -> None:
    assert Validity().window(NOON) == (NOON, None)
    assert Validity(days=2).window(NOON) == (NOON, NOON + 2 * DAY)
    assert Validity(ends_at=NOON + DAY, days=2).window(NOON) == (NOON, NOON + DAY)
    assert Validity(starts_at=NOON + DAY, days=2).window(NOON) == (NOON + DAY, NOON + 3 * DAY)


def test_a_window_is_half_open() -> None:
    def at(moment: dt.datetime, state: str = "issued") -> str:
        return refusal(state=state, valid_from=NOON, valid_until=NOON + DAY, at=moment)

    second = dt.timedelta(microseconds=1)
    assert at(NOON - second) == "voucher_early"
    assert at(NOON) == ""
    assert at(NOON + DAY - second) == ""
    assert at(NOON + DAY) == "voucher_expired"
    assert at(NOON, "redeemed") == "voucher_redeemed"
    assert at(NOON, "refunded") == "voucher_refunded"


def test_part_of_a_price_is_no_unit() -> None:
    assert [units_refunded(quantity=3, paid=100, refunded=n) for n in (0, 33, 34, 66, 67, 100)] == [
        0, 0, 1, 1, 2, 3,
    ]  # fmt: skip
    assert units_refunded(quantity=2, paid=0, refunded=0) == 2


def test_a_first_name_is_enough() -> None:
    assert first_name("Mei Zhang") == "Mei"
    assert first_name("") == ""
