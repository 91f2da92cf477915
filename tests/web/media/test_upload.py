"""The upload box: one file, a token back, or a sentence to show."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from pytest_django import Settings

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.media.actions import UPLOADS, claim_staged
from banyan.media.models import Image, StagedUpload
from banyan.sharing.visitors import VISITOR_COOKIE, new_visitor, sign_visitor
from banyan.web.media.uploads import staged_tokens, upload_picture
from tests.media.samples import jpeg, png_header
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.media.urls")]


@pytest.fixture
def ana(client: Client) -> Client:
    """Return the browser of a signed-in member."""
    account = factories.member("ana")
    client.force_login(account)
    return client


def send(browser: Client, data: bytes, name: str = "holiday.jpg", **extra: Any) -> Any:
    """Upload a file as the script does."""
    file = SimpleUploadedFile(name, data, content_type="image/jpeg")
    return browser.post(
        "/upload/picture", {"file": file}, headers={"accept": "application/json"}, **extra
    )


def test_a_member_gets_a_token_and_a_thumb(ana: Client) -> None:
    answer = send(ana, jpeg())
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"token", "thumb_url", "alt", "width", "height"}
    assert (body["width"], body["height"]) == (1200, 900)
    assert body["thumb_url"].startswith("/media/p/")
    assert answer["Cache-Control"] == "no-store"
    owner = get_user_model().objects.get()
    who = Actor(kind="member", id=owner.pk)
    assert len(claim_staged(actor=who, tokens=[body["token"]])) == 1


def test_a_visitor_uploads_in_their_own_browser(client: Client) -> None:
    visitor = new_visitor()
    client.cookies[VISITOR_COOKIE] = sign_visitor(visitor)
    answer = send(client, jpeg())
    assert answer.status_code == 201
    assert StagedUpload.objects.get().visitor == visitor


def test_who_cannot_be_told_apart_is_asked_to_sign_in(client: Client) -> None:
    answer = send(client, jpeg())
    assert answer.status_code == 401
    assert answer.json()["code"] == "login_required"
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"hello", "upload_not_an_image"),
        (jpeg()[:5000], "upload_broken"),
        (png_header(9000, 9000), "upload_too_many_pixels"),
        (b"\xff\xd8\xff" + bytes(15 * 1024**2), "upload_too_large"),
    ],
)
def test_a_refusal_is_a_sentence_that_names_the_file(ana: Client, data: bytes, code: str) -> None:
    answer = send(ana, data)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code
    assert "“holiday.jpg”" in body["detail"]
    assert body["status"] == 422
    assert not StagedUpload.objects.exists()


def test_a_form_without_a_file_is_told_so(ana: Client) -> None:
    answer = ana.post("/upload/picture", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "upload_missing")


def test_a_huge_body_is_refused_before_it_is_read(ana: Client) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("read")

    factory = RequestFactory()
    request = factory.generic("POST", "/upload/picture", b"", content_type="multipart/form-data")
    request.META["CONTENT_LENGTH"] = str(10**9)
    request._stream = Unread()

    answer = upload_picture(request)
    assert answer.status_code == 422
    assert b"upload_too_large" in answer.content


def test_another_site_cannot_upload_in_ones_name() -> None:
    strict = Client(enforce_csrf_checks=True)
    account = factories.member("ben")
    strict.force_login(account)
    assert send(strict, jpeg()).status_code == 403
    assert not Image.objects.exists()


@pytest.mark.usefixtures("midday")
def test_too_many_uploads_have_to_wait(ana: Client, settings: Settings) -> None:
    from banyan.kernel.models import RateBucket

    send(ana, b"hello")
    RateBucket.objects.filter(key__startswith="upload:").update(hits=UPLOADS[0])
    answer = send(ana, jpeg())
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert int(answer["Retry-After"]) >= 1


@pytest.mark.urls("banyan.config.urls")
@pytest.mark.usefixtures("midday")
def test_files_that_come_with_a_form_are_counted_like_any_other(ana: Client) -> None:
    from banyan.kernel.models import RateBucket

    face = SimpleUploadedFile("face.jpg", b"hello")
    ana.post("/me/avatar", {"avatar_files": face})
    assert RateBucket.objects.filter(key__startswith="upload:").update(hits=UPLOADS[0]) == 1
    ana.post("/me/avatar", {"avatar_files": SimpleUploadedFile("face.jpg", jpeg())})
    assert not Image.objects.exists()


@pytest.mark.usefixtures("midday")
def test_a_guest_with_a_new_name_for_each_file_is_counted_by_address() -> None:
    from banyan.kernel.models import RateBucket

    def send_as(name: str, address: str) -> int:
        browser = Client(REMOTE_ADDR=address)
        browser.cookies[VISITOR_COOKIE] = sign_visitor(name)
        return int(send(browser, jpeg(200, 150)).status_code)

    assert send_as(new_visitor(), "203.0.113.7") == 201
    RateBucket.objects.filter(key="upload:203.0.113.7").update(hits=UPLOADS[0])
    assert send_as(new_visitor(), "203.0.113.7") == 429
    assert send_as(new_visitor(), "203.0.113.8") == 201


def posted(files: list[SimpleUploadedFile], tokens: list[str]) -> Any:
    """Return a form posted by a browser without script."""
    request = RequestFactory().post("/", {"pictures": tokens, "pictures_files": files})
    request.actor = Actor(kind="member", id=7)  # type: ignore[attr-defined]
    return request


def test_a_form_without_script_stages_what_came_along() -> None:
    files = [SimpleUploadedFile(f"{n}.jpg", jpeg(200, 150, n)) for n in range(2)]
    tokens = staged_tokens(posted(files, ["known"]), "pictures")
    assert tokens[0] == "known"
    assert [row.name for row in StagedUpload.objects.filter(token__in=tokens).order_by("id")] == [
        "0.jpg",
        "1.jpg",
    ]


def test_a_bad_file_of_such_a_form_is_named_and_the_good_ones_kept() -> None:
    files = [SimpleUploadedFile("a.jpg", jpeg(200, 150)), SimpleUploadedFile("b.jpg", b"nothing")]
    with pytest.raises(Invalid) as refused:
        staged_tokens(posted(files, []), "pictures")
    assert "“b.jpg”" in refused.value.fields["pictures"]
    assert refused.value.extra["tokens"] == [StagedUpload.objects.get().token]


def test_more_pictures_than_a_post_holds_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        staged_tokens(posted([], [f"t{n}" for n in range(10)]), "pictures", most=9)
    assert refused.value.fields["pictures"] == "At most 9 pictures."
