"""Today: what came in, who brought it, and how it travelled."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.catalog.access import MANAGERS, works_in
from banyan.catalog.actions import ask_again
from banyan.catalog.models import Shop
from banyan.catalog.queries import last_decision
from banyan.earnings.queries import promised
from banyan.kernel.money import Money
from banyan.orders.access import visible_orders
from banyan.orders.finding import waiting_for
from banyan.orders.models import Order, OrderRefund

from ..http import actor, private, signed_in
from ..streams import ticket
from . import figures
from .room import page, shop_of


@require_safe
@private
@signed_in
def today(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show the day; ``?part=now`` and ``?part=travel`` answer what refreshes itself."""
    shop = shop_of(request, shop_slug)
    orders = visible_orders(actor(request), shop.pk)
    live = {"shop": shop, "live": ticket(request, f"shop:{shop.pk}")}
    part = request.GET.get("part", "")
    if part == "travel":
        return render(
            request,
            "studio/today_travel.html",
            live
            | {"manages": works_in(actor(request), shop.pk, MANAGERS)}
            | figures.report(shop, orders, viewer=actor(request)),
        )
    now = live | _now(shop, orders)
    if part == "now":
        return render(request, "studio/today_now.html", now)
    told = now | {
        "decision": last_decision(shop) if shop.state == "refused" else "",
        "licence": settings.SHOP_LICENCE,
    }
    return page(
        request,
        shop,
        "today",
        "studio/today.html",
        told | figures.report(shop, orders, viewer=actor(request)),
    )


def _now(shop: Shop, orders: QuerySet[Order]) -> dict[str, Any]:
    owed = {each.currency: each for each in promised(shop.pk)}
    none = Money(0, shop.currency)
    return figures.today(shop, orders) | {
        "promised": [owed[x].amount for x in figures.own_first(owed, shop.currency)] or [none],
        "promises": sum(each.commissions for each in owed.values()),
        "to_ship": waiting_for(orders, "paid").count(),
        "asked": OrderRefund.objects.filter(order__shop=shop, state="requested").count(),
    }


@require_POST
@private
@signed_in
def approval(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Ask for approval once more."""
    shop = shop_of(request, shop_slug, ("owner",))
    ask_again(actor=actor(request), shop_id=shop.pk)
    messages.success(request, _("Your shop waits for approval again."))
    return redirect("studio_today", shop.slug)
