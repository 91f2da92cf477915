"""The worked example of docs/explanation/pricing.md is worked out by the rules themselves."""

from __future__ import annotations

import re
from pathlib import Path

from banyan.catalog.rules import Method, TaxTerms
from banyan.orders.actions.unit_prices import SOURCES
from banyan.orders.rules import (
    Discount,
    LineInput,
    Priced,
    ShopTerms,
    UnitPrice,
    goods_part,
    price,
    shipping_part,
    tax_part,
)
from banyan.orders.rules.refunds import RefundableLine

PAGE = (Path(__file__).resolve().parents[2] / "docs/explanation/pricing.md").read_text()
BOWLS, BOOK = 1, 2


def example() -> Priced:
    """Return two bowls and a book of a German shop, with a members' list and a coupon."""
    lines = [
        LineInput(BOWLS, 1, 2_200, 2, (UnitPrice(2_500, "list"), UnitPrice(2_200, "price_list"))),
        LineInput(BOOK, 1, 1_200, 1, tax_class="reduced"),
    ]
    post = Method(1, "Post", "EUR", "flat", ((0, 490),), free_from=6_000)
    tax = TaxTerms("VAT", 190_000, 70_000, included=True)
    coupon = Discount("coupon", "TEN", {BOWLS: 440, BOOK: 120})
    return price(lines, [ShopTerms(1, post, tax)], [coupon])


def euros(amount: int) -> str:
    return f"{amount / 100:.2f}"


def test_the_table_of_the_example_is_what_the_rules_say() -> None:
    priced = example()
    bowls, book = priced.lines

    def row(text: str, *amounts: int) -> str:
        cells = [text, *(euros(amount) for amount in (*amounts, sum(amounts)))]
        return "| " + " | ".join(cells) + " |"

    steps = [{step["step"]: step for step in line.steps} for line in (bowls, book)]
    table = [
        row("list price", *(one["list"]["amount"] for one in steps)),
        row("price list “Members”", steps[0]["price_list"]["amount"], 0),
        row("coupon TEN, by the shop", *(one["coupon"]["amount"] for one in steps)),
        row("shipping, 4.90", bowls.shipping, book.shipping),
        row("tax on top", bowls.tax, book.tax),
        row("**to pay**", bowls.paid, book.paid),
        row("tax in it", bowls.included_tax, book.included_tax),
        row("of that for shipping", bowls.shipping_tax, book.shipping_tax),
    ]
    assert "\n".join(table) in PAGE, "\n".join(table)


def test_the_refund_of_the_example_is_what_the_rules_say() -> None:
    bowls = example().lines[0]
    net = bowls.goods - bowls.discount - (bowls.included_tax - bowls.shipping_tax)
    line = RefundableLine(
        BOWLS,
        paid=bowls.paid,
        refunded=0,
        net=net,
        tax=bowls.included_tax,
        quantity=2,
        refunded_quantity=0,
        shipping=bowls.shipping,
        shipping_tax=bowls.shipping_tax,
    )
    shipping = shipping_part(line, 2_000)
    told = (
        f"of a refund of 20.00 on the bowls, {euros(goods_part(line, 2_000, shipping))} are goods"
        f" without tax and {euros(tax_part(line, 2_000, shipping))} are tax"
    )
    assert told in re.sub(r"\s+", " ", PAGE), told


def test_the_sources_of_unit_prices_are_told_in_their_order() -> None:
    listed = re.findall(r"^\d+\. \*\*([a-z ]+)\*\*", PAGE, re.MULTILINE)
    names = [source.__name__.replace("_", " ").rstrip("s") for source in SOURCES]
    places = [listed.index(name) for name in names]
    assert places == sorted(places), (listed, names)
    assert listed[-5:] == ["coupons", "points", "shipping", "tax", "rounding"]
