"""Each condition and benefit by itself, with figures that can be worked out by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.entitlements import rules
from banyan.entitlements.rules import (
    BENEFITS,
    CONDITIONS,
    Benefit,
    Candidate,
    Condition,
    Line,
    Miss,
    Purchase,
    Terms,
    register,
    terms_of,
)
from banyan.entitlements.rules.terms import Rule
from banyan.kernel.problems import Invalid

NOW = dt.datetime(2026, 11, 26, 12, 30, tzinfo=dt.UTC)


def line(key: int, price: int, n: int = 1, **more: Any) -> Line:
    return Line(
        key=key,
        shop_id=more.pop("shop_id", 1),
        product_id=more.pop("product_id", key),
        quantity=n,
        goods=price * n,
        **more,
    )


def basket(*lines: Line, **more: Any) -> Purchase:
    shops = {one.shop_id for one in lines}
    return Purchase(lines, {shop: lambda goods: 500 for shop in shops}, "CNY", NOW, **more)


def coupon(*benefits: Benefit, conditions: tuple[Condition, ...] = (), **more: Any) -> Candidate:
    values: dict[str, Any] = {
        "key": 1,
        "coupon_id": 1,
        "shop_id": 1,
        "code": "C",
        "title": "C",
        "stacking": "shop",
        "terms": Terms(conditions, benefits),
        "currency": "CNY",
    }
    return Candidate(**values | more)


@pytest.mark.parametrize(
    ("benefit", "off"),
    [
        (rules.AmountOff(amount=1_000), {1: 333, 2: 667}),
        (rules.AmountOff(amount=99_999), {1: 1_000, 2: 2_000}),
        (rules.PercentOff(bps=1_000), {1: 100, 2: 200}),
        (rules.PercentOff(bps=5_000, most=600), {1: 200, 2: 400}),
        (rules.FixedPrice(price=800), {1: 200}),
        (rules.FixedPrice(price=800, pieces=9), {1: 200, 2: 400}),
        (rules.FixedPrice(price=5_000), {}),
        (rules.CheapestFree(of=3), {1: 1_000}),
        (rules.CheapestFree(of=4), {}),
        (rules.NthPercent(every=2, bps=5_000), {1: 500}),
        (rules.FreeShipping(), {}),
    ],
)
def test_what_a_benefit_takes_off(benefit: Benefit, off: dict[int, int]) -> None:
    lines = [line(1, 1_000), line(2, 1_000, 2)]
    found = benefit.off_goods(lines, {1: 1_000, 2: 2_000})
    assert {key: part for key, part in found.items() if part} == off


def test_shipping_is_free_or_less() -> None:
    assert rules.FreeShipping().off_shipping(500) == 500
    assert rules.FreeShipping(most=300).off_shipping(500) == 300


def test_later_coupons_see_what_earlier_ones_left() -> None:
    purchase = basket(line(1, 10_000))
    platform = coupon(rules.PercentOff(bps=5_000), key=1, shop_id=None, stacking="platform")
    shop = coupon(rules.PercentOff(bps=1_000), key=2, coupon_id=2)
    shipping = coupon(rules.FreeShipping(), key=3, coupon_id=3, stacking="shipping")

    given = rules.apply_set(purchase, [shipping, shop, platform])

    assert [(one.candidate.key, one.amount) for one in given] == [(1, 5_000), (2, 500), (3, 500)]
    assert rules.savings(purchase, given) == 6_000


@pytest.mark.parametrize(
    ("condition", "bought", "miss"),
    [
        (rules.MinSpend(amount=3_000), basket(line(1, 1_000)), Miss("coupon_min_spend", 2_000)),
        (rules.MinSpend(amount=1_000), basket(line(1, 1_000)), None),
        (rules.MinQuantity(pieces=3), basket(line(1, 1, 2)), Miss("coupon_min_quantity", 1)),
        (rules.Products(ids=(7,)), basket(line(1, 1)), Miss("coupon_other_goods")),
        (rules.Products(ids=(1,)), basket(line(1, 1)), None),
        (rules.Categories(ids=(4,)), basket(line(1, 1)), Miss("coupon_other_goods")),
        (
            rules.Categories(ids=(4,)),
            basket(line(1, 1, categories=frozenset({9, 4}))),
            None,
        ),
        (rules.Tags(names=("TEA",)), basket(line(1, 1, tags=frozenset({"tea"}))), None),
        (rules.Tags(names=("tea",)), basket(line(1, 1)), Miss("coupon_other_goods")),
        (rules.Shops(ids=(2,)), basket(line(1, 1)), Miss("coupon_other_goods")),
        (rules.NewCustomer(), basket(line(1, 1)), Miss("coupon_who_are_you")),
        (rules.NewCustomer(), basket(line(1, 1), newcomer=False), Miss("coupon_new_customer")),
        (rules.NewCustomer(), basket(line(1, 1), newcomer=True), None),
        (rules.Shared(), basket(line(1, 1)), Miss("coupon_shared_only")),
        (rules.Shared(), basket(line(1, 1, shared=True)), None),
        (rules.HoursOfDay(start=12, end=13), basket(line(1, 1)), None),
        (rules.HoursOfDay(start=22, end=13), basket(line(1, 1)), None),
        (rules.HoursOfDay(start=13, end=20), basket(line(1, 1)), Miss("coupon_other_hours")),
        (
            rules.HoursOfDay(start=12, end=13, zone="Asia/Shanghai"),
            basket(line(1, 1)),
            Miss("coupon_other_hours"),
        ),
    ],
)
def test_what_a_condition_misses(condition: Condition, bought: Purchase, miss: Miss | None) -> None:
    one = coupon(rules.AmountOff(amount=1), conditions=(condition,))
    assert rules.refusal(one, bought) == miss


def test_a_minimum_counts_only_the_goods_that_the_coupon_is_for() -> None:
    conditions = (rules.Products(ids=(1,)), rules.MinSpend(amount=1_500))
    one = coupon(rules.PercentOff(bps=5_000), conditions=conditions)
    purchase = basket(line(1, 1_000), line(2, 9_000))
    assert rules.refusal(one, purchase) == Miss("coupon_min_spend", 500)
    more = basket(line(1, 1_000, 2), line(2, 9_000))
    [given] = rules.apply_set(more, [one])
    assert dict(given.goods) == {1: 1_000}


def test_a_window_is_half_open() -> None:
    one = coupon(rules.AmountOff(amount=1), starts_at=NOW, expires_at=NOW + dt.timedelta(1))
    purchase = basket(line(1, 10))
    assert rules.refusal(one, purchase) is None
    ended = coupon(rules.AmountOff(amount=1), expires_at=NOW)
    assert rules.refusal(ended, purchase) == Miss("coupon_not_valid_now")


def test_a_coupon_that_loses_free_shipping_is_not_used() -> None:
    """Ten off that makes shipping cost five hundred saves nothing: the total decides."""
    lines = (line(1, 5_000),)
    purchase = Purchase(lines, {1: lambda goods: 0 if goods >= 5_000 else 500}, "CNY", NOW)
    found = rules.best_set(purchase, [coupon(rules.AmountOff(amount=10))])
    assert (found.applied, found.savings) == ((), 0)
    assert [one.miss.code for one in found.refused] == ["coupon_nothing"]


def test_an_exclusive_coupon_goes_with_no_other() -> None:
    purchase = basket(line(1, 10_000))
    alone = coupon(rules.PercentOff(bps=2_000), key=1, stacking="exclusive")
    others = [
        coupon(rules.PercentOff(bps=1_000), key=2, coupon_id=2),
        coupon(rules.FreeShipping(), key=3, coupon_id=3, stacking="shipping"),
    ]
    assert [one.candidate.key for one in rules.best_set(purchase, [alone, *others]).applied] == [1]
    assert not rules.go_together(purchase, [alone, others[0]])
    assert rules.go_together(purchase, others)


ROUND_TRIPS: list[Rule] = [
    rules.AmountOff(amount=1),
    rules.PercentOff(bps=1, most=2),
    rules.FixedPrice(price=1, pieces=2),
    rules.CheapestFree(of=2),
    rules.NthPercent(every=2, bps=1),
    rules.FreeShipping(most=1),
    rules.MinSpend(amount=1),
    rules.MinQuantity(pieces=1),
    rules.Products(ids=(1,)),
    rules.Variants(ids=(1,)),
    rules.Categories(ids=(1,)),
    rules.Tags(names=("a",)),
    rules.Shops(ids=(1,)),
    rules.NewCustomer(),
    rules.Shared(),
    rules.HoursOfDay(start=1, end=2),
]


def test_every_rule_is_stored_and_read_back_and_speaks() -> None:
    assert {type(one) for one in ROUND_TRIPS} == {*BENEFITS.values(), *CONDITIONS.values()}
    for one in ROUND_TRIPS:
        is_benefit = isinstance(one, Benefit)
        given = [one] if is_benefit else [one, rules.AmountOff(amount=1)]
        terms = Terms(
            tuple(each for each in given if isinstance(each, Condition)),
            tuple(each for each in given if isinstance(each, Benefit)),
        )
        stored = terms.stored()
        assert terms_of(stored["conditions"], stored["benefits"]) == terms
        assert one.sentence("CNY")
        assert one.label


@pytest.mark.parametrize(
    ("conditions", "benefits", "field"),
    [
        ([], [], "benefits"),
        ([], [{"code": "nothing_such"}], "benefits"),
        ([], ["amount_off"], "benefits"),
        ([], [{"code": "amount_off"}], "amount_off.amount"),
        ([], [{"code": "amount_off", "args": {"amount": 0}}], "amount_off.amount"),
        ([], [{"code": "amount_off", "args": {"amount": 10**12}}], "amount_off.amount"),
        ([], [{"code": "percent_off", "args": {"bps": "10"}}], "percent_off.bps"),
        ([], [{"code": "percent_off", "args": {"bps": 10_001}}], "percent_off.bps"),
        ([], [{"code": "free_shipping", "args": {"free": True}}], "free_shipping.free"),
        ([{"code": "products", "args": {"ids": []}}], [{"code": "free_shipping"}], "products.ids"),
        (
            [{"code": "hours_of_day", "args": {"start": 1, "end": 2, "zone": "Mars/Base"}}],
            [{"code": "free_shipping"}],
            "hours_of_day.zone",
        ),
        ([], [{"code": "free_shipping"}, {"code": "free_shipping"}], "benefits"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_field(
    conditions: list[Any], benefits: list[Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        terms_of(conditions, benefits)
    assert field in refused.value.fields


def test_two_rules_cannot_have_one_code() -> None:
    class Again(Benefit):
        code = "amount_off"
        label = "Again"

    with pytest.raises(ValueError, match="amount_off"):
        register(Again)


def test_what_is_offered_is_in_its_budget_whatever_others_leave() -> None:
    """Ten off the pair moves the half price to it, and then the free piece, too: 8.75, not 8.00."""
    purchase = basket(line(1, 800), line(2, 800, 2))
    both = (rules.NthPercent(every=2, bps=5_000), rules.CheapestFree(of=2))
    pair = (rules.Products(ids=(2,)),)
    two = coupon(
        rules.AmountOff(amount=200),
        conditions=pair,
        key=2,
        coupon_id=2,
        shop_id=None,
        stacking="platform",
    )
    alone = rules.apply_set(purchase, [coupon(*both)])
    assert [one.amount for one in alone] == [800]

    tight = rules.best_set(purchase, [coupon(*both, budget_left=874), two])
    assert [(one.candidate.key, one.amount) for one in tight.applied] == [(2, 200)]
    refused = tight.refusal_of([1])
    assert refused is not None
    assert refused.miss.code == "coupon_used_up"
    wide = rules.best_set(purchase, [coupon(*both, budget_left=1_200), two])
    assert [(one.candidate.key, one.amount) for one in wide.applied] == [(2, 200), (1, 875)]
