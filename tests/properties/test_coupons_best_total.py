"""No legal set of coupons makes a purchase cost less than the one that is used, tax and all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.catalog.models import Product, Variant
from banyan.catalog.rules import Method, TaxTerms
from banyan.entitlements import rules
from banyan.entitlements.rules import BestSet, Candidate, Given
from banyan.kernel import clock
from banyan.orders.actions.couponing import Basket, Coupons
from banyan.orders.rules import LineInput, ShopTerms, UnitPrice, price
from tests.properties.test_coupons_best_set import NOW, SHOPS, coupons, legal_sets

TAGS = ["tea", "cup"]

methods = st.none() | st.builds(
    Method,
    id=st.just(1),
    name=st.just("Post"),
    currency=st.just("CNY"),
    basis=st.just("value"),
    bands=st.tuples(st.tuples(st.just(0), st.integers(0, 1_500))),
    free_from=st.none() | st.integers(1, 6_000),
)
taxes = st.none() | st.builds(
    TaxTerms,
    name=st.just("Tax"),
    standard=st.integers(0, 300_000),
    reduced=st.integers(0, 100_000),
    included=st.booleans(),
    per=st.sampled_from(["line", "order"]),
    rounding=st.sampled_from(["half_up", "half_even"]),
)


@st.composite
def baskets(draw: Any) -> Basket:
    inputs, variants = [], {}
    for key in range(1, draw(st.integers(1, 5)) + 1):
        amount, pooled = draw(st.integers(0, 3_000)), draw(st.integers(0, 4)) == 0
        inputs.append(
            LineInput(
                key=key,
                shop_id=draw(st.sampled_from(SHOPS)),
                unit_amount=amount,
                quantity=draw(st.integers(1, 4)),
                prices=(UnitPrice(amount, "offer", supply_amount=1 if pooled else None),),
                tax_class=draw(st.sampled_from(["standard", "reduced", "zero"])),
                in_parcel=draw(st.booleans()),
            )
        )
        product = Product(
            pk=draw(st.integers(1, 4)), tags=draw(st.lists(st.sampled_from(TAGS), unique=True))
        )
        variants[key] = Variant(pk=key, product=product)
    shops = list(dict.fromkeys(one.shop_id for one in inputs))
    terms = [ShopTerms(shop, draw(methods), draw(taxes)) for shop in shops]
    return Basket(inputs, variants, {}, terms, "CNY")


def total(basket: Basket, given_: Sequence[Given]) -> int:
    """Return what checkout asks for with these coupons."""
    discounts = Coupons(BestSet(tuple(given_))).discounts()
    return price(basket.inputs, basket.terms, discounts).total()


@settings(max_examples=300)
@given(baskets(), coupons())
def test_no_legal_set_costs_less_than_the_best_one_tax_and_all(
    basket: Basket, found: list[Candidate]
) -> None:
    with clock.at(NOW):
        purchase = basket.purchase(newcomer=None, categories={}, shared=())

    best = rules.best_set(purchase, found)

    sets = (rules.apply_set(purchase, some) for some in legal_sets(purchase, found))
    assert total(basket, best.applied) == min(total(basket, given_) for given_ in sets)
    assert total(basket, ()) - best.savings == total(basket, best.applied)


def test_control_ten_off_what_is_taxed_is_more_than_ten_and_a_half_off_what_is_not() -> None:
    """Without the tax on top the larger figure would win, and the buyer would pay more."""
    inputs = [
        LineInput(key=1, shop_id=1, unit_amount=5_000, quantity=1),
        LineInput(key=2, shop_id=1, unit_amount=5_000, quantity=1, tax_class="zero"),
    ]
    variants = {
        key: Variant(pk=key, product=Product(pk=key, tags=[tag]))
        for key, tag in ((1, "tea"), (2, "cup"))
    }
    tax = TaxTerms("Tax", standard=88_750, reduced=0, included=False)
    basket = Basket(inputs, variants, {}, [ShopTerms(1, None, tax)], "CNY")
    found = [_off(1, 1_000, "tea"), _off(2, 1_050, "cup")]
    with clock.at(NOW):
        purchase = basket.purchase(newcomer=None, categories={}, shared=())

    best = rules.best_set(purchase, found)

    assert ([one.candidate.key for one in best.applied], best.savings) == ([1], 1_089)
    assert total(basket, ()) == 10_000 + 444
    assert total(basket, best.applied) == 10_444 - 1_089
    untaxed = rules.Purchase(purchase.lines, purchase.shipping, "CNY", NOW)
    assert [one.candidate.key for one in rules.best_set(untaxed, found).applied] == [2]


def _off(key: int, amount: int, tag: str) -> Candidate:
    return Candidate(
        key=key,
        coupon_id=key,
        shop_id=1,
        code=str(key),
        title=str(key),
        stacking="shop",
        terms=rules.Terms((rules.Tags(names=(tag,)),), (rules.AmountOff(amount=amount),)),
        currency="CNY",
        expires_at=NOW + dt.timedelta(days=1),
    )
