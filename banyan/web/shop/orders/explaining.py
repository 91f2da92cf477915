"""How a price came about, in words: the stored steps of a line, and the sums of a purchase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from banyan.entitlements.rights import HeldPrice
from banyan.kernel.money import Money, format_money
from banyan.orders.actions import Quote
from banyan.orders.models import Order
from banyan.orders.rules import Priced
from banyan.sales.queries import SalePrice

STEPS: dict[str, Any] = {
    "list": gettext_lazy("%(n)s × %(unit)s"),
    "price_list": gettext_lazy("Price list “%(note)s”: %(n)s × %(unit)s"),
    "offer": gettext_lazy("Price at “%(note)s”: %(n)s × %(unit)s"),
    "sale": gettext_lazy("Flash sale “%(note)s”: %(n)s × %(unit)s"),
    "right": gettext_lazy("Your own price “%(note)s”: %(n)s × %(unit)s"),
    "coupon": gettext_lazy("Coupon “%(name)s”"),
    "points": gettext_lazy("Points"),
    "shipping": gettext_lazy("Its part of the shipping (%(note)s)"),
    "tax": gettext_lazy("%(note)s, %(rate)s %%, on top"),
}
"""A line of the explanation for each step; whoever adds a step to prices adds its words here."""

FUNDERS: dict[str, Any] = {
    "shop": gettext_lazy("%(step)s, paid for by the shop"),
    "platform": gettext_lazy("%(step)s, paid for by us"),
    "sharer": gettext_lazy("%(step)s, paid for by who shared it"),
}


def step_rows(steps: Iterable[Mapping[str, Any]], currency: str) -> list[tuple[Any, ...]]:
    """Return (text, amount) for each step of a line's price, as it was worked out."""
    return [_row(step, currency) for step in steps]


def _row(step: Mapping[str, Any], currency: str) -> tuple[Any, ...]:
    amount = Money(int(step["amount"]), currency)
    if step.get("included"):
        amount = Money(int(step["included"]), currency)
        return _("of which %(note)s, %(rate)s %%") % _words(step, currency), amount
    words = _words(step, currency)
    if step["step"] == "shipping":
        if not words["note"]:
            return _("Its part of the shipping"), amount
        words["note"] = _way_name(words["note"])
    text = str(STEPS[step["step"]]) % words if step["step"] in STEPS else str(step["step"])
    funder = FUNDERS.get(step.get("funded_by", ""))
    if funder is not None and amount.amount < 0:
        text = str(funder) % {"step": text}
    return text, amount


def left_out_texts(quote: Quote) -> dict[int, str]:
    """Return why lines cost more than their buyer may have seen, by variant: they are too many."""
    sales = {
        key: _beyond_sale_text(sale, quote.currency) for key, sale in quote.beyond_sale().items()
    }
    return sales | {key: _left_out_text(right) for key, right in quote.left_out().items()}


def _left_out_text(right: HeldPrice) -> str:
    text = ngettext(
        "Your own price “%(name)s” is for %(n)s unit. Buy more in another order.",
        "Your own price “%(name)s” is for up to %(n)s units. Buy more in another order.",
        right.quantity,
    )
    return text % {"name": right.title, "n": right.quantity}


def _beyond_sale_text(sale: SalePrice, currency: str) -> str:
    if not sale.most:
        return had_all_text(sale)
    text = ngettext(
        "Flash sale “%(name)s”: %(amount)s for one, not for more. Take one for that price.",
        "Flash sale “%(name)s”: %(amount)s each for up to %(n)s, not for more.",
        sale.most,
    )
    amount = format_money(Money(sale.amount, currency))
    return text % {"name": sale.title, "amount": amount, "n": sale.most}


def had_all_text(sale: SalePrice) -> str:
    """Return what is said to who has had as many units of a sale as one person can have."""
    text = _(
        "Flash sale “%(name)s”: %(n)s for each person, and you have yours. More are at the"
        " ordinary price."
    )
    return text % {"name": sale.title, "n": sale.per_person}


def _words(step: Mapping[str, Any], currency: str) -> dict[str, str]:
    return {
        "n": str(step.get("n", "")),
        "unit": format_money(Money(int(step.get("unit", 0)), currency)),
        "note": str(step.get("note", "")),
        "name": str(step.get("note") or step.get("code", "")),
        "rate": rate_text(int(step.get("rate", 0))),
    }


def rate_text(rate: int) -> str:
    """Return parts per million as the percentage that people read: 88750 is "8.875"."""
    whole, part = divmod(rate, 10_000)
    return f"{whole}.{part:04d}".rstrip("0").rstrip(".") if part else str(whole)


def way_text(name: str, days: Sequence[int] | None) -> str:
    """Return the name of a way of delivery and how long it takes."""
    told = _way_name(name)
    return f"{told}, {days_text(days)}" if days else told


def _way_name(name: str) -> str:
    """Name the way that a shop began with in the reader's language: its owner never named it."""
    return _("Standard") if name in _first_names() else name


@cache
def _first_names() -> frozenset[str]:
    """Return what ``catalog.actions.delivery.first_zone`` calls a way, in every language."""
    names = set()
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            names.add(_("Standard"))
    return frozenset(names)


def days_text(days: Sequence[int]) -> str:
    """Return how many days a delivery takes."""
    fewest, most = days
    if fewest == most:
        return ngettext("%(n)s day", "%(n)s days", most) % {"n": most}
    return _("%(fewest)s to %(most)s days") % {"fewest": fewest, "most": most}


def delivery_text(order: Order) -> str:
    """Return the way of delivery that an order was placed with; empty where nothing is sent."""
    given = order.delivery
    return way_text(given["name"], given["days"]) if given else ""


def sum_rows(
    *, goods: int, discount: int, shipping: int | None, tax: int, included_tax: int, currency: str
) -> list[tuple[Any, ...]]:
    """Return the rows above the total; ``shipping`` is None where nothing is sent."""
    rows: list[tuple[Any, ...]] = [(_("Goods"), Money(goods, currency))]
    if discount:
        rows.append((_("Discounts"), Money(-discount, currency), "earned"))
    if shipping is not None:
        rows.append((_("Shipping"), Money(shipping, currency) if shipping else _("free")))
    if tax:
        rows.append((_("Tax"), Money(tax, currency)))
    if included_tax:
        rows.append((_("Tax in these prices"), Money(included_tax, currency)))
    return rows


def priced_rows(priced: Priced, currency: str, *, sends: bool) -> list[tuple[Any, ...]]:
    """Return the sums of a quote, the total last."""
    rows = sum_rows(
        goods=priced.goods(),
        discount=priced.discount(),
        shipping=priced.shipping() if sends else None,
        tax=priced.tax(),
        included_tax=priced.included_tax(),
        currency=currency,
    )
    return [*rows, (_("To pay"), Money(priced.total(), currency), "total")]
