"""Short videos by program: uploaded, posted, fetched, and refused by name."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.media import store
from banyan.media.durations import seconds_of
from banyan.media.models import Image, Video
from tests.api.client import Program, Upload, errors, problem
from tests.support import factories as make
from tests.support.pictures import staged_picture


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data) + 8, kind) + data


def mp4(seconds: int, *, wide: bool = False) -> bytes:
    """An MP4 with its header behind the film, as cameras write it."""
    if wide:
        head = b"\1\0\0\0" + struct.pack(">QQIQ", 0, 0, 1000, seconds * 1000)
    else:
        head = b"\0\0\0\0" + struct.pack(">IIII", 0, 0, 1000, seconds * 1000)
    film = box(b"mdat", bytes(500))
    return box(b"ftyp", b"mp42\0\0\0\0mp42isom") + film + box(b"moov", box(b"mvhd", head))


def element(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack(">B", 0x80 | len(data)) + data


def webm(seconds: float) -> bytes:
    told = element(b"\x2a\xd7\xb1", (1_000_000).to_bytes(3, "big"))
    told += element(b"\x44\x89", struct.pack(">d", seconds * 1000))
    head = element(b"\x1a\x45\xdf\xa3", b"\x42\x86\x81\x01\x42\x82\x84webm")
    return head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + element(b"\x15\x49\xa9\x66", told)


def send(who: Program, data: bytes, *, name: str = "cup.mp4", path: str = "/videos") -> Any:
    key = f"video-{name}-{len(data)}-{hash(data)}"[:60]
    return who.send("POST", path, Upload(data, name, "video/mp4"), key=key)


@pytest.fixture
def ana(db: None) -> Program:
    return Program(make.member("ana"))


def wide_box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, len(data) + 16) + data


@pytest.mark.parametrize("in_memory", [0, 2**20], ids=["a file", "in memory"])
def test_a_video_does_not_say_where_it_was_or_who_made_it(
    ana: Program, in_memory: int, settings: Any
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = in_memory
    place = box(b"\xa9xyz", b"\0\x12\x15\xc7+27.5916+086.5640/")
    made = box(b"udta", place) + wide_box(b"meta", b"com.phone.author Ana 27.5916")
    film = box(b"mdat", b"the film, with udta and 27.59 in it")
    plain = mp4(12)
    ftyp, head = plain[:24], plain[plain.index(b"moov") + 4 :]
    track = box(b"trak", box(b"tkhd", b"track") + box(b"udta", b"27.5916"))
    tail = box(b"uuid", b"xmp 27.5916")
    data = ftyp + film + box(b"moov", made + head + track) + tail

    made_id = json.loads(send(ana, data).content)["id"]

    with store.private().open(Video.objects.get(pk=made_id).file, "rb") as file:
        kept = file.read()
    assert len(kept) == len(data)
    assert film in kept
    assert box(b"tkhd", b"track") in kept
    for told in (b"27.5916", b"086.5640", b"Ana", b"xyz"):
        assert told not in kept
    assert seconds_of(io.BytesIO(kept), fmt="mp4", size=len(kept)) == 12


@pytest.mark.parametrize(
    "data", [mp4(12), mp4(12, wide=True), webm(12)], ids=["mp4", "wide mp4", "webm"]
)
def test_a_video_is_posted_with_its_poster_and_fetched_by_whoever_may(
    ana: Program, data: bytes
) -> None:
    assert ana.account is not None
    made = send(ana, data)
    assert made.status_code == 201, made.content
    again = send(ana, data)
    assert json.loads(again.content) == json.loads(made.content), "one key, one video"
    video = json.loads(made.content)
    assert video["bytes"] == len(data)
    body = {
        "video": video["id"], "title": "Throwing a cup", "visibility": "only_me",
        "pictures": [staged_picture(make.actor(ana.account))],
    }  # fmt: skip
    post = ana.do("POST", "/posts", body)
    [variant] = post["video_variants"]
    assert (variant["type"], variant["bytes"]) == (video["type"], len(data))
    assert post["poster"] == post["pictures"][0]
    path = variant["url"].removeprefix("/api/v1")
    part = ana.send("GET", path, headers={"Range": "bytes=4-11"})
    assert (part.status_code, b"".join(part)) == (206, data[4:12])
    assert problem(Program(make.member()).send("GET", path)) == (404, "not_found")
    assert problem(Program().send("GET", path))[0] in (401, 404)
    assert Video.objects.get().kept_at is not None


def test_another_s_video_is_none(ana: Program) -> None:
    theirs = json.loads(send(ana, mp4(5)).content)["id"]
    ben = Program(make.member("ben"))
    body = {"video": theirs, "title": "Mine?"}
    assert problem(ben.send("POST", "/posts", body)) == (404, "not_found")
    assert Video.objects.get().kept_at is None


FTYP = box(b"ftyp", b"mp42\0\0\0\0mp42isom")
ATTACKS = {
    "a page": (b"<html><script>1</script>", "upload_not_a_video"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "upload_not_a_video"),
    "a drawing that begins late": (b"\0\0\0\x18ftypsvg \0\0\0\0<svg/>", "upload_not_a_video"),
    "an AVIF": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "upload_not_a_video"),
    "a Matroska of another kind": (
        b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska" + bytes(90), "upload_not_a_video"
    ),
    "nothing": (b"\0", "upload_not_a_video"),
    "a long film": (mp4(181), "upload_too_long"),
    "a long film of the wide kind": (mp4(10_000, wide=True), "upload_too_long"),
    "a long WebM": (webm(181), "upload_too_long"),
}  # fmt: skip


@pytest.mark.parametrize("what", ATTACKS)
def test_what_is_no_short_video_is_refused_by_name_and_leaves_nothing(
    ana: Program, what: str
) -> None:
    data, code = ATTACKS[what]
    assert problem(send(ana, data)) == (422, code)
    assert not Video.objects.exists()


def test_a_large_one_and_one_that_is_no_file_are_refused(ana: Program, settings: Any) -> None:
    settings.MAX_VIDEO_BYTES = 600
    assert problem(send(ana, mp4(5) + bytes(100))) == (422, "upload_too_large")
    assert problem(ana.send("POST", "/videos", {"file": "x"}))[0] in (415, 422)
    assert "video" in errors(ana.send("POST", "/posts", {"video": "x", "title": "A"}))
    assert not Video.objects.exists()


def test_a_drawing_is_no_poster(ana: Program) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    refused = send(ana, svg, name="poster.svg", path="/pictures")
    assert problem(refused)[0] == 422
    assert not Image.objects.exists()


HUGE = {
    "a box longer than the file": FTYP + struct.pack(">I4s", 2**32 - 1, b"moov") + bytes(50),
    "a box of 2^63 bytes": FTYP + struct.pack(">I4sQ", 1, b"moov", 2**63) + bytes(50),
    "a box that ends before it begins": FTYP + struct.pack(">I4s", 4, b"moov") + bytes(50),
    "a wide box shorter than its own header": FTYP + struct.pack(">I4sQ", 1, b"moov", 9),
    "a header without a scale": FTYP + box(b"moov", box(b"mvhd", bytes(20))),
    "a million empty boxes": FTYP + box(b"free", b"") * 10_000 + mp4(999)[24:],
}


@pytest.mark.parametrize("what", HUGE)
def test_a_lying_header_is_not_followed(what: str) -> None:
    data = HUGE[what]

    class Counted(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size in range(65), "a header never says how much is read"
            self.reads += 1
            return super().read(size)

    file = Counted(data)
    assert seconds_of(file, fmt="mp4", size=len(data)) is None
    assert file.reads <= 1_000


@given(st.binary(max_size=300), st.sampled_from(["mp4", "webm"]))
def test_no_bytes_break_it(tail: bytes, fmt: str) -> None:
    data = (FTYP if fmt == "mp4" else webm(1)[:24]) + tail
    told = seconds_of(io.BytesIO(data), fmt=fmt, size=len(data))
    assert told is None or told >= 0
