"""A notice goes when its cause does: nobody reads of what was taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from banyan.community import actions as community
from banyan.community import jobs
from banyan.kernel import relay
from banyan.notify.models import Notification
from banyan.notify.queries import notifications, unread_count
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community.posts import post as publish
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
