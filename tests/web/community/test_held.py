"""Whoever writes what a moderator has to look at is told so, and stands before no closed door."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.community.models import Comment, Post
from banyan.kernel import relay
from banyan.moderation import actions as moderation
from banyan.moderation.models import Case
from banyan.notify.models import Notification
from banyan.people.models import Account
from tests.api.client import Program
from tests.community.posts import post
from tests.moderation.test_texts import let_through, list_word
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db
TOLD = "A moderator looks at it first."


def sent(browser: Client, url: str, form: dict[str, str]) -> str:
    answer: Any = browser.post(url, form, follow=True)
    assert answer.status_code == 200, answer.redirect_chain
    return str(answer.content.decode())


def test_a_held_post_leads_its_author_to_their_own_page() -> None:
    list_word("pills", "hold")
    ana = make.member("ana")

    page = sent(client(ana), "/post", {"kind": "question", "body": "Which pills?"})

    assert TOLD in page
    assert "Which pills?" not in page
    assert Post.objects.get().state == 4
    let_through()
    assert "Which pills?" in client().get("/@ana").content.decode()


def test_an_edit_that_is_held_leads_there_too() -> None:
    list_word("pills", "hold")
    ana = make.member("ana")
    made = post(ana, title="A jar")

    page = sent(client(ana), f"/p/{made.pk}/edit", {"title": "A jar", "body": "For pills"})

    assert TOLD in page
    assert "Saved." not in page


def test_a_held_comment_is_said_to_wait() -> None:
    list_word("pills", "hold")
    made = post(make.member())

    page = sent(client(make.member()), f"/p/{made.pk}/comment", {"body": "My pills"})

    assert TOLD in page
    assert "My pills" not in page


def test_programs_are_told_that_it_waits() -> None:
    list_word("pills", "hold")
    ana = Program(make.member("ana"))
    made = ana.do("POST", "/posts", {"kind": "question", "body": "Which pills?", "pictures": []})
    assert made["waits"] is True
    shown = post(make.member())
    said = ana.do("POST", f"/posts/{shown.pk}/comments", {"body": "My pills"})
    assert (said["waits"], said["body"]) == (True, "My pills")
    assert ana.get(f"/posts/{shown.pk}/comments")["items"] == []


def commented(by: Account, under: Post, body: str, parent: Comment | None = None) -> Comment:
    return community.comment(
        actor=make.actor(by), post_id=under.pk, body=body, parent_id=parent.pk if parent else None
    )


def test_a_comment_that_is_let_through_is_heard_by_all_whom_it_concerns() -> None:
    list_word("pills", "hold")
    author, asked, named, writer = (make.member(name) for name in ("ana", "ben", "cyd", "dora"))
    made = post(author)
    first = commented(asked, made, "What is in it?")
    relay.drain()
    Notification.objects.all().delete()
    commented(writer, made, "Only pills, @cyd", first)
    relay.drain()
    assert not Notification.objects.exists()

    let_through()
    relay.drain()

    told = set(Notification.objects.values_list("recipient_id", "kind"))
    assert told == {(author.pk, "comment"), (asked.pk, "answer"), (named.pk, "mention")}
    assert "@cyd</a>" in client().get(f"/p/{made.pk}").content.decode()


def decide(verdict: str) -> str:
    decision = moderation.decide_case(
        actor=make.actor(make.staff("moderation")),
        case_id=Case.objects.get(state="open").pk,
        verdict=verdict,
        reason="other",
        words="So it is.",
    )
    return decision.token


def test_what_its_author_took_away_does_not_come_back_by_a_decision() -> None:
    list_word("pills", "hold")
    made, writer, reader = post(make.member()), make.member(), make.member()
    held = commented(writer, made, "My pills")
    community.delete_comment(actor=make.actor(writer), comment_id=held.pk)
    decide("dismiss")
    reported = commented(writer, made, "Rubbish")
    moderation.report(
        actor=make.actor(reader), kind="comment", subject_id=reported.pk, reason="spam"
    )
    community.delete_comment(actor=make.actor(writer), comment_id=reported.pk)
    token = decide("hide")
    asked = moderation.appeal(actor=make.actor(writer), token=token, body="It was mine.")
    moderation.review_appeal(
        actor=make.actor(make.staff("moderation")), appeal_id=asked.pk, upheld=True, reason="Yes."
    )

    assert not Comment.objects.filter(deleted_at=None).exists()


def test_what_was_hidden_comes_back_by_an_appeal() -> None:
    made, writer, reader = post(make.member()), make.member(), make.member()
    row = commented(writer, made, "Not so good")
    moderation.report(actor=make.actor(reader), kind="comment", subject_id=row.pk, reason="spam")
    token = decide("hide")
    assert "Not so good" not in client().get(f"/p/{made.pk}").content.decode()
    asked = moderation.appeal(actor=make.actor(writer), token=token, body="It is true.")
    moderation.review_appeal(
        actor=make.actor(make.staff("moderation")), appeal_id=asked.pk, upheld=True, reason="Yes."
    )
    assert "Not so good" in client().get(f"/p/{made.pk}").content.decode()
