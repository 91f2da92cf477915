"""Two taps, a lost answer, Back: the same form is the same wish, and has its effect once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from banyan.community.models import Comment, Post, PostDraft
from banyan.kernel.models import IdempotencyRecord
from tests.community.posts import post
from tests.moderation.test_texts import jpeg
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db
FORM = {"csrfmiddlewaretoken": "a" * 64}
ANOTHER = {"csrfmiddlewaretoken": "b" * 64}


def test_a_comment_that_is_sent_twice_is_said_once() -> None:
    browser, shown = client(make.member()), post(make.member())
    url = f"/p/{shown.pk}/comment"

    def say(form: dict[str, str], body: str, **more: Any) -> HttpResponse:
        return browser.post(url, form | {"body": body} | more)  # type: ignore[return-value]  # it is one

    first = say(FORM, "How lovely")
    assert say(FORM, "How lovely")["Location"] == first["Location"]
    assert Comment.objects.count() == 1
    # Back, and other words in the same form; the same words in a form of its own; an answer
    say(FORM, "How very lovely")
    say(ANOTHER, "How lovely")
    say(FORM, "How lovely", parent=str(Comment.objects.earliest("id").pk))
    assert Comment.objects.count() == 4


def test_what_is_refused_may_be_sent_again() -> None:
    browser, shown = client(make.member()), post(make.member())
    for _n in range(2):
        answer = browser.post(f"/p/{shown.pk}/comment", FORM | {"body": "x" * 1001})
        assert answer.status_code == 422
    assert not IdempotencyRecord.objects.exists()


def test_a_post_with_pictures_is_published_once_and_leads_to_itself_both_times() -> None:
    author = make.member()
    form = FORM | {"title": "Cups", "pictures": staged_picture(make.actor(author))}
    browser = client(author)

    first, second = (browser.post("/post", form) for _n in range(2))

    made = Post.objects.get()
    assert first["Location"] == second["Location"] == f"/p/{made.pk}"


def test_pictures_that_come_without_script_count_too() -> None:
    browser = client(make.member())

    def send(name: str) -> None:
        file = SimpleUploadedFile(name, jpeg(len(name)), content_type="image/jpeg")
        assert browser.post("/post", FORM | {"pictures_files": file}).status_code == 302

    send("cup.jpg")
    send("cup.jpg")
    assert Post.objects.count() == 1
    send("jug-2.jpg")
    assert Post.objects.count() == 2


def test_a_draft_is_kept_once() -> None:
    browser = client(make.member())
    for _n in range(2):
        form = FORM | {"title": "Half a thought", "again": "draft"}
        assert browser.post("/post", form)["Location"] == "/me/drafts"
    assert PostDraft.objects.count() == 1


def test_somebody_elses_form_is_not_ones_own() -> None:
    shown = post(make.member())
    for account in (make.member(), make.member()):
        client(account).post(f"/p/{shown.pk}/comment", FORM | {"body": "How lovely"})
    assert Comment.objects.count() == 2
