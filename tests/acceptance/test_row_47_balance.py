"""Row 47: a feed full of advertising never shows more of it than its reader and we allow."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.community.models import Post
from banyan.kernel import clock
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def town() -> tuple[Account, list[Account]]:
    """Return a reader and 24 authors they follow, who wrote 216 posts, two of three paid."""
    reader = make.member("reader")
    authors = [make.member() for _ in range(24)]
    for author in authors:
        people.follow(actor=make.actor(reader), account_id=author.pk)
    for n in range(216):
        declared = "paid" if n % 3 else ""
        post(authors[n % 24], title=f"Ad {n}" if declared else f"Note {n}", declared=declared)
    return reader, authors


def scroll(browser: Client, start: str, cards: int = 250) -> list[str]:
    """Return the titles of the first cards, by the link to more at the end of each page."""
    seen: list[str] = []
    url = start
    while len(seen) < cards:
        page = browser.get(url).content.decode()
        found = re.findall(r'class="post-title"><a href="[^"]+">([^<]+)<', page)
        assert len(found) == len(set(found))
        seen += found
        more = re.search(r'href="(\?(?:before|after)=[^"]+)"', page)
        if not more:
            break
        url = start + more.group(1).replace("&amp;", "&")
    return seen


@pytest.mark.parametrize("start", ["/", "/explore"])
@pytest.mark.parametrize(("choice", "cap"), [("none", 0), ("fewer", 2), ("usual", 10)])
def test_row_47_no_twenty_cards_hold_more_than_the_cap(start: str, choice: str, cap: int) -> None:
    reader, _authors = town()
    browser = Client()
    browser.force_login(reader)
    assert browser.post("/me/balance", {"paid": choice}).status_code == 302
    seen = scroll(browser, start)
    assert len(seen) >= 72  # the honest ones
    assert len(seen) == len(set(seen)), "nothing twice"
    for at in range(0, len(seen), 20):
        page = seen[at : at + 20]
        assert len([one for one in page if one.startswith("Ad")]) <= cap
    notes = [int(one.split()[1]) for one in seen if one.startswith("Note")]
    whole = list(range(213, min(notes) - 1, -3)) if start == "/" else list(range(213, -1, -3))
    assert sorted(notes, reverse=True) == whole, "no honest note is lost on the way"
    assert cap == 0 or any(one.startswith("Ad") for one in seen)


def test_row_47_of_one_author_a_day_brings_a_few_and_a_choice_is_the_members_own() -> None:
    ana, reader = make.member("ana"), make.member("reader")
    for n in range(9):
        post(ana, title=f"Ad {n}", declared="paid")
    seen = scroll(Client(), "/explore", cards=1)
    assert sorted(seen) == [f"Ad {n}" for n in range(5)], "a day's first five"
    browser = Client()
    browser.force_login(reader)
    browser.post("/me/balance", {"paid": "none"})
    assert scroll(browser, "/explore", cards=1) == []
    assert len(scroll(Client(), "/explore", cards=1)) == 5
    assert browser.post("/me/balance", {"paid": "all of them"}).status_code == 422
    assert scroll(browser, "/explore", cards=1) == []
    browser.force_login(ana)
    browser.post("/me/balance", {"paid": "none"})
    assert len(scroll(browser, "/explore", cards=1)) == 9, "one's own are never kept from one"


def test_row_47_what_becomes_commercial_later_counts_from_then_on() -> None:
    from banyan.community import actions as community
    from banyan.earnings.actions import set_plan

    shop = make.shop()
    thing = make.product(shop)
    for _ in range(14):
        post(make.member(), title="Note", tags=[community.Tag(0, thing.pk, 1, 1)])
    assert Post.objects.filter(created_at__lte=clock.now()).count() == 14
    assert Client().get("/explore").content.decode().count('class="post-title"') == 14
    set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=500)
    assert Client().get("/explore").content.decode().count('class="post-title"') == 10
