"""The buyer's refund pages: asking for one, following it, saying where it shall go."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.ids import new_code
from banyan.kernel.money import Money, no_amount
from banyan.kernel.problems import Invalid, Problem
from banyan.kernel.ratelimits import hit
from banyan.orders import actions as orders
from banyan.orders.access import get_order_for_buyer, get_refund_for
from banyan.orders.models import Order, OrderRefund
from banyan.payments.models import Refund
from banyan.payments.queries import destination_text, destinations_for, is_held
from banyan.payments.rules import TO_WALLET, Destinations

from ...http import actor, link_token, private
from .story import refund_entries, refund_state_text, refund_url


def _amount(text: str, order: Order) -> int:
    try:
        return Money.parse(text, order.currency).amount
    except (ValueError, ArithmeticError) as error:
        raise Invalid(fields={"amount": no_amount(order.currency)}) from error


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
    token = link_token(request)
    found = get_refund_for(actor(request), refund_id, token)
    return _refund_page(request, found, token)


def _refund_page(
    request: HttpRequest, found: OrderRefund, token: str, problem: Problem | None = None
) -> HttpResponse:
    who = actor(request)
    lines = {str(line.pk): line for line in found.order.lines.all()}
    sent = Refund.objects.select_related("intent").filter(pk=found.payment_refund_id or 0).first()
    buyer = found.order.checkout.buyer_id
    is_member = buyer is not None and who.id == buyer
    # Whoever holds a guest's link may see the refund, but not lead the money elsewhere.
    can = destinations_for(sent.intent) if sent and is_member else Destinations(False, False)
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
        "goes_to": destination_text(found.destination),
        "is_buyer": _holds_link(found, token) or is_member,
        "ways": _ways(can, request.POST.get("where", ""), back=sent is None or not is_held(sent)),
        "takes_account": can.elsewhere,
        "account": request.POST.get("destination", ""),
        "body": request.POST.get("body", ""),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    return render(
        request, "shop/orders/refund.html", context, status=problem.status if problem else 200
    )


def _holds_link(refund: OrderRefund, token: str) -> bool:
    return constant_time_compare(token, refund.order.checkout.access_token)


def _ways(can: Destinations, chosen: str, *, back: bool) -> list[dict[str, Any]]:
    """Return where the money may go; ``back`` tells whether it may go the way it was paid."""
    ways = [("back", _("The way I paid, once more"))] if back else []
    if can.wallet:
        ways.insert(0, (TO_WALLET, _("Credit here, at once")))
    if can.elsewhere:
        ways.append(("account", _("Another account")))
    first = chosen or next((value for value, _text in ways), "")
    return [{"value": v, "text": text, "checked": v == first} for v, text in ways]


@require_POST
@private
def refund_retry(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Say where a refund that could not be sent shall go: back, to credit, or to an account."""
    token, where = link_token(request), request.POST.get("where", "")
    found = get_refund_for(actor(request), refund_id, token)
    try:
        orders.retry_refund(
            actor=actor(request),
            refund_id=refund_id,
            destination=_destination(where, request.POST.get("destination", "")),
            access_token=token,
        )
    except Problem as problem:
        if problem.status not in {409, 422}:
            raise
        return _refund_page(request, found, token, problem)
    messages.success(request, _("Thank you. The money is on its way again."))
    return redirect(refund_url(found, token))


def _destination(where: str, account: str) -> str:
    if where == "back":
        return ""
    if where == TO_WALLET:
        return TO_WALLET
    if where != "account":
        raise Invalid(fields={"where": _("Choose one of these.")})
    if not account.strip() or account.strip() == TO_WALLET:
        raise Invalid(fields={"destination": _("Say where the money shall go.")})
    return account


@require_POST
@private
def refund_help(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Ask support where a failed refund can go."""
    token = link_token(request)
    found = get_refund_for(actor(request), refund_id, token)
    hit(f"refund_help:{refund_id}", 5, 3600)
    try:
        orders.ask_support(
            actor=actor(request),
            refund_id=refund_id,
            body=request.POST.get("body", ""),
            access_token=token,
        )
    except Problem as problem:
        if problem.status not in {409, 422}:
            raise
        return _refund_page(request, found, token, problem)
    messages.success(request, _("Support has your message and will contact you."))
    return redirect(refund_url(found, token))
