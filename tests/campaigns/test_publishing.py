"""What the policy says at publication, what is kept of it, and mechanics turned off."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import override

from banyan.campaigns import actions as campaigns
from banyan.campaigns.disclosing import facts_of, report_of, rules_of
from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Shop
from banyan.entitlements import actions as coupons
from banyan.kernel import clock, flags
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.problems import Conflict, Invalid, NotFound
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    begun,
    campaign,
    coupon,
    draft,
    help_,
    join,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def publish(made: Campaign) -> Campaign:
    assert made.shop is not None
    return campaigns.publish_campaign(actor=make.actor(made.shop.owner), campaign_id=made.pk)


def usual(shop: Shop) -> dict[str, dict[str, Any]]:
    """Terms with which each mechanic can be published."""
    item, given = make.variant(shop, price=10_000).pk, coupon(shop).pk
    return {
        "coupon_pack": {"coupon": given, "top": coupon(shop, amount_off=900).pk, "places": 3},
        "group_buy": {"variant": item, "price": 8_000},
        "bargain": {"variant": item, "floor": 5_000},
        "like_collection": {"coupon": given},
        "assist_draw": {"prize": given, "count": 2},
        "referral": {"coupon": given, "thanks": given},
        "flash_sale": {"variant": item, "price": 7_000, "public": 5},
    }


@pytest.mark.parametrize("market", ["CN", "EU", "US", "none"])
def test_every_mechanic_states_facts_that_can_be_published(shop: Shop, market: str) -> None:
    for code, terms in usual(shop).items():
        made = draft(shop, code, market=market, **terms)
        assert made.version is not None
        report = report_of(mechanic(code), made, made.version)
        assert [one.code for one in report.blocks] == [], code
        assert market in report.packs
        assert "wechat" not in report.packs or not report.facts.by_sharing
        assert report.facts.promised <= made.budget
        assert rules_of(mechanic(code), made)


def test_a_coupon_that_a_campaign_promises_becomes_no_worse(shop: Shop) -> None:
    """Nobody has it yet, and people have entered for it."""
    owner, prize = make.actor(shop.owner), coupon(shop, title="50 off", amount_off=5_000, cap=10)
    limits: dict[str, Any] = {
        "title": "50 off", "cap": 10, "per_person": 1, "budget": None, "ends_at": None,
    }  # fmt: skip

    def worsen() -> dict[str, str]:
        """Try everything; return what was refused, and how."""
        one_off = [{"code": "amount_off", "args": {"amount": 100}}]
        tries: dict[str, Callable[[], object]] = {
            "terms": lambda: coupons.change_terms(
                actor=owner, coupon_id=prize.pk, conditions=[], benefits=one_off, stacking="shop"
            )
        }
        for name, value in (
            ("cap", 9), ("budget", 5_000), ("ends_at", clock.now() + DAY),
        ):  # fmt: skip
            tries[name] = partial(
                coupons.edit_coupon, actor=owner, coupon_id=prize.pk, **limits | {name: value}
            )
        refused = {}
        for name, attempt in tries.items():
            with transaction.atomic():
                try:
                    attempt()
                except Conflict as conflict:
                    refused[name] = conflict.code
                transaction.set_rollback(True)
        return refused

    of = draft(shop, "assist_draw", prize=prize.pk, count=1)
    assert worsen() == {}, "a draft promises nothing"
    campaigns.publish_campaign(actor=owner, campaign_id=of.pk)
    assert worsen() == dict.fromkeys(["terms", "cap", "budget", "ends_at"], "coupon_promised")
    coupons.edit_coupon(actor=owner, coupon_id=prize.pk, **limits | {"cap": 20})
    campaigns.end_campaign(actor=owner, campaign_id=of.pk)
    campaigns.advance(actor=SYSTEM)
    campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    assert (of.state, worsen()) == ("settled", {})


def test_a_prize_above_the_markets_limit_is_not_published(shop: Shop) -> None:
    car = coupon(shop, title="A car", amount_off=6_000_000)
    made = draft(shop, "assist_draw", prize=car.pk, market="CN", budget=10_000_000)
    with pytest.raises(Invalid) as refused:
        publish(made)
    assert "Art. 17" in str(refused.value.fields["cn.prize_cap"]), "with where it is written"
    made.refresh_from_db()
    assert (made.state, made.version.checked if made.version else None) == ("draft", {})
    assert not StoredEvent.objects.filter(name="campaign.published").exists()


def test_what_the_rules_said_is_kept_and_the_rules_page_stands(shop: Shop) -> None:
    item = make.variant(shop, price=10_000)
    made = publish(draft(shop, "group_buy", market="CN", variant=item.pk, price=8_000))
    made.refresh_from_db()
    assert made.version is not None
    kept = made.version.checked
    assert {"house", "CN"} <= set(kept["packs"])
    assert kept["facts"]["price"] == 8_000
    assert "cn.minors_pay" in [one["code"] for one in kept["findings"]]
    assert all(one["source"]["title"] for one in kept["findings"])

    make.variant(shop, price=1)
    with clock.at(clock.now() + 10 * DAY):
        later = facts_of(mechanic("group_buy"), made, made.version)
    assert (later.was, later.price) == (kept["facts"]["was"], 8_000)
    assert "80.00" in str(rules_of(mechanic("group_buy"), made))


def test_what_gives_something_is_no_honour_whatever_it_is_called(shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        draft(shop, "like_collection", coupon=coupon(shop).pk, drive="honour")
    assert list(refused.value.fields) == ["coupon"]
    made = draft(shop, "like_collection", drive="honour", budget=0)
    assert made.version is not None
    facts = facts_of(mechanic(made.mechanic), made, made.version)
    assert (facts.drive, facts.prizes, facts.rewards) == ("honour", (), False)


def test_a_price_for_later_is_a_prize_like_a_coupon(shop: Shop) -> None:
    item = make.variant(shop, price=10_000)
    terms = {"variant": item.pk, "price": 8_000, "places": 2, "sender": 0}
    made = draft(shop, "coupon_pack", landing="right", budget=6_000, **terms)
    assert made.version is not None
    facts = facts_of(mechanic(made.mechanic), made, made.version)
    assert [(one.value, one.quantity) for one in facts.prizes] == [(2_000, 2), (2_000, 1)]
    assert facts.price == 8_000
    assert "80.00" in facts.prizes[0].name


def test_a_start_that_has_passed_becomes_the_moment_of_publication(shop: Shop) -> None:
    made = draft(shop, "coupon_pack", coupon=coupon(shop).pk)
    with clock.at(made.starts_at + DAY / 2):
        assert publish(made).starts_at == clock.now()


def test_a_mechanic_that_is_turned_off_begins_nothing_and_keeps_its_promises(shop: Shop) -> None:
    likes = campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=1)
    reached, open_one = begun(likes, owner := somebody()), begun(likes, somebody())
    help_(reached, somebody())
    operator = make.actor(make.staff("moderation"))
    for who, reason, error in (
        (make.actor(make.staff("finance")), "because", NotFound),
        (make.actor(shop.owner), "because", NotFound),
        (operator, " ", Invalid),
    ):
        with pytest.raises(error):
            campaigns.switch_mechanic(actor=who, code=likes.mechanic, on=False, reason=reason)
    assert flags.enabled("mechanic.like_collection", default=True)

    campaigns.switch_mechanic(actor=operator, code=likes.mechanic, on=False, reason="abuse")
    count = Participation.objects.count(), Instance.objects.count()
    with pytest.raises(Refused, match="play_paused"):
        begun(likes, somebody())
    with pytest.raises(Refused, match="play_paused"):
        help_(open_one, somebody())
    assert count == (Participation.objects.count(), Instance.objects.count())
    campaigns.play(actor=make.actor(owner), code=reached.code, verb="redeem")
    reached.refresh_from_db()
    assert reached.state == "redeemed", "what was reached can be taken"
    join(begun(campaign(shop, "coupon_pack", coupon=coupon(shop).pk), somebody()), somebody())
    assert AuditEntry.objects.get(action="flag.turn").reason == "abuse"

    campaigns.switch_mechanic(actor=operator, code=likes.mechanic, on=True, reason="it is over")
    help_(open_one, somebody())


def test_the_rules_page_names_each_rule_that_it_keeps_and_where_it_is_written(shop: Shop) -> None:
    made = draft(shop, "assist_draw", prize=coupon(shop).pk, market="CN")
    with override("zh-hans"):
        section = rules_of(mechanic(made.mechanic), made)[-1]
    kept = section.paragraphs
    assert any("规范促销行为暂行规定, Art. 17, 2020-12-01" in line for line in kept)
    assert any("禁止传销条例" in line for line in kept), "its own source of a rule of ours"
    assert len(kept) > 8
    assert len(set(kept)) == len(kept)
