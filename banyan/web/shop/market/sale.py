"""The page of a flash sale: the price, what is left, the waiting room, one thing to do next."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.campaigns.audience import asked_of
from banyan.campaigns.models import Campaign
from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import LoginRequired, NotFound, Problem
from banyan.media.queries import pictures
from banyan.notify import wechat
from banyan.notify.queries import is_reminded
from banyan.orders.queries import first_images
from banyan.sales import actions as sales
from banyan.sales.access import get_sale_for
from banyan.sales.models import Bucket, Right, Sale
from banyan.sales.queries import (
    ahead_of,
    buckets_of,
    entry_of,
    is_fan,
    left_in,
    rights_of,
    room_proof,
)
from banyan.sales.reminders import STARTS
from banyan.sales.rules import WARM_UP, waits_until
from banyan.sharing.channels import channel_of
from banyan.web.ui import addresses

from ...http import actor, number, private, signed_in
from .cards import product_title, product_url


@require_safe
@private
def sale(request: HttpRequest, sale_id: int) -> HttpResponse:
    """Show a sale, and where the reader stands in it. htmx asks for the moving part alone."""
    return _page(request, get_sale_for(actor(request), sale_id))


def _page(request: HttpRequest, shown: Sale, problem: Problem | None = None) -> HttpResponse:
    who, now = actor(request), clock.now()
    # Like every page it shows what is on sale; a draft is its shop's to look at.
    buckets = [
        one for one in buckets_of(shown) if shown.state == "draft" or _is_on_sale(one.item.variant)
    ]
    mine = rights_of(shown, who.id) if who.id is not None else []
    context = {
        "nav": "explore",
        "sale": shown,
        "shop": shown.shop,
        "phase": _phase(shown, now),
        "items": _items(shown, buckets, mine, who),
        "room": _room(shown, who, now) if shown.admission == "queue" else None,
        "codes": any(bucket.kind == "code" for bucket in buckets),
        "problem": problem,
        "campaign": _campaign(shown),
        "member": who.id is not None,
        "reminder": _reminder(request, shown, who, now),
        "sign_in_url": "/login?" + urlencode({"next": f"/sale/{shown.pk}"}),
        "values": request.POST,
    }
    if request.headers.get("hx-request"):
        answer = render(request, "shop/market/sale_state.html", context)
        answer["Vary"] = "HX-Request"
        return answer
    status = problem.status if problem else 200
    return render(request, "shop/market/sale.html", context, status=status)


def _is_on_sale(variant: Variant) -> bool:
    return variant.is_active and variant.product.state == "active"


def _campaign(shown: Sale) -> dict[str, Any] | None:
    """Return what is asked of who takes part, and where the rules are, of a campaign's sale."""
    found = Campaign.objects.select_related("shop").filter(pk=shown.campaign_id or 0).first()
    return {"code": found.code, "asked": asked_of(found)} if found is not None else None


def _reminder(
    request: HttpRequest, shown: Sale, who: Actor, now: dt.datetime
) -> dict[str, Any] | None:
    """Return what the one field needs by which somebody waits for the beginning, or None."""
    if _phase(shown, now) != "before" or request.headers.get("hx-request"):
        return None
    agent = request.headers.get("user-agent", "")
    return {
        "noted": who.id is not None
        and is_reminded(account_id=who.id, kind=STARTS, subject_id=shown.pk),
        "in_wechat": channel_of(agent) == "wechat" and wechat.is_offered(),
    }


def _phase(shown: Sale, now: dt.datetime) -> str:
    """Return draft, before, on, paused or over, by the clock."""
    if shown.state == "draft":
        return "draft"
    if shown.state == "ended" or now >= shown.ends_at:
        return "over"
    if shown.paused_at is not None:
        return "paused"
    return "before" if now < shown.starts_at else "on"


def _items(
    shown: Sale, buckets: list[Bucket], mine: list[Right], who: Actor
) -> list[dict[str, Any]]:
    # As on cards: this page asks nobody's age.
    products = {bucket.item.variant.product for bucket in buckets}
    images = first_images(one.pk for one in products if not one.min_age)
    files = pictures(list(images.values()))
    fan = who.id is not None and is_fan(shown, who.id)
    found: dict[int, dict[str, Any]] = {}
    for bucket in buckets:
        item, variant = bucket.item, bucket.item.variant
        base = item.baseline_amount
        row = found.setdefault(
            item.pk,
            {
                "variant_id": variant.pk,
                "title": product_title(variant.product),
                "choice": " / ".join(variant.values),
                "url": product_url(variant.product),
                "picture": files.get(images.get(variant.product_id, 0)),
                "price": Money(item.amount, item.currency),
                "was": Money(base, item.currency) if base and base > item.amount else None,
                "left": 0,
                "units": 0,
                "fan_left": None,
                "rights": [right for right in mine if right.item_id == item.pk],
                "buy_url": f"{addresses.url('checkout')}?variant={variant.pk}&n=1",
            },
        )
        if bucket.kind == "public":
            row["left"], row["units"] = left_in(bucket), bucket.size
        elif bucket.kind == "fans" and fan:
            row["fan_left"] = left_in(bucket)
    for row in found.values():
        row["can_claim"] = row["left"] > 0 or bool(row["fan_left"])
        row["full"] = len(mine) >= shown.per_person
        row["by_claim"] = shown.needs_right or bool(row["fan_left"])
    return list(found.values())


def _room(shown: Sale, who: Actor, now: dt.datetime) -> dict[str, Any]:
    """Return where somebody stands in the waiting room, as it is."""
    entry = entry_of(shown, who.id) if who.id is not None else None
    if entry is not None and entry.state == "admitted" and (entry.expires_at or now) <= now:
        entry = None
    drawn_at = waits_until(shown.starts_at, shown.first_seconds)
    return {
        "entry": entry,
        "ahead": ahead_of(entry) if entry is not None and entry.state == "waiting" else 0,
        "open": now >= shown.starts_at - WARM_UP,
        "opens_at": shown.starts_at - WARM_UP,
        "drawn_at": drawn_at,
        "drawn": shown.drawn_at is not None,
        "polls": entry is not None,
        "terms": shown.terms,
        "proof": addresses.url("sale_proof", shown.pk) if shown.seed else "",
    }


@require_safe
@private
def proof(request: HttpRequest, sale_id: int) -> HttpResponse:
    """Hand out the proof file of a waiting room whose order has been drawn."""
    shown = get_sale_for(actor(request), sale_id)
    text = room_proof(shown)
    if text is None:
        raise NotFound()
    answer = HttpResponse(text, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="proof-sale-{shown.pk}.json"'
    return answer


@require_POST
@private
@signed_in
def claim(request: HttpRequest, sale_id: int) -> HttpResponse:
    """Claim a unit and go on to order it."""
    try:
        right = sales.claim(
            actor=actor(request),
            sale_id=sale_id,
            variant_id=number(request.POST, "variant") or 0,
        )
    except Problem as problem:
        return _refused(request, sale_id, problem)
    query = urlencode({"variant": right.item.variant_id, "n": 1})
    return redirect(f"{addresses.url('checkout')}?{query}")


def _refused(request: HttpRequest, sale_id: int, problem: Problem) -> HttpResponse:
    if problem.status not in {409, 422, 429} or isinstance(problem, LoginRequired):
        raise problem
    return _page(request, get_sale_for(actor(request), sale_id), problem)


@require_POST
@private
@signed_in
def let_go(request: HttpRequest, sale_id: int) -> HttpResponse:
    """Give a claimed unit back."""
    sales.let_go(actor=actor(request), right_id=number(request.POST, "right") or 0)
    messages.success(request, _("It is free for somebody else."))
    return redirect("sale", sale_id)


@require_POST
@private
@signed_in
def enter(request: HttpRequest, sale_id: int) -> HttpResponse:
    """Go into the waiting room."""
    try:
        sales.enter_room(actor=actor(request), sale_id=sale_id)
    except Problem as problem:
        return _refused(request, sale_id, problem)
    return redirect("sale", sale_id)


@require_POST
@private
@signed_in
def leave(request: HttpRequest, sale_id: int) -> HttpResponse:
    """Leave the waiting room."""
    sales.leave_room(actor=actor(request), sale_id=sale_id)
    return redirect("sale", sale_id)


@require_POST
@private
@signed_in
def code(request: HttpRequest, sale_id: int) -> HttpResponse:
    """Enter an F-code and go on to order its unit."""
    try:
        right = sales.enter_code(
            actor=actor(request), sale_id=sale_id, code=request.POST.get("code", "")[:40]
        )
    except Problem as problem:
        return _refused(request, sale_id, problem)
    if right.state != "bound":
        return redirect("sale", sale_id)
    query = urlencode({"variant": right.item.variant_id, "n": 1})
    return redirect(f"{addresses.url('checkout')}?{query}")
