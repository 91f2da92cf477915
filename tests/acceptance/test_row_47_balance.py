"""Row 47: whose advertising a feed shows, how much in a day, and to whom."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.community.models import Post
from banyan.kernel import clock
from tests.acceptance.feeds import scroll
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db


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
