"""Whom a campaign is for: the proof, the age and the people it asks for, and how it says so."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.campaigns import actions as campaigns
from banyan.campaigns.audience import which_of
from banyan.campaigns.disclosing import report_of, rules_of
from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.models import Campaign, Contribution, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Shop
from banyan.groups.models import Group
from banyan.kernel import clock
from banyan.kernel.problems import Invalid
from banyan.payments.models import Intent
from banyan.people import actions as people
from banyan.people.models import Account, Profile
from tests.campaigns.scene import begun, campaign, coupon, draft, help_, join, somebody
from tests.groups.circles import group, joined
from tests.support import factories as make
from tests.support.pages import Page
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def pack(shop: Shop, **values: Any) -> Campaign:
    return campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=3, **values)


def refusal(of: Campaign, who: Account) -> str:
    """Why somebody cannot begin; nothing was begun then. Empty where they can."""
    many = Instance.objects.count()
    try:
        begun(of, who)
    except Refused as refused:
        assert Instance.objects.count() == many
        return refused.reason
    return ""


def bought(who: Account) -> Account:
    make.pay(make.place((make.variant(), 1), buyer=who))
    return who


def says(who: Account, **said: Any) -> Account:
    Profile.objects.filter(pk=who.pk).update(**said)
    return who


def test_each_tier_asks_for_its_proof_and_no_more(shop: Shop) -> None:
    nobody, ana, ben = make.member("plain"), somebody(), bought(somebody())
    granted = {
        tier: [not refusal(pack(shop, tier=tier), who) for who in (nobody, ana, ben)]
        for tier in ("member", "proven", "buyer")
    }
    assert granted == {
        "member": [True, True, True],
        "proven": [False, True, True],
        "buyer": [False, False, True],
    }
    assert refusal(pack(shop, tier="proven"), nobody) == "tier"
    assert refusal(pack(shop, tier="buyer"), ana) == "tier_buyer"


def test_credit_is_no_payment_through_a_provider(shop: Shop) -> None:
    ana, ben = bought(somebody()), bought(somebody())
    of = pack(shop, tier="payer")
    Intent.objects.filter(payer_id=ben.pk).update(provider="wallet")
    assert refusal(of, ana) == ""
    assert refusal(of, ben) == "tier_payer"


def test_an_age_is_read_from_the_profile_to_the_day(shop: Shop) -> None:
    ana = somebody()
    with clock.at(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)):
        of = pack(shop, min_age=18)
        assert refusal(of, ana) == "age_unknown"
        assert refusal(of, says(ana, birthday=dt.date(2008, 3, 2))) == "too_young"
        assert refusal(of, says(ana, birthday=dt.date(2008, 3, 1))) == ""
        assert refusal(of, says(somebody(), birthday=dt.date(2008, 2, 29))) == ""


def test_whose_profile_is_silent_is_led_there_and_asked_once(shop: Shop) -> None:
    of, ana = pack(shop, min_age=18), somebody()
    browser = client(ana)
    page = browser.get(reverse("campaign", args=[of.code])).content.decode()
    assert "Who can take part: From 18 years on" in page, "it is told before it is pressed"
    answer = browser.post(reverse("campaign_begin", args=[of.code]))
    assert answer["Location"] == reverse("me_edit")
    html = browser.get(reverse("me_edit")).content.decode()
    assert "Say your birthday in your profile first" in html
    form = next(one for one in Page(html).forms if "hometown" in one.fields)
    said = dict(form.fields) | {"birthday": "1990-02-03", "dialect": "Yong"}
    said |= {"birthday_audience": "private"}
    assert browser.post(reverse("me_edit"), said).status_code == 302
    assert "/play/" in browser.post(reverse("campaign_begin", args=[of.code]))["Location"]
    profile = client(somebody()).get(reverse("profile", args=[ana.handle])).content.decode()
    assert "Yong" not in profile
    assert "Birthday" not in profile


def test_who_helps_needs_what_who_begins_needs(shop: Shop) -> None:
    of = campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=3, tier="proven")
    play = begun(of, somebody())
    with pytest.raises(Refused, match="play_tier"):
        help_(play, make.member("plain"))
    assert not Contribution.objects.exists()


def test_who_helps_can_need_less_than_who_begins(shop: Shop) -> None:
    terms = {"coupon": coupon(shop).pk, "likes": 3}
    of = campaign(shop, "like_collection", tier="buyer", help_tier="proven", **terms)
    assert refusal(of, somebody()) == "tier_buyer"
    play = begun(of, bought(somebody()))
    with pytest.raises(Refused, match="play_tier"):
        help_(play, make.member("plain"))
    help_(play, somebody())
    assert Contribution.objects.count() == 1
    told = " ".join(" ".join(one.paragraphs) for one in rules_of(mechanic(of.mechanic), of))
    assert "Who helps: With a proven e-mail address or phone number" in told
    assert "Who helps" in client(somebody()).get(reverse("campaign", args=[of.code])).text


@pytest.mark.parametrize(
    ("tier", "helps"), [("member", 3), ("proven", 2), ("buyer", 1), ("payer", 0)]
)
def test_each_tier_of_who_helps_asks_for_its_proof_and_no_more(
    shop: Shop, tier: str, helps: int
) -> None:
    of = campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=5, help_tier=tier)
    play = begun(of, make.member("nobody-yet"))
    credit = bought(somebody())
    Intent.objects.filter(payer_id=credit.pk).update(provider="wallet")
    for who in (make.member("plain"), somebody(), credit):
        with contextlib.suppress(Refused):
            help_(play, who)
    assert Contribution.objects.count() == helps


def test_where_nobody_helps_no_proof_is_asked_of_helpers(shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        draft(shop, "coupon_pack", coupon=coupon(shop).pk, help_tier="proven")
    assert "help_tier" in refused.value.fields
    with pytest.raises(Invalid) as refused:
        draft(shop, "like_collection", coupon=coupon(shop).pk, help_tier="king")
    assert "help_tier" in refused.value.fields
    made = draft(shop, "like_collection", coupon=coupon(shop).pk, help_tier="buyer")
    url = reverse("studio_campaign_change", args=[shop.slug, made.pk])
    assert '<option value="buyer" selected>' in client(shop.owner).get(url).text
    copy = campaigns.clone_campaign(actor=make.actor(shop.owner), campaign_id=made.pk)
    assert copy.help_tier == "buyer"


def test_each_audience_lets_its_own_people_in(shop: Shop) -> None:
    circle = group()
    fan, member = somebody(), joined(circle, somebody())
    people.follow(actor=make.actor(fan), account_id=shop.owner_id)
    ning, yong = says(somebody(), hometown=" ning Bo"), says(somebody(), dialect="Yong")
    tests: dict[str, tuple[str, Account, str]] = {
        "followers": ("", fan, "followers_only"),
        "group": (str(circle.pk), member, "group_only"),
        "hometown": ("Ning  bo", ning, "declared_only"),
        "dialect": ("yong", yong, "declared_only"),
    }
    for audience, (which, who, code) in tests.items():
        of = pack(shop, audience=audience, audience_of=which)
        assert refusal(of, somebody()) == code
        assert refusal(of, who) == "", audience


def test_old_buyers_bring_newcomers_and_are_none(shop: Shop) -> None:
    old, other, new = bought(somebody()), bought(somebody()), somebody()
    play = begun(pack(shop, audience="newcomers"), old)
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(play, other)
    assert not Participation.objects.filter(account=other).exists()
    join(play, new)
    assert Participation.objects.filter(account=new).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"tier": "king"}, "tier"),
        ({"min_age": 13}, "min_age"),
        ({"audience": "ethnicity", "audience_of": "Han"}, "audience"),
        ({"audience": "hometown"}, "audience_of"),
        ({"audience": "all", "audience_of": "Ningbo"}, "audience_of"),
        ({"audience": "group", "audience_of": "7"}, "audience_of"),
    ],
)
def test_what_no_campaign_can_be_for(shop: Shop, values: dict[str, Any], field: str) -> None:
    given = coupon(shop).pk
    with pytest.raises(Invalid) as refused:
        draft(shop, "coupon_pack", coupon=given, **values)
    assert list(refused.value.fields) == [field]
    assert not Campaign.objects.exists()


def test_the_rules_tell_for_whom_it_is_and_what_is_asked(shop: Shop) -> None:
    side = {"audience": "hometown", "audience_of": "Ningbo", "market": "CN"}
    made = draft(shop, "coupon_pack", coupon=coupon(shop).pk, min_age=18, tier="buyer", **side)
    assert made.version is not None
    report = report_of(mechanic(made.mechanic), made, made.version)
    assert not {"age", "cn.children"} & {one.code for one in report.findings}
    assert [(one.scope, one.declared) for one in report.facts.prides] == [("hometown", True)]
    told = str(rules_of(mechanic(made.mechanic), made))
    for words in ("18 years and older", "who has paid an order", "Ningbo", "birthday, hometown"):
        assert words.lower() in told.lower(), words

    young = draft(shop, "coupon_pack", coupon=coupon(shop).pk, **side)
    assert young.version is not None
    blocks = report_of(mechanic(young.mechanic), young, young.version).blocks
    assert [one.code for one in blocks] == ["cn.children"], "an age is needed to ask for it"


def test_the_wizard_takes_and_shows_whom_it_is_for(shop: Shop) -> None:
    circle = group(shop.owner)
    given = coupon(shop).pk
    made = draft(shop, "coupon_pack", coupon=given)
    owner, url = client(shop.owner), reverse("studio_campaign_change", args=[shop.slug, made.pk])
    html = owner.get(url).content.decode()
    form = next(one for one in Page(html).forms if "title" in one.fields)
    filled = dict(form.fields) | {"coupon": str(given)}
    wanted = {"tier": "buyer", "min_age": "18", "audience": "group", "audience_of": "nowhere"}
    assert owner.post(url, filled | wanted).status_code == 422
    answer = owner.post(url, filled | wanted | {"audience_of": circle.slug})
    assert answer.status_code == 302, answer.content.decode()
    made.refresh_from_db()
    assert (made.tier, made.min_age, made.audience_of) == ("buyer", 18, str(circle.pk))
    again = owner.get(url).content.decode()
    assert f'value="{circle.slug}"' in again
    copy = campaigns.clone_campaign(actor=make.actor(shop.owner), campaign_id=made.pk)
    assert (copy.tier, copy.min_age, copy.audience) == ("buyer", 18, "group")


def test_a_campaign_tells_nobody_of_a_secret_group_that_it_is_for(shop: Shop) -> None:
    circle = group(shop.owner, slug="quiet-pens")
    of = pack(shop, audience="group", audience_of=str(circle.pk))
    pages = [f"/campaign/{of.code}", f"/campaign/{of.code}/rules"]
    for url in pages:
        assert "Members of a group: quiet-pens" in Client().get(url).content.decode()

    Group.objects.filter(pk=circle.pk).update(visibility=2)

    for url in pages:
        shown = Client().get(url).content.decode()
        assert "quiet-pens" not in shown
        assert "Members of a group" in shown
    assert which_of(of) == "quiet-pens", "who plans it reads which one it is"
