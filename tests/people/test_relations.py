"""Follow, friendship, block; who sees whom."""

from __future__ import annotations

import pytest

from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, LoginRequired, NotFound
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import get_account_for, visible_accounts
from banyan.people.models import Account, Follow
from tests.support.factories import actor, member, staff

pytestmark = pytest.mark.django_db


def rows() -> set[tuple[str, str, bool]]:
    """Return every follow as (follower, followee, mutual)."""
    found = Follow.objects.values_list("follower__handle", "followee__handle", "is_mutual")
    return set(found)


def test_following_back_makes_a_friendship_and_unfollowing_ends_it() -> None:
    ana, ben = member("ana"), member("ben")

    people.follow(actor=actor(ana), account_id=ben.pk)
    assert rows() == {("ana", "ben", False)}

    people.follow(actor=actor(ben), account_id=ana.pk)
    assert rows() == {("ana", "ben", True), ("ben", "ana", True)}
    assert list(queries.friend_ids(ana.pk)) == [ben.pk]

    people.unfollow(actor=actor(ana), account_id=ben.pk)
    assert rows() == {("ben", "ana", False)}


def test_following_twice_is_following_once() -> None:
    ana, ben = member(), member()
    for _again in range(2):
        people.follow(actor=actor(ana), account_id=ben.pk)
    for _again in range(2):
        people.unfollow(actor=actor(ana), account_id=ben.pk)
    names = list(StoredEvent.objects.order_by("id").values_list("name", flat=True))
    assert names == ["follow.started", "follow.ended"]


def test_nobody_follows_themselves_and_guests_follow_nobody() -> None:
    ana = member()
    with pytest.raises(Conflict):
        people.follow(actor=actor(ana), account_id=ana.pk)
    with pytest.raises(LoginRequired):
        people.follow(actor=Actor.guest(), account_id=ana.pk)
    assert not Follow.objects.exists()


def test_a_block_ends_both_follows_and_hides_both_ways() -> None:
    ana, ben = member("ana"), member("ben")
    people.follow(actor=actor(ana), account_id=ben.pk)
    people.follow(actor=actor(ben), account_id=ana.pk)

    people.block(actor=actor(ana), account_id=ben.pk)

    assert rows() == set()
    for one, other in ((ana, ben), (ben, ana)):
        with pytest.raises(NotFound):
            get_account_for(actor(one), other.handle)
        with pytest.raises(NotFound):
            people.follow(actor=actor(one), account_id=other.pk)
        assert list(visible_accounts(actor(one))) == [one]
    assert rows() == set()


def test_a_block_is_taken_back_by_the_one_who_made_it() -> None:
    ana, ben = member(), member()
    people.block(actor=actor(ana), account_id=ben.pk)
    people.unblock(actor=actor(ben), account_id=ana.pk)
    with pytest.raises(NotFound):
        get_account_for(actor(ben), ana.handle)
    people.unblock(actor=actor(ana), account_id=ben.pk)
    assert get_account_for(actor(ben), ana.handle) == ana


def test_a_closed_account_is_absent_for_everybody() -> None:
    ana, support = member(), staff("support")
    people.close_account(actor=actor(support), account_id=ana.pk, reason="asked for it")
    with pytest.raises(NotFound):
        get_account_for(Actor.guest(), ana.handle)
    with pytest.raises(NotFound):
        people.close_account(actor=actor(member()), account_id=support.pk, reason="no right")
    assert Account.objects.get(pk=support.pk).is_active


def test_support_sees_people_who_block_them() -> None:
    ana, support = member(), staff("support")
    people.block(actor=actor(ana), account_id=support.pk)
    assert get_account_for(actor(support), ana.handle) == ana


def test_a_profile_card_says_how_one_stands_to_it() -> None:
    ana, ben = member("ana"), member("ben")
    people.follow(actor=actor(ana), account_id=ben.pk)
    people.follow(actor=actor(ben), account_id=ana.pk)

    card = queries.profile_card(actor(ana), "BEN")

    assert (card.followers, card.following) == (1, 1)
    assert card.is_friend
    assert not card.is_self
    assert queries.profile_card(actor(ana), "ana").is_self
    guest = queries.profile_card(Actor.guest(), "ben")
    assert (guest.is_following, guest.follows_me) == (False, False)


@pytest.mark.parametrize(
    ("audience", "seen_by"),
    [("private", {"ana"}), ("friends", {"ana", "friend"}), ("everybody", {"ana", "friend", "fan"})],
)
def test_a_birthday_is_seen_by_whom_its_owner_wants(audience: str, seen_by: set[str]) -> None:
    ana, friend, fan = member("ana"), member("friend"), member("fan")
    people.follow(actor=actor(ana), account_id=friend.pk)
    people.follow(actor=actor(friend), account_id=ana.pk)
    people.follow(actor=actor(fan), account_id=ana.pk)
    ana.profile.birthday, ana.profile.birthday_audience = "1990-02-03", audience
    ana.profile.save()
    saw = {
        viewer.handle
        for viewer in (ana, friend, fan)
        if queries.profile_card(actor(viewer), "ana").birthday
    }
    assert saw == seen_by


def test_lists_leave_out_whom_the_viewer_may_not_see_in_one_query(
    django_assert_num_queries: object,
) -> None:
    ana, viewer = member("ana"), member("viewer")
    fans = [member() for _ in range(5)]
    for fan in fans:
        people.follow(actor=actor(fan), account_id=ana.pk)
    people.block(actor=actor(fans[0]), account_id=viewer.pk)
    people.follow(actor=actor(viewer), account_id=fans[1].pk)

    who = actor(viewer)
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = queries.followers(who, ana, limit=3)

    assert [n.account for n in found] == [fans[4], fans[3], fans[2]]
    rest = queries.followers(actor(viewer), ana, before=found[-1].follow_id)
    assert [(n.account, n.is_following) for n in rest] == [(fans[1], True)]
    assert [n.account for n in queries.following(actor(viewer), fans[1])] == [ana]
