"""The returns desk: what is asked for, on its way, here to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog.access import EVERYONE, MANAGERS
from banyan.catalog.models import Shop
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, NotFound, Problem, SoldOut
from banyan.media.queries import thumb_urls
from banyan.orders import actions as orders
from banyan.orders.access import get_return_for_staff, visible_returns
from banyan.orders.models import Return
from banyan.orders.queries import terms_of
from banyan.web.ui.shapes import Tab

from ...http import actor, number, private, signed_in
from ...shop.orders.return_words import (
    condition_texts,
    reason_texts,
    return_entries,
    return_state,
)
from ...shop.orders.story import refund_url
from ..room import page, refusal_of, shop_of
from ..typed import Typed

PAGE = 30


def _tabs() -> list[tuple[str, str, list[str]]]:
    return [
        ("", _("All"), []),
        ("asked", _("To decide"), ["asked"]),
        ("coming", _("On the way back"), ["approved", "sent"]),
        ("here", _("To look at"), ["received"]),
        ("done", _("Done"), ["refunded", "exchanged", "refused", "withdrawn", "lapsed"]),
    ]


@require_safe
@private
@signed_in
def desk(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List what comes back, newest first, by where it stands."""
    shop = shop_of(request, shop_slug)
    rows = visible_returns(actor(request), shop.pk)
    chosen = request.GET.get("state", "")
    states = next((states for name, _text, states in _tabs() if name == chosen), [])
    if states:
        rows = rows.filter(state__in=states)
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("order__checkout").prefetch_related("lines__line")[: PAGE + 1])
    url = reverse("studio_returns", args=[shop.slug])
    reasons = reason_texts()
    context = {
        "tabs": [
            Tab(text, f"{url}?state={name}" if name else url, name == chosen)
            for name, text, _states in _tabs()
        ],
        "rows": [
            {
                "found": each,
                "state": return_state(each.state),
                "reason": reasons.get(each.reason, each.reason),
                "titles": ", ".join(
                    f"{x.line.title} ×\u00a0{x.quantity}" for x in each.lines.all()
                ),
                "buyer": each.order.checkout.address.get("recipient", ""),
            }
            for each in found[:PAGE]
        ],
        "more_url": f"{url}?state={chosen}&before={found[PAGE - 1].pk}"
        if len(found) > PAGE
        else "",
    }
    return page(request, shop, "orders", "studio/returns.html", context)


def _act(request: HttpRequest, found: Return, do: str) -> None:
    data, who = request.POST, actor(request)
    acts: dict[str, Callable[[], object]] = {
        "approve": lambda: orders.approve_return(
            actor=who,
            return_id=found.pk,
            address=data.get("address", ""),
            instructions=data.get("instructions", ""),
            label=data.get("label", ""),
        ),
        "refuse": lambda: orders.refuse_return(
            actor=who, return_id=found.pk, reason=data.get("reason", "")
        ),
        "money": lambda: orders.offer_money(actor=who, return_id=found.pk),
        "receive": lambda: orders.receive_return(actor=who, return_id=found.pk),
        "settle": lambda: _settle(request, found),
    }
    if do not in acts:
        raise NotFound()
    try:
        acts[do]()
    except SoldOut as gone:
        raise Conflict(
            _("None of the kind asked for is left. Add stock, or offer the money instead."),
            code=gone.code,
        ) from gone


def _settle(request: HttpRequest, found: Return) -> None:
    typed = Typed(request.POST)
    rows = {}
    for row in found.lines.all():
        accepted, shelf = typed.whole(f"accepted_{row.pk}"), typed.whole(f"shelf_{row.pk}")
        condition = request.POST.get(f"condition_{row.pk}", "as_new")
        rows[row.pk] = orders.Found(accepted or 0, shelf or 0, condition)
    typed.check()
    orders.settle_return(
        actor=actor(request),
        return_id=found.pk,
        found=rows,
        at_fault="at_fault" in request.POST,
        answer=request.POST.get("answer", ""),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def one(request: HttpRequest, shop_slug: str, return_id: int) -> HttpResponse:
    """Show one return and what there is to do with it; ``do`` names what was pressed."""
    do = request.POST.get("do", "")
    shop = shop_of(request, shop_slug, EVERYONE if do in {"", "receive"} else MANAGERS)
    found = get_return_for_staff(actor(request), return_id)
    if found.order.shop_id != shop.pk:
        raise NotFound()
    if request.method != "POST":
        return _page(request, shop, found)
    try:
        _act(request, found, do)
    except Problem as problem:
        return _page(request, shop, found, refusal_of(problem))
    messages.success(request, _("Done; the buyer has been told."))
    return redirect("studio_return", shop.slug, found.pk)


def _page(
    request: HttpRequest, shop: Shop, found: Return, problem: Problem | None = None
) -> HttpResponse:
    terms = terms_of(shop.pk)
    data = request.POST
    conditions = condition_texts()
    lines: list[dict[str, Any]] = [
        {
            "row": row,
            "accepted": data.get(f"accepted_{row.pk}", row.quantity),
            "shelf": data.get(f"shelf_{row.pk}", row.quantity),
            "condition": data.get(f"condition_{row.pk}", "as_new"),
            "found_as": conditions.get(row.condition, ""),
        }
        for row in found.lines.select_related("line", "variant").order_by("id")
    ]
    photos = found.photos.order_by("position").values_list("image_id", flat=True)
    context = {
        "found": found,
        "order": found.order,
        "state": return_state(found.state),
        "reason": reason_texts().get(found.reason, found.reason),
        "lines": lines,
        "photos": [url for url in thumb_urls(photos).values() if url],
        "conditions": conditions.items(),
        "entries": return_entries(found),
        "address": data.get("address", terms.return_address),
        "instructions": data.get("instructions", terms.instructions),
        "at_fault": "at_fault" in data if data.get("do") == "settle" else found.at_fault,
        "refund_url": refund_url(found.refund) if found.refund else "",
        "refunded": Money(found.refund.amount, found.refund.currency) if found.refund else None,
        "values": data,
    }
    return page(request, shop, "orders", "studio/return.html", context, problem)
