"""The buyer's pages: one purchase, all purchases, finding one again, refunds."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.rules import IN_PARCELS
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Invalid
from banyan.kernel.ratelimits import hit
from banyan.market.queries import disputes_of
from banyan.media.queries import pictures
from banyan.notify.models import PushKey
from banyan.notify.webpush import current_key
from banyan.orders import actions as orders
from banyan.orders.access import (
    get_checkout_by_token,
    visible_checkouts,
)
from banyan.orders.actions.asking import can_return
from banyan.orders.actions.cancelling import cancellable
from banyan.orders.models import Checkout, Order, OrderLine
from banyan.orders.ports import holds_on
from banyan.orders.queries import entity_of, lines_of, refunds_of, shown_images
from banyan.payments import actions as payments
from banyan.payments.models import Intent
from banyan.payments.queries import in_review, may_be_paid
from banyan.people.rules.written import written_address
from banyan.standing.queries import reviews_of

from ...http import actor, number, private, signed_in
from ...once import led_to, name_of
from ...streams import ticket
from ..campaigns.brought import brought
from ..market.cards import product_url
from ..people.sessions import client_address
from ..trade.disputes import open_dispute_url
from .checkout import go_to_payment, leave_cart
from .delivered import bought_rows
from .explaining import delivery_text
from .return_words import return_state, return_url
from .story import (
    document_rows,
    hidden_on,
    hold_text,
    order_entries,
    parcel_rows,
    path_edges,
    price_rows,
    receipt_rows,
    refund_state_text,
    refund_url,
    shared_path,
    state_text,
)
from .way_back import kept

PAGE = 20


def _address_line(address: dict[str, str]) -> str:
    return ", ".join(written_address(address, get_language() or "en"))


def _order_rows(checkout: Checkout, token: str, viewer: Actor) -> list[dict[str, Any]]:
    found = list(checkout.orders.select_related("shop").order_by("id"))
    lines = lines_of(found)
    images = shown_images(line.product_id for group in lines.values() for line in group)
    shown = pictures(list(images.values()))
    got = bought_rows(line for group in lines.values() for line in group)
    reviewed = reviews_of(line.pk for group in lines.values() for line in group)
    disputes = disputes_of(order.pk for order in found)
    held = holds_on(x for order in found if order.state == "paid" for x in lines[order.pk])
    hidden = hidden_on((line for group in lines.values() for line in group), viewer)
    rows = []
    for order in found:
        refunds = list(refunds_of(order))
        left = order.total_amount - order.refunded_amount
        complain, complaint = open_dispute_url(order, disputes.get(order.pk, []), token)
        rows.append(
            {
                "order": order,
                "state": state_text(order.state, lines[order.pk]),
                "hold": hold_text(lines[order.pk], held),
                "delivery": delivery_text(order),
                "lines": [
                    {
                        "line": line,
                        "picture": shown.get(images.get(line.product_id, 0)),
                        "total": Money(line.goods_amount - line.discount_amount, line.currency),
                        "price": price_rows(line),
                        "url": _goods_url(line),
                        "got": got.get(line.pk),
                        "review": reviewed.get(line.pk),
                        "may_review": order.state == "received"
                        and line.shipped_quantity > 0
                        and line.replaces_id is None
                        and line.pk not in reviewed,
                    }
                    for line in lines[order.pk]
                ],
                "path": shared_path(lines[order.pk], hidden),
                "edges": path_edges(order, lines[order.pk], hidden),
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
                "complain_url": complain,
                "complaint_url": complaint,
                "can_confirm": order.state == "shipped",
                "can_extend": order.state == "shipped" and not order.confirm_extended,
                **_cancelling(order),
                "cancel_key": new_code(80),
                "parcels": parcel_rows(order),
                "can_return": can_return(order),
                "documents": document_rows(order, token),
                "paid": order.paid_at is not None,
                "has_papers": order.paid_at is not None and entity_of(order.shop_id) is not None,
                "returns": [
                    {"url": return_url(r, token), "found": r, "state": return_state(r.state)}
                    for r in order.returns.order_by("-id")
                ],
                "notes": order.notes.select_related("author").order_by("id"),
            }
        )
    return rows


def _cancelling(order: Order) -> dict[str, bool]:
    """Tell whether something can be cancelled, and whether it goes to an address."""
    left = [line for line in cancellable(order) if line.to_ship]
    sends = any(line.kind in IN_PARCELS for line in left)
    return {"can_cancel": bool(left), "can_move": sends}


def _goods_url(line: OrderLine) -> str:
    product = line.variant.product
    on_sale = product.state == "active" and product.shop.state == "open"
    return product_url(product) if on_sale else ""


def _headline(checkout: Checkout, rows: list[dict[str, Any]], *, free: bool) -> str:
    """Say where the whole purchase stands: what all its orders have in common, else the payment.

    ``free``: nothing was charged for what has ended.
    """
    if free:
        return {
            "expired": _("Expired, nothing was charged"),
            "cancelled": _("Cancelled, nothing was charged"),
        }[checkout.state]
    states = {row["order"].state for row in rows}
    if len(states) == 1 and states != {"paid"}:
        return state_text(states.pop())
    return _("Thank you. It is paid.") if checkout.state == "paid" else state_text(checkout.state)


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
    return _page(request, token, checkout)


def _page(
    request: HttpRequest, token: str, checkout: Checkout, refused: dict[int, Invalid] | None = None
) -> HttpResponse:
    """Draw the page; ``refused`` is what was wrong with a message about an order, by its id."""
    intent = Intent.objects.filter(pk=checkout.intent_id or 0).first()
    looked_into = intent is not None and in_review(intent)
    sent_back = intent is not None and intent.state == "captured_unplaced"
    unsure = intent is not None and not looked_into and may_be_paid(intent)
    lapsed = checkout.state in {"expired", "cancelled"}
    rows = _order_rows(checkout, token, actor(request))
    context = {
        "nav": "orders",
        "checkout": checkout,
        "token": token,
        "state": _headline(
            checkout, rows, free=lapsed and not (looked_into or sent_back or unsure)
        ),
        "lapsed": lapsed,
        "unsure": unsure,
        "rows": rows,
        "brought": brought(request, checkout, [row["order"] for row in rows]),
        "sums": receipt_rows(checkout, [x["line"] for row in rows for x in row["lines"]]),
        "total": Money(checkout.total_amount, checkout.currency),
        "address": _address_line(checkout.address),
        "intent": intent,
        "waiting": checkout.state == "placed" and not looked_into,
        "in_review": looked_into,
        "sent_back": sent_back,
        "path": next((row["path"] for row in rows if row["path"]), []),
        "edges": next((row["edges"] for row in rows if row["edges"]), []),
        "guest": checkout.buyer_id is None,
        "live": ticket(request, f"checkout:{checkout.pk}"),
        "way_back": kept(request, checkout),
        "push": _push_of(actor(request), checkout),
        "refused": {pk: problem.fields.get("body", "") for pk, problem in (refused or {}).items()},
        "typed": request.POST.get("body", ""),
    }
    status = 422 if refused else 200
    return render(request, "shop/orders/purchase.html", context, status=status)


def _push_of(who: Actor, checkout: Checkout) -> PushKey | None:
    """Return what a browser needs to tell its owner of this purchase; None where none may ask."""
    paid = who.id is not None and checkout.buyer_id == who.id and checkout.state == "paid"
    return current_key() if paid else None


@require_POST
@private
def purchase_pay(request: HttpRequest, token: str) -> HttpResponse:
    """Go to the payment page (again)."""
    found = get_checkout_by_token(token)
    lines = lines_of(found.orders.all())
    leave_cart(request, {x.variant_id: x.quantity for group in lines.values() for x in group})
    return go_to_payment(request, found)


@require_POST
@private
def purchase_cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Give up an unpaid purchase."""
    checkout = get_checkout_by_token(token)
    orders.cancel_checkout(actor=actor(request), checkout_id=checkout.pk, access_token=token)
    messages.success(request, _("The order is cancelled."))
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
def order_cancel(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Cancel what is not sent of a paid order; the money goes back at once."""
    refund = orders.cancel_order(
        actor=actor(request),
        order_id=order_id,
        key=f"cancel:{order_id}:{request.POST.get('key', '')}"[:80],
        access_token=token,
    )
    if refund is None:
        messages.success(request, _("The order is cancelled. Nothing was charged."))
    else:
        amount = format_money(Money(refund.amount, refund.currency))
        messages.success(
            request, _("It is cancelled. %(amount)s is on its way back.") % {"amount": amount}
        )
    return redirect("purchase", token)


@require_POST
@private
def order_extend(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Put the automatic confirmation of receipt off."""
    orders.extend_receipt(actor=actor(request), order_id=order_id, access_token=token)
    messages.success(request, _("You have three days more."))
    return redirect("purchase", token)


@require_POST
@private
def order_note(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Write to the shop about an order; what is refused comes back with its words."""
    who, body = actor(request), request.POST.get("body", "")

    def write() -> str:
        orders.write_note(actor=who, order_id=order_id, body=body, access_token=token)
        return reverse("purchase", args=[token])

    try:
        return redirect(led_to(request, name_of(request) if who.id else "", write))
    except Invalid as problem:
        return _page(request, token, get_checkout_by_token(token), {order_id: problem})


@require_safe
@private
@signed_in
def orders_mine(request: HttpRequest) -> HttpResponse:
    """List the member's purchases, newest first."""
    before = number(request.GET, "before")
    rows = visible_checkouts(actor(request))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.prefetch_related("orders__shop", "orders__lines")[: PAGE + 1])
    images = shown_images(
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
    typed = {name: request.POST.get(name, "") for name in ("number", "contact")}
    context = {"nav": "orders", **typed, "sent": False}
    if request.method == "POST":
        hit(f"find:{client_address(request)}", 10, 600)
        orders.send_order_link(**typed)
        context["sent"] = True
    return render(request, "shop/orders/find.html", context)
