"""What is said under a post comes a page at a time: nothing twice, nothing missed, few statements.

That nobody reads what they may not is held by tests/properties/test_visibility.py.
"""

from __future__ import annotations

import re
from typing import get_args

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from banyan.community import actions as community
from banyan.community import counts, queries
from banyan.community.models import Comment, Post
from banyan.community.queries.comments import FIRST_REPLIES, ROOTS, Order
from banyan.kernel import clock
from banyan.people.models import Account
from tests.api.client import Program
from tests.community.posts import post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


def say(under: Post, by: Account, count: int, root: Comment | None = None) -> list[Comment]:
    """Write rows, because writing has its tests; in the order of their ids, as pages are."""
    made = Comment.objects.bulk_create(
        Comment(
            post=under, author=by, root=root, parent=root, body=f"Word {n}", created_at=clock.now()
        )
        for n in range(count)
    )
    return sorted(made, key=lambda one: one.pk)


@pytest.mark.parametrize("order", get_args(Order))
def test_reading_on_neither_repeats_nor_misses_while_others_write(order: Order) -> None:
    ana = member()
    made = post(ana)
    at_first = {row.pk for row in say(made, ana, 7)}
    liked = Comment.objects.filter(post=made).order_by("id")[3]
    community.like_comment(actor=actor(ana), post_id=made.pk, comment_id=liked.pk)
    counts.fold()
    seen, cursor = [], ""
    while True:
        talk = queries.thread(actor(ana), made.pk, order=order, cursor=cursor, page=2)
        seen += [one.root.pk for one in talk.threads]
        cursor = talk.next
        if not cursor:
            break
        if len(seen) <= 4:
            say(made, ana, 1)
    assert len(seen) == len(set(seen))
    assert at_first <= set(seen)
    assert order != "hot" or seen[0] == liked.pk


def test_the_pinned_leads_once_and_who_is_sent_to_a_comment_finds_it() -> None:
    ana = member()
    made = post(ana)
    rows = say(made, ana, 6)
    deep = say(made, ana, 5, root=rows[5])[4]
    seen, cursor = [], ""
    while True:
        talk = queries.thread(
            actor(ana), made.pk, first=(rows[4].pk, None), at=deep.pk, cursor=cursor, page=3
        )
        seen += talk.threads
        cursor = talk.next
        if not cursor:
            break
    assert [one.root.pk for one in seen] == [rows[n].pk for n in (4, 5, 0, 1, 2, 3)]
    assert seen[1].answers == 5
    assert [one.pk for one in seen[1].replies][FIRST_REPLIES:] == [deep.pk]
    elsewhere = say(post(ana), ana, 1)[0]
    assert len(queries.thread(actor(ana), made.pk, at=elsewhere.pk).threads) == 6


def test_a_page_takes_the_same_statements_however_much_is_said() -> None:
    ana = member()
    taken = {}
    for size in (1, 24, 100):
        made = post(ana)
        for root in say(made, ana, size):
            say(made, ana, 3, root=root)
        with CaptureQueriesContext(connection) as seen:
            talk = queries.thread(actor(ana), made.pk, order="hot")
        taken[size] = len(seen)
        assert len(talk.threads) == min(size, ROOTS)
        assert {len(one.replies) for one in talk.threads} == {FIRST_REPLIES}
    assert set(taken.values()) == {4}, (taken, "three, and the reader's roles")


def test_pages_fragments_and_programs_read_on() -> None:
    ana = member()
    made = post(ana)
    rows = say(made, ana, ROOTS + 3)
    say(made, ana, 4, root=rows[0])
    client = Client()
    first = client.get(f"/p/{made.pk}").content.decode()
    assert "Show 4 answers" in first
    assert f'id="c{rows[ROOTS - 1].pk}"' in first
    assert f'id="c{rows[ROOTS].pk}"' not in first
    more = re.search(r'hx-get="(/p/\d+/comments[^"]+)"', first)
    assert more
    path = more[1].replace("&amp;", "&")
    fragment = client.get(path, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in fragment
    for page in (fragment, client.get(path).content.decode()):
        assert re.findall(r'<li id="c(\d+)"', page) == [str(row.pk) for row in rows[ROOTS:]]
    assert client.get(f"/p/{made.pk}/comments?after=%C2%B2&comments=hot").status_code == 200
    assert f'id="c{rows[-1].pk}"' in client.get(f"/p/{made.pk}?c={rows[-1].pk}").content.decode()

    program = Program(None)
    found, after = [], ""
    while True:
        page_of_it = program.get(f"/posts/{made.pk}/comments?limit=10{after}")
        found += [one["id"] for one in page_of_it["items"]]
        if page_of_it["next"] is None:
            break
        after = f"&after={page_of_it['next']}"
    assert found == [str(row.pk) for row in rows]


def test_nobody_reads_the_comments_of_a_post_that_is_not_theirs_to_see() -> None:
    ana = member()
    hidden = post(ana, visibility=3)
    say(hidden, ana, 1)
    for path in (f"/p/{hidden.pk}/comments", f"/p/{hidden.pk}"):
        assert Client().get(path).status_code == 404
