"""A notice goes when its cause does: nobody reads of what was taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from banyan.community import actions as community
from banyan.community import jobs
from banyan.community.access import FOLLOWERS, FRIENDS, ONLY_ME
from banyan.community.models import Post
from banyan.kernel import relay
from banyan.moderation import actions as moderation
from banyan.moderation.models import Case
from banyan.notify.models import Notification
from banyan.notify.queries import notifications, unread_count
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community.posts import post as publish
from tests.moderation.test_cases import decide
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
Act = Callable[[], object]


def said(reader: Account) -> list[str]:
    relay.drain()
    return [told.text for told in notifications(reader.pk)]


def told_and_taken_back(reader: Account, do: Act, undo: Act) -> None:
    do()
    assert len(said(reader)) == 1, "told"
    undo()
    assert said(reader) == []
    assert unread_count(reader.pk) == 0
    assert not Notification.objects.filter(recipient=reader).exists()


@pytest.fixture
def ana() -> Account:
    return member("ana")


@pytest.fixture
def ben() -> Account:
    return member("ben")


def test_requests_follows_and_friendships(ana: Account, ben: Account) -> None:
    people.set_privacy(actor=actor(ana), approves_followers=True, is_suggested=True)
    by_ben = actor(ben)
    told_and_taken_back(
        ana,
        lambda: people.follow(actor=by_ben, account_id=ana.pk),
        lambda: people.unfollow(actor=by_ben, account_id=ana.pk),
    )
    told_and_taken_back(
        ana,
        lambda: people.follow(actor=by_ben, account_id=ana.pk),
        lambda: people.accept_follower(actor=actor(ana), account_id=ben.pk),
    )
    assert said(ben) == ["Ana said yes: you follow them now."]
    people.unfollow(actor=by_ben, account_id=ana.pk)
    assert said(ben) == []
    people.set_privacy(actor=actor(ana), approves_followers=False, is_suggested=True)
    told_and_taken_back(
        ana,
        lambda: people.follow(actor=by_ben, account_id=ana.pk),
        lambda: people.block(actor=actor(ana), account_id=ben.pk),
    )


def test_a_like_is_taken_back_and_the_others_stay_counted(ana: Account, ben: Account) -> None:
    post = publish(ana, title="My bowl")
    told_and_taken_back(
        ana,
        lambda: community.like(actor=actor(ben), post_id=post.pk),
        lambda: community.unlike(actor=actor(ben), post_id=post.pk),
    )
    fans = [ben, *(member(name) for name in ("cy", "dee", "eve", "fay"))]
    for fan in fans:
        community.like(actor=actor(fan), post_id=post.pk)
    assert said(ana) == ["Fay and 4 others like “My bowl”."]
    community.unlike(actor=actor(fans[-1]), post_id=post.pk)
    assert said(ana) == ["Eve and 3 others like “My bowl”."]
    community.unlike(actor=actor(ben), post_id=post.pk)
    assert said(ana) == ["Eve and 2 others like “My bowl”."], "one of the others, too"
    community.unlike(actor=actor(ben), post_id=post.pk)
    assert said(ana) == ["Eve and 2 others like “My bowl”."], "twice is once"


def test_a_comment_goes_with_its_notice_unless_another_stands(ana: Account, ben: Account) -> None:
    post = publish(ana, title="My bowl")
    first = community.comment(actor=actor(ben), post_id=post.pk, body="Lovely")
    second = community.comment(actor=actor(ben), post_id=post.pk, body="How much?")
    community.delete_comment(actor=actor(ben), comment_id=first.pk)
    assert said(ana) == ["Ben wrote under “My bowl”."]
    community.delete_comment(actor=actor(ana), comment_id=second.pk)
    assert said(ana) == []
    cy = member("cyra")
    named = community.comment(actor=actor(ben), post_id=post.pk, body="@cyra look")
    assert len(said(cy)) == 1
    community.delete_comment(actor=actor(ben), comment_id=named.pk)
    assert said(cy) == []


def test_nobody_is_led_to_a_post_that_is_gone(ana: Account, ben: Account) -> None:
    cy, dee = member("cyra"), member("dee")
    people.follow(actor=actor(dee), account_id=ana.pk)
    people.set_follow_level(actor=actor(dee), account_id=ana.pk, level=2)
    said(ana)
    Notification.objects.all().delete()
    post = publish(ana, title="My bowl", body="With @cyra")
    kept = publish(ana, title="Another")
    word = community.comment(actor=actor(ben), post_id=post.pk, body="Lovely")
    community.comment(actor=actor(ana), post_id=post.pk, body="Yes?", parent_id=word.pk)
    community.like(actor=actor(ben), post_id=post.pk)
    community.like(actor=actor(ben), post_id=kept.pk)
    for one in (post, kept):
        jobs.tell_of_every_post(post_id=str(one.pk), day=f"{one.created_at:%Y%m%d}")
    assert (len(said(ana)), len(said(ben)), len(said(cy)), len(said(dee))) == (3, 1, 1, 1)
    community.delete_post(actor=actor(ana), post_id=post.pk)
    assert said(ana) == ["Ben likes “Another”."]
    assert (said(ben), said(cy)) == ([], [])
    assert len(said(dee)) == 1, "another of that day stands"
    community.delete_post(actor=actor(ana), post_id=kept.pk)
    assert said(dee) == []


def eager(of: Account, name: str) -> Account:
    """Return a follower who is told of every post, and has been told of nothing so far."""
    fan = member(name)
    people.follow(actor=actor(fan), account_id=of.pk)
    people.set_follow_level(actor=actor(fan), account_id=of.pk, level=2)
    said(of)
    Notification.objects.all().delete()
    return fan


def judge(post: Post, verdict: str) -> None:
    moderation.report(actor=actor(member()), kind="post", subject_id=post.pk, reason="spam")
    decide(Case.objects.get(subject_kind="post", subject_id=post.pk), verdict)


def published(author: Account, **values: Any) -> Post:
    made = publish(author, **values)
    jobs.tell_of_every_post(post_id=str(made.pk), day=f"{made.created_at:%Y%m%d}")
    return made


def test_nobody_reads_the_title_of_what_a_moderator_hid(ana: Account) -> None:
    cy, dee = member("cyra"), eager(ana, "dee")
    published(ana, title="Another")
    post = published(ana, title="Vile words", body="With @cyra")
    assert said(dee) == ["Ana published “Vile words”."]
    assert said(cy) == ["Ana mentions you in “Vile words”."]

    judge(post, "hide")

    assert said(dee) == []
    assert said(cy) == []
    assert unread_count(dee.pk) == 0


def test_what_is_hidden_takes_no_line_that_names_another(ana: Account) -> None:
    dee = eager(ana, "dee")
    post = published(ana, title="Vile words")
    published(ana, title="Another")
    judge(post, "hide")
    assert said(dee) == ["Ana published “Another”."]


def test_a_decision_that_hides_nothing_takes_nothing_back(ana: Account) -> None:
    dee = eager(ana, "dee")
    judge(published(ana, title="Harsh words"), "warn")
    assert said(dee) == ["Ana published “Harsh words”."]


@pytest.mark.parametrize(("audience", "left"), [(ONLY_ME, 0), (FRIENDS, 1), (FOLLOWERS, 2)])
def test_who_may_not_see_a_post_any_more_reads_no_more_of_it(
    ana: Account, audience: int, left: int
) -> None:
    friend = eager(ana, "cyra")
    fan = eager(ana, "dee")
    people.follow(actor=actor(ana), account_id=friend.pk)
    said(ana)
    Notification.objects.all().delete()
    post = published(ana, title="My diary", body="With @cyra and @dee")
    assert [len(said(one)) for one in (friend, fan)] == [2, 2]

    community.edit_post(
        actor=actor(ana), post_id=post.pk, title=post.title, body=post.body, visibility=audience
    )

    assert [len(said(one)) // 2 for one in (friend, fan)] == [left > 0, left > 1]
