"""What a film says of its maker is blanked where it stands; the film itself stays byte by byte.

``film.webm`` is half a second of three colours, recorded by a browser.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.media.traces import MOST, blank_traces

FILM = (Path(__file__).parent / "film.webm").read_bytes()
SEGMENT, CLUSTER, INFO = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x15\x49\xa9\x66"
TRACKS, TAGS, SUM = b"\x16\x54\xae\x6b", b"\x12\x54\xc3\x67", b"\xbf"
UNKNOWN = b"\x01" + b"\xff" * 7


def element(kind: bytes, data: bytes) -> bytes:
    if len(data) < 100:
        return kind + struct.pack(">B", 0x80 | len(data)) + data
    return kind + struct.pack(">Q", 1 << 56 | len(data)) + data


def tag(name: bytes, value: bytes) -> bytes:
    simple = element(b"\x67\xc8", element(b"\x45\xa3", name) + element(b"\x44\x87", value))
    return element(b"\x73\x73", element(b"\x63\xc0", b"") + simple)


def blanked(data: bytes) -> bytes:
    file = io.BytesIO(data)
    blank_traces(file, fmt="webm", size=len(data))
    assert len(file.getvalue()) == len(data)
    return file.getvalue()


def from_cluster(data: bytes) -> bytes:
    return data[data.rindex(CLUSTER) :]


WHERE = element(TAGS, tag(b"LOCATION", b"+27.5916+086.5640/") + tag(b"ARTIST", b"Ana" * 40))
LEADS = element(b"\x4d\xbb", element(b"\x53\xab", TAGS) + element(b"\x53\xac", b"\x40"))
HEAD = FILM[: FILM.index(SEGMENT)]
# Its table of contents names both before.
TRACK = FILM[FILM.rindex(TRACKS) : FILM.rindex(CLUSTER)]
ABOUT = element(
    INFO,
    element(SUM, b"sum4")
    + element(b"\x2a\xd7\xb1", b"\x0f\x42\x40")
    + element(b"\x7b\xa9", b"At Ana's, 27.5916")
    + element(b"\x44\x61", b"20261128")
    + element(b"\x73\x84", b"Ana-27.5916.webm")
    + element(b"\x4d\x80", b"PhoneMux")
    + element(b"\x57\x41", b"Phone 12"),
)
SAYS = (b"27.5916", b"086.5640", b"Ana", b"ARTIST", b"20261128", b"Phone", b"Camera of", b"sum4")


def phone(*, finished: bool, tags_last: bool) -> bytes:
    """The same film as a phone writes it; ``finished``: it says how long its parts are."""
    track = TRACK[5:].replace(
        b"\xd7\x81\x01", b"\xd7\x81\x01" + element(b"\x53\x6e", b"Camera of Ana")
    )
    track = element(b"\xae", track[2:])
    head = element(b"\x11\x4d\x9b\x74", element(SUM, b"sum4") + LEADS) + ABOUT
    film = from_cluster(FILM)
    if not finished:
        film = CLUSTER + UNKNOWN + film[12 : film.index(b"\x1c\x53\xbb\x6b")]
    parts = [head, element(TRACKS, track), *([film, WHERE] if tags_last else [WHERE, film])]
    inside = b"".join(parts)
    return HEAD + (element(SEGMENT, inside) if finished else SEGMENT + UNKNOWN + inside)


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "never finished"])
@pytest.mark.parametrize("tags_last", [True, False], ids=["said last", "said first"])
def test_a_film_does_not_say_where_it_was_when_or_by_what(finished: bool, tags_last: bool) -> None:
    said = phone(finished=finished, tags_last=tags_last)
    assert all(word in said for word in SAYS)

    kept = blanked(said)

    assert not [word for word in SAYS if word in kept]
    assert LEADS not in kept
    start, end = said.index(CLUSTER), said.index(CLUSTER) + 400
    assert kept[start:end] == said[start:end]
    assert kept.index(TRACKS) == said.index(TRACKS)
    assert blanked(kept) == kept


def test_a_recording_of_a_browser_loses_the_browsers_name_and_nothing_else() -> None:
    kept = blanked(FILM)

    assert kept == FILM.replace(b"\x4d\x80\x86Chrome\x57\x41\x86Chrome",
                                b"\x4d\x80\x86\0\0\0\0\0\0\x57\x41\x86\0\0\0\0\0\0")  # fmt: skip
    assert kept != FILM


def test_what_stands_in_the_film_by_chance_is_the_film() -> None:
    block = element(b"\xa3", b"\x81\0\0\x80" + WHERE)
    film = CLUSTER + UNKNOWN + element(b"\xe7", b"\0") + block
    said = HEAD + SEGMENT + UNKNOWN + film

    assert blanked(said) == said


def test_tags_that_do_not_say_where_they_end_take_no_film_along() -> None:
    said = HEAD + SEGMENT + UNKNOWN + TAGS + UNKNOWN + WHERE[12:] + from_cluster(FILM)

    assert blanked(said) == said


def test_a_film_that_was_cut_off_loses_what_it_said_before() -> None:
    said = phone(finished=True, tags_last=False)
    kept = blanked(said[:-300])

    assert not [word for word in SAYS if word in kept]


@pytest.mark.parametrize("of", [1, 1_000], ids=["in one", "in many"])
def test_a_million_empty_elements_are_not_all_looked_at(of: int) -> None:
    class Counted(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size <= 16
            self.reads += 1
            return super().read(size)

    data = HEAD + element(SEGMENT, element(b"\xec", b"") * (1_000_000 // of)) * of
    file = Counted(data)
    blank_traces(file, fmt="webm", size=len(data))
    assert file.reads <= MOST + 10


@given(st.binary(max_size=300), st.integers(0, len(FILM)), st.booleans())
def test_no_bytes_break_it(tail: bytes, cut: int, nested: bool) -> None:
    blanked(FILM[:cut] + tail)
    blanked(HEAD + (SEGMENT + UNKNOWN) * (200 if nested else 1) + tail)
