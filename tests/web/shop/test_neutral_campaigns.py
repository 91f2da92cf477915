"""Campaign pages, plays and share cards under the browsers of apps that forbid rewarded sharing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from banyan.campaigns.policy.channels import neutral
from banyan.earnings.actions import set_plan
from banyan.sharing import ports
from banyan.sharing.channels import OPEN
from banyan.web.shop.market.cards import product_url
from tests.campaigns.scene import begun, campaign, coupon, somebody
from tests.campaigns.test_channels import AGENTS
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db

FIRST = dict(reversed(AGENTS))
ASKING = (
    "Ask friends",
    ">Help your friend<",
    "One more friend",
    "more friends bring it",
    "Friends cut",
)


def test_asking_goes_where_an_app_forbids_it_and_price_and_buying_stay() -> None:
    shop, owner, friend = make.shop(), somebody(), somebody()
    item = make.variant(shop, price=10_000)
    made = campaign(shop, "bargain", variant=item.pk, floor=5_000, title="Teapot")
    play = begun(made, owner)
    pages = [reverse("campaign", args=[made.code]), reverse("play", args=[play.code])]
    for channel, agent in FIRST.items():
        html = "".join(
            client(who).get(page, HTTP_USER_AGENT=agent).content.decode()
            for who in (None, owner, friend)
            for page in pages
        )
        found = [words for words in ASKING if words in html]
        buy = f"/checkout?variant={item.pk}" in html
        assert "100.00" in html, channel
        if neutral(OPEN, channel):
            assert (found, buy) == ([], True), channel
        else:
            assert found, channel
    rules = client().get(reverse("campaign_rules", args=[made.code]))
    assert "What is promised here does not become worse" in rules.content.decode()


def test_who_comes_from_a_restricted_site_reads_no_word_of_earning_on_any_landing() -> None:
    shop = make.shop()
    item = make.variant(shop, price=10_000)
    set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    pages = [product_url(item.product), reverse("share", args=["product", item.product_id])]
    for page in pages:
        came = {
            name: client(somebody()).get(page, headers={"referer": url}).content.decode()
            for name, url in (("weibo", "https://weibo.com/u/1"), ("web", "https://x.test/"))
        }
        assert "you earn" in came["web"].lower(), page
        assert "you earn" not in came["weibo"].lower(), page


def test_a_channel_decides_neither_price_nor_access() -> None:
    shop = make.shop()
    made = campaign(shop, "group_buy", variant=make.variant(shop).pk, price=80)
    play, page = begun(made, somebody()), None
    for agent in (FIRST["wechat"], FIRST["web"]):
        friend = client(somebody())
        page = friend.get(reverse("play", args=[play.code]), HTTP_USER_AGENT=agent)
        assert reverse("play_act", args=[play.code, "join"]) in page.content.decode()


def test_the_card_that_travels_asks_nobody_to_share() -> None:
    shop = make.shop()
    pack = campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
    card = ports.card("campaign", pack.pk)
    assert card is not None
    assert (card.title, card.description) == (pack.title, "")
