"""Any lines, discounts, ways of delivery and taxes: the parts add up to what is paid."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog.rules import Method, Place, TaxTerms, is_place, nearest, read_places
from banyan.entitlements.rules import Purse, spend
from banyan.orders.rules import (
    BOTH,
    GOODS,
    SHIPPING,
    Agreement,
    Discount,
    LineInput,
    RefundableLine,
    ShopTerms,
    UnitPrice,
    agreement_of,
    goods_part,
    price,
    shipping_part,
    tax_part,
)
from banyan.orders.rules.tax import Taxed, exact_tax, rounded, taxes

amounts = st.integers(0, 10**7)
rates = st.sampled_from([0, 55_000, 70_000, 88_750, 190_000, 200_000, 999_999])
bands = st.lists(st.tuples(st.integers(1, 10**6), amounts), max_size=4, unique_by=lambda b: b[0])


@st.composite
def methods(draw: st.DrawFn) -> Method | None:
    basis = draw(st.sampled_from(["flat", "weight", "value", ""]))
    if not basis:
        return None
    rows = [(0, draw(amounts))]
    if basis != "flat":
        rows += sorted(draw(bands))
    free_from = draw(st.none() | amounts)
    return Method(1, "Post", "CNY", basis, tuple(rows), free_from)


@st.composite
def tax_terms(draw: st.DrawFn) -> TaxTerms | None:
    if draw(st.booleans()):
        return None
    return TaxTerms(
        name="VAT",
        standard=draw(rates),
        reduced=draw(rates),
        included=draw(st.booleans()),
        per=draw(st.sampled_from(["line", "order"])),
        rounding=draw(st.sampled_from(["half_up", "half_even"])),
    )


@st.composite
def line_inputs(draw: st.DrawFn) -> list[LineInput]:
    found = []
    for key in range(1, draw(st.integers(1, 6)) + 1):
        units = draw(st.lists(amounts, min_size=1, max_size=3))
        steps = ("list", "price_list", "sale")
        found.append(
            LineInput(
                key=key,
                shop_id=draw(st.integers(1, 3)),
                unit_amount=units[-1],
                quantity=draw(st.integers(1, 99)),
                prices=tuple(UnitPrice(n, step) for n, step in zip(units, steps, strict=False)),
                weight_grams=draw(st.integers(0, 5000)),
                tax_class=draw(st.sampled_from(["standard", "reduced", "zero"])),
                in_parcel=draw(st.booleans()),
            )
        )
    return found


@st.composite
def purchases(draw: st.DrawFn) -> tuple[list[LineInput], list[ShopTerms], list[Discount]]:
    lines = draw(line_inputs())
    left = {line.key: line.unit_amount * line.quantity for line in lines}
    discounts = []
    for number in range(draw(st.integers(0, 3))):
        taken = {key: draw(st.integers(0, most)) for key, most in left.items()}
        left = {key: left[key] - n for key, n in taken.items()}
        funder = draw(st.sampled_from(["shop", "platform", "sharer"]))
        discounts.append(Discount("coupon", f"C{number}", taken, funder))
    for shop in (1, 2, 3):
        goods = {line.key: left[line.key] for line in lines if line.shop_id == shop}
        purse = Purse(1, shop, draw(amounts), draw(st.integers(1, 1000)), draw(st.integers(1, 90)))
        if used := spend(purse, goods):
            assert used.points <= purse.points
            assert used.amount == sum(used.amounts.values())
            assert used.amount * 100 <= sum(goods.values()) * purse.most_percent
            discounts.append(Discount("points", "", used.amounts))
    shops = [ShopTerms(shop, draw(methods()), draw(tax_terms())) for shop in (1, 2, 3)]
    return lines, shops, discounts


@given(purchases())
def test_the_parts_and_the_explained_steps_add_up_to_what_is_paid(
    purchase: tuple[list[LineInput], list[ShopTerms], list[Discount]],
) -> None:
    lines, shops, discounts = purchase
    priced = price(lines, shops, discounts)
    assert priced == price(lines, shops, discounts), "the same again"
    for line in priced.lines:
        assert sum(step["amount"] for step in line.steps) == line.paid
        assert 0 <= line.discount <= line.goods
        assert min(line.paid, line.shipping, line.tax, line.included_tax) >= 0
        assert line.shipping_tax <= line.tax + line.included_tax
        order = ["list", "price_list", "sale", "coupon", "points", "shipping", "tax"]
        places = [order.index(step["step"]) for step in line.steps]
        assert places == sorted(places), "the written order"
    for shop in (None, 1, 2, 3):
        parts = priced.goods(shop) - priced.discount(shop) + priced.shipping(shop)
        assert priced.total(shop) == parts + priced.tax(shop)
    assert priced.total() == sum(priced.total(shop) for shop in (1, 2, 3))


@given(purchases())
def test_each_shops_shipping_is_what_its_way_charges_for_all_its_goods(
    purchase: tuple[list[LineInput], list[ShopTerms], list[Discount]],
) -> None:
    lines, shops, discounts = purchase
    priced = price(lines, shops, discounts)
    by_key = {line.key: line for line in priced.lines}
    for terms in shops:
        sent = [line for line in lines if line.shop_id == terms.shop_id and line.in_parcel]
        # Points pay for goods: what delivery costs is reckoned without them.
        mine = [by_key[line.key] for line in sent]
        goods = sum(line.goods - line.discount + line.points for line in mine)
        weight = sum(line.weight_grams * line.quantity for line in sent)
        charged = terms.method.charge(goods=goods, weight=weight) if sent and terms.method else 0
        assert priced.shipping(terms.shop_id) == charged


parts = st.lists(st.builds(Taxed, amounts, rates), min_size=1, max_size=8)
roundings = st.sampled_from(["half_up", "half_even"])


@given(parts, st.booleans(), st.sampled_from(["line", "order"]), roundings)
def test_tax_is_never_a_whole_unit_away_and_the_order_is_rounded_once_a_rate(
    given_parts: list[Taxed], included: bool, per: str, rounding: str
) -> None:
    due = taxes(given_parts, included=included, per=per, rounding=rounding)
    for part, tax in zip(given_parts, due, strict=True):
        exact = exact_tax(part, included=included)
        assert abs(tax - exact) < 1
        if included:
            assert part.amount - tax >= 0, "net and tax make the gross"
    if per == "order":
        for rate in {part.rate for part in given_parts}:
            mine = [n for n, part in enumerate(given_parts) if part.rate == rate]
            whole = Taxed(sum(given_parts[n].amount for n in mine), rate)
            assert sum(due[n] for n in mine) == rounded(
                exact_tax(whole, included=included), rounding
            )


@pytest.mark.parametrize(
    ("value", "half_up", "half_even"),
    [("1/2", 1, 0), ("3/2", 2, 2), ("5/2", 3, 2), ("149/100", 1, 1), ("151/100", 2, 2)],
)
def test_halves_are_rounded_as_the_zone_says(value: str, half_up: int, half_even: int) -> None:
    assert rounded(Fraction(value), "half_up") == half_up
    assert rounded(Fraction(value), "half_even") == half_even


@given(
    purchases(),
    st.lists(
        st.tuples(st.integers(1, 10**6), st.sampled_from([GOODS, SHIPPING, BOTH])), max_size=6
    ),
)
def test_any_refunds_of_a_line_give_back_exactly_its_goods_its_shipping_and_its_tax(
    purchase: tuple[list[LineInput], list[ShopTerms], list[Discount]],
    wanted: list[tuple[int, str]],
) -> None:
    for line in price(*purchase).lines:
        tax = line.tax + line.included_tax
        net = line.goods - line.discount - max(0, line.included_tax - line.shipping_tax)
        shipping = line.shipping + min(line.shipping_tax, line.tax)
        refunded = goods = sent = back = 0
        for amount, of in [*wanted, (line.paid, BOTH)]:
            amount = min(amount, line.paid - refunded)
            known = RefundableLine(
                line.key,
                paid=line.paid,
                refunded=refunded,
                net=net,
                tax=tax,
                quantity=line.quantity,
                refunded_quantity=0,
                shipping=shipping,
                shipping_tax=line.shipping_tax,
                shipping_back=sent,
            )
            part = shipping_part(known, amount, of)
            more = goods_part(known, amount, part), tax_part(known, amount, part)
            assert 0 <= part <= amount
            assert min(more) >= 0
            if of == GOODS and amount <= known.goods_paid - known.goods_back:
                assert part == 0
            if of == SHIPPING and amount <= shipping - sent:
                assert (part, more[0]) == (amount, 0)
            goods, sent, back = goods + more[0], sent + part, back + more[1]
            refunded += amount
        assert (goods, sent, back) == ((net, shipping, tax) if line.paid else (0, 0, 0))


@given(purchases(), purchases())
def test_an_agreement_survives_its_text_and_names_each_figure_that_differs(
    one: tuple[list[LineInput], list[ShopTerms], list[Discount]],
    other: tuple[list[LineInput], list[ShopTerms], list[Discount]],
) -> None:
    first, second = (agreement_of(price(*purchase), "CNY") for purchase in (one, other))
    assert Agreement.read(first.text()) == first
    assert first.total == price(*one).total()
    changes = first.changes(second)
    assert (changes == []) == (
        (first.lines, first.shipping, first.discount, first.tax, first.points)
        == (second.lines, second.shipping, second.discount, second.tax, second.points)
        or all(change.before == change.now for change in changes)
    )
    moved = sum(
        (change.now - change.before) * (-1 if change.what in {"discount", "points"} else 1)
        for change in changes
    )
    assert second.total - first.total == moved


@given(st.text(max_size=60))
def test_no_text_of_strangers_breaks_the_reading_of_an_agreement(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert Agreement.read(text).total is not None


@given(st.text(max_size=40), st.text(max_size=8), st.text(max_size=8))
def test_places_are_read_or_refused_and_the_nearest_zone_is_found(
    text: str, region: str, postcode: str
) -> None:
    for place in read_places(text):
        is_place(place)
    where = Place("ES", region, postcode)
    zones = [("all", ["*"]), ("es", ["ES"]), ("islands", ["ES:35", "ES:38"])]
    is_island = any(
        part.casefold().startswith(("35", "38")) for part in (region, postcode.replace(" ", ""))
    )
    assert nearest(zones, where) == ("islands" if is_island else "es")
    assert nearest(zones, Place("FR", region, postcode)) == "all"
    assert nearest(zones[1:], Place("FR", region, postcode)) is None
