"""The buyer's pages of sending something back: ask, send, withdraw, see where it stands."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.models import Variant
from banyan.kernel.digits import whole
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, Problem
from banyan.media.actions import stage
from banyan.media.queries import staged_for, thumb_urls
from banyan.orders import actions as orders
from banyan.orders.access import get_order_for_buyer, get_return_for_buyer
from banyan.orders.actions.asking import MOST_PHOTOS, check_window, returnable
from banyan.orders.actions.units import parcel_lines
from banyan.orders.models import Order, Return

from ...http import actor, link_token, private
from .return_words import reason_texts, return_entries, return_state, return_url
from .story import refund_url


@require_http_methods(["GET", "HEAD", "POST"])
@private
def return_ask(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Ask to send something back, for money or for another piece."""
    who = actor(request)
    order = get_order_for_buyer(who, order_id, token)
    check_window(order)
    if request.method != "POST":
        return _ask_page(request, order, token)
    photos = request.POST.getlist("photos")
    try:
        photos += [
            stage(actor=who, data=file, filename=file.name or "").token
            for file in request.FILES.getlist("photos_files")[:MOST_PHOTOS]
        ]
        made = _ask(request, order, token, photos)
    except Problem as problem:
        if problem.status not in {409, 422}:
            raise
        return _ask_page(request, order, token, problem, photos)
    return redirect(return_url(made, token))


def _ask(request: HttpRequest, order: Order, token: str, photos: list[str]) -> Return:
    data = request.POST
    units, exchange = {}, {}
    for line in parcel_lines(order):
        n = whole(data.get(f"unit_{line.pk}", "") or "0", most=1_000_000)
        units[line.pk] = -1 if n is None else n  # what is no number is refused, not left out
        if n:
            exchange[line.pk] = whole(data.get(f"variant_{line.pk}", "")) or 0
    if not any(units.values()):
        raise Invalid(fields={"units": _("Choose at least one unit.")}, code="units_none")
    return orders.ask_return(
        actor=actor(request),
        order_id=order.pk,
        units=units,
        reason=data.get("reason", ""),
        text=data.get("text", ""),
        exchange=exchange if data.get("wish") == "exchange" else None,
        photos=photos,
        key=f"return:{order.pk}:{data.get('key') or new_code(80)}"[:80],
        access_token=token,
    )


def _kind_text(variant: Variant) -> str:
    """Name a kind that may be asked for, and whether there is one now: the shop may get more."""
    name = " / ".join(variant.values)
    return name if variant.stock.free > 0 else " · ".join((name, _("Sold out")))


def _ask_page(
    request: HttpRequest,
    order: Order,
    token: str,
    problem: Problem | None = None,
    photos: list[str] | None = None,
) -> HttpResponse:
    data = request.POST
    lines = [x for x in returnable(order) if x.shipped_quantity > x.returned_quantity]
    kinds: dict[int, list[Variant]] = {}
    there = Variant.objects.filter(
        product_id__in=[line.product_id for line in lines], is_active=True
    )
    there = there.exclude(product__state="taken_down").select_related("stock")
    for variant in there.order_by("id"):
        kinds.setdefault(variant.product_id, []).append(variant)
    rows = []
    for line in lines:
        others = [
            (str(variant.pk), _kind_text(variant))
            for variant in kinds.get(line.product_id, [])
            if variant.pk != line.variant_id
            and variant.price_amount == line.variant.price_amount
            and variant.values
        ]
        rows.append(
            {
                "line": line,
                "field": f"unit_{line.pk}",
                "most": line.shipped_quantity - line.returned_quantity,
                "value": data.get(f"unit_{line.pk}", "1" if len(lines) == 1 else "0"),
                "others": others,
                "variant_field": f"variant_{line.pk}",
                "variant": data.get(f"variant_{line.pk}", ""),
            }
        )
    chosen = data.get("reason", "changed_mind")
    wish = data.get("wish", "refund")
    wishes = [("refund", _("My money back"))]
    if any(row["others"] for row in rows):
        wishes.append(("exchange", _("Another kind, for the same price")))
    context = {
        "nav": "orders",
        "order": order,
        "token": token,
        "rows": rows,
        "reasons": [
            {"value": value, "text": text, "checked": value == chosen}
            for value, text in reason_texts().items()
        ],
        "wishes": [{"value": v, "text": text, "checked": v == wish} for v, text in wishes],
        "can_exchange": len(wishes) > 1,
        "text": data.get("text", ""),
        "staged": staged_for(actor(request), photos or []),
        "most_photos": MOST_PHOTOS,
        "key": data.get("key") or new_code(80),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = 422 if problem else 200
    return render(request, "shop/orders/return_ask.html", context, status=status)


@require_safe
@private
def return_page(request: HttpRequest, return_id: int) -> HttpResponse:
    """Show where a return stands, and what its buyer has to do."""
    token = link_token(request)
    return _page(request, get_return_for_buyer(actor(request), return_id, token), token)


def _page(
    request: HttpRequest, found: Return, token: str, problem: Problem | None = None
) -> HttpResponse:
    context = {
        "nav": "orders",
        "found": found,
        "order": found.order,
        "token": token or found.order.checkout.access_token,
        "guest_token": token,
        "state": return_state(found.state),
        "reason": reason_texts().get(found.reason, found.reason),
        "lines": list(found.lines.select_related("line", "variant").order_by("id")),
        "photos": [
            url
            for url in thumb_urls(
                found.photos.order_by("position").values_list("image_id", flat=True)
            ).values()
            if url
        ],
        "entries": return_entries(found),
        "refund_url": refund_url(found.refund, token) if found.refund else "",
        "refunded": Money(found.refund.amount, found.refund.currency) if found.refund else None,
        "values": request.POST,
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = problem.status if problem else 200
    return render(request, "shop/orders/return.html", context, status=status)


@require_POST
@private
def return_sent(request: HttpRequest, return_id: int) -> HttpResponse:
    """Say with whom it was sent back."""
    data = request.POST
    return _act(
        request,
        return_id,
        lambda token: orders.send_return(
            actor=actor(request),
            return_id=return_id,
            carrier=data.get("carrier", ""),
            tracking=data.get("tracking", ""),
            access_token=token,
        ),
    )


@require_POST
@private
def return_withdraw(request: HttpRequest, return_id: int) -> HttpResponse:
    """Keep the goods after all."""
    return _act(
        request,
        return_id,
        lambda token: orders.withdraw_return(
            actor=actor(request), return_id=return_id, access_token=token
        ),
    )


def _act(request: HttpRequest, return_id: int, act: Any) -> HttpResponse:
    token = link_token(request)
    found = get_return_for_buyer(actor(request), return_id, token)
    try:
        act(token)
    except Problem as problem:
        if problem.status not in {409, 422}:
            raise
        return _page(request, found, token, problem)
    messages.success(request, _("Thank you. The shop has been told."))
    return redirect(return_url(found, token))
