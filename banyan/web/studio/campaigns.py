"""The shop's campaigns: chosen, filled in, checked, published, stopped, and how they go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import get_campaign_for_staff, visible_campaigns
from banyan.campaigns.disclosing import report_of
from banyan.campaigns.mechanic import Mechanic, mechanic, mechanics
from banyan.campaigns.models import Campaign
from banyan.campaigns.outcomes import outcome_of
from banyan.campaigns.policy import Source
from banyan.campaigns.policy.rules import HOUSE
from banyan.campaigns.queries import Funnel, funnel_of
from banyan.campaigns.terms import Asked, Terms
from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop, Variant
from banyan.entitlements.costs import given_coupons
from banyan.kernel import clock
from banyan.kernel.digits import whole
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import NotFound, Problem

from ..http import actor, private, signed_in
from ..streams import ticket
from .room import page, refusal_of, shop_of
from .typed import Typed, moment_text

MOST_SHOWN = 50
MOST_CHOICES = 500
USUAL_PLAYS = 100
A_WEEK = dt.timedelta(days=7)
SEVERITIES = {"block": "bad", "warn": "gold", "note": ""}
"""What a rule said, and the tone in which it is shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter as the form draws it; ``options`` where something is chosen."""

    asked: Asked
    value: str
    options: list[tuple[str, Any]]


def campaign_state(one: Campaign) -> tuple[str, str]:
    """Return how a campaign stands, as words and the tone of their badge."""
    now = clock.now()
    if one.state == "published" and now < one.starts_at:
        return _("Planned"), "ink"
    known = {
        "draft": (_("Draft"), ""),
        "published": (_("Under way"), "good"),
        "paused": (_("Paused"), "gold"),
        "ended": (_("Over"), ""),
        "settled": (_("Over"), ""),
    }
    return known[one.state]


@require_safe
@private
@signed_in
def campaign_list(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the campaigns, newest first, and what can be begun: every mechanic with its presets."""
    shop = shop_of(request, shop_slug, MANAGERS)
    rows = visible_campaigns(actor(request), shop.pk)[:MOST_SHOWN]
    context = {
        "rows": [
            {"campaign": one, "state": campaign_state(one), "mechanic": mechanic(one.mechanic)}
            for one in rows
        ],
        "mechanics": list(mechanics().values()),
    }
    return page(request, shop, "campaigns", "studio/campaigns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def campaign_new(request: HttpRequest, shop_slug: str, code: str) -> HttpResponse:
    """Show the form of a mechanic, filled in by a preset; on POST write the draft."""
    shop, kind = shop_of(request, shop_slug, MANAGERS), mechanic(code)
    if request.method != "POST":
        return _form(request, shop, kind, _usual(shop, kind, request.GET.get("preset", "")))
    try:
        data = _read(request, shop, kind)
        made = campaigns.plan_campaign(actor=actor(request), shop_id=shop.pk, data=data)
    except Problem as problem:
        return _form(request, shop, kind, request.POST, refusal_of(problem))
    messages.success(request, _("The draft is saved. Look at it, then publish it."))
    return redirect("studio_campaign", shop.slug, made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def campaign_change(request: HttpRequest, shop_slug: str, campaign_id: int) -> HttpResponse:
    """Show the form of a draft as it is; on POST change it."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found = _campaign_of(request, shop, campaign_id)
    kind = mechanic(found.mechanic)
    if found.state != "draft":
        raise NotFound()
    if request.method != "POST":
        return _form(request, shop, kind, _kept(shop, kind, found))
    try:
        data = _read(request, shop, kind)
        campaigns.change_campaign(actor=actor(request), campaign_id=found.pk, data=data)
    except Problem as problem:
        return _form(request, shop, kind, request.POST, refusal_of(problem))
    messages.success(request, _("The draft is saved. Look at it, then publish it."))
    return redirect("studio_campaign", shop.slug, found.pk)


def _kept(shop: Shop, kind: Mechanic[Any], found: Campaign) -> dict[str, Any]:
    """Return a draft as its form shows it."""
    assert found.version is not None
    values = {
        one.name: _typed(one, found.version.terms.get(one.name), shop) for one in kind.terms.asked()
    }
    return values | {
        "title": found.title,
        "about": found.about,
        "starts_at": moment_text(found.starts_at, shop.timezone),
        "ends_at": moment_text(found.ends_at, shop.timezone),
        "drive": found.drive,
        "market": found.market,
        "budget": str(Money(found.budget, found.currency).decimal),
    }


def _usual(shop: Shop, kind: Mechanic[Any], preset: str) -> dict[str, Any]:
    now = clock.now()
    values: dict[str, Any] = {
        "starts_at": moment_text(now, shop.timezone),
        "ends_at": moment_text(now + A_WEEK, shop.timezone),
        "drive": "benefit",
        "title": str(kind.title),
        "plays": str(USUAL_PLAYS),
    }
    chosen = kind.presets[preset].terms if preset in kind.presets else {}
    for one in kind.terms.asked():
        usual = chosen.get(one.name, one.default)
        values[one.name] = _typed(one, usual, shop)
    return values


def _typed(one: Asked, value: Any, shop: Shop) -> str:
    """Return a value as the form shows it."""
    if value is None:
        return ""
    if one.ask.kind == "money":
        return str(Money(int(value), shop.currency).decimal)
    if one.ask.kind == "switch":
        return "1" if value else ""
    return str(value)


def _read(request: HttpRequest, shop: Shop, kind: Mechanic[Any]) -> campaigns.CampaignInput:
    typed = Typed(request.POST, shop.currency)
    typed.required("title", "starts_at", "ends_at")
    starts = typed.moment("starts_at", shop.timezone)
    ends = typed.moment("ends_at", shop.timezone)
    budget, off = typed.amount("budget"), typed.amount("coupon_off")
    plays = whole(typed.text("plays")) or 0
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
        budget=budget or 0,
        plays=plays,
        coupon_off=off or 0,
        terms=terms,
        template=typed.text("preset"),
    )


def _value(typed: Typed, one: Asked) -> Any:
    """Read one parameter; None is left to its usual value."""
    if one.ask.kind == "switch":
        return one.name in typed.data
    if one.ask.kind == "money":
        return typed.amount(one.name)
    if one.ask.kind in {"coupon", "variant"}:
        return typed.row_id(one.name) if typed.text(one.name) else None
    return typed.text(one.name) or None


def _form(
    request: HttpRequest,
    shop: Shop,
    kind: Mechanic[Any],
    values: Mapping[str, Any],
    problem: Problem | None = None,
) -> HttpResponse:
    fields = [
        Field(one, str(values.get(one.name, "")), _options(shop, one)) for one in kind.terms.asked()
    ]
    context = {
        "mechanic": kind,
        "fields": fields,
        "values": values,
        "gives": bool(kind.terms.coupon_fields),
        "drives": [one for one in _drives() if one[0] in kind.drives],
        "landings": [(one, text) for one in kind.landings if (text := _landings().get(one))],
        "markets": [("none", _("None")), ("CN", "CN"), ("EU", "EU"), ("US", "US")],
        "preset": request.GET.get("preset", ""),
    }
    return page(request, shop, "campaigns", "studio/campaign_new.html", context, problem)


def _drives() -> list[tuple[str, str]]:
    return [
        ("benefit", _("A benefit: coupons, prices, prizes")),
        ("honour", _("Honour: what one did for others is shown")),
        ("both", _("Both")),
    ]


def _landings() -> dict[str, str]:
    return {
        "coupon": _("With a coupon for later"),
        "right": _("With a price for later, on every device"),
        "direct": _("Straight at the checkout"),
    }


def _options(shop: Shop, one: Asked) -> list[tuple[str, Any]]:
    if one.ask.kind == "coupon":
        rows = [(str(coupon.pk), coupon.title) for coupon in given_coupons(shop.pk)]
        return [("", _("None")), *rows]
    if one.ask.kind == "variant":
        variants = Variant.objects.filter(
            product__shop=shop, product__state="active", is_active=True
        ).select_related("product")
        found = variants.order_by("-product_id", "position")[:MOST_CHOICES]
        return [
            ("", _("None")),
            *((str(one.pk), " / ".join([one.product.title, *one.values])) for one in found),
        ]
    return [(key, text) for key, text in one.ask.choices]


def _campaign_of(request: HttpRequest, shop: Shop, campaign_id: int) -> Campaign:
    found = get_campaign_for_staff(actor(request), campaign_id)
    if found.shop_id != shop.pk:
        raise NotFound()
    return found


@require_safe
@private
@signed_in
def campaign(request: HttpRequest, shop_slug: str, campaign_id: int) -> HttpResponse:
    """Show a campaign: its terms, the worst it can cost, how it goes, and what can be done."""
    shop = shop_of(request, shop_slug, MANAGERS)
    return _campaign(request, shop, _campaign_of(request, shop, campaign_id))


def _campaign(
    request: HttpRequest, shop: Shop, shown: Campaign, problem: Problem | None = None
) -> HttpResponse:
    kind = mechanic(shown.mechanic)
    assert shown.version is not None
    terms = kind.terms.model_validate(shown.version.terms)
    worst = kind.cost(terms)
    context = {
        "campaign": shown,
        "state": campaign_state(shown),
        "mechanic": kind,
        "facts": [*_ways(shown), *_facts(shop, kind, terms)],
        "worst": Money(worst, shown.currency),
        "plays": shown.budget // worst if worst else None,
        "budget": Money(shown.budget, shown.currency),
        "rules": _rules(kind, shown),
        "public_url": reverse("campaign", args=[shown.code]),
        **_going(request, shop, shown),
    }
    part = request.headers.get("hx-request") and not problem
    template = "studio/campaign_funnel.html" if part else "studio/campaign.html"
    answer = page(request, shop, "campaigns", template, context, problem)
    answer["Vary"] = "HX-Request"
    return answer


def _going(request: HttpRequest, shop: Shop, shown: Campaign) -> dict[str, Any]:
    """Return what is asked again when something happened in a campaign."""
    funnel = funnel_of(shown)
    return {
        "figures": _figures(shown, funnel),
        "running": funnel.running,
        "open_money": Money(funnel.open_money, shown.currency),
        "live": ticket(request, f"campaign:{shown.pk}"),
        "live_url": reverse("studio_campaign", args=[shop.slug, shown.pk]),
    }


def _rules(kind: Mechanic[Any], shown: Campaign) -> dict[str, Any]:
    """Return what the rules say of a draft now, or said of a campaign when it was published."""
    assert shown.version is not None
    kept = shown.version.checked or report_of(kind, shown, shown.version).record()
    return {
        "at": dt.datetime.fromisoformat(kept["at"]),
        "packs": ", ".join(f"{_pack(name)} {version}" for name, version in kept["packs"].items()),
        "findings": [
            (one, SEVERITIES[one["severity"]], _source(Source(**one["source"])))
            for one in kept["findings"]
        ],
    }


def _pack(name: str) -> str:
    """Return what a pack of rules is called; markets go by their codes."""
    known = {
        "house": _("rules of this site"),
        "none": _("no market"),
        "open web": _("the open web"),
        "wechat": _("WeChat"),
        "weibo": _("Weibo"),
        "qq": "QQ",
        "douyin": _("Douyin"),
        "xhs": _("Xiaohongshu"),
    }
    return known.get(name, name)


def _source(source: Source) -> str:
    """Return where a rule is written, in one line."""
    if source.title == HOUSE.title:
        return _("rules of this site")
    return ", ".join(part for part in (source.title, source.article) if part)


@require_safe
@private
@signed_in
def campaign_preview(request: HttpRequest, shop_slug: str, campaign_id: int) -> HttpResponse:
    """Show a draft on two phones, step by step; nothing of it stays."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found = _campaign_of(request, shop, campaign_id)
    try:
        steps = campaigns.preview_campaign(actor=actor(request), campaign_id=found.pk)
    except Problem as problem:
        return _campaign(request, shop, found, refusal_of(problem))
    context = {"campaign": found, "steps": steps}
    return page(request, shop, "campaigns", "studio/campaign_preview.html", context)


def _figures(shown: Campaign, funnel: Funnel) -> list[tuple[str, Any, str]]:
    outcome = outcome_of(shown)
    each = "–" if funnel.each is None else format_money(Money(funnel.each, shown.currency))
    return [
        (_("Links opened"), funnel.opened, ""),
        (_("Pages seen by people"), funnel.seen, ""),
        (_("Begun"), funnel.begun, ""),
        (_("People who took part"), funnel.joined, ""),
        (_("People who helped"), funnel.helped, ""),
        (_("Finished"), funnel.finished, ""),
        (_("People who were given something"), outcome.rewarded, ""),
        (_("People who used it"), outcome.used, ""),
        (_("Paid in orders that used it"), format_money(outcome.paid), ""),
        (_("Given so far"), format_money(Money(funnel.granted, shown.currency)), ""),
        (
            _("Promised and not given yet"),
            format_money(Money(funnel.open_money, shown.currency)),
            "",
        ),
        (_("Used"), funnel.redeemed, ""),
        (_("Cost of a used coupon, at most"), each, ""),
        (_("People brought for each one begun"), "–" if funnel.k is None else funnel.k, ""),
        *((label, value, "") for label, value in mechanic(shown.mechanic).figures(shown)),
    ]


def _ways(shown: Campaign) -> list[tuple[str, str, str]]:
    """Return in words what moves people, and how it ends where that was chosen."""
    ways = [(_("What moves people"), dict(_drives())[shown.drive], "")]
    if shown.drive == "honour":
        ways.append((_("For honour alone"), str(mechanic(shown.mechanic).in_honour), ""))
    if len(mechanic(shown.mechanic).landings) > 1:
        ways.append((_("How it ends"), _landings()[shown.landing], ""))
    return ways


def _facts(shop: Shop, kind: Mechanic[Any], terms: Terms) -> list[tuple[Any, str, str]]:
    """Return the terms in words: what is asked, and what was answered."""
    facts = []
    for one in kind.terms.asked():
        value = getattr(terms, one.name)
        if value is None or value == "" or one.name in terms.idle:
            continue
        options = dict(_options(shop, one))
        text = str(options.get(str(value), _typed(one, value, shop)))
        if one.ask.kind == "switch":
            text = _("yes") if value else _("no")
        facts.append((one.ask.label, f"{text} {one.ask.unit}".strip(), ""))
    return facts


ACTS = {
    "publish": campaigns.publish_campaign,
    "pause": campaigns.pause_campaign,
    "resume": campaigns.resume_campaign,
    "end": campaigns.end_campaign,
}


@require_POST
@private
@signed_in
def campaign_act(request: HttpRequest, shop_slug: str, campaign_id: int) -> HttpResponse:
    """Publish, pause, resume, end, copy or discard a campaign."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found, who, act = (
        _campaign_of(request, shop, campaign_id),
        actor(request),
        request.POST.get("act"),
    )
    try:
        if act == "discard":
            campaigns.discard_campaign(actor=who, campaign_id=found.pk)
            return redirect("studio_campaigns", shop.slug)
        if act == "clone":
            made = campaigns.clone_campaign(actor=who, campaign_id=found.pk)
            return redirect("studio_campaign", shop.slug, made.pk)
        if act not in ACTS:
            raise NotFound()
        ACTS[act](actor=who, campaign_id=found.pk)
    except Problem as problem:
        return _campaign(request, shop, found, refusal_of(problem))
    return redirect("studio_campaign", shop.slug, found.pk)
