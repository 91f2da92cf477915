"""Where an order goes, changed until something of it is sent: shown first, then done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.kernel.ids import new_code
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Problem
from banyan.orders import actions as orders
from banyan.orders.access import get_order_for_buyer
from banyan.orders.models import Order
from banyan.people.rules import address_form

from ...http import actor, private

FIELDS = ("recipient", "phone", "street", "level3", "level2", "postcode")


def address_texts() -> dict[str, str]:
    """Return what the parts of an address are called that can be changed."""
    return {
        "recipient": _("Recipient"),
        "phone": _("Phone"),
        "street": _("Street and house"),
        "level3": _("District"),
        "level2": _("City"),
        "postcode": _("Postcode"),
    }


def address_rows(order: Order, posted: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (name, label, value) of the fields that this order's address has, as in its form.

    None where nothing of it is sent.
    """
    now = order.checkout.address
    if not now:
        return []
    return [
        (field.name, field.label, str(posted.get(field.name, now[field.name])))
        for field in address_form(now["country"])
        if field.name in FIELDS and field.name in now
    ]


def preview_rows(shown: orders.Preview, currency: str) -> list[tuple[str, str, str]]:
    """Return (label, old, new) of everything that a change would make different."""
    texts = address_texts() | {
        "title": _("Goods"),
        "quantity": _("Quantity"),
        "shipping": _("Shipping"),
    }
    rows = []
    for name in shown.after:
        old, new = shown.before.get(name, ""), shown.after[name]
        if old == new:
            continue
        if name == "shipping":
            old, new = (format_money(Money(int(each), currency)) for each in (old, new))
        rows.append((texts.get(name, name), str(old), str(new)))
    return rows


@require_http_methods(["GET", "HEAD", "POST"])
@private
def order_address(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Change street, name or telephone of an order that is not sent yet."""
    who = actor(request)
    order = get_order_for_buyer(who, order_id, token)
    shown: orders.Preview | None = None
    problem: Problem | None = None
    if request.method == "POST":
        given = {name: request.POST[name] for name in FIELDS if name in request.POST}
        wish = orders.Wish("address", address=given)
        try:
            if request.POST.get("do") == "confirm":
                orders.confirm_change(
                    actor=who,
                    order_id=order.pk,
                    wish=wish,
                    fingerprint=request.POST.get("fingerprint", ""),
                    key=f"change:{order.pk}:{request.POST.get('key', '')}"[:80],
                    access_token=token,
                )
                messages.success(request, _("The order is changed."))
                return redirect("purchase", token)
            shown = orders.preview_change(
                actor=who, order_id=order.pk, wish=wish, access_token=token
            )
        except Problem as refused:
            if refused.status not in {409, 422}:
                raise
            problem = refused
    context = {
        "nav": "orders",
        "order": order,
        "token": token,
        "fields": address_rows(order, request.POST),
        "rows": preview_rows(shown, order.currency) if shown else [],
        "shown": shown,
        "key": new_code(80),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = 422 if problem else 200
    return render(request, "shop/orders/address.html", context, status=status)
