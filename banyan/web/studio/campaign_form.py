"""The form of a campaign: filled in by a template or a draft, drawn, and read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.campaigns import actions as campaigns
from banyan.campaigns.audience import AUDIENCE_WORDS, TIER_WORDS, which_of
from banyan.campaigns.mechanic import Mechanic
from banyan.campaigns.models import Campaign
from banyan.campaigns.terms import Ask, Asked
from banyan.catalog.models import Category, Shop, Variant
from banyan.catalog.queries import name_in
from banyan.entitlements.costs import given_coupons
from banyan.groups.access import visible_groups
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem

from ..http import actor
from .room import page
from .typed import Typed, moment_text

MOST_CHOICES = 500
USUAL_PLAYS = 100
A_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter as the form draws it; ``options`` where something is chosen, ``picked`` of them.

    ``first``: nothing goes without it; the others are as the template has them.
    """

    asked: Asked
    value: str
    options: list[tuple[str, Any]]
    picked: frozenset[str]
    first: bool


def kept_values(shop: Shop, kind: Mechanic[Any], found: Campaign) -> dict[str, Any]:
    """Return a draft as its form shows it."""
    assert found.version is not None
    values = {
        one.name: typed_text(one, found.version.terms.get(one.name), shop)
        for one in kind.terms.asked()
    }
    return values | {
        "title": found.title,
        "about": found.about,
        "starts_at": moment_text(found.starts_at, shop.timezone),
        "ends_at": moment_text(found.ends_at, shop.timezone),
        "drive": found.drive,
        "landing": found.landing,
        "market": found.market,
        "tier": found.tier,
        "help_tier": found.help_tier,
        "min_age": found.min_age or "",
        "audience": found.audience,
        "audience_of": which_of(found),
        "budget": str(Money(found.budget, found.currency).decimal),
    }


def usual_values(shop: Shop, kind: Mechanic[Any], preset: str) -> dict[str, Any]:
    """Return what a new form shows: the usual terms, or those of a ``preset``."""
    now = clock.now()
    values: dict[str, Any] = {
        "starts_at": moment_text(now, shop.timezone),
        "ends_at": moment_text(now + A_WEEK, shop.timezone),
        "drive": "benefit",
        "title": str(kind.presets[preset].title if preset in kind.presets else kind.title),
        "plays": str(USUAL_PLAYS),
    }
    chosen = kind.presets[preset].terms if preset in kind.presets else {}
    for one in kind.terms.asked():
        usual = chosen.get(one.name, one.default)
        # What everything turns on is for the shop to say: nothing is offered for 0.00.
        unsaid = one.name == kind.terms.main and not usual
        values[one.name] = "" if unsaid else typed_text(one, usual, shop)
    return values


def typed_text(one: Asked, value: Any, shop: Shop) -> str:
    """Return a value as the form shows it."""
    if value is None:
        return ""
    if one.ask.kind == "money":
        return str(Money(int(value), shop.currency).decimal)
    if one.ask.kind == "switch":
        return "1" if value else ""
    if one.ask.kind == "categories":
        return " ".join(map(str, value))
    return str(value)


def read_input(
    request: HttpRequest, shop: Shop, kind: Mechanic[Any], found: Campaign | None = None
) -> campaigns.CampaignInput:
    """Return what was typed, into a new form or that of a draft that was ``found``.

    Invalid with a message for each field that cannot be read.
    """
    typed = Typed(request.POST, shop.currency)
    typed.required("title", "starts_at", "ends_at")
    starts = typed.moment("starts_at", shop.timezone, found.starts_at if found else None)
    ends = typed.moment("ends_at", shop.timezone, found.ends_at if found else None)
    budget, off = typed.amount("budget"), typed.amount("coupon_off")
    plays, min_age = typed.whole("plays"), typed.whole("min_age")
    terms = {
        one.name: value for one in kind.terms.asked() if (value := _value(typed, one)) is not None
    }
    typed.check()
    assert starts is not None
    assert ends is not None
    return campaigns.CampaignInput(
        mechanic=kind.code,
        title=typed.text("title"),
        about=typed.text("about"),
        starts_at=starts,
        ends_at=ends,
        drive=typed.text("drive") or "benefit",
        landing=typed.text("landing"),
        market=typed.text("market") or "none",
        tier=typed.text("tier") or "member",
        help_tier=typed.text("help_tier"),
        min_age=min_age,
        audience=typed.text("audience") or "all",
        audience_of=_which(request, typed),
        budget=budget or 0,
        plays=plays or 0,
        coupon_off=off or 0,
        terms=terms,
        template=typed.text("preset"),
    )


def _which(request: HttpRequest, typed: Typed) -> str:
    """Return which one it is for; a group is typed by its address, and meant by its id."""
    text = typed.text("audience_of")
    if typed.text("audience") != "group" or not text:
        return text
    slug = text.rstrip("/").rpartition("/")[2]
    found = visible_groups(actor(request)).filter(slug__iexact=slug)
    return str(found.values_list("pk", flat=True).first() or 0)


def _value(typed: Typed, one: Asked) -> Any:
    """Read one parameter; None is left to its usual value."""
    if one.ask.kind == "switch":
        return one.name in typed.data
    if one.ask.kind == "money":
        return typed.amount(one.name)
    if one.ask.kind in {"coupon", "variant"}:
        return typed.row_id(one.name) if typed.text(one.name) else None
    if one.ask.kind == "categories":
        return typed.row_ids(one.name)
    return typed.text(one.name) or None


def form_page(
    request: HttpRequest,
    shop: Shop,
    kind: Mechanic[Any],
    values: Mapping[str, Any],
    problem: Problem | None = None,
) -> HttpResponse:
    """Draw the form with ``values``; with ``problem`` it says what is wrong."""
    fields = [
        Field(
            one,
            str(values.get(one.name, "")),
            options_of(shop, one),
            _picked(values, one.name),
            _is_first(kind, one),
        )
        for one in kind.terms.asked()
    ]
    preset = values.get("preset") or request.GET.get("preset", "")
    faults = set(problem.fields) if problem else set()
    asked = ("tier", "help_tier", "min_age", "audience", "audience_of")
    people = [values.get(name) for name in asked]
    context = {
        "mechanic": kind,
        "fields": fields,
        "unfolded": not preset or any(one.asked.name in faults for one in fields if not one.first),
        "narrowed": not {*people} <= {None, "", "member", "all"},
        "priced": lambda label: _priced(label, shop),
        "measured": lambda ask: _measured(ask, shop),
        "values": values,
        "gives": bool(kind.terms.coupon_fields),
        "drives": [one for one in drives() if one[0] in kind.drives],
        "landings": [(one, text) for one in kind.landings if (text := landings().get(one))],
        "tiers": TIER_WORDS.items(),
        "help_tiers": [("", _("The same as who begins")), *TIER_WORDS.items()]
        if kind.helps
        else (),
        "audiences": AUDIENCE_WORDS.items(),
        "markets": [
            ("none", _("None")),
            ("CN", _("China")),
            ("EU", _("European Union")),
            ("US", _("United States")),
        ],
        "preset": preset,
    }
    return page(request, shop, "campaigns", "studio/campaign_new.html", context, problem)


def _picked(values: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return what is chosen of several options: as a form says it, or as ``typed_text`` does."""
    if isinstance(values, QueryDict):
        return frozenset(values.getlist(name))
    return frozenset(str(values.get(name, "")).split())


def _priced(label: Any, shop: Shop) -> str:
    return _("%(label)s in %(currency)s") % {"label": label, "currency": shop.currency}


def _measured(ask: Ask, shop: Shop) -> str:
    """Return a label that says what its number counts: money, hours, days."""
    if ask.kind == "money":
        return _priced(ask.label, shop)
    if ask.unit:
        return _("%(label)s (%(unit)s)") % {"label": ask.label, "unit": ask.unit}
    return str(ask.label)


def _is_first(kind: Mechanic[Any], one: Asked) -> bool:
    """Tell whether a parameter is what a campaign cannot do without: goods, a price, a coupon."""
    return one.is_needed or one.name == str(kind.terms.main)


def drives() -> list[tuple[str, str]]:
    """Return what can move people, in words."""
    return [
        ("benefit", _("A benefit: coupons, prices, prizes")),
        ("honour", _("Honour: what one did for others is shown")),
        ("both", _("Both")),
    ]


def landings() -> dict[str, str]:
    """Return how a play can end, in words."""
    return {
        "coupon": _("With a coupon for later"),
        "right": _("With a price for later, on every device"),
        "direct": _("Straight at the checkout"),
    }


def options_of(shop: Shop, one: Asked) -> list[tuple[str, Any]]:
    """Return what can be chosen for a parameter; empty where it is typed."""
    nothing = ("", _("Choose …") if one.is_needed else _("None"))
    if one.ask.kind == "coupon":
        rows = [(str(coupon.pk), coupon.title) for coupon in given_coupons(shop.pk)]
        return [nothing, *rows]
    if one.ask.kind == "variant":
        variants = Variant.objects.filter(
            product__shop=shop, product__state="active", is_active=True
        ).select_related("product")
        found = variants.order_by("-product_id", "position")[:MOST_CHOICES]
        return [
            nothing,
            *((str(one.pk), " / ".join([one.product.title, *one.values])) for one in found),
        ]
    if one.ask.kind == "categories":
        language = get_language() or "en"
        categories = Category.objects.order_by("position", "id")[:MOST_CHOICES]
        return [(str(category.pk), name_in(category, language)) for category in categories]
    return [(key, text) for key, text in one.ask.choices]
