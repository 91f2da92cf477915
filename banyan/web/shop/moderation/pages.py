"""Saying that something is wrong; reading what was decided about oneself, and appealing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.kernel.problems import Problem
from banyan.moderation import actions as moderation
from banyan.moderation.access import get_decision, get_subject_for
from banyan.moderation.queries import decisions_about
from banyan.moderation.rules.reasons import REASONS, VERDICTS

from ...http import actor, private, signed_in
from ..standing.age import age_of, gate

SHOWN_STATUSES = {409, 422, 429}


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def report(request: HttpRequest, kind: str, subject_id: int) -> HttpResponse:
    """Say that something is wrong with what one sees."""
    known, found = get_subject_for(actor(request), kind, subject_id)
    if known.report_url is not None:
        return redirect(known.report_url(subject_id))
    if found.min_age > age_of(request):
        return gate(request, min_age=found.min_age)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            moderation.report(
                actor=actor(request),
                kind=kind,
                subject_id=subject_id,
                reason=request.POST.get("reason", ""),
                note=request.POST.get("note", ""),
            )
        except Problem as refused:
            if refused.status not in SHOWN_STATUSES:
                raise
            problem = refused
        else:
            messages.success(request, _("Thank you. Somebody will look at it."))
            return redirect(found.url or "home")
    chosen = request.POST.get("reason", "spam")
    context = {
        "known": known,
        "found": found,
        "subject_id": subject_id,
        "reasons": [
            {"value": value, "text": text, "checked": value == chosen}
            for value, text in REASONS.items()
        ],
        "note": request.POST.get("note", ""),
        "problem": problem,
        "errors": problem.fields if problem else {},
        "can_notify_rights": known.hide is not None,
    }
    status = problem.status if problem else 200
    return render(request, "shop/moderation/report.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def decision(request: HttpRequest, token: str) -> HttpResponse:
    """Show a decision to its author, who may appeal it once; nobody has to be signed in."""
    found = get_decision(token)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            moderation.appeal(actor=actor(request), token=token, body=request.POST.get("body", ""))
        except Problem as refused:
            if refused.status not in SHOWN_STATUSES:
                raise
            problem = refused
        else:
            messages.success(request, _("Another moderator will look at it. You will hear of it."))
            return redirect("decision", token)
    context = {
        "decision": found,
        "verdict": VERDICTS[found.verdict],
        "reason": REASONS[found.reason],
        "appeal": getattr(found, "appeal", None),
        "body": request.POST.get("body", ""),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = problem.status if problem else 200
    return render(request, "shop/moderation/decision.html", context, status=status)


@require_safe
@private
@signed_in
def decisions(request: HttpRequest) -> HttpResponse:
    """List what was decided about one's own posts, comments and account."""
    rows = [
        {"decision": row, "verdict": VERDICTS[row.verdict], "reason": REASONS[row.reason]}
        for row in decisions_about(actor(request))[:100]
    ]
    return render(request, "shop/moderation/decisions.html", {"nav": "me", "rows": rows})
