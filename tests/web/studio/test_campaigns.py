"""The studio's side of campaigns: filled in, tried out, changed, published, and how they go."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.campaigns import actions as campaigns
from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.models import Campaign
from banyan.campaigns.queries import ENOUGH, funnel_of
from banyan.entitlements.models import Coupon
from banyan.kernel.problems import NotFound
from banyan.sharing import actions as sharing
from tests.api.dumps import rows_of_all_tables
from tests.campaigns.scene import begun, campaign, coupon, crowd, draft, join, somebody
from tests.campaigns.test_publishing import usual
from tests.support import factories as make
from tests.support.pages import Page
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def _filled(html: str) -> dict[str, str]:
    return dict(next(one.fields for one in Page(html).forms if "title" in one.fields))


def test_a_sound_campaign_is_a_template_and_one_amount_away() -> None:
    shop = make.shop()
    owner = client(shop.owner)
    form = reverse("studio_campaign_new", args=[shop.slug, "coupon_pack"])
    filled = _filled(owner.get(form + "?preset=weekend").content.decode())

    refused = owner.post(form, filled | {"coupon_off": "many"})
    assert refused.status_code == 422
    assert not Coupon.objects.exists()
    page = owner.post(form, filled | {"coupon_off": "5.00"}, follow=True).content.decode()

    made, given = Campaign.objects.get(), Coupon.objects.get()
    assert (given.reach, given.shop) == ("held", shop)
    assert made.budget == 100 * 11 * 500, "a hundred packs of ten and the sender's own"
    assert not Page(page).faults
    assert page.index("What it can cost") < page.index("What the rules say") < page.index("Terms")
    assert "Say from what age on people can take part." in page, "it warns, with its source"
    owner.post(reverse("studio_campaign_act", args=[shop.slug, made.pk]), {"act": "publish"})
    made.refresh_from_db()
    assert made.state == "published"
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    page = owner.get(reverse("studio_campaign", args=[shop.slug, made.pk])).content.decode()
    assert "Say from what age on" not in page, "published in English, read in Chinese"


@pytest.mark.parametrize("typed", ["1,000", "\uff11\uff10", "-1", "many"])
def test_for_how_many_it_shall_be_enough_is_a_number_or_refused(typed: str) -> None:
    shop = make.shop()
    owner = client(shop.owner)
    form = reverse("studio_campaign_new", args=[shop.slug, "coupon_pack"])
    filled = _filled(owner.get(form + "?preset=weekend").content.decode())
    answer = owner.post(form, filled | {"coupon_off": "5.00", "plays": typed})
    assert answer.status_code == 422
    assert "Enter a whole number." in answer.content.decode()
    assert not Campaign.objects.exists()


def test_a_number_of_the_form_says_what_it_counts() -> None:
    shop = make.shop()
    form = client(shop.owner).get(reverse("studio_campaign_new", args=[shop.slug, "group_buy"]))
    page = form.content.decode()
    labels = re.findall(r"<label[^>]*>(.*?)</label>", page, re.S)
    for one in mechanic("group_buy").terms.asked():
        if one.ask.unit:
            wanted = f"{one.ask.label} ({one.ask.unit})"
            assert any(wanted in label for label in labels), one.name


def test_a_draft_is_changed_and_what_is_published_is_not() -> None:
    shop = make.shop()
    item = make.variant(shop, price=10_000)
    made = draft(shop, "group_buy", variant=item.pk, price=8_000)
    owner, url = client(shop.owner), reverse("studio_campaign_change", args=[shop.slug, made.pk])
    filled = _filled(owner.get(url).content.decode())
    assert (filled["price"], filled["budget"]) == ("80.00", "10000.00")
    assert "Price in the group in CNY" in owner.get(url).content.decode()

    sent = filled | {"variant": str(item.pk), "price": "75.50", "title": "Cheaper together"}
    assert owner.post(url, sent).status_code == 302
    made.refresh_from_db()
    assert made.version is not None
    assert (made.title, made.version.terms["price"]) == ("Cheaper together", 7_550)
    campaigns.publish_campaign(actor=make.actor(shop.owner), campaign_id=made.pk)
    assert owner.get(url).status_code == owner.post(url, filled).status_code == 404
    stopping = owner.get(reverse("studio_campaign", args=[shop.slug, made.pk])).content.decode()
    told = "Now 0 are under way, with up to CN¥0.00 promised."
    assert stopping.index(told) < stopping.index("End it for good"), "read before it is pressed"


def test_what_is_sold_for_less_is_told_in_money_beside_the_budget() -> None:
    shop = make.shop()
    item = make.variant(shop, price=10_000).pk
    drafts = {
        "flash_sale": {"price": 7_000, "public": 5, "codes": 2},
        "group_buy": {"price": 8_000, "people": 3, "leader_price": 5_000},
        "bargain": {"floor": 4_000},
        "like_collection": {"coupon": coupon(shop).pk},
    }
    told = {}
    for code, terms in drafts.items():
        goods = {} if code == "like_collection" else {"variant": item}
        made = draft(shop, code, **terms, **goods)
        url = reverse("studio_campaign", args=[shop.slug, made.pk])
        told[code] = client(shop.owner).get(url).content.decode()
    less = {"flash_sale": "CN¥210.00", "group_buy": "CN¥90.00", "bargain": "CN¥60.00"}
    for code, amount in less.items():
        assert f"gives up {amount} at most" in told[code], code
        assert "costs CN¥0.00" not in told[code], code
    assert "One of them costs CN¥5.00 at most" in told["like_collection"]
    assert "gives up" not in told["like_collection"]
    assert "<dd>CN¥70.00" in told["flash_sale"], "terms are told with their currency"


def test_two_phones_play_a_draft_and_leave_no_trace() -> None:
    shop = make.shop()
    drafts = {code: draft(shop, code, **terms) for code, terms in usual(shop).items()}
    owner, before = client(shop.owner), rows_of_all_tables()
    seen = {}
    for code, made in drafts.items():
        url = reverse("studio_campaign_preview", args=[shop.slug, made.pk])
        answer = owner.get(url)
        assert answer.status_code == 200, code
        seen[code] = answer.content.decode()
        assert not Page(seen[code]).faults, code
    assert rows_of_all_tables() == before, "no row, no event, no posting"

    assert "Your friend presses “Open the pack”" in seen["coupon_pack"]
    assert "A coupon is yours" in seen["coupon_pack"]
    assert "Your friend presses “Help your friend”" in seen["bargain"]
    assert "goes on to the checkout" in seen["group_buy"]
    assert "on a page of its own" in seen["flash_sale"]
    with pytest.raises(NotFound):
        campaigns.preview_campaign(actor=make.actor(somebody()), campaign_id=drafts["bargain"].pk)


def test_the_funnel_goes_from_opened_to_redeemed() -> None:
    shop = make.shop()
    made = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=2, sender=-1)
    pack = begun(made, sender := somebody())
    link = sharing.share(actor=make.actor(sender), target_kind="play", target_id=pack.pk, via=None)
    for verdict in ("unknown", "bot"):
        sharing.record_touch(
            actor=make.actor(somebody()), link=link, channel="web", verdict=verdict
        )
    for who in crowd(2):
        join(pack, who)
    made.refresh_from_db()
    with CaptureQueriesContext(connection) as asked:
        funnel = funnel_of(made)
    assert len(asked) <= 8
    assert (funnel.opened, funnel.begun, funnel.joined, funnel.finished) == (1, 1, 2, 1)
    assert (funnel.running, funnel.open_money, funnel.granted) == (0, 0, 1_000)
    assert (funnel.redeemed, funnel.each, funnel.k) == (0, None, None), f"below {ENOUGH} plays"
    url = reverse("studio_campaign", args=[shop.slug, made.pk])
    part = client(shop.owner).get(url, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith("<section")
    assert "data-live=" in part
