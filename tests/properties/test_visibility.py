"""Whoever follows, blocks, joins, leaves or hides: every way to a post agrees with one rule."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from banyan.community import queries
from banyan.community.access import (
    get_board_for,
    get_post_for,
    likers,
    visible_boards,
    visible_posts,
)
from banyan.community.models import Board, BoardPost, Like, PostTopic, Topic
from banyan.community.queries.feeds import following
from banyan.kernel import relay, search
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.notify.queries import notifications
from banyan.people.models import Account
from banyan.web.shop import targets
from banyan.web.shop.chat.cards import post_cards
from tests.api.client import Program
from tests.community.posts import image
from tests.properties.visibility_oracle import Oracle
from tests.properties.visibility_world import PEOPLE, SAID, Step, World, stories
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"


def viewers() -> list[Actor]:
    return [Actor.guest(), *(actor(a) for a in Account.objects.filter(is_active=True))]


@settings(
    max_examples=200 if SOAK else 6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories)
def test_every_read_agrees_with_the_obvious_rule(story: list[Step]) -> None:
    with transaction.atomic():
        world = World(image(), [member() for _ in range(PEOPLE)])
        world.play(story)
        relay.drain()
        every_read_agrees()
        transaction.set_rollback(True)


def every_read_agrees() -> None:
    """Compare every read by every person, and by a guest, with the oracle."""
    oracle = Oracle()
    for viewer in viewers():
        _sets_and_rows_agree(viewer, oracle)
        _feeds_agree(viewer, oracle)
        _words_and_faces_agree(viewer, oracle)
        _boards_agree(viewer, oracle)
        _topics_and_searches_agree(viewer, oracle)
        _notices_name_nobody_unseen(viewer, oracle)


def _sets_and_rows_agree(viewer: Actor, oracle: Oracle) -> None:
    seen = oracle.posts_for(viewer.id)
    assert set(visible_posts(viewer).values_list("pk", flat=True)) == seen
    assert {p for p in oracle.posts if _found(get_post_for, viewer, p)} == seen
    assert post_cards(viewer, oracle.posts).keys() == seen  # pasted into a message


def _found(get: Callable[..., object], *given: object) -> bool:
    try:
        get(*given)
    except NotFound:
        return False
    return True


def _feeds_agree(viewer: Actor, oracle: Oracle) -> None:
    seen = oracle.posts_for(viewer.id)
    plain = {p for p in seen if oracle.posts[p].visibility == 0 and not oracle.posts[p].repin_of_id}
    assert queries.newest_ids(viewer, page=50) == sorted(plain, reverse=True)
    for author in oracle.open:
        theirs = sorted((p for p in seen if oracle.posts[p].author_id == author), reverse=True)
        assert queries.posts_of(viewer, author, page=50) == theirs
    for group in oracle.groups:
        assert queries.group_ids(viewer, group, page=50) == oracle.of_group(viewer.id, group)
    assert _explored(viewer) == oracle.explore(viewer.id)
    if viewer.id is None:
        return
    assert queries.near_ids(viewer, page=50) == oracle.near(viewer.id)
    for form_c_from in (0, 500):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(following, "FORM_C_FROM", form_c_from)
            expected = oracle.following(viewer.id)
            assert queries.following_ids(viewer, page=50) == expected
            assert _paged(viewer) == expected
            others = [p for p in expected if oracle.posts[p].author_id != viewer.id]
            assert queries.count_new(viewer, after=0) == len(others)
            assert queries.moment_ids(viewer, page=50) == oracle.moments(viewer.id)
            for row in oracle.lists:
                assert queries.list_ids(viewer, row, page=50) == oracle.of_list(viewer.id, row)


def _paged(viewer: Actor) -> list[int]:
    """Read the feed in pages of two, as a reader with a short screen would."""
    found: list[int] = []
    before = queries.END
    while page := queries.following_ids(viewer, before=before, page=2):
        found += page
        before = page[-1]
    return found


def _explored(viewer: Actor) -> set[int]:
    """Read a ranked feed to its end; nothing comes twice."""
    found: list[int] = []
    cursor = ""
    while True:
        part = queries.explore(viewer, cursor=cursor, page=7)
        found += [post_id for post_id, _reason in part.posts]
        cursor = part.next
        if not cursor:
            break
    assert len(found) == len(set(found))
    return set(found)


def _words_and_faces_agree(viewer: Actor, oracle: Oracle) -> None:
    for post_id in oracle.posts_for(viewer.id):
        expected = oracle.thread_of(viewer.id, post_id)
        folded = [(root, answers[:2], len(answers)) for root, answers in expected]
        assert _said(viewer, post_id) == folded
        for root, answers in expected:
            assert _answered(viewer, post_id, root) == answers
        liked = Like.objects.filter(post_id=post_id).values_list("account_id", flat=True)
        shown = set(likers(viewer, post_id).values_list("pk", flat=True))
        assert shown == {person for person in liked if oracle.sees_person(viewer.id, person)}


def _said(viewer: Actor, post_id: int) -> list[tuple[int, list[int], int]]:
    """Read what is said under a post, two comments a page."""
    found, cursor = [], ""
    while True:
        talk = queries.thread(viewer, post_id, cursor=cursor, page=2)
        found += [(one.root.pk, [r.pk for r in one.replies], one.answers) for one in talk.threads]
        cursor = talk.next
        if not cursor:
            return found


def _answered(viewer: Actor, post_id: int, root_id: int) -> list[int]:
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        rows, after = queries.replies_to(viewer, post_id, root_id, after=after, page=2)
        found += [row.pk for row in rows]
    return found


def _boards_agree(viewer: Actor, oracle: Oracle) -> None:
    for board in Board.objects.select_related("owner"):
        seen = oracle.sees_person(viewer.id, board.owner_id) and (
            board.visibility == 0
            or viewer.id == board.owner_id
            or (board.pk, viewer.id) in oracle.on_board
        )
        assert _found(get_board_for, viewer, board.owner.handle, board.slug) == seen
        assert (board in visible_boards(viewer, board.owner_id)) == seen
        on_it = BoardPost.objects.filter(board=board).values_list("post_id", flat=True)
        assert set(queries.board_ids(viewer, board.pk)) == {
            p for p in on_it if oracle.sees_post(viewer.id, p)
        }


def _topics_and_searches_agree(viewer: Actor, oracle: Oracle) -> None:
    seen = oracle.posts_for(viewer.id)
    for topic in Topic.objects.all():
        named = set(PostTopic.objects.filter(topic=topic).values_list("post_id", flat=True))
        about = {p for p in named & seen if oracle.posts[p].visibility == 0}
        assert set(queries.topic_ids(viewer, topic.pk, page=50)) == about
        assert set(queries.best_of_topic(viewer, topic.pk, page=50)) == about
    places = {"posts": (visible_posts(viewer), "words")}
    found = set(search.search_each(places, search.plain(SAID))["posts"].ids)
    assert found == {p for p in seen if SAID in oracle.posts[p].title}


def _notices_name_nobody_unseen(viewer: Actor, oracle: Oracle) -> None:
    if viewer.id is None:
        return
    for told in notifications(viewer.id):
        assert told.people
        assert all(oracle.sees_person(viewer.id, person.pk) for person in told.people)


# Pages are slow, and shrinking a story over them takes longer than reading it.
@settings(
    max_examples=40 if SOAK else 2,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stories)
def test_the_pages_agree_too(story: list[Step]) -> None:
    with transaction.atomic():
        world = World(image(), [member() for _ in range(PEOPLE)])
        world.play(story)
        oracle = Oracle()
        _what_leaves_the_house_agrees(oracle)
        for viewer in viewers():
            client = Client()
            if viewer.id is not None:
                client.force_login(Account.objects.get(pk=viewer.id))
            seen = oracle.posts_for(viewer.id)
            for post_id in oracle.posts:
                answer = client.get(f"/p/{post_id}")
                assert (answer.status_code == 200) == (post_id in seen)
            _programs_agree(viewer, oracle, seen)
            for account in world.cast:
                page = client.get(f"/@{account.handle}")
                person = oracle.sees_person(viewer.id, account.pk)
                assert page.status_code == (200 if person else 404)
                links = {p for p in oracle.posts if f"/p/{p}" in page.content.decode()}
                theirs = {p for p in seen if oracle.posts[p].author_id == account.pk}
                assert links == theirs
        transaction.set_rollback(True)


def _what_leaves_the_house_agrees(oracle: Oracle) -> None:
    """Hold what others fetch and keep to what a guest may see: RSS, frames, cards of shares."""
    seen = oracle.posts_for(None)
    client = Client()
    for post_id in oracle.posts:
        answer = client.get(f"/p/{post_id}/embed")
        assert (answer.status_code == 200) == (post_id in seen)
    assert targets.post_targets(oracle.posts).keys() == seen
    for person, name in Account.objects.values_list("id", "handle"):
        theirs = [p for p in seen if oracle.posts[p].author_id == person]
        expected = sorted(theirs, reverse=True)[: queries.PAGE] if oracle.open[person] else None
        assert _syndicated(client, f"/@{name}/rss") == expected
    for topic in Topic.objects.all():
        named = PostTopic.objects.filter(topic=topic).values_list("post_id", flat=True)
        about = sorted(set(named) & seen, reverse=True)[: queries.PAGE]
        assert _syndicated(client, f"/t/{topic.slug}/rss") == about


def _syndicated(client: Client, path: str) -> list[int] | None:
    """Return the ids of the posts in an RSS feed, in order; None where there is no feed."""
    answer = client.get(path)
    if answer.status_code == 404:
        return None
    return [int(pk) for pk in re.findall(r"<guid>[^<]*/p/(\d+)</guid>", answer.content.decode())]


def _programs_agree(viewer: Actor, oracle: Oracle, seen: set[int]) -> None:
    """Hold the API to the same: single rows, what is under them, a person's list, what is new."""
    program = Program(Account.objects.get(pk=viewer.id) if viewer.id else None)
    for post_id in oracle.posts:
        for path in (f"/posts/{post_id}", f"/posts/{post_id}/comments"):
            assert (program.send("GET", path).status_code == 200) == (post_id in seen)
    plain = {p for p in seen if oracle.posts[p].visibility == 0 and not oracle.posts[p].repin_of_id}
    assert _listed(program, "/explore?limit=50") == plain
    if viewer.id is not None:
        assert _listed(program, "/feed?limit=50") == set(oracle.following(viewer.id))
        assert _listed(program, "/feed/moments?limit=50") == set(oracle.moments(viewer.id))
        assert _listed(program, "/feed/near?limit=50") == set(oracle.near(viewer.id))
        ranked = program.get("/explore/ranked?limit=50")["items"]
        assert {int(one["post"]["id"]) for one in ranked} == oracle.explore(viewer.id)
        for row in (row for row, owner in oracle.lists.items() if owner == viewer.id):
            theirs = set(oracle.of_list(viewer.id, row))
            assert _listed(program, f"/me/lists/{row}/posts?limit=50") == theirs
    for person, name in Account.objects.values_list("id", "handle"):
        if oracle.sees_person(viewer.id, person):
            theirs = {p for p in seen if oracle.posts[p].author_id == person}
            assert _listed(program, f"/people/{name}/posts?limit=50") == theirs


def _listed(program: Program, path: str) -> set[int]:
    return {int(one["id"]) for one in program.get(path)["items"]}
