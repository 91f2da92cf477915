"""Row 45, its second part: a topic is an entry, without search and without signing in."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client

from banyan.community.jobs import count_heat
from banyan.community.models import Post, ProductTag
from banyan.kernel import clock
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db


def test_row_45_b_a_cold_visitor_enters_by_a_topic_and_stands_before_the_goods() -> None:
    shop = make.shop()
    goods = [make.product(shop, title=f"Thing {n}", price=1_000 + n) for n in range(12)]
    authors = [make.member() for _ in range(10)]
    Account.objects.update(created_at=clock.now() - dt.timedelta(days=60))
    for n in range(30):
        browser = Client()
        browser.force_login(authors[n % 10])
        tagged = {"product": goods[n % 12].pk} if n < 24 else {}
        browser.post(
            "/post",
            {
                "pictures": staged_picture(make.actor(authors[n % 10]), (n, 90, 60)),
                "title": f"Note {n}",
                "body": "#下午茶# today" if n % 2 else "all about #下午茶",
                **tagged,
            },
        )
    assert (Post.objects.count(), ProductTag.objects.count()) == (30, 24)
    count_heat(timestamp=0)

    visitor = Client()
    page = visitor.get("/t/下午茶").content.decode()

    # posts, twelve goods, each a link to its page, and the reason in numbers
    first = re.findall(r"Note (\d+)", page)
    assert first[0] == "29"
    assert {f"Thing {n}" for n in range(12)} <= set(re.findall(r"Thing \d+", page))
    assert "10 people in the last two days" in page
    more = re.search(r'href="(\?before=\d+)"', page)
    assert more
    rest = visitor.get("/t/下午茶" + more.group(1)).content.decode()
    every = {*re.findall(r"Note (\d+)", page), *re.findall(r"Note (\d+)", rest)}
    assert every == {str(n) for n in range(30)}

    # from there it is a tap to the goods and one to the checkout; nobody asks who it is
    product = re.search(r'href="(/shop/[^"]+)"', page)
    assert product
    shown = visitor.get(product.group(1).replace("&amp;", "&"))
    assert shown.status_code == 200
    buy = re.search(r'action="(/checkout)|href="(/checkout\?[^"]+)"', shown.content.decode())
    assert buy

    # the topic stands in the list, and any spelling of it leads there
    assert "下午茶" in visitor.get("/t").content.decode()
    spelled = visitor.get("/t/ＴＥＡ")
    assert spelled.status_code == 404


def test_row_45_b_one_voice_makes_nothing_hot_and_numbers_say_who_is_new() -> None:
    loud, *others = (make.member() for _ in range(4))
    Account.objects.exclude(pk=others[2].pk).update(created_at=clock.now() - dt.timedelta(days=60))
    for n in range(8):
        _write(loud, f"#loud {n}")
    for account in others:
        _write(account, "#shared")
    count_heat(timestamp=0)
    page = Client().get("/t").content.decode()
    assert "#shared" in page
    assert "#loud" not in page
    assert "3 people in the last two days, 1 of them new here, counted as a quarter" in page


def _write(account: Account, body: str) -> None:
    browser = Client()
    browser.force_login(account)
    form = {"pictures": staged_picture(make.actor(account)), "body": body}
    assert browser.post("/post", form).status_code == 302


def test_row_45_b_a_topic_that_moderation_closed_is_gone_from_every_list() -> None:
    for _ in range(2):
        _write(make.member(), "#spam")
    count_heat(timestamp=0)
    from banyan.community.models import Topic

    Topic.objects.update(is_trendable=False)
    assert "#spam" not in Client().get("/t").content.decode()
    assert Client().get("/t/spam").status_code == 200
    Topic.objects.update(is_usable=False)
    assert Client().get("/t/spam").status_code == 404
