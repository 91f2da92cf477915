"""What providers call, and where payers come back to and wait.

Coming back proves nothing: whatever the address says, the provider itself is asked.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import segno
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.http import problem_document
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy, Problem
from banyan.payments import actions, providers
from banyan.payments.access import get_intent_behind, get_intent_by_token
from banyan.payments.models import Intent
from banyan.payments.ports import subject_page
from banyan.payments.problems import ForgedMessage, ProviderUnknown, UnreadableMessage
from banyan.payments.rules import OPEN
from banyan.web.http import actor, private

logger = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024
HEAD_START_S = 0.025  # a payer does not notice it; the message's request needs less to be let in


@csrf_exempt
@require_POST
def hook(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a provider's message. Answers what the provider wants to hear.

    401 forged, 404 no such provider, 413 too large, 422 unreadable: nothing is kept. Anything
    that goes wrong later is answered so that the provider sends it again.
    """
    try:
        if len(request.body) > MOST_BYTES:
            return HttpResponse(status=413)
        actions.receive_webhook(provider=provider, headers=dict(request.headers), body=request.body)
        accepted = True
    except (ForgedMessage, ProviderUnknown, UnreadableMessage) as problem:
        logger.warning("message for %s refused: %s", provider, problem)
        document = problem_document(problem, getattr(request, "request_id", ""))
        return JsonResponse(document, status=problem.status)
    except Problem as problem:
        logger.warning("message for %s not handled yet: %s", provider, problem)
        accepted = False
    answer = providers.get(provider).acknowledge(accepted=accepted)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


@require_safe
@private
def come_back(request: HttpRequest, token: str) -> HttpResponse:
    """Receive the payer from the provider's page: ask the provider, then lead on.

    Its message mostly comes at the same moment, so it gets a head start once: what is booked, or
    is being booked, needs no asking.
    """
    intent = _behind(token)
    if intent.state == "pending":
        time.sleep(HEAD_START_S)
        intent = _behind(token)
    if intent.state in OPEN:
        try:
            intent = actions.sync_known(actor=actor(request), intent=intent)
        except Problem as problem:
            # Whatever hinders us now, the message or the next check will tell the same.
            logger.warning("intent %s: not known at the return: %s", intent.pk, problem)
    return redirect(_onward(intent) or _waiting(intent))


def _behind(token: str) -> Intent:
    try:
        return get_intent_behind(token)
    except Busy:
        return get_intent_by_token(token)


@require_safe
@private
def wait(request: HttpRequest, token: str) -> HttpResponse:
    """Show how a payment stands; a code to scan or a script to run where the provider has one."""
    intent = get_intent_by_token(token)
    return render(request, "payments/wait.html", _context(request, intent))


@require_safe
@private
def state(request: HttpRequest, token: str) -> HttpResponse:
    """Tell how a payment stands, as JSON or as the fragment that the waiting page polls."""
    intent = get_intent_by_token(token)
    if not request.headers.get("hx-request"):
        return JsonResponse(
            {
                "state": intent.state,
                "settled": intent.state not in OPEN,
                "next": _onward(intent),
                "expires_at": intent.expires_at.isoformat(),
            }
        )
    onward = _onward(intent)
    if onward:
        return HttpResponse(headers={"HX-Redirect": onward})
    return render(request, "payments/wait_state.html", _context(request, intent))


def _onward(intent: Intent) -> str | None:
    """Return where the payer goes once there is nothing left to wait for, if there is a place."""
    return None if intent.state == "pending" else subject_page(intent)


def _waiting(intent: Intent) -> str:
    return reverse("payment_wait", args=[intent.token])


def _context(request: HttpRequest, intent: Intent) -> dict[str, Any]:
    attempt = intent.attempts.order_by("-number").first()
    action = attempt.action if attempt is not None and intent.state in OPEN else {}
    return {
        "intent": intent,
        "amount": Money(intent.amount, intent.currency),
        "waiting": intent.state == "pending",
        "again": intent.state in ("created", "failed"),
        "onward": subject_page(intent),
        "pay_url": action.get("url") if action.get("kind") == "redirect" else "",
        "code": _code(action["url"]) if action.get("kind") == "qr" else "",
        "client": action.get("params") if action.get("kind") == "client" else None,
        "client_template": f"payments/client_{intent.provider}.html",
    }


def _code(text: str) -> str:
    drawn = segno.make(text, error="m").svg_data_uri(scale=6, border=2)
    return mark_safe(drawn)  # noqa: S308 - an address that segno has encoded
