"""Changing an order: what shall be changed, what that would do, and then doing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.catalog.models import Shop, Variant
from banyan.catalog.rules import IN_PARCELS
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem
from banyan.orders import actions as orders
from banyan.orders.actions.cancelling import cancellable
from banyan.orders.models import Order

from ...http import actor, private, signed_in
from ...shop.orders.addresses import FIELDS, address_rows, preview_rows
from ..room import page, refusal_of
from ..typed import Typed
from .one import order_of


def _wish(request: HttpRequest, found: Order) -> orders.Wish:
    typed = Typed(request.POST, found.currency)
    kind = typed.text("kind")
    wish = orders.Wish(
        kind,
        line_id=typed.row_id("line") or 0,
        quantity=typed.whole("quantity") or 0,
        variant_id=typed.row_id("variant") or 0,
        amount=typed.amount("amount") or 0,
        address={name: typed.text(name) for name in FIELDS if name in request.POST}
        if kind == "address"
        else {},
    )
    typed.check()
    return wish


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def change(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Show the forms; on POST what it would do, or do what was shown."""
    shop, found = order_of(request, shop_slug, order_id)
    if request.method != "POST":
        return _page(request, shop, found)
    who = actor(request)
    try:
        wish = _wish(request, found)
        if request.POST.get("do") == "confirm":
            orders.confirm_change(
                actor=who,
                order_id=found.pk,
                wish=wish,
                fingerprint=request.POST.get("fingerprint", ""),
                key=f"change:{found.pk}:{request.POST.get('key', '')}"[:80],
                reason=request.POST.get("reason", ""),
            )
            messages.success(request, _("The order is changed."))
            return redirect("studio_order", shop.slug, found.pk)
        shown = orders.preview_change(actor=who, order_id=found.pk, wish=wish)
    except Problem as problem:
        return _page(request, shop, found, refusal_of(problem))
    context = {
        "order": found,
        "fields": [(k, v) for k, v in request.POST.items() if k != "csrfmiddlewaretoken"],
        "rows": preview_rows(shown, found.currency),
        "amount": Money(shown.amount, found.currency) if shown.amount else None,
        "fingerprint": shown.fingerprint,
        "key": new_code(80),
    }
    return page(request, shop, "orders", "studio/change_preview.html", context)


def _page(
    request: HttpRequest, shop: Shop, found: Order, problem: Problem | None = None
) -> HttpResponse:
    lines: list[dict[str, Any]] = []
    for line in cancellable(found):
        others = Variant.objects.filter(product_id=line.product_id, is_active=True)
        same = others.filter(price_amount=line.variant.price_amount).exclude(pk=line.variant_id)
        moved = line.shipped_quantity or line.cancelled_quantity
        untouched = line.kind in IN_PARCELS and not moved
        lines.append(
            {
                "line": line,
                "others": [(each.pk, " / ".join(each.values)) for each in same.order_by("id")]
                if untouched
                else [],
            }
        )
    context = {
        "order": found,
        "lines": [row for row in lines if row["line"].to_ship],
        "address": address_rows(found, request.POST),
        "can_move": found.state == "paid" and bool(found.checkout.address),
        "can_pay_shipping": found.shipping_amount > 0
        and found.state in {"paid", "shipped", "received"},
        "values": request.POST,
    }
    return page(request, shop, "orders", "studio/change.html", context, problem)
