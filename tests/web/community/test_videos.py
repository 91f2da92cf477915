"""A short video: taken as it is, served in parts, to whoever may see its post."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from banyan.community.models import Post
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media import store
from banyan.media.actions import sweep_videos
from banyan.media.models import Video
from banyan.media.rules import sniff_video
from banyan.media.serving import part_of
from tests.support import factories as make
from tests.support.pictures import staged_picture

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 4
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87" + bytes(200)
AVIF = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(200)


@pytest.fixture
def ana(db: None) -> Client:
    client = Client()
    client.force_login(make.member("ana"))
    return client


def upload(data: bytes, name: str = "cat.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="text/html")


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("data", "fmt"), [(MP4, "mp4"), (WEBM, "webm"), (AVIF, None), (b"<html>", None), (b"", None)]
)
def test_a_video_is_known_by_its_first_bytes(data: bytes, fmt: str | None) -> None:
    assert sniff_video(data[:64]) == fmt


@pytest.mark.parametrize(("data", "kind"), [(MP4, "video/mp4"), (WEBM, "video/webm")])
def test_a_video_is_served_whole_and_in_parts(ana: Client, data: bytes, kind: str) -> None:
    made = ana.post("/post", {"video_file": upload(data), "title": "Cat"})
    assert made.status_code == 302
    url = f"/p/{Post.objects.get().pk}/video"
    assert f'src="{url}"' in Client().get(f"/p/{Post.objects.get().pk}").content.decode()
    whole = Client().get(url)
    assert (whole.status_code, whole["Content-Type"], body(whole)) == (200, kind, data)
    part = Client().get(url, headers={"range": "bytes=4-11"})
    assert (part.status_code, body(part)) == (206, data[4:12])
    assert part["Content-Range"] == f"bytes 4-11/{len(data)}"
    tail = Client().get(url, headers={"range": "bytes=-5"})
    assert body(tail) == data[-5:]
    none = Client().get(url, headers={"range": f"bytes={len(data)}-"})
    assert (none.status_code, none["Content-Range"]) == (416, f"bytes */{len(data)}")


def test_who_may_not_see_the_post_gets_no_byte_of_it(ana: Client) -> None:
    ana.post("/post", {"video_file": upload(MP4), "title": "Cat", "visibility": "3"})
    url = f"/p/{Post.objects.get().pk}/video"
    other = Client()
    other.force_login(make.member("ben"))
    assert (Client().get(url).status_code, other.get(url).status_code) == (404, 404)
    assert ana.get(url).status_code == 200
    ana.post(f"/p/{Post.objects.get().pk}/delete")
    assert ana.get(url).status_code == 404


def test_what_is_no_video_or_too_large_is_refused_and_the_words_stay(
    ana: Client, settings: Any
) -> None:
    settings.MAX_VIDEO_BYTES = 2_000
    for data in (AVIF, b"<script>", MP4 + bytes(2_000)):
        answer = ana.post("/post", {"video_file": upload(data), "title": "My words"})
        assert answer.status_code == 422
        assert "My words" in answer.content.decode()
    assert not Post.objects.exists()
    assert not Video.objects.exists()


def test_a_refused_form_keeps_the_video_and_nobody_takes_anothers(ana: Client) -> None:
    refused = ana.post("/post", {"video_file": upload(MP4), "title": "T" * 121})
    assert refused.status_code == 422
    video = Video.objects.get()
    assert f'name="video" value="{video.pk}"' in refused.content.decode()
    thief = Client()
    thief.force_login(make.member("ben"))
    assert thief.post("/post", {"video": video.pk, "title": "Mine"}).status_code == 404
    assert not Post.objects.exists()
    form = {"video": video.pk, "title": "Cat", "video_off": "1"}
    assert ana.post("/post", form).status_code == 422, "no picture and no video"
    poster = staged_picture(make.actor(_ana()))
    assert ana.post("/post", {"video": video.pk, "pictures": poster}).status_code == 302
    page = ana.get(f"/p/{Post.objects.get().pk}").content.decode()
    assert "poster=" in page


def _ana() -> Any:
    from banyan.people.models import Account

    return Account.objects.get(handle="ana")


def test_what_nothing_shows_is_swept_after_two_days(ana: Client) -> None:
    ana.post("/post", {"video_file": upload(MP4), "title": "T" * 121})
    ana.post("/post", {"video_file": upload(MP4), "title": "Cat"})
    lost, kept = Video.objects.order_by("id")
    Video.objects.update(created_at=clock.now() - dt.timedelta(hours=49))
    assert sweep_videos(actor=Actor.system("test")) == 1
    assert Video.objects.get() == kept
    assert not store.private().exists(lost.file)
    assert store.private().exists(kept.file)


@given(
    asked=st.text(max_size=30) | st.from_regex(r"bytes=\d{0,6}-\d{0,6}"), size=st.integers(1, 5000)
)
def test_any_range_is_a_part_of_the_file_or_none(asked: str, size: int) -> None:
    part = part_of(asked, size)
    assert part is None or 0 <= part[0] <= part[1] < size
