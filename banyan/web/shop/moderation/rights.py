"""Rights holders: the form of a notice, its page for both sides, and the figures."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.kernel.problems import NotFound, Problem
from banyan.kernel.ratelimits import hit
from banyan.moderation import actions as moderation
from banyan.moderation.access import get_notice, get_subject_for
from banyan.moderation.admin.notices import NOTICE_STATES
from banyan.moderation.queries import figures_of_notices

from ...http import actor, private, revalidated
from ..people.sessions import client_address
from ..standing.age import age_of, gate
from .pages import SHOWN_STATUSES

FIELDS = ("claimant", "email", "address", "work", "words")
SENT_A_DAY = 30  # refused ones as well, and an office may share its address


@require_http_methods(["GET", "HEAD", "POST"])
@private
def file(request: HttpRequest, kind: str, subject_id: int) -> HttpResponse:
    """Say that something infringes one's rights; nobody needs an account."""
    known, found = get_subject_for(actor(request), kind, subject_id)
    if known.hide is None:
        raise NotFound()
    if found.min_age > age_of(request):
        return gate(request, min_age=found.min_age)
    typed = {name: request.POST.get(name, "") for name in FIELDS}
    problem: Problem | None = None
    if request.method == "POST":
        try:
            # The address that is typed is counted, too, and is whichever somebody likes.
            hit(f"notice:from:{client_address(request)}", SENT_A_DAY, 86_400)
            notice = moderation.file_notice(
                actor=actor(request),
                kind=kind,
                subject_id=subject_id,
                is_true="is_true" in request.POST,
                language=request.LANGUAGE_CODE,
                **typed,
            )
        except Problem as refused:
            if refused.status not in SHOWN_STATUSES:
                raise
            problem = refused
        else:
            messages.success(request, _("Your notice has come in. Keep the address of this page."))
            return redirect("rights_notice", notice.token)
    context = {
        "found": found,
        "typed": typed,
        "problem": problem,
        "errors": problem.fields if problem else {},
        "days": settings.COUNTER_NOTICE_DAYS,
    }
    status = problem.status if problem else 200
    return render(request, "shop/moderation/rights_file.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """Show how far a notice is, to its claimant or to the author, who may answer it."""
    found, is_author = get_notice(token)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            moderation.counter_notice(
                actor=actor(request),
                token=token,
                name=request.POST.get("name", ""),
                words=request.POST.get("words", ""),
                is_true="is_true" in request.POST,
            )
        except Problem as refused:
            if refused.status not in SHOWN_STATUSES:
                raise
            problem = refused
        else:
            messages.success(request, _("Your answer is on its way to the rights holder."))
            return redirect("rights_notice", token)
    context = {
        "notice": found,
        "is_author": is_author,
        "state": NOTICE_STATES[found.state],
        "name": request.POST.get("name", ""),
        "words": request.POST.get("words", ""),
        "problem": problem,
        "errors": problem.fields if problem else {},
        "days": settings.COUNTER_NOTICE_DAYS,
    }
    status = problem.status if problem else 200
    return render(request, "shop/moderation/rights_notice.html", context, status=status)


@require_safe
@revalidated
def figures(request: HttpRequest) -> HttpResponse:
    """Show everybody how many notices came in and how they ended."""
    counted = dict(figures_of_notices())
    rows = [(text, counted.get(state, 0)) for state, text in NOTICE_STATES.items()]
    context = {"rows": rows, "total": sum(counted.values()), "days": settings.COUNTER_NOTICE_DAYS}
    return render(request, "shop/moderation/rights.html", context)
