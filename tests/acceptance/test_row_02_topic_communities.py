"""Row 2: people gather round an interest: its posts alone, its own goods, and why."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.community import counts
from banyan.community.models import Post
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def scroll(browser: Client, start: str) -> list[str]:
    """Return the titles of all cards, by the link to more at the end of each page."""
    seen: list[str] = []
    url: str | None = start
    while url is not None:
        page = browser.get(url).content.decode()
        seen += re.findall(r'class="post-title"><a href="[^"]+">([^<]+)<', page)
        more = re.search(r'href="(\?before=\d+)"', page)
        url = start + more.group(1) if more else None
    return seen


def test_row_02_a_follower_of_dresses_sees_only_dresses_and_may_ask_why() -> None:
    authors = [make.member() for _ in range(5)]
    dress, hat = make.product(title="Blue dress"), make.product(title="Straw hat")
    for n in range(50):
        tags = [community.Tag(0, dress.pk, 1, 1)] if n % 2 else []
        post(authors[n % 5], title=f"Dress {n}", body="#Dresses", tags=tags)
    for n in range(20):
        post(authors[n % 5], title=f"Hat {n}", body="#hats", tags=[community.Tag(0, hat.pk, 1, 1)])
    for visibility in (1, 2, 3):
        post(authors[0], title=f"Hidden {visibility}", body="#dresses", visibility=visibility)
    gone = post(authors[0], title="Gone", body="#dresses")
    community.delete_post(actor=make.actor(authors[0]), post_id=gone.pk)
    follower = Client()
    follower.force_login(make.member("mei"))
    assert follower.post("/t/dresses/follow").status_code == 302

    # From "Topics" to the community, and through all of it: its 50 posts and nothing else
    assert 'href="/t/dresses"' in follower.get("/t").content.decode()
    seen = scroll(follower, "/t/dresses")
    assert seen == [f"Dress {n}" for n in reversed(range(50))]

    # Its own goods, not those of its neighbour
    page = follower.get("/t/dresses").content.decode()
    assert "Blue dress" in page
    assert "Straw hat" not in page
    assert "Straw hat" in follower.get("/t/hats").content.decode()

    # The rule is told on request, in both orders, and it is the rule
    assert "Why am I seeing this?" in page
    assert "public posts that name #Dresses, the newest first" in page
    liked = Post.objects.get(title="Dress 7")
    community.like(actor=make.actor(authors[1]), post_id=liked.pk)
    counts.fold()
    best = follower.get("/t/dresses?order=best").content.decode()
    assert "the most liked first" in best
    assert re.findall(r'class="post-title"><a href="[^"]+">([^<]+)<', best)[0] == "Dress 7"
