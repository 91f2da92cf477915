"""Paying what somebody asked for by a link or its code, and the receipt for it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.ratelimits import hit
from banyan.payments import actions as payments
from banyan.payments.access import get_request_by_code
from banyan.payments.models import PaymentRequest
from banyan.payments.problems import ProviderUnknown, RequestNotOpen
from banyan.payments.providers import get
from banyan.payments.queries import Method, methods_for

from ...http import actor, private, same_origin
from ...payments.going import Payer, go
from ...payments.views import REFUSALS
from ..people.sessions import client_address


@require_http_methods(["GET", "HEAD", "POST"])
@private
@same_origin
def payment_request(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is asked for; on POST go on to pay. Once it is paid, this is the receipt."""
    asked = get_request_by_code(code)
    payee = Shop.objects.get(pk=asked.payee_id)
    takes = takes_requests(payee)
    if request.method == "POST" and takes:
        return _pay(request, asked)
    is_open = takes and asked.state == "open" and clock.now() < asked.expires_at
    context = {
        "asked": asked,
        "payee": payee,
        "amount": Money(asked.amount, asked.currency),
        "refunded": Money(asked.refunded_amount, asked.currency),
        "is_open": is_open,
        "methods": _methods(asked) if is_open else [],
    }
    over = asked.state != "paid" and not is_open
    return render(request, "shop/orders/payment_request.html", context, status=410 if over else 200)


def takes_requests(shop: Shop) -> bool:
    """Tell whether a shop may be paid by request: an approved merchant's that is not suspended."""
    return shop.state == "open" and shop.kind == "merchant"


def _methods(asked: PaymentRequest) -> list[Method]:
    """Return the ways to pay that need no account: whoever has the link may pay."""
    found = methods_for(amount=Money(asked.amount, asked.currency), account_id=None)
    return [method for method in found if not get(method.provider).capabilities.internal]


def _pay(request: HttpRequest, asked: PaymentRequest) -> HttpResponse:
    hit(f"payment_request:{client_address(request)}", 30, 600)
    offered = [method.provider for method in _methods(asked)]
    chosen = request.POST.get("provider", "")
    try:
        if not offered:
            raise ProviderUnknown(detail=asked.currency)
        intent = payments.intent_for_request(
            actor=actor(request),
            request=asked,
            provider=chosen if chosen in offered else offered[0],
        )
        return redirect(go(request, Payer(intent)))
    except (*REFUSALS, ProviderUnknown, RequestNotOpen) as problem:
        messages.error(request, str(problem.message))
        return redirect("payment_request", asked.code)
