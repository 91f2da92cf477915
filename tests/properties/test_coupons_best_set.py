"""The best legal set of coupons is the best of all legal sets, counted out one by one."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.entitlements import rules
from banyan.entitlements.rules import Candidate, Line, Purchase, Terms

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
SHOPS = (1, 2, 3)


def asks(amount: int, free_from: int | None) -> Callable[[int], int]:
    return lambda goods: 0 if free_from is not None and goods >= free_from else amount


lines = st.builds(
    Line,
    key=st.just(0),
    shop_id=st.sampled_from(SHOPS),
    product_id=st.integers(1, 4),
    quantity=st.integers(1, 4),
    goods=st.integers(0, 3_000),
    tags=st.frozensets(st.sampled_from(["tea", "cup"]), max_size=2),
)


@st.composite
def purchases(draw: Any) -> Purchase:
    drawn = draw(st.lists(lines, min_size=1, max_size=5))
    numbered = tuple(
        Line(
            key=key,
            shop_id=one.shop_id,
            product_id=one.product_id,
            quantity=one.quantity,
            goods=one.goods * one.quantity,
            tags=one.tags,
        )
        for key, one in enumerate(drawn, start=1)
    )
    shipping = {
        shop: asks(draw(st.integers(0, 1_500)), draw(st.none() | st.integers(1, 6_000)))
        for shop in SHOPS
    }
    return Purchase(numbered, shipping, "CNY", NOW)


benefits = st.one_of(
    st.builds(rules.AmountOff, amount=st.integers(1, 4_000)),
    st.builds(rules.PercentOff, bps=st.integers(1, 10_000), most=st.none() | st.integers(1, 2_000)),
    st.builds(rules.FixedPrice, price=st.integers(1, 2_000), pieces=st.integers(1, 3)),
    st.builds(rules.CheapestFree, of=st.integers(2, 4)),
    st.builds(rules.NthPercent, every=st.integers(2, 3), bps=st.integers(1, 10_000)),
    st.builds(rules.FreeShipping, most=st.none() | st.integers(1, 1_000)),
)
conditions = st.one_of(
    st.builds(rules.MinSpend, amount=st.integers(1, 4_000)),
    st.builds(rules.MinQuantity, pieces=st.integers(1, 5)),
    st.builds(rules.Products, ids=st.just((1, 2))),
    st.builds(rules.Tags, names=st.just(("tea",))),
)


@st.composite
def coupons(draw: Any, most: int = 6) -> list[Candidate]:
    found = []
    for key in range(1, draw(st.integers(0, most)) + 1):
        shop = draw(st.none() | st.sampled_from(SHOPS))
        classes = ["shop" if shop else "platform", "shipping", "exclusive"]
        terms = Terms(
            tuple(draw(st.lists(conditions, max_size=1))),
            tuple(draw(st.lists(benefits, min_size=1, max_size=2))),
        )
        found.append(
            Candidate(
                key=key,
                coupon_id=key,
                shop_id=shop,
                code=f"C{key}",
                title=f"Coupon {key}",
                stacking=draw(st.sampled_from(classes)),
                terms=terms,
                currency="CNY",
                expires_at=draw(st.none() | st.sampled_from([1, 2, 3]).map(_in_days)),
                budget_left=draw(st.none() | st.integers(0, 3_000)),
            )
        )
    return found


def _in_days(days: int) -> dt.datetime:
    return NOW + dt.timedelta(days=days)


def legal_sets(purchase: Purchase, found: Sequence[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    """Return every legal set: each of its coupons may be used, and no two take the same seat."""
    usable = [one for one in found if rules.refusal(one, purchase) is None]
    for n in range(len(usable) + 1):
        for some in itertools.combinations(usable, n):
            if rules.go_together(purchase, some):
                yield some


def paid(purchase: Purchase, some: Sequence[Candidate]) -> int:
    return purchase.total() - rules.savings(purchase, rules.apply_set(purchase, some))


@settings(max_examples=400)
@given(purchases(), coupons())
def test_no_legal_set_saves_more_and_ties_go_to_what_runs_out_first(
    purchase: Purchase, found: list[Candidate]
) -> None:
    best = rules.best_set(purchase, found)

    wanted = min(rules.rank(paid(purchase, some), some) for some in legal_sets(purchase, found))
    chosen = [one.candidate for one in best.applied]
    assert rules.rank(purchase.total() - best.savings, chosen) == wanted
    assert best.savings >= 0
    assert best.savings == rules.savings(purchase, best.applied)


@given(purchases(), coupons(4), st.randoms())
def test_the_order_of_the_coupons_given_changes_nothing(
    purchase: Purchase, found: list[Candidate], chance: random.Random
) -> None:
    best = rules.best_set(purchase, found)
    for _ in range(3):
        chance.shuffle(found)
        assert rules.best_set(purchase, found) == best
        some = [one.candidate for one in best.applied]
        chance.shuffle(some)
        assert rules.apply_set(purchase, some) == best.applied


@given(purchases(), coupons())
def test_nothing_is_taken_off_twice_nor_below_zero(
    purchase: Purchase, found: list[Candidate]
) -> None:
    best = rules.best_set(purchase, found)

    for line in purchase.lines:
        off = [one.goods.get(line.key, 0) for one in best.applied]
        assert min(off, default=0) >= 0
        assert sum(off) <= line.goods
    for shop in purchase.shops():
        keys = [line.key for line in purchase.lines if line.shop_id == shop]
        goods = purchase.goods(shop) - sum(g.goods.get(k, 0) for g in best.applied for k in keys)
        off = [one.shipping.get(shop, 0) for one in best.applied]
        assert 0 <= sum(off) <= purchase.shipping[shop](goods)
    for one in best.applied:
        assert one.candidate.budget_left is None or one.amount <= one.candidate.budget_left


@given(purchases(), coupons())
def test_every_coupon_is_used_or_has_a_reason(purchase: Purchase, found: list[Candidate]) -> None:
    best = rules.best_set(purchase, found)

    used = {one.candidate.key for one in best.applied}
    refused = {one.candidate.key: one.miss for one in best.refused}
    assert used | set(refused) == {one.key for one in found}
    assert used.isdisjoint(refused)
    for miss in refused.values():
        assert miss.code in rules.REFUSALS
        assert rules.why(miss, "CNY")


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6), st.integers(1, 50_000))
def test_an_amount_is_split_to_the_cent(goods: list[int], amount: int) -> None:
    bought = tuple(Line(key, 1, 1, 1, price) for key, price in enumerate(goods))
    off = rules.AmountOff(amount=amount).off_goods(bought, dict(enumerate(goods)))
    assert sum(off.values()) == min(amount, sum(goods))


def test_the_platforms_shipping_for_some_goods_is_not_reckoned_for_other_shops() -> None:
    """It takes the seat of every shop, and yet only helps where its goods are."""
    bought = (Line(1, 1, 7, 1, 5_000), Line(2, 2, 8, 1, 5_000))
    purchase = Purchase(bought, {1: asks(600, None), 2: asks(1_000, None)}, "CNY", NOW)
    ours = _plain(1, "shipping", rules.FreeShipping(), None)
    ours = replace(ours, terms=Terms((rules.Products(ids=(7,)),), ours.terms.benefits))
    theirs = _plain(2, "shipping", rules.FreeShipping(), 2)

    best = rules.best_set(purchase, [ours, theirs])

    assert ([one.candidate.key for one in best.applied], best.savings) == ([2], 1_000)


def test_negative_control_the_first_legal_coupons_are_not_the_best() -> None:
    """Taking coupons as they come, each that still fits, is beaten: so sets are looked at."""
    purchase = Purchase((Line(1, 1, 1, 1, 10_000),), {1: asks(1_000, None)}, "CNY", NOW)
    small = _plain(1, "shop", rules.AmountOff(amount=100))
    large = _plain(2, "shop", rules.AmountOff(amount=3_000))
    greedy: list[Candidate] = []
    for one in (small, large):
        if rules.go_together(purchase, [*greedy, one]):
            greedy.append(one)

    best = rules.best_set(purchase, [small, large])

    assert rules.savings(purchase, rules.apply_set(purchase, greedy)) == 100
    assert best.savings == 3_000


def _plain(key: int, stacking: str, benefit: rules.Benefit, shop: int | None = 1) -> Candidate:
    return Candidate(
        key=key,
        coupon_id=key,
        shop_id=shop,
        code=str(key),
        title=str(key),
        stacking=stacking,
        terms=Terms((), (benefit,)),
        currency="CNY",
    )


@pytest.mark.parametrize("shops", [1, 3])
def test_thirty_coupons_on_a_hundred_lines_stay_quick(shops: int) -> None:
    chance = random.Random(7)
    bought = tuple(
        Line(n, n % shops + 1, n, chance.randint(1, 9), chance.randint(100, 90_000))
        for n in range(100)
    )
    shipping = {shop: asks(1_000, 300_000) for shop in range(1, shops + 1)}
    found = []
    for key in range(30):
        stacking = ("platform", "shop", "shipping")[key % 3]
        bps = chance.randint(100, 9_000)
        benefit = rules.FreeShipping() if key % 3 == 2 else rules.PercentOff(bps=bps)
        shop = None if key % 3 == 0 else chance.randint(1, shops)
        found.append(_plain(key, stacking, benefit, shop))
    purchase = Purchase(bought, shipping, "CNY", NOW)
    began = time.process_time()

    best = rules.best_set(purchase, found)

    print(f"{shops} shops: {(time.process_time() - began) * 1000:.0f} ms")
    assert best.savings > 0
    assert len(best.applied) >= 2
