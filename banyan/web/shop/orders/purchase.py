"""The buyer's pages: one purchase, all purchases, finding one again, refunds."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, Problem
from banyan.kernel.ratelimits import hit
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.orders.access import (
    get_checkout_by_token,
    get_order_for_buyer,
    get_refund_for,
    visible_checkouts,
)
from banyan.orders.models import Checkout, Order
from banyan.orders.queries import first_images, lines_of, refunds_of
from banyan.payments import actions as payments
from banyan.payments.models import Intent, Refund

from ...http import actor, private, signed_in
from .checkout import go_to_payment
from .story import (
    order_entries,
    path_edges,
    receipt_rows,
    refund_entries,
    refund_state_text,
    refund_url,
    shared_path,
    state_text,
)

PAGE = 20


def _client(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _address_line(address: dict[str, str]) -> str:
    order = ("recipient", "phone", "level1", "level2", "level3", "street", "postcode", "country")
    return ", ".join(address[name] for name in order if address.get(name))


def _order_rows(checkout: Checkout, token: str) -> list[dict[str, Any]]:
    found = list(checkout.orders.select_related("shop").order_by("id"))
    lines = lines_of(found)
    images = first_images(line.product_id for group in lines.values() for line in group)
    shown = pictures(list(images.values()))
    rows = []
    for order in found:
        refunds = list(refunds_of(order))
        left = order.total_amount - order.refunded_amount
        rows.append(
            {
                "order": order,
                "state": state_text(order.state),
                "lines": [
                    {
                        "line": line,
                        "picture": shown.get(images.get(line.product_id, 0)),
                        "total": Money(line.goods_amount - line.discount_amount, line.currency),
                    }
                    for line in lines[order.pk]
                ],
                "path": shared_path(lines[order.pk]),
                "edges": path_edges(order, lines[order.pk]),
                "entries": order_entries(order, refunds, token),
                "refunds": [
                    {
                        "url": refund_url(r, token),
                        "amount": Money(r.amount, r.currency),
                        "state": refund_state_text(r.state),
                    }
                    for r in refunds
                ],
                "left": Money(left, order.currency),
                "can_ask": order.state in {"paid", "shipped", "received"} and left > 0,
                "can_confirm": order.state == "shipped",
                "notes": order.notes.select_related("author").order_by("id"),
            }
        )
    return rows


@require_safe
@private
def purchase(request: HttpRequest, token: str) -> HttpResponse:
    """Show one purchase to whoever holds its link; the way back from the payment page too.

    Coming back from the provider proves nothing, so the provider is asked while the purchase
    still waits for its money.
    """
    checkout = get_checkout_by_token(token)
    if checkout.state == "placed" and checkout.intent_id and "payment" in request.GET:
        payments.sync(actor=actor(request), intent_id=checkout.intent_id)
        return redirect("purchase", token)
    intent = Intent.objects.filter(pk=checkout.intent_id or 0).first()
    rows = _order_rows(checkout, token)
    context = {
        "nav": "orders",
        "checkout": checkout,
        "token": token,
        "state": state_text(checkout.state),
        "rows": rows,
        "sums": receipt_rows(checkout),
        "total": Money(checkout.total_amount, checkout.currency),
        "address": _address_line(checkout.address),
        "intent": intent,
        "waiting": checkout.state == "placed",
        "sent_back": intent is not None and intent.state == "captured_unplaced",
        "path": next((row["path"] for row in rows if row["path"]), []),
        "edges": next((row["edges"] for row in rows if row["edges"]), []),
        "guest": checkout.buyer_id is None,
    }
    return render(request, "shop/orders/purchase.html", context)


@require_POST
@private
def purchase_pay(request: HttpRequest, token: str) -> HttpResponse:
    """Go to the payment page (again)."""
    return go_to_payment(request, get_checkout_by_token(token))


@require_POST
@private
def purchase_cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Give up an unpaid purchase."""
    checkout = get_checkout_by_token(token)
    orders.cancel_checkout(actor=actor(request), checkout_id=checkout.pk, access_token=token)
    messages.success(request, _("The order is cancelled. Nothing was charged."))
    return redirect("purchase", token)


@require_POST
@private
def order_received(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Confirm the parcel."""
    orders.confirm_receipt(actor=actor(request), order_id=order_id, access_token=token)
    messages.success(request, _("Thank you. The shop knows it arrived."))
    return redirect("purchase", token)


@require_POST
@private
def order_note(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Write to the shop about an order."""
    orders.write_note(
        actor=actor(request),
        order_id=order_id,
        body=request.POST.get("body", ""),
        access_token=token,
    )
    return redirect("purchase", token)


def _amount(text: str, order: Order) -> int:
    try:
        return Money.parse(text, order.currency).amount
    except (ValueError, ArithmeticError) as error:
        raise Invalid(fields={"amount": _("Enter an amount such as 12.50.")}) from error


@require_http_methods(["GET", "HEAD", "POST"])
@private
def refund_ask(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Ask for money back, with the whole of what is left filled in."""
    who = actor(request)
    order = get_order_for_buyer(who, order_id, token)
    left = Money(order.total_amount - order.refunded_amount, order.currency)
    context: dict[str, Any] = {
        "nav": "orders",
        "order": order,
        "token": token,
        "left": left,
        "amount": request.POST.get("amount", str(left.decimal)),
        "reason": request.POST.get("reason", ""),
        "key": request.POST.get("key") or new_code(80),
        "errors": {},
    }
    if request.method == "POST":
        try:
            refund = orders.ask_refund(
                actor=who,
                order_id=order.pk,
                amount=_amount(context["amount"], order),
                reason=context["reason"],
                key=f"ask:{order.pk}:{context['key']}"[:80],
                access_token=token,
            )
        except Problem as problem:
            if problem.status not in {409, 422}:
                raise
            context |= {"problem": problem, "errors": problem.fields}
            return render(request, "shop/orders/refund_ask.html", context, status=422)
        return redirect(refund_url(refund, token))
    return render(request, "shop/orders/refund_ask.html", context)


@require_safe
@private
def refund(request: HttpRequest, refund_id: int) -> HttpResponse:
    """The one page of a refund, alike for guest, member, merchant and support."""
    who, token = actor(request), request.GET.get("o", "")
    found = get_refund_for(who, refund_id, token)
    lines = {str(line.pk): line for line in found.order.lines.all()}
    sent = Refund.objects.filter(pk=found.payment_refund_id or 0).first()
    context = {
        "nav": "orders",
        "refund": found,
        "order": found.order,
        "token": token,
        "amount": Money(found.amount, found.currency),
        "state": refund_state_text(found.state),
        "parts": [
            (lines[part["line"]].title, Money(int(part["amount"]), found.currency))
            for part in found.lines
            if part["line"] in lines
        ],
        "sent": sent,
        "entries": refund_entries(found),
        "is_buyer": bool(token) or who.id == found.order.checkout.buyer_id,
    }
    return render(request, "shop/orders/refund.html", context)


@require_POST
@private
def refund_retry(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Name another destination for a refund that could not be sent."""
    token = request.POST.get("o", "")
    found = orders.retry_refund(
        actor=actor(request),
        refund_id=refund_id,
        destination=request.POST.get("destination", ""),
        access_token=token,
    )
    return redirect(refund_url(found, token))


@require_safe
@private
@signed_in
def orders_mine(request: HttpRequest) -> HttpResponse:
    """List the member's purchases, newest first."""
    before = request.GET.get("before", "")
    rows = visible_checkouts(actor(request))
    if before.isdigit():
        rows = rows.filter(pk__lt=int(before))
    page = list(rows.prefetch_related("orders__shop", "orders__lines")[: PAGE + 1])
    images = first_images(
        line.product_id for c in page for o in c.orders.all() for line in o.lines.all()
    )
    shown = pictures(list(images.values()))
    context = {
        "nav": "orders",
        "purchases": [_summary(c, images, shown) for c in page[:PAGE]],
        "more_url": f"?before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
    }
    return render(request, "shop/orders/list.html", context)


def _summary(checkout: Checkout, images: dict[int, int], shown: dict[int, Any]) -> dict[str, Any]:
    found = list(checkout.orders.all())
    lines = [line for order in found for line in order.lines.all()]
    states = {order.state for order in found}
    return {
        "checkout": checkout,
        "shops": ", ".join(order.shop.name for order in found),
        "title": lines[0].title if lines else "",
        "more": len(lines) - 1,
        "picture": shown.get(images.get(lines[0].product_id, 0)) if lines else None,
        "state": state_text(states.pop() if len(states) == 1 else checkout.state),
        "total": Money(checkout.total_amount, checkout.currency),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@private
def order_find(request: HttpRequest) -> HttpResponse:
    """Find a guest's order again: by its number and the contact given with it.

    The link is sent to that contact; the page says the same whether or not there is such an
    order, so it tells nobody who bought what.
    """
    context = {"nav": "orders", "number": request.POST.get("number", ""), "sent": False}
    if request.method == "POST":
        hit(f"find:{_client(request)}", 10, 600)
        orders.send_order_link(
            number=request.POST.get("number", ""), contact=request.POST.get("contact", "")
        )
        context["sent"] = True
    return render(request, "shop/orders/find.html", context)
