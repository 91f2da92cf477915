"""The shop's campaigns: chosen, filled in, checked, published, stopped, and how they go."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import get_campaign_for_staff, visible_campaigns
from banyan.campaigns.actions import previewing
from banyan.campaigns.audience import asked_of
from banyan.campaigns.disclosing import report_of
from banyan.campaigns.mechanic import Mechanic, mechanic, mechanics
from banyan.campaigns.models import Campaign
from banyan.campaigns.outcomes import outcome_of
from banyan.campaigns.policy import Source
from banyan.campaigns.queries import Funnel, forgone_by, funnel_of
from banyan.campaigns.terms import Terms
from banyan.campaigns.words import APPS
from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import NotFound, Problem

from ..http import actor, private, signed_in
from ..streams import ticket
from .campaign_form import (
    drives,
    form_page,
    kept_values,
    landings,
    options_of,
    read_input,
    typed_text,
    usual_values,
)
from .room import older, page, refusal_of, shop_of

MOST_SHOWN = 50
SEVERITIES = {"block": "bad", "warn": "gold", "note": ""}
"""What a rule said, and the tone in which it is shown."""


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
    rows, more = older(request, visible_campaigns(actor(request), shop.pk), MOST_SHOWN)
    context = {
        "rows": [
            {"campaign": one, "state": campaign_state(one), "mechanic": mechanic(one.mechanic)}
            for one in rows
        ],
        "more_url": more,
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
        preset = request.GET.get("preset", "")
        return form_page(request, shop, kind, usual_values(shop, kind, preset))
    try:
        data = read_input(request, shop, kind)
        made = campaigns.plan_campaign(actor=actor(request), shop_id=shop.pk, data=data)
    except Problem as problem:
        return form_page(request, shop, kind, request.POST, refusal_of(problem))
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
        return form_page(request, shop, kind, kept_values(shop, kind, found))
    try:
        data = read_input(request, shop, kind, found)
        campaigns.change_campaign(actor=actor(request), campaign_id=found.pk, data=data)
    except Problem as problem:
        return form_page(request, shop, kind, request.POST, refusal_of(problem))
    messages.success(request, _("The draft is saved. Look at it, then publish it."))
    return redirect("studio_campaign", shop.slug, found.pk)


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
        "forgone": forgone_by(shown, terms),
        "campaign": shown,
        "state": campaign_state(shown),
        "mechanic": kind,
        "facts": [*_ways(shown), *_facts(shop, kind, terms)],
        "worst": Money(worst, shown.currency),
        "plays": shown.budget // worst if worst else None,
        "budget": Money(shown.budget, shown.currency),
        "rules": _rules(kind, shown),
        "public_url": reverse("campaign", args=[shown.code]),
        "asks_pictures": terms.outside is not None,
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
            (one | {"text": _said(one)}, SEVERITIES[one["severity"]], Source(**one["source"]).told)
            for one in kept["findings"]
        ],
    }


def _said(finding: dict[str, Any]) -> str:
    """Return what a rule said, in the reader's language where the record has it."""
    words = finding.get("words", {})
    return str(words.get(get_language()) or finding["text"])


def _pack(name: str) -> str:
    """Return what a pack of rules is called; markets go by their codes."""
    known = {
        "house": _("rules of this site"),
        "none": _("no market"),
        "open web": _("the open web"),
    }
    return str({**known, **APPS}.get(name, name))


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def campaign_preview(request: HttpRequest, shop_slug: str, campaign_id: int) -> HttpResponse:
    """Show a draft on two phones, step by step; on POST make links for two real phones.

    Nothing of what is played stays.
    """
    shop, who = shop_of(request, shop_slug, MANAGERS), actor(request)
    found = _campaign_of(request, shop, campaign_id)
    try:
        if request.method == "POST":
            campaigns.open_preview(actor=who, campaign_id=found.pk)
            return redirect("studio_campaign_preview", shop.slug, found.pk)
        steps = campaigns.preview_campaign(actor=who, campaign_id=found.pk)
    except Problem as problem:
        return _campaign(request, shop, found, refusal_of(problem))
    preview = previewing.preview_of(actor=who, campaign_id=found.pk)
    titles = {previewing.YOURS: _("Your phone"), previewing.FRIENDS: _("A friend's phone")}
    links = previewing.links_of(preview) if preview else {}
    context = {
        "campaign": found,
        "steps": steps,
        "phones": [(titles[key], one) for key, one in links.items()],
        "until": preview.expires_at if preview else None,
    }
    return page(request, shop, "campaigns", "studio/campaign_preview.html", context)


def _figures(shown: Campaign, funnel: Funnel) -> list[tuple[str, Any, str]]:
    kind = mechanic(shown.mechanic)
    own = [(label, value, "") for label, value in kind.figures(shown)]
    came = [
        (_("Links opened"), funnel.opened, ""),
        (_("Pages seen by people"), funnel.seen, ""),
    ]
    if not kind.plays_here:
        return [*came, *own]
    outcome = outcome_of(shown)
    each = "–" if funnel.each is None else format_money(Money(funnel.each, shown.currency))
    return [
        *came,
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
        *own,
    ]


def _ways(shown: Campaign) -> list[tuple[str, str, str]]:
    """Return in words what moves people, and how it ends where that was chosen."""
    ways = [(_("What moves people"), dict(drives())[shown.drive], "")]
    if shown.drive == "honour":
        ways.append((_("For honour alone"), str(mechanic(shown.mechanic).in_honour), ""))
    if len(mechanic(shown.mechanic).landings) > 1:
        ways.append((_("How it ends"), landings()[shown.landing], ""))
    if people := asked_of(shown):
        ways.append((_("Who can take part"), "; ".join(people), ""))
    return ways


def _facts(shop: Shop, kind: Mechanic[Any], terms: Terms) -> list[tuple[Any, str, str]]:
    """Return the terms in words: what is asked, and what was answered."""
    facts = []
    for one in kind.terms.asked():
        value = getattr(terms, one.name)
        if value in (None, "", ()) or one.name in terms.idle:
            continue
        options = dict(options_of(shop, one))
        text = str(options.get(str(value), typed_text(one, value, shop)))
        if one.ask.kind == "switch":
            text = _("yes") if value else _("no")
        elif one.ask.kind == "money":
            text = format_money(Money(value, shop.currency))
        elif one.ask.kind == "categories":
            text = ", ".join(str(options.get(str(key), key)) for key in value)
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
