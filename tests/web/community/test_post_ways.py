"""Ways on from a post keep what they promise: the chain of sharers, and who was meant to see it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from banyan.community import actions as community
from banyan.community import queries
from banyan.community.models import Comment, Post
from banyan.people import actions as people
from banyan.people.models import Profile
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from tests.community.posts import post
from tests.groups import circles
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def share_address(page: str) -> str:
    found = re.search(r'href="(/share/post/[^"]*)"', page)
    return unescape(found.group(1)) if found else ""


def test_what_was_reached_through_a_link_is_passed_on_below_that_link() -> None:
    ana, ben, cy = make.member("ana"), make.member("ben"), make.member("cyd")
    made = post(ana)
    assert made.link is not None
    bens = sharing.share(
        actor=make.actor(ben), target_kind="post", target_id=made.pk, via=made.link
    )
    browser = client(cy)

    browser.get(share_address(browser.get(f"/p/{made.pk}?via={bens.code}").content.decode()))

    assert Link.objects.get(owner=cy).parent_id == bens.pk


def test_what_is_not_for_everybody_is_not_passed_on_whatever_the_address_says() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    public, hers = post(ana), post(ana, visibility=1)
    assert public.link is not None
    page = client(ben).get(f"/p/{hers.pk}?via={public.link.code}").content.decode()
    assert f'href="?via={public.link.code}"' not in page
    assert share_address(page) == ""


@pytest.mark.parametrize("group", ["-1", "x", "9" * 30])
def test_a_group_that_cannot_be_read_does_not_make_a_post_everybodys(group: str) -> None:
    answer = client(make.member()).post(
        "/post", {"kind": "question", "body": "Between us", "group": group}
    )
    assert answer.status_code == 422
    assert not Post.objects.exists()


def test_an_answer_to_nothing_is_no_comment_of_its_own() -> None:
    made = post(make.member())
    answer = client(make.member()).post(
        f"/p/{made.pk}/comment", {"body": "To you", "parent": "9" * 30}
    )
    assert answer.status_code == 404
    assert not Comment.objects.exists()


def test_too_much_for_one_day_gives_the_words_back(settings: Any) -> None:
    settings.NEW_ACCOUNT_DAYS = 7
    made, browser = post(make.member()), client(make.member())
    for _n in range(3):
        browser.post(f"/p/{made.pk}/comment", {"body": "Look at my bowls"})
    answer = browser.post(f"/p/{made.pk}/comment", {"body": "Look at my bowls"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert 'value="Look at my bowls"' in answer.content.decode()


def test_what_becomes_public_later_is_from_where_its_author_is() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    Profile.objects.filter(account__in=[ana, ben]).update(region="CN-SH")
    made = post(ana, visibility=1, title="A jar")
    assert queries.near_ids(make.actor(ben)) == []

    community.edit_post(
        actor=make.actor(ana), post_id=made.pk, title="A jar", body="", visibility=0
    )

    assert queries.near_ids(make.actor(ben)) == [made.pk]


def test_a_mute_counts_from_the_next_page_of_a_feed_that_was_ranked_before() -> None:
    loud, reader = make.member("loud"), make.member("reader")
    quiet = [make.member() for _n in range(30)]
    for author in quiet:
        post(author, title="Quiet")
    for _n in range(30):
        post(loud, title="Loud")
    browser = client(reader)
    first = browser.get("/explore").content.decode()
    more = re.search(r'href="(\?after=[^"]+)"', first)
    assert more
    people.mute_person(actor=make.actor(reader), account_id=loud.pk)
    shown = ""
    while more:
        page = browser.get(f"/explore{unescape(more.group(1))}").content.decode()
        shown += page
        more = re.search(r'href="(\?after=[^"]+)"', page)
    assert ">Quiet<" in shown
    assert ">Loud<" not in shown


def test_a_group_members_own_choice_still_reaches_the_group_alone() -> None:
    ben, circle = make.member("ben"), circles.group()
    circles.joined(circle, ben)
    form = {"kind": "question", "body": "Between us", "group": str(circle.pk), "visibility": "4"}
    assert client(ben).post("/post", form).status_code == 302
    assert Post.objects.get().visibility == 4
