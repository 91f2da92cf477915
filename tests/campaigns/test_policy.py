"""What the packs block, warn of and note; each rule has a campaign that it refuses."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from banyan.campaigns.policy import Facts, Pride, Prize, Report, lint, packs_for, rules_page
from banyan.campaigns.policy.packs import ALL_PACKS, MARKET_PACKS
from banyan.campaigns.policy.rules import HOUSE
from banyan.config.env import CampaignLimits

NOON = dt.datetime(2026, 11, 11, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MUG = Prize("Mug", "goods", 5_000, quantity=10)
GOOD = Facts(
    mechanic="assist_draw",
    title="Win a mug",
    drive="benefit",
    market="CN",
    currency="CNY",
    starts_at=NOON,
    ends_at=NOON + 24 * HOUR,
    published_at=NOON - HOUR,
    organiser="Mio's Tea",
    contact="tea@example.com",
    channels=("web", "chat"),
    prizes=(MUG,),
    chance=True,
    method="Ten entries are drawn.",
    claim_terms="Give an address in your orders.",
    claim_days=14,
    by_sharing=True,
    min_age=18,
    budget=50_000,
)
MARKETS = sorted(MARKET_PACKS)
CURRENCY = {"CN": "CNY", "EU": "EUR", "US": "USD", "none": "EUR"}


def _of(market: str = "CN", **changes: Any) -> Facts:
    return replace(GOOD, **({"market": market, "currency": CURRENCY[market]} | changes))


def _lint(facts: Facts) -> Report:
    return lint(facts, packs_for(facts), at=NOON - 2 * HOUR)


def _said(facts: Facts, *severities: str) -> set[str]:
    return {f.code for f in _lint(facts).findings if f.severity in (severities or ("block",))}


@pytest.mark.parametrize("market", MARKETS)
def test_a_sound_campaign_is_not_blocked_anywhere(market: str) -> None:
    assert _said(_of(market)) == set()
    assert _said(_of(market, drive="honour", prizes=(), chance=False, budget=0)) == set()


@pytest.mark.parametrize("market", MARKETS)
def test_what_no_market_allows(market: str) -> None:
    refused: dict[str, dict[str, Any]] = {
        "levels": {"paid_levels": 3},
        "ethnicity": {"prides": (Pride("ethnicity", declared=True),)},
        "scopes": {"prides": (Pride("income", declared=True),)},
        "declared": {"prides": (Pride("hometown", declared=False),)},
        "budget": {"budget": 49_999},
        "told": {"organiser": ""},
    }
    for code, change in refused.items():
        assert _said(_of(market, **change)) == {code}, code
    for scope in ("hometown", "dialect", "school", "group", "relations"):
        assert _said(_of(market, prides=(Pride(scope, declared=True),))) == set()
    assert _said(_of(market, paid_levels=2)) == set()


@pytest.mark.parametrize(
    "missing",
    [
        {"contact": ""},
        {"method": ""},
        {"claim_terms": ""},
        {"claim_days": 0},
        {"prizes": (Prize("", "goods", 1, quantity=1),)},
        {"prizes": (Prize("Mug", "goods", 1),)},
        {"published_at": NOON + dt.timedelta(seconds=1)},
    ],
)
def test_everything_is_told_before_it_starts(missing: dict[str, Any]) -> None:
    report = _lint(_of(**missing))

    assert [finding.code for finding in report.blocks] == ["told"]
    assert report.blocks[0].source == ("规范促销行为暂行规定", "Art. 13", "2020-12-01", "")
    odds = Prize("Mug", "goods", 1, odds=(1, 100))
    assert _said(_of(prizes=(odds,), published_at=NOON)) == set()


@pytest.mark.parametrize(
    "change",
    [
        {"prizes": ()},
        {"prizes": (MUG._replace(quantity=9),)},
        {"prizes": (MUG._replace(value=4_999),)},
        {"prizes": (MUG._replace(kind="coupon"),)},
        {"ends_at": NOON + 23 * HOUR},
        {"starts_at": NOON + HOUR},
        {"claim_days": 13},
        {"claim_terms": "Come to the shop."},
        {"method": "The shop chooses."},
        {"min_age": 21},
        {"asks": ("address",)},
        {"pay_to_enter": True},
        {"share_needed": True},
    ],
)
def test_what_was_published_does_not_become_worse(change: dict[str, Any]) -> None:
    assert _said(_of(before=_of(), **change)) == {"worsened"}
    assert "worsened" not in _said(_of(**change)), "without a version before it is only another one"


def test_it_may_become_better() -> None:
    better = _of(
        before=_of(),
        prizes=(MUG._replace(quantity=11), Prize("Pen", "goods", 100, quantity=5)),
        ends_at=NOON + 48 * HOUR,
        claim_days=30,
        budget=60_000,
    )
    assert _said(better) == set()
    odds = Prize("Mug", "goods", 1, odds=(1, 100))
    assert _said(_of(before=_of(prizes=(odds,)), prizes=(odds._replace(odds=(2, 100)),))) == set()
    worse = _of(before=_of(prizes=(odds,)), prizes=(odds._replace(odds=(1, 101)),))
    assert _said(worse) == {"worsened"}


def test_china_caps_prizes_by_chance(settings: Any) -> None:
    car = Prize("Car", "goods", 5_000_001, quantity=1)
    assert _said(_of(prizes=(car,), budget=10**9)) == {"cn.prize_cap"}
    assert _said(_of(prizes=(car._replace(value=5_000_000),), budget=10**9)) == set()
    assert _said(_of(prizes=(car,), chance=False, budget=10**9)) == set()
    assert _said(_of(currency="USD")) == {"cn.prize_cap"}, "its value has to be known in yuan"
    assert _said(_of("EU", prizes=(car,), budget=10**9)) == set()
    settings.CAMPAIGN_LIMITS = CampaignLimits(cn_prize_fen=1_000).model_dump()
    assert _said(_of()) == {"cn.prize_cap"}


@pytest.mark.parametrize(("market", "days"), [("CN", 7), ("EU", 30)])
def test_a_reduction_is_measured_from_the_lowest_price(market: str, days: int) -> None:
    code = f"{market.lower()}.baseline"
    facts = _of(market, price=900, was=1_000, was_days=days)
    assert _said(facts) == set()
    assert _said(replace(facts, was_days=days - 1)) == {code}
    assert _said(replace(facts, price=1_000)) == {code}
    assert _said(replace(facts, was=None, was_days=0)) == set()


@pytest.mark.parametrize(("market", "age"), [("CN", 14), ("EU", 16), ("US", 13)])
def test_children_are_not_asked_for_personal_data(market: str, age: int) -> None:
    facts = _of(market, asks=("phone number",), min_age=age)
    assert _said(facts) == set()
    assert _said(replace(facts, min_age=age - 1)) == {f"{market.lower()}.children"}
    assert _said(replace(facts, min_age=None)) == {f"{market.lower()}.children"}
    assert "age" in _said(replace(facts, asks=(), min_age=None), "warn")


def test_america_wants_a_free_way_in_and_europe_no_paid_prizes() -> None:
    paid: dict[str, Any] = {"pay_to_enter": True}
    assert _said(_of("US", **paid)) == {"us.free_entry"}
    assert _said(_of("US", **paid, free_entry="Send a postcard.")) == set()
    assert _said(_of("US", **paid, chance=False)) == set(), "no chance, no lottery"
    assert _said(_of("EU", **paid)) == {"eu.paid_prize"}
    gift = (MUG._replace(is_free=True),)
    assert _said(_of("EU", **paid, free_entry="Write to us.", prizes=gift)) == {"eu.free"}
    many = (MUG._replace(value=500_001, quantity=1),)
    assert "us.registration" in _said(_of("US", prizes=many, budget=10**9), "warn")
    assert "us.endorsement" in _said(_of("US"), "note")


def test_wechat_refuses_what_rewards_sharing_and_the_open_web_does_not() -> None:
    everywhere = ("web", "wechat", "weibo")
    assert _said(_of(channels=everywhere)) == {
        "wechat.reward_for_sharing",
        "weibo.reward_for_sharing",
    }
    assert _said(_of(channels=("wechat",), by_sharing=False)) == set()
    assert _said(_of(channels=("wechat",), by_sharing=False, share_raises_odds=True)) == {
        "wechat.odds_by_sharing"
    }
    honour: dict[str, Any] = {"drive": "honour", "prizes": (), "chance": False}
    assert _said(_of(channels=("wechat",), **honour)) == set(), "honour is no reward"
    assert _said(_of(channels=("wechat",), share_needed=True, **honour)) == {
        "wechat.sharing_needed"
    }
    found = _lint(_of(channels=("wechat",))).blocks[0]
    assert found.source.title == "微信外部链接内容管理规范"
    assert found.source.date == "2019-10-28"


def test_the_record_keeps_what_was_asked_and_said() -> None:
    report = _lint(_of(channels=("web", "wechat"), before=_of()))
    record = json.loads(json.dumps(report.record()))

    assert record["packs"] == {
        "house": "2026.1",
        "CN": "2026.1",
        "open web": "2026.1",
        "wechat": "2026.1",
    }
    assert record["at"] == "2026-11-11T10:00:00+00:00"
    assert record["facts"]["prizes"][0][:3] == ["Mug", "goods", 5_000]
    assert record["facts"]["changes"] is True
    codes = [finding["code"] for finding in record["findings"]]
    assert codes == ["cn.record", "wechat.reward_for_sharing"]
    assert record["findings"][1]["source"]["article"].startswith("1.2")
    words = record["findings"][0]["words"]
    assert words["en"] == record["findings"][0]["text"]
    assert len(set(words.values())) == 3, "whoever reads it, reads it in their language"


def test_every_rule_says_what_it_asks_for_and_where_that_is_written() -> None:
    for pack in ALL_PACKS:
        codes = [rule.code for rule in pack.rules]
        assert len(codes) == len(set(codes))
        for rule in pack.rules:
            assert str(rule.says).endswith("."), rule.code
            assert rule.source.title, rule.code
            assert rule.source.article or rule.source is HOUSE, rule.code


def test_the_public_rules_say_what_is_promised() -> None:
    facts = _of(
        free_entry="Send a postcard.",
        pay_to_enter=True,
        price=900,
        was=1_000,
        was_days=7,
        paid_levels=1,
        asks=("phone number",),
        prides=(Pride("hometown", declared=True), Pride("ethnicity", declared=True)),
        prizes=(MUG, Prize("Pen", "goods", 100, odds=(1, 20))),
    )
    sections = {section.title: " ".join(section.paragraphs) for section in rules_page(facts)}

    assert sections["Who runs this"] == "Mio's Tea To be reached at: tea@example.com"
    assert "2026-11-11 12:00" in sections["When"]
    assert (
        "No purchase is necessary. Without one: Send a postcard." in sections["Who can take part"]
    )
    assert "your hometown" in sections["Who can take part"]
    assert "ethnic" not in sections["Who can take part"]
    assert "10 × Mug, worth CN¥50.00 each" in sections["What there is"]
    assert "Pen, worth CN¥1.00: 1 of 20 chances" in sections["What there is"]
    assert "everybody can check" in sections["How it is decided"]
    assert "lowest price of the 7 days before was CN¥10.00" in sections["The price"]
    assert "phone number" in sections["Your data"]
    honour = rules_page(_of(drive="honour", prizes=(), chance=False, method=""))
    assert "How it is decided" not in {section.title for section in honour}
    with translation.override("zh-hans"):
        assert rules_page(facts)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("fixed", "The price is CN¥9.00."),
        ("first", "The price is CN¥9.00, and falls when more people join."),
        ("lowest", "The price can fall to CN¥9.00."),
    ],
)
def test_a_price_that_falls_is_told_to_fall(kind: Any, told: str) -> None:
    sections = {s.title: s.paragraphs for s in rules_page(_of(price=900, price_is=kind))}
    assert sections["The price"][0] == told
