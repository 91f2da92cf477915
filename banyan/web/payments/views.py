"""What providers call, and where payers come back to and wait.

Coming back proves nothing: whatever the address says, the provider itself is asked.
"""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.http import problem_document
from banyan.kernel.problems import Busy, Problem
from banyan.payments import actions, providers
from banyan.payments.access import get_intent_behind, get_intent_by_token
from banyan.payments.arrivals import awaited
from banyan.payments.models import Intent
from banyan.payments.ports import subject_page
from banyan.payments.problems import (
    ForgedMessage,
    LinkNotOffered,
    PayerNotKnown,
    PaymentClosed,
    PaymentInReview,
    ProviderRefused,
    ProviderUnknown,
    ProviderUnreachable,
    UnreadableMessage,
)
from banyan.payments.rules import OPEN, Fate
from banyan.web.http import actor, private

from .going import Payer, go, start
from .identity import asking, taken
from .waiting import attempt_of, fate, waiting_context

logger = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024
REFUSALS = (PaymentClosed, PaymentInReview, ProviderRefused, ProviderUnreachable)
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
def come_back(request: HttpRequest, token: str, lane: str = "") -> HttpResponse:
    """Receive the payer from the provider's page: ask the provider, then lead on.

    Its message mostly comes at the same moment, so it gets a head start once, as long as it needs:
    what is booked, or is being booked, needs no asking. Only where this process does not book it
    in that time is it read behind whoever else does, which locks the payment for a moment.
    """
    with awaited(token) as booked:
        intent = get_intent_by_token(token)
        if intent.state == "pending":
            known = booked.wait(HEAD_START_S)
            intent = get_intent_by_token(token) if known else _behind(token)
    lane = lane[:40]
    mine = attempt_of(Payer(intent), lane) if intent.link_code or lane else None
    if intent.state in OPEN or (mine is not None and not mine.outcome):
        try:
            intent = actions.sync_known(actor=actor(request), intent=intent)
        except Problem as problem:
            # Whatever hinders us now, the message or the next check will tell the same.
            logger.warning("intent %s: not known at the return: %s", intent.pk, problem)
    if mine is not None and fate(intent, attempt_of(Payer(intent), lane)) == Fate.SECOND:
        messages.warning(
            request,
            _("Somebody else had paid this a moment before. Your payment is sent back in full."),
        )
    return redirect(_onward(intent) or Payer(intent).checking_page(lane))


def _behind(token: str) -> Intent:
    try:
        return get_intent_behind(token)
    except Busy:
        return get_intent_by_token(token)


@require_safe
@private
def wait(request: HttpRequest, token: str) -> HttpResponse:
    """Show how a payment stands; a code to scan or a script to run where the provider has one."""
    payer = Payer(get_intent_by_token(token))
    return render(request, "payments/wait.html", waiting_context(request, payer, _lane(request)))


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
    context = waiting_context(request, Payer(intent), _lane(request))
    return render(request, "payments/wait_state.html", context)


@require_POST
@private
def pay_again(request: HttpRequest, token: str) -> HttpResponse:
    """Go on to pay, with what suits this browser now."""
    return _gone(request, Payer(get_intent_by_token(token)))


@require_POST
@private
def make_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the buyer the link by which any browser, or a friend, can pay."""
    intent = get_intent_by_token(token)
    try:
        actions.open_link(actor=actor(request), intent=intent)
    except (LinkNotOffered, PaymentClosed) as problem:
        messages.error(request, str(problem.message))
    return redirect(_waiting(intent))


@require_safe
@private
def identify(request: HttpRequest, provider: str) -> HttpResponse:
    """Receive the payer from the app that says who pays, and start the payment.

    What is in the address proves nothing by itself: the state must be of this session and unused,
    and the code is shown to the app's own server.
    """
    adapter = asking(provider)
    token, link = taken(request, provider)
    payer = Payer.known_by(token="" if link else token, link=link)
    if payer.intent.provider != provider:
        raise PayerNotKnown(detail="the payment goes another way")
    try:
        payer_ref = adapter.payer_of(request.GET.get("code", "")[:200])
        url = start(request, payer, {"channel": "in_app", "payer_ref": payer_ref})
    except REFUSALS as problem:
        messages.error(request, str(problem.message))
        return redirect(payer.page())
    return redirect(url)


def _gone(request: HttpRequest, payer: Payer) -> HttpResponse:
    try:
        return redirect(go(request, payer))
    except REFUSALS as problem:
        messages.error(request, str(problem.message))
        return redirect(payer.page())


def _onward(intent: Intent) -> str | None:
    """Return where the payer goes once there is nothing left to wait for, if there is a place."""
    waits = intent.state == "pending" or (intent.state in OPEN and intent.link_code)
    return None if waits else subject_page(intent)


def _waiting(intent: Intent) -> str:
    return reverse("payment_wait", args=[intent.token])


def _lane(request: HttpRequest) -> str:
    return request.GET.get("lane", "")[:40]
