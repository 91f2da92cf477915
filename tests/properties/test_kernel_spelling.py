"""Whatever slip is made, the word that was meant is among those that share a struck-out form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.search import spelling

LETTERS = "abcdefgh"


@given(
    word=st.text(alphabet=LETTERS, min_size=5, max_size=14),
    place=st.integers(0, 4),
    letter=st.sampled_from(LETTERS),
    slip=st.sampled_from(["more", "less", "other", "swapped"]),
)
def test_one_slip_leaves_a_form_in_common(word: str, place: int, letter: str, slip: str) -> None:
    head, rest = word[:place], word[place:]
    typed = {
        "more": head + letter + rest,
        "less": head + rest[1:],
        "other": head + letter + rest[1:],
        "swapped": head + rest[1::-1][:2] + rest[2:],
    }[slip]
    assert spelling.distance(word, typed) <= 1
    assert set(spelling.struck(word)) & set(spelling.struck(typed))
