"""Components for money, counts, rates and drawn figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from banyan.kernel.money import Money, format_money
from banyan.web.ui import svg, words
from banyan.web.ui.drawing import component
from banyan.web.ui.shapes import read


def money(amount: Money | None, signed: bool = False, classname: str = "") -> Markup:
    """Write an amount; ``signed`` shows + in leaf and a true minus. None writes a dash."""
    if amount is None:
        return Markup('<span aria-hidden="true">–</span>')
    text = format_money(abs_money(amount) if signed else amount)
    if not signed:
        return Markup('<span class="nowrap %s">%s</span>') % (classname, text)
    negative = amount.amount < 0
    return Markup('<span class="nowrap %s %s">%s%s</span>') % (
        "money-minus" if negative else "money-plus",
        classname,
        "−" if negative else "+",
        text,
    )


def abs_money(amount: Money) -> Money:
    """Return the amount without its sign."""
    return -amount if amount.amount < 0 else amount


def money_filter(amount: Money | None) -> str:
    """Format for running text: ``{{ total|money }}``."""
    return format_money(amount) if amount is not None else "–"


@component("price.html")
def price(
    amount: Money, was: Money | None = None, note: str = "", size: str = "", prefix: str = ""
) -> dict[str, Any]:
    """Show a price in fig; ``was`` is struck; ``size``: s, "", m, l; ``prefix`` e.g. "from"."""
    struck = format_money(was) if was and was != amount else ""
    return {
        "now": format_money(amount),
        "was": struck,
        "note": note,
        "size": size,
        "prefix": prefix,
    }


def compact(count: int | None) -> str:
    """Format a count in little space: ``{{ likes|compact }}``."""
    return words.compact(count or 0)


def whole(count: int | None) -> str:
    """Format a count with grouping: ``{{ people|whole }}``."""
    return words.whole(count or 0)


def percent(rate: float | None) -> str:
    """Format a rate of 0 to 1: ``{{ rate|percent }}``."""
    return "–" if rate is None else words.percent(rate)


def interval(rate: float | None, low: float | None, high: float | None) -> Markup:
    """Write a rate with its interval, all 0 to 1: "8.0 % (6.9 – 9.2)"."""
    if rate is None or low is None or high is None:
        return Markup('<span aria-hidden="true">–</span>')
    return words.interval(rate, low, high)


@component("stat.html")
def stat(
    label: str,
    value: Any,
    note: str = "",
    *,
    change: float | None = None,
    href: str = "",
    good: bool = False,
    ident: str = "",
) -> dict[str, Any]:
    """Show a figure. ``value``: Money, int or text; ``change`` is a ratio (0.18 = +18 %)."""
    if isinstance(value, Money):
        value = format_money(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = words.whole(value)
    sign = "" if change is None else ("+" if change > 0 else "−" if change < 0 else "±")
    return {
        "label": label,
        "value": value,
        "note": note,
        "change": "" if change is None else f"{sign}{words.percent(abs(change), 0)}",
        "rising": (change or 0) >= 0,
        "href": href,
        "good": good,
        "ident": ident,
    }


@component("funnel.html")
def funnel(steps: Sequence[Any], footnote: str = "", href: str = "") -> dict[str, Any]:
    """Draw FunnelSteps as bars of people; ``href`` leads to how it is counted."""
    top = max((read(step, "count", 0) for step in steps), default=0)
    rows = [
        {
            "label": read(step, "label", ""),
            "count": words.whole(read(step, "count", 0)),
            "width": svg.bar_percent(read(step, "count", 0), top),
            "rate": read(step, "rate"),
            "low": read(step, "low"),
            "high": read(step, "high"),
            "note": read(step, "note", ""),
            "url": read(step, "url", ""),
        }
        for step in steps
    ]
    return {"rows": rows, "footnote": footnote, "href": href}


@component("share_tree.html")
def share_tree(nodes: Sequence[Any], label: str, ident: str = "tree") -> dict[str, Any]:
    """Draw TreeNodes in rings; ``label`` tells readers what the picture shows.

    Give the same facts as a table under it. The legend is part of it.
    """
    return {"tree": svg.place(nodes), "label": label, "ident": ident}


@component("progress.html")
def progress(
    value: float, max: float, label: str, *, good: bool = False, ident: str = ""
) -> dict[str, Any]:
    """Show how far something is; ``label`` is read out."""
    return {"value": value, "max": max, "label": label, "good": good, "ident": ident}
