"""Shared boards, repins with their way, polls, likes of comments, hot topics."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import Sum

from banyan.community import actions as community
from banyan.community import counts, queries
from banyan.community.access import get_board_for
from banyan.community.models import Board, BoardPost, Poll, PollVote, PostStat, TopicHeat
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.notify.models import Notification
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing.queries import link_by_code
from tests.community.posts import post
from tests.support.factories import actor, member, product

pytestmark = pytest.mark.django_db


def board(owner: Account, *, private: bool = False) -> Board:
    return community.make_board(actor=actor(owner), title="Shared", private=private)


def test_whoever_takes_part_adds_and_takes_off_their_own_only() -> None:
    ana, ben, cy = member("ana"), member("ben"), member("cyrus")
    made, first, second = board(ana, private=True), post(ana), post(ben)
    community.save_to_board(actor=actor(ana), post_id=first.pk, board_id=made.pk)
    community.invite_to_board(actor=actor(ana), board_id=made.pk, handle="@ben")
    community.invite_to_board(actor=actor(ana), board_id=made.pk, handle="@ben")
    with pytest.raises(NotFound):
        community.save_to_board(actor=actor(ben), post_id=second.pk, board_id=made.pk)
    relay.drain()
    assert Notification.objects.get(recipient=ben, kind="board").n == 1
    community.join_board(actor=actor(ben), board_id=made.pk)
    community.save_to_board(actor=actor(ben), post_id=second.pk, board_id=made.pk, note="why")
    community.take_from_board(actor=actor(ben), post_id=first.pk, board_id=made.pk)
    assert [(one.post_id, one.note) for one in queries.entries_of(actor(ben), made.pk)] == [
        (second.pk, "why"),
        (first.pk, ""),
    ]
    assert get_board_for(actor(ben), "ana", made.slug) == made
    with pytest.raises(NotFound):
        get_board_for(actor(cy), "ana", made.slug)
    with pytest.raises(NotFound):
        community.join_board(actor=actor(cy), board_id=made.pk)
    community.leave_board(actor=actor(ben), board_id=made.pk)
    with pytest.raises(NotFound):
        community.save_to_board(actor=actor(ben), post_id=first.pk, board_id=made.pk)
    assert BoardPost.objects.count() == 2, "what was added stays"


def test_the_blocked_are_not_asked_and_add_nothing_any_more() -> None:
    ana, ben = member("ana"), member("ben")
    made, shown = board(ana), post(member())
    community.invite_to_board(actor=actor(ana), board_id=made.pk, handle="ben")
    community.join_board(actor=actor(ben), board_id=made.pk)
    people.block(actor=actor(ben), account_id=ana.pk)
    with pytest.raises(NotFound):
        community.save_to_board(actor=actor(ben), post_id=shown.pk, board_id=made.pk)
    with pytest.raises(Invalid):
        community.invite_to_board(actor=actor(ana), board_id=made.pk, handle="ben")
    assert not BoardPost.objects.exists()


def test_posts_change_places_without_dragging_and_one_stands_for_the_board() -> None:
    ana = member()
    who, made = actor(ana), board(ana)
    posts = [post(ana).pk for _ in range(3)]
    for pk in posts:
        community.save_to_board(actor=who, post_id=pk, board_id=made.pk)
    a, b, c = posts
    assert queries.board_ids(who, made.pk) == [c, b, a]
    assert queries.covers_of(who, [made]) == {made.pk: c}
    community.move_on_board(actor=who, board_id=made.pk, post_id=a, up=True)
    community.move_on_board(actor=who, board_id=made.pk, post_id=c, up=True)
    community.move_on_board(actor=who, board_id=made.pk, post_id=c, up=False)
    assert queries.board_ids(who, made.pk) == [a, c, b]
    community.choose_cover(actor=who, board_id=made.pk, post_id=b)
    made.refresh_from_db()
    assert queries.covers_of(who, [made]) == {made.pk: b}
    with pytest.raises(NotFound):
        community.move_on_board(actor=actor(member()), board_id=made.pk, post_id=a, up=True)


def test_the_way_of_a_repin_is_told_and_who_is_apart_stays_unnamed() -> None:
    ana, ben, cy, dan = member("ana"), member("ben"), member("cyrus"), member("dan")
    made = post(ana)
    by_ben = community.repin(actor=actor(ben), post_id=made.pk, note="Look at #this")
    by_cy = community.repin(
        actor=actor(cy),
        post_id=by_ben.pk,
        via=link_by_code(by_ben.link.code),  # type: ignore[union-attr]
    )

    def way(viewer: Account) -> list[str]:
        steps = queries.chain_of(actor(viewer), by_cy)
        return [one.account.handle if one.account else "?" for one in steps]

    assert way(dan) == ["ana", "ben", "cyrus"]
    people.block(actor=actor(dan), account_id=ben.pk)
    assert way(dan) == ["ana", "?", "cyrus"]
    assert [one.author_id for one in queries.repins_of(actor(ana), made)] == [cy.pk, ben.pk]
    with pytest.raises(Forbidden):
        community.repin(actor=actor(dan), post_id=post(cy, visibility=0).pk) and community.repin(
            actor=actor(cy), post_id=post(cy).pk
        )


def asked(author: Account) -> tuple[int, list[int]]:
    made = community.publish_post(
        actor=actor(author),
        images=[],
        kind="question",
        title="Which?",
        poll=community.PollWish(["A", "B"], days=1),
    )
    return made.pk, list(made.poll.options.values_list("pk", flat=True))


def test_a_vote_counts_once_and_the_result_is_told_afterwards() -> None:
    ana, ben = member(), member()
    post_id, (a, b) = asked(ana)
    before = queries.poll_of(actor(ben), post_id)
    assert before is not None
    assert [one.votes for one in before.answers] == [None, None]
    community.vote(actor=actor(ben), post_id=post_id, option_id=a)
    again = community.vote(actor=actor(ben), post_id=post_id, option_id=b)
    assert again.option_id == a
    for _fold in range(2):
        after = queries.poll_of(actor(ben), post_id)
        assert after is not None
        assert [(one.votes, one.mine) for one in after.answers] == [(1, True), (0, False)]
        counts.fold()
    assert PollVote.objects.count() == 1


def test_a_poll_takes_no_vote_once_it_has_closed_and_tells_everybody() -> None:
    post_id, (a, _b) = asked(member())
    Poll.objects.update(closes_at=clock.now())
    with pytest.raises(Conflict):
        community.vote(actor=actor(member()), post_id=post_id, option_id=a)
    shown = queries.poll_of(Actor.guest(), post_id)
    assert shown is not None
    assert (shown.closed, [one.votes for one in shown.answers]) == (True, [0, 0])


@pytest.mark.parametrize("options", [["A"], ["A", "A"], ["A", ""], list("ABCDE"), ["A", "B" * 61]])
def test_a_poll_has_two_to_four_different_answers(options: list[str]) -> None:
    with pytest.raises(Invalid):
        post(member(), poll=community.PollWish(options))


def test_nobody_votes_where_they_may_not_look() -> None:
    made = post(member(), visibility=3, poll=community.PollWish(["A", "B"]))
    option = made.poll.options.first()
    assert option is not None
    with pytest.raises(NotFound):
        community.vote(actor=actor(member()), post_id=made.pk, option_id=option.pk)
    assert not PollVote.objects.exists()


def test_liked_comments_come_first_when_hot_and_a_like_shows_at_once() -> None:
    ana, ben = member(), member()
    made = post(ana)
    first, second, third = (
        community.comment(actor=actor(ben), post_id=made.pk, body=text) for text in "abc"
    )
    assert community.like_comment(actor=actor(ana), post_id=made.pk, comment_id=second.pk)

    def order(name: str) -> list[int]:
        talk = queries.thread(actor(ana), made.pk, order=name)  # type: ignore[arg-type]
        return [one.root.pk for one in talk.threads]

    assert order("oldest") == [first.pk, second.pk, third.pk]
    assert order("newest") == [third.pk, second.pk, first.pk]
    for _fold in range(2):
        shown = queries.get_comment_for(actor(ana), made.pk, second.pk)
        assert (shown.likes, shown.is_liked) == (1, True)  # type: ignore[attr-defined]
        counts.fold()
    assert order("hot") == [second.pk, third.pk, first.pk]
    assert not community.like_comment(actor=actor(ana), post_id=made.pk, comment_id=second.pk)
    community.pin_comment(actor=actor(ana), post_id=made.pk, comment_id=first.pk)
    made.refresh_from_db()
    led = queries.thread(actor(ana), made.pk, order="hot", first=(made.pinned_id,))
    assert led.threads[0].root.pk == first.pk
    with pytest.raises(NotFound):
        community.pin_comment(actor=actor(ben), post_id=made.pk, comment_id=second.pk)


def test_hot_is_what_many_people_talk_about_not_what_one_repeats() -> None:
    old = clock.now() - dt.timedelta(days=30)
    loud, *others = (member() for _ in range(4))
    Account.objects.update(created_at=old)
    for _ in range(9):
        post(loud, title="#loud")
    for one in others:
        post(one, title="#shared")
    fresh = [member() for _ in range(8)]
    Account.objects.filter(pk__in=[one.pk for one in fresh]).update(created_at=clock.now())
    for one in fresh:
        post(one, title="#pushed")
    post(others[0], title="#hidden", visibility=1)
    said = post(loud, title="#talk")
    community.comment(actor=actor(others[0]), post_id=said.pk, body="yes")
    community.comment(actor=actor(others[0]), post_id=said.pk, body="yes yes")

    community.count_heat()

    rows = {heat.topic.slug: heat for heat in TopicHeat.objects.select_related("topic")}
    assert (rows["loud"].people, rows["loud"].posts) == (1, 9)
    assert (rows["pushed"].people, rows["pushed"].new, rows["pushed"].score) == (8, 8, 8)
    assert (rows["shared"].people, rows["shared"].score) == (3, 12)
    assert rows["talk"].people == 2
    assert "hidden" not in rows
    hot = [heat.topic.slug for heat in queries.hot_topics()]
    assert hot[0] == "shared"
    assert "loud" not in hot
    assert set(hot) == {"shared", "pushed", "talk"}


def test_a_topic_shows_its_posts_and_the_goods_most_people_show() -> None:
    ana, ben = member(), member()
    cup, pot = product(), product()
    for who, thing in ((ana, pot), (ana, pot), (ana, cup), (ben, cup)):
        post(who, title="#Tea", tags=[community.Tag(0, thing.pk, 1, 1)])
    liked = post(ben, body="#ｔｅａ")
    hidden = post(ben, body="#tea", visibility=1)
    community.like(actor=actor(ana), post_id=liked.pk)
    counts.fold()
    topic = queries.topic_of("TEA")
    assert queries.topic_goods(Actor.guest(), topic.pk) == [cup, pot]
    assert queries.best_of_topic(Actor.guest(), topic.pk)[0] == liked.pk
    assert hidden.pk not in queries.topic_ids(actor(ben), topic.pk)
    community.follow_topic(actor=actor(ana), slug="Tea")
    community.follow_topic(actor=actor(ana), slug="tea")
    assert queries.followed_topics(actor(ana)) == [topic]
    community.unfollow_topic(actor=actor(ana), slug="tea")
    assert queries.followed_topics(actor(ana)) == []
    with pytest.raises(NotFound):
        queries.topic_of("nothing")


def test_deleting_a_shared_board_takes_its_saves_back() -> None:
    ana = member()
    made, shown = board(ana), post(ana)
    community.save_to_board(actor=actor(ana), post_id=shown.pk, board_id=made.pk)
    community.delete_board(actor=actor(ana), board_id=made.pk)
    counts.fold()
    assert PostStat.objects.aggregate(all=Sum("saves"))["all"] in (None, 0)
