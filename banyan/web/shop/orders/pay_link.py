"""Paying somebody else's purchase, or one's own in another browser, by a link or its code.

Whoever has the link sees what is paid, for whom (a first name) and how long it waits; nothing of
the buyer's pages, address or contact. Nothing is set or asked before Pay.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.money import Money
from banyan.kernel.problems import Problem
from banyan.kernel.ratelimits import hit
from banyan.orders.models import Checkout, OrderLine
from banyan.payments import actions as payments
from banyan.payments.access import get_intent_by_link
from banyan.payments.models import Intent
from banyan.payments.rules import OPEN

from ...http import actor, private, same_origin
from ...payments.device import Way, way_to_pay
from ...payments.going import Payer, go
from ...payments.views import REFUSALS
from ...payments.waiting import attempt_of, waiting_context
from ..people.sessions import client_address

logger = logging.getLogger(__name__)

MOST_LINES = 20


def first_name(recipient: str) -> str:
    """Return the given name: the first word; of a Chinese name all but the surname."""
    words = recipient.split()
    if len(words) != 1:
        return words[0] if words else ""
    whole = words[0]
    chinese = all("\u4e00" <= letter <= "\u9fff" for letter in whole)
    if not chinese or len(whole) == 1:
        return whole
    return whole[2:] if len(whole) > 3 else whole[1:]


def _what(intent: Intent) -> dict[str, Any]:
    """Return the goods and the first name behind a payment. Two statements."""
    if intent.subject_kind != "checkout":
        return {"goods": [], "whom": ""}
    checkout = Checkout.objects.get(pk=intent.subject_id)
    lines = OrderLine.objects.filter(order__checkout=checkout).order_by("id")[:MOST_LINES]
    return {
        "goods": [(line.title, line.quantity) for line in lines],
        "whom": first_name(checkout.address.get("recipient", "")),
    }


@require_safe
@private
def pay_link(request: HttpRequest, code: str) -> HttpResponse:
    """Show what the link pays; 410 and the reason once there is nothing left to pay."""
    payer = Payer(get_intent_by_link(code), code)
    intent = payer.intent
    alive = _alive(intent)
    context = {
        **_what(intent),
        "intent": intent,
        "amount": Money(intent.amount, intent.currency),
        "alive": alive,
        "elsewhere": alive and way_to_pay(request, intent.provider) == Way.ELSEWHERE,
        "code": code,
        "here": request.build_absolute_uri(request.path),
    }
    status = 200 if alive else 410
    return render(request, "shop/orders/pay_link.html", context, status=status)


def _alive(intent: Intent) -> bool:
    try:
        payments.require_open(intent)
    except Problem:
        return False
    return True


@require_POST
@private
@same_origin
def pay_link_go(request: HttpRequest, code: str) -> HttpResponse:
    """Go on to pay with what suits this browser."""
    hit(f"pay_link:{client_address(request)}", 30, 600)
    payer = Payer(get_intent_by_link(code), code)
    if not _alive(payer.intent):
        return redirect("pay_link", code)
    try:
        return redirect(go(request, payer))
    except REFUSALS as problem:
        messages.error(request, str(problem.message))
        return redirect("pay_link", code)


@require_safe
@private
def pay_link_wait(request: HttpRequest, code: str) -> HttpResponse:
    """Show how it stands for this payer: a code to scan, a script to run, or the end."""
    payer = Payer(get_intent_by_link(code), code)
    return render(request, "payments/wait.html", waiting_context(request, payer, _lane(request)))


@require_safe
@private
def pay_link_state(request: HttpRequest, code: str) -> HttpResponse:
    """Return the fragment that the waiting page polls."""
    payer = Payer(get_intent_by_link(code), code)
    context = waiting_context(request, payer, _lane(request))
    return render(request, "payments/wait_state.html", context)


@require_safe
@private
def pay_link_back(request: HttpRequest, code: str, lane: str = "") -> HttpResponse:
    """Receive the payer from the provider's page: ask the provider, then show how it stands."""
    intent = get_intent_by_link(code)
    payer, lane = Payer(intent, code), lane[:40] or _lane(request)
    attempt = attempt_of(payer, lane)
    if intent.state in OPEN or (attempt is not None and not attempt.outcome):
        try:
            payments.sync_known(actor=actor(request), intent=intent)
        except Problem as problem:
            # Whatever hinders us now, the message or the next check will tell the same.
            logger.warning("intent %s: not known at the return: %s", intent.pk, problem)
    return redirect(payer.checking_page(lane))


def _lane(request: HttpRequest) -> str:
    return request.GET.get("lane", "")[:40]
