"""The following feed: exact in both forms, by one index descent per author."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from banyan.community import actions as community
from banyan.community import queries
from banyan.community.models import AuthorStat, Post
from banyan.community.queries.feeds import following as feed
from banyan.community.queries.feeds import ranking
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people import actions as people
from banyan.people.models import Account, Follow
from tests.community.posts import image, post
from tests.support.factories import actor, member
from tests.support.plans import buffers, explain, nodes

BUFFERS_PER_AUTHOR = 5
POST = "community_post"  # its alias where a feed reads it; originals have another


def crowd(size: int, posts_each: int) -> Account:
    """Return a member who follows ``size`` others; their posts lie mixed, as they were written."""
    viewer = member()
    others = Account.objects.bulk_create(
        Account(handle=f"author{n}", display_name=f"Author {n}", created_at=clock.now())
        for n in range(size)
    )
    Follow.objects.bulk_create(
        Follow(follower=viewer, followee=other, created_at=clock.now()) for other in others
    )
    for _round in range(posts_each):
        made = Post.objects.bulk_create(
            Post(author=other, body="x" * 200, created_at=clock.now()) for other in others
        )
    AuthorStat.objects.bulk_create(
        AuthorStat(account_id=row.author_id, last_public_id=row.pk, last_followers_id=row.pk)
        for row in made
    )
    return viewer


@pytest.mark.django_db
def test_the_newest_come_first_and_pages_neither_repeat_nor_skip() -> None:
    viewer = crowd(30, 4)
    expected = list(Post.objects.order_by("-id").values_list("id", flat=True))

    for form_c_from in (500, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(feed, "FORM_C_FROM", form_c_from)
            found: list[int] = []
            before = queries.END
            while page := queries.following_ids(actor(viewer), before=before):
                found += page
                before = page[-1]
            assert found == expected


@pytest.mark.django_db
def test_a_long_list_of_follows_stays_exact_when_the_latest_posts_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "FORM_C_FROM", 1)
    viewer = crowd(60, 3)
    latest = list(AuthorStat.objects.order_by("-last_public_id").values_list("account", flat=True))
    Post.objects.filter(author_id__in=latest[:40]).update(deleted_at=clock.now())

    expected = Post.objects.filter(deleted_at=None).order_by("-id").values_list("id", flat=True)
    assert queries.following_ids(actor(viewer)) == list(expected[:20])


@pytest.mark.django_db
def test_negative_control_taking_twenty_authors_blindly_misses_posts() -> None:
    viewer = crowd(60, 3)
    latest = list(AuthorStat.objects.order_by("-last_public_id").values_list("account", flat=True))
    Post.objects.filter(author_id__in=latest[:40]).update(deleted_at=clock.now())

    with connection.cursor() as cursor:
        cursor.execute(feed.statement(feed.FOLLOWED), asked(viewer) | {"form_c_from": 0})
        [(bound,)] = cursor.fetchall()
    assert bound < 0  # no post; only that there may be more


@pytest.mark.django_db
def test_an_authors_bound_never_falls_back() -> None:
    ana = member()
    newer = post(ana)
    AuthorStat.objects.filter(account=ana).update(
        last_public_id=newer.pk + 10**12, last_followers_id=newer.pk + 10**12
    )
    post(ana, visibility=1)
    stat = AuthorStat.objects.get(account=ana)
    assert stat.last_public_id == stat.last_followers_id == newer.pk + 10**12


@pytest.mark.usefixtures("threaded_db")
def test_the_plan_is_one_short_descent_per_author() -> None:
    viewer = crowd(300, 40)
    settle("community_post", "people_follow", "people_account")

    plan = explain(feed.statement(feed.FOLLOWED), asked(viewer))

    posts = [node for node in nodes(plan) if node.get("Relation Name") == "community_post"]
    assert "Seq Scan" not in {node["Node Type"] for node in posts}
    [authors] = {node["Actual Loops"] for node in posts if node.get("Alias") == POST}
    assert authors == 301
    read = next(n for n in posts if n.get("Alias") == POST)
    # A page that was written to a moment ago is looked up in the table as well.
    assert buffers(read) - read["Heap Fetches"] <= BUFFERS_PER_AUTHOR * authors


@pytest.mark.usefixtures("threaded_db")
def test_of_many_authors_only_the_likeliest_are_asked() -> None:
    viewer = crowd(600, 12)
    settle("community_post", "people_follow", "people_account", "community_authorstat")

    plan = explain(feed.statement(feed.FOLLOWED), asked(viewer))

    read = next(n for n in nodes(plan) if n.get("Alias") == POST)
    assert read["Actual Loops"] <= 21
    assert buffers(read) - read["Heap Fetches"] <= BUFFERS_PER_AUTHOR * 21
    tables = {n["Relation Name"] for n in nodes(plan) if n["Node Type"] == "Seq Scan"}
    assert not tables & {"community_post", "community_authorstat", "people_account"}


@pytest.mark.usefixtures("threaded_db")
def test_a_ranked_feed_looks_posts_up_and_reads_no_table_through() -> None:
    viewer = crowd(300, 40)
    settle("community_post", "people_follow", "people_account", "community_authorstat")
    asked_for: list[tuple[str, dict[str, Any]]] = []

    def note(sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
        asked_for.append((sql, given))
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_rows", note)
        queries.explore(actor(viewer))
    [(sql, given)] = asked_for

    plan = explain(sql, given)

    tables = {n["Relation Name"] for n in nodes(plan) if n["Node Type"] == "Seq Scan"}
    assert "community_post" not in tables


@pytest.mark.usefixtures("threaded_db")
def test_visitors_find_their_feed_without_a_walk_through_all_posts() -> None:
    crowd(300, 40)
    first = queries.explore(Actor.guest()).posts
    settle("community_post", "community_feedsession")
    asked_for: list[tuple[str, dict[str, Any]]] = []
    really = ranking._rows

    def note(sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
        asked_for.append((sql, given))
        return really(sql, given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_rows", note)
        assert queries.explore(Actor.guest()).posts == first
    [(sql, given)] = asked_for

    plan = explain(sql, given)

    posts = [node for node in nodes(plan) if node.get("Relation Name") == "community_post"]
    assert posts
    assert "Seq Scan" not in {node["Node Type"] for node in posts}


@pytest.mark.usefixtures("threaded_db")
def test_negative_control_without_its_index_the_plan_is_seen_to_read_the_table() -> None:
    viewer = crowd(50, 5)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off")
        cursor.execute("SET enable_indexonlyscan = off")
        cursor.execute("SET enable_bitmapscan = off")
    try:
        plan = explain(feed.statement(feed.FOLLOWED), asked(viewer))
    finally:
        connection.close()
    found = {n["Node Type"] for n in nodes(plan) if n.get("Relation Name") == "community_post"}
    assert "Seq Scan" in found


def asked(viewer: Account) -> dict[str, Any]:
    return {
        "viewer": viewer.pk,
        "before": queries.END,
        "after": 0,
        "page": 20,
        "most": 20,
        "muted": [],
        "form_c_from": feed.FORM_C_FROM,
    }


def settle(*tables: str) -> None:
    """Let the tables look as they do after a while: known to the planner, seen by everybody."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


@pytest.mark.django_db
def test_a_page_costs_the_same_whatever_its_length(django_assert_num_queries: Any) -> None:
    ana, reader = member(), member()
    people.follow(actor=actor(reader), account_id=ana.pk)
    picture = image()
    who = actor(reader)
    for _ in range(2):
        post(ana, picture=picture)
    with django_assert_num_queries(5):
        assert len(queries.hydrate(who, queries.following_ids(who)[:1])) == 1
    for _ in range(16):
        liked = post(ana, picture=picture)
        community.like(actor=who, post_id=liked.pk)
    with django_assert_num_queries(5):
        assert len(queries.hydrate(who, queries.following_ids(who))) == 18
