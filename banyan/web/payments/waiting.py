"""The page on which a payer waits, scans or runs a script; for buyers and for who pays by link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import segno
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import mark_safe

from banyan.kernel.money import Money
from banyan.payments import providers
from banyan.payments.models import Attempt, Intent
from banyan.payments.ports import subject_page
from banyan.payments.reading import attempts_of
from banyan.payments.rules import BY_LINK, OPEN, Fate, fate_of

from ..streams import ticket
from .going import CAME_BACK, Payer


def attempt_of(payer: Payer, lane: str) -> Attempt | None:
    """Return the latest attempt of a lane; without one, the latest of this kind of payer."""
    tried = [
        one
        for one in attempts_of(payer.intent.pk)
        if (one.lane.partition(":")[0] == BY_LINK) == bool(payer.link)
    ]
    return next((one for one in tried if one.lane == lane), tried[0] if tried else None)


def fate(intent: Intent, attempt: Attempt | None) -> Fate:
    """Return what became of whoever waits for ``attempt``."""
    return fate_of(
        state=intent.state,
        captured_ref=intent.provider_ref,
        provider_ref=attempt.provider_ref if attempt else "",
        outcome=attempt.outcome if attempt else "",
    )


def waiting_context(request: HttpRequest, payer: Payer, lane: str) -> dict[str, Any]:
    """Return what payments/wait.html needs. One statement, and the subject's."""
    intent = payer.intent
    attempt = attempt_of(payer, lane)
    going_on = attempt is not None and not attempt.outcome and intent.state in OPEN
    action = attempt.action if attempt is not None and going_on else {}
    # An address that runs out is not linked to: Pay is pressed again, for a fresh one.
    runs_out = bool(action.get("good_until"))
    can = providers.get(intent.provider).capabilities
    name = "pay_link_state" if payer.link else "payment_state"
    key = payer.link or intent.token
    to_link = intent.link_code if intent.state in OPEN and not payer.link else ""
    link_url = request.build_absolute_uri(reverse("pay_link", args=[to_link])) if to_link else ""
    return {
        "intent": intent,
        "amount": Money(intent.amount, intent.currency),
        "fate": fate(intent, attempt),
        "waiting": intent.state in OPEN,
        "again": intent.state in ("created", "failed")
        and not going_on
        and not to_link
        and fate(intent, attempt) != Fate.REVIEW,
        "onward": None if payer.link else subject_page(intent),
        "pay_url": action.get("url") if action.get("kind") == "redirect" and not runs_out else "",
        "runs_out": runs_out,
        "code": drawn(action["url"]) if action.get("kind") == "qr" else "",
        "came_back": CAME_BACK in request.GET,
        "client": action.get("params") if action.get("kind") == "client" else None,
        "client_template": f"payments/client_{intent.provider}.html",
        "state_url": f"{reverse(name, args=[key])}?{urlencode({'lane': lane})}",
        "return_url": payer.way_back(lane),
        "by_link": bool(payer.link),
        "live": _live(request, payer),
        "page": payer.page(),
        "link_url": link_url,
        "link_code": drawn(link_url) if link_url else "",
        "offers_link": not (payer.link or to_link or can.internal or can.needs_account)
        and intent.state in OPEN,
    }


def _live(request: HttpRequest, payer: Payer) -> str:
    """Return a ticket for what the buyer waits for, where the stream knows it."""
    intent = payer.intent
    if payer.link or intent.subject_kind != "checkout" or intent.state not in OPEN:
        return ""
    return ticket(request, f"checkout:{intent.subject_id}")


def drawn(text: str) -> str:
    """Return a code to scan as a data URI."""
    code = segno.make(text, error="m").svg_data_uri(scale=6, border=2)
    return mark_safe(code)  # noqa: S308 - an address that segno has encoded
