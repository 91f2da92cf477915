"""Following where the owner says yes first: asking, answering, levels, removing."""

from __future__ import annotations

import pytest

from banyan.community.access import visible_posts
from banyan.community.models import Post
from banyan.kernel import clock
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.models import Account, Follow
from banyan.people.rules.relations import EVERY_POST, NO_REPOSTS
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def careful() -> Account:
    """Somebody who approves followers."""
    return member("careful", approves_followers=True)


def rows() -> set[tuple[str, str, int, bool]]:
    """Return every row as (follower, followee, state, mutual)."""
    return set(
        Follow.objects.values_list("follower__handle", "followee__handle", "state", "is_mutual")
    )


def said() -> list[str]:
    """Return the names of all events, in order."""
    return list(StoredEvent.objects.order_by("id").values_list("name", flat=True))


def test_asking_opens_nothing_until_the_owner_says_yes(careful: Account) -> None:
    ana = member("ana")
    note = Post.objects.create(
        author=careful, title="For fans", visibility=1, created_at=clock.now()
    )

    people.follow(actor=actor(ana), account_id=careful.pk)

    assert rows() == {("ana", "careful", 0, False)}
    assert said() == ["follow.requested"]
    card = queries.profile_card(actor(ana), "careful")
    assert (card.is_following, card.standing.is_asking, card.followers) == (False, True, 0)
    assert note not in visible_posts(actor(ana))
    assert queries.followers(actor(ana), careful) == []
    assert [n.account for n in queries.requests_to(actor(careful), careful)] == [ana]
    assert [n.account for n in queries.requests_of(actor(ana), ana)] == [careful]
    assert queries.requests_waiting(careful.pk) == 1

    people.accept_follower(actor=actor(careful), account_id=ana.pk)

    assert rows() == {("ana", "careful", 1, False)}
    assert said() == ["follow.requested", "follow.started"]
    assert StoredEvent.objects.latest("id").payload["was_asked"] is True
    assert note in visible_posts(actor(ana))
    assert queries.requests_waiting(careful.pk) == 0


def test_who_is_followed_by_somebody_that_asks_is_no_friend_yet(careful: Account) -> None:
    ana = member("ana")
    people.follow(actor=actor(ana), account_id=careful.pk)
    people.follow(actor=actor(careful), account_id=ana.pk)
    assert rows() == {("ana", "careful", 0, False), ("careful", "ana", 1, False)}
    assert list(queries.friend_ids(ana.pk)) == []

    people.accept_follower(actor=actor(careful), account_id=ana.pk)

    assert rows() == {("ana", "careful", 1, True), ("careful", "ana", 1, True)}
    assert StoredEvent.objects.latest("id").payload["is_mutual"] is True


def test_a_request_is_declined_once_and_a_late_no_removes_nobody(careful: Account) -> None:
    ana, ben = member("ana"), member("ben")
    for one in (ana, ben):
        people.follow(actor=actor(one), account_id=careful.pk)
    people.decline_follower(actor=actor(careful), account_id=ana.pk)
    people.decline_follower(actor=actor(careful), account_id=ana.pk)
    people.accept_follower(actor=actor(careful), account_id=ben.pk)

    people.decline_follower(actor=actor(careful), account_id=ben.pk)

    assert rows() == {("ben", "careful", 1, False)}
    assert said().count("follow.request_ended") == 1
    with pytest.raises(NotFound):
        people.accept_follower(actor=actor(careful), account_id=ana.pk)
    assert rows() == {("ben", "careful", 1, False)}


def test_a_request_is_withdrawn_and_cannot_be_accepted_any_more(careful: Account) -> None:
    ana = member("ana")
    people.follow(actor=actor(ana), account_id=careful.pk)
    people.unfollow(actor=actor(ana), account_id=careful.pk)
    with pytest.raises(NotFound):
        people.accept_follower(actor=actor(careful), account_id=ana.pk)
    assert rows() == set()
    assert said() == ["follow.requested", "follow.request_ended"]


def test_asking_again_follows_once_the_owner_opened_up(careful: Account) -> None:
    ana = member("ana")
    people.follow(actor=actor(ana), account_id=careful.pk)
    people.follow(actor=actor(ana), account_id=careful.pk)
    assert said() == ["follow.requested"]
    people.set_privacy(actor=actor(careful), approves_followers=False, is_suggested=True)
    assert rows() == {("ana", "careful", 0, False)}

    people.follow(actor=actor(ana), account_id=careful.pk)

    assert rows() == {("ana", "careful", 1, False)}


def test_a_closed_account_is_not_let_in(careful: Account) -> None:
    ana = member("ana")
    people.follow(actor=actor(ana), account_id=careful.pk)
    people.close_account(actor=actor(ana), account_id=ana.pk, reason="enough")
    assert queries.requests_waiting(careful.pk) == 0
    with pytest.raises(NotFound):
        people.accept_follower(actor=actor(careful), account_id=ana.pk)
    assert rows() == {("ana", "careful", 0, False)}


def test_a_follower_is_removed_and_a_friendship_ends_with_it() -> None:
    ana, ben = member("ana"), member("ben")
    people.follow(actor=actor(ana), account_id=ben.pk)
    people.follow(actor=actor(ben), account_id=ana.pk)

    people.remove_follower(actor=actor(ben), account_id=ana.pk)
    people.remove_follower(actor=actor(ben), account_id=ana.pk)

    assert rows() == {("ben", "ana", 1, False)}
    assert said().count("follow.ended") == 1


def test_levels_are_kept_on_the_own_row_only() -> None:
    ana, ben = member("ana"), member("ben")
    with pytest.raises(NotFound):
        people.set_follow_level(actor=actor(ana), account_id=ben.pk, level=EVERY_POST)
    people.follow(actor=actor(ana), account_id=ben.pk)
    people.follow(actor=actor(ben), account_id=ana.pk)

    people.set_follow_level(actor=actor(ana), account_id=ben.pk, level=NO_REPOSTS)

    assert queries.standing_of(actor(ana), ben.pk).level == NO_REPOSTS
    assert queries.standing_of(actor(ben), ana.pk).level == 0
    with pytest.raises(Invalid):
        people.set_follow_level(actor=actor(ana), account_id=ben.pk, level=9)


def test_a_block_ends_requests_both_ways_and_takes_each_off_the_other_s_lists(
    careful: Account,
) -> None:
    ana = member("ana", approves_followers=True)
    other = member("other")
    people.follow(actor=actor(ana), account_id=careful.pk)
    people.follow(actor=actor(careful), account_id=ana.pk)
    lists = {}
    for owner, friend in ((ana, careful), (careful, ana)):
        lists[owner] = people.make_list(actor=actor(owner), name="Near")
        for who in (friend, other):
            people.add_to_list(actor=actor(owner), list_id=lists[owner].pk, account_id=who.pk)

    people.block(actor=actor(ana), account_id=careful.pk)

    assert rows() == set()
    assert said().count("follow.request_ended") == 2
    assert said().count("block.started") == 1
    for owner, made in lists.items():
        assert queries.people_on(actor(owner), made) == [other]
        assert made.entries.count() == 1
    with pytest.raises(NotFound):
        people.add_to_list(actor=actor(ana), list_id=lists[ana].pk, account_id=careful.pk)


def test_nobody_answers_themselves() -> None:
    ana = member()
    for act in (people.accept_follower, people.decline_follower, people.remove_follower):
        with pytest.raises(Conflict):
            act(actor=actor(ana), account_id=ana.pk)
