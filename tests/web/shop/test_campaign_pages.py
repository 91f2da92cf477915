"""Campaigns as people and shops see them: from the studio's form to the opened pack."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from banyan.campaigns.mechanic import mechanics
from banyan.campaigns.models import Campaign, Instance
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.people import actions as people
from banyan.sharing import actions as sharing
from banyan.sharing import ports
from tests.campaigns.scene import DAY, assert_sound, begun, campaign, coupon, draft, somebody
from tests.support import factories as make
from tests.support.pages import Page
from tests.web.studio.scene import client
from tests.web.test_statements import compare, statements

pytestmark = pytest.mark.django_db

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.44"


def test_from_the_studio_to_the_opened_pack() -> None:
    shop = make.shop()
    given = coupon(shop)
    owner, ana, ben = client(shop.owner), client(sender := somebody()), client(friend := somebody())
    listed = owner.get(reverse("studio_campaigns", args=[shop.slug])).content.decode()
    assert "Coupon pack" in listed
    form = reverse("studio_campaign_new", args=[shop.slug, "coupon_pack"])
    html = owner.get(form + "?preset=weekend").content.decode()
    assert not Page(html).faults
    filled = next(one.fields for one in Page(html).forms if "title" in one.fields)
    assert filled["places"] == "10"

    answer = owner.post(form, filled | {"coupon": given.pk, "places": "2", "budget": "30.00"})
    made = Campaign.objects.get()
    assert answer["Location"] == reverse("studio_campaign", args=[shop.slug, made.pk])
    shown = owner.get(answer["Location"]).content.decode()
    assert "One of them costs CN¥15.00 at most; all together never more than CN¥30.00." in shown
    assert client().get(reverse("campaign", args=[made.code])).status_code == 404
    act = reverse("studio_campaign_act", args=[shop.slug, made.pk])
    owner.post(act, {"act": "publish"})

    page = ana.get(reverse("campaign", args=[made.code])).content.decode()
    assert not Page(page).faults
    play_url = ana.post(reverse("campaign_begin", args=[made.code]))["Location"]
    pack = ana.get(play_url).content.decode()
    assert "When 1 more friend opens it, your own comes." in pack

    before = ben.get(play_url).content.decode()
    assert "Open the pack" in before
    assert "player" not in before
    ben.post(f"{play_url}/join", {"named": "1"})
    after = ben.get(play_url).content.decode()
    assert "A coupon is yours" in after
    assert friend.display_name in ana.get(play_url).content.decode(), "Ben agreed to be seen"
    assert CouponGrant.objects.filter(account__in=[sender, friend]).count() == 2
    assert "Coupon pack" in ben.get(reverse("plays_mine")).content.decode()
    assert "Given so far" in owner.get(answer["Location"]).content.decode()
    assert_sound()


def test_nobody_who_is_apart_from_the_reader_is_named_in_a_play() -> None:
    shop = make.shop()
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=5)
    pack, apart, other, reader = begun(of, somebody()), somebody(), somebody(), somebody()
    for who in (apart, other):
        client(who).post(reverse("play_act", args=[pack.code, "join"]), {"named": "1"})
    page = reverse("play", args=[pack.code])
    assert apart.display_name in client(reader).get(page).content.decode()

    people.block(actor=make.actor(apart), account_id=reader.pk)

    read = client(reader).get(page).content.decode()
    assert apart.display_name not in read
    assert other.display_name in read


def test_who_did_not_agree_is_counted_and_not_shown() -> None:
    shop, cy = make.shop(), somebody()
    pack = begun(campaign(shop, "coupon_pack", coupon=coupon(shop).pk), somebody())
    client(cy).post(reverse("play_act", args=[pack.code, "join"]), {})
    html = client(somebody()).get(reverse("play", args=[pack.code])).content.decode()
    assert cy.display_name not in html
    assert "+1" in html


def test_a_visitor_sees_price_and_act_and_signs_in_at_the_act() -> None:
    shop = make.shop()
    pack = begun(campaign(shop, "coupon_pack", coupon=coupon(shop).pk), sender := somebody())
    link = sharing.share(actor=make.actor(sender), target_kind="play", target_id=pack.pk, via=None)
    visitor = client()
    html = visitor.get(reverse("play", args=[pack.code]) + f"?via={link.code}").content.decode()
    form = re.search(rf'action="/play/{pack.code}/keep">(.*?)</form>', html, re.S)
    assert form is not None
    assert f'name="via" value="{link.code}"' in form[1]
    assert "Open the pack" in form[1]
    assert visitor.post(reverse("play_act", args=[pack.code, "join"])).status_code == 401
    assert not CouponGrant.objects.exists()


def test_help_is_credited_to_the_link_that_brought_it() -> None:
    shop = make.shop()
    pack = begun(campaign(shop, "coupon_pack", coupon=coupon(shop).pk), sender := somebody())
    link = sharing.share(actor=make.actor(sender), target_kind="play", target_id=pack.pk, via=None)
    client(somebody()).post(reverse("play_act", args=[pack.code, "join"]), {"via": link.code})
    assert pack.participations.get().through == link.pk


def test_an_app_that_forbids_it_gets_no_word_of_sharing() -> None:
    shop, sender = make.shop(), somebody()
    pack = begun(campaign(shop, "coupon_pack", coupon=coupon(shop).pk), sender)
    browser = client(sender)
    url = reverse("play", args=[pack.code])
    assert "Send it to friends" in browser.get(url).content.decode()
    assert "Send it to friends" not in browser.get(url, HTTP_USER_AGENT=WECHAT).content.decode()


def test_a_forged_verb_and_anothers_shop_change_nothing() -> None:
    shop, other = make.shop(), make.shop()
    made = campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
    pack = begun(made, somebody())
    browser = client(somebody())
    browser.post(reverse("play_act", args=[pack.code, "expire"]))
    pack.refresh_from_db()
    assert pack.ended_at is None
    assert browser.get("/play/unknown").status_code == 404
    stranger = client(other.owner)
    for slug in (shop.slug, other.slug):
        page = reverse("studio_campaign", args=[slug, made.pk])
        assert stranger.get(page).status_code == 404
        act = reverse("studio_campaign_act", args=[slug, made.pk])
        assert stranger.post(act, {"act": "end"}).status_code == 404
    made.refresh_from_db()
    assert made.state == "published"


def test_what_is_over_says_so() -> None:
    shop = make.shop()
    made = campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
    browser = client(somebody())
    with clock.at(clock.now() + 2 * DAY):
        assert "This is over." in browser.get(f"/campaign/{made.code}").content.decode()
        answer = browser.post(reverse("campaign_begin", args=[made.code]), follow=True)
    assert "This is over." in answer.content.decode()
    assert not Instance.objects.exists()


def test_what_runs_stands_on_the_goods_the_shop_and_under_together() -> None:
    item = make.variant(price=10_000, stock=9)
    shop = item.product.shop
    of = campaign(shop, "bargain", variant=item.pk, floor=4_000, people=3, title="Bring it down")
    draft(shop, "bargain", variant=item.pk, floor=3_000, people=3, title="Not yet")
    goods = reverse("product", args=[shop.slug, item.product.slug])
    pages = (goods, reverse("shop", args=[shop.slug]), reverse("campaigns"))
    visitor = client()
    for page in pages:
        html = visitor.get(page).content.decode()
        assert reverse("campaign", args=[of.code]) in html, page
        assert "CN¥40.00" in html
        assert "Not yet" not in html
    for page in pages[:2]:
        neutral = visitor.get(page, HTTP_USER_AGENT=WECHAT).content.decode()
        assert of.code not in neutral, "no invitation where rewarded sharing is forbidden"
    with clock.at(of.ends_at):
        for page in pages:
            assert of.code not in visitor.get(page).content.decode()


def test_together_asks_as_much_for_ten_as_for_one() -> None:
    counts = {}
    for size in (1, 10):
        while Campaign.objects.count() < size:
            shop = make.shop()
            item = make.variant(shop, price=10_000)
            campaign(shop, "bargain", variant=item.pk, floor=4_000, people=3)
            campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
        counts[size] = statements(lambda: client().get(reverse("campaigns")))
    compare(counts)


def test_a_share_says_in_money_what_it_brings() -> None:
    item = make.variant(price=10_000, stock=9)
    shop, ana = item.product.shop, somebody()
    bargain = begun(campaign(shop, "bargain", variant=item.pk, floor=4_000, people=3), ana)
    pack = campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
    kinds = {("play", bargain.pk): "as low as CN¥40.00", ("campaign", pack.pk): "up to CN¥5.00 off"}
    for (kind, target_id), price in kinds.items():
        found = ports.card(kind, target_id)
        assert found is not None
        assert found.price == price
        html = client(ana).get(reverse("share", args=[kind, target_id])).content.decode()
        assert price in html
    link = sharing.share(actor=make.actor(ana), target_kind="play", target_id=bargain.pk, via=None)
    assert client().get(reverse("poster", args=[link.code]))["Content-Type"] == "image/jpeg"


def test_how_it_goes_is_said_in_three_sentences_and_not_in_an_app_that_forbids_sharing() -> None:
    shop = make.shop()
    made = campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
    url = reverse("campaign", args=[made.code])
    assert "How it works" in client().get(url).content.decode()
    assert "How it works" not in client().get(url, HTTP_USER_AGENT=WECHAT).content.decode()
    assert all(len(kind.steps) == 3 for kind in mechanics().values())
