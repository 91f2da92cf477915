"""Privacy: what one agrees to, purpose by purpose, and who may follow."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.people import actions as people
from banyan.people.access import get_own_account
from banyan.people.queries import consents_of

from ...http import actor, pressed
from .sessions import member, safe_next


@member
@require_http_methods(["GET", "HEAD", "POST"])
def privacy(request: HttpRequest) -> HttpResponse:
    """List every purpose with its answer, and say who may follow and be told of one (POST)."""
    who = actor(request)
    if request.method == "POST":
        people.set_privacy(
            actor=who,
            approves_followers="approves_followers" in request.POST,
            is_suggested="is_suggested" in request.POST,
        )
        messages.success(request, _("Saved."))
        return redirect("privacy")
    account = get_own_account(who)
    context = {"nav": "me", "account": account, "answers": consents_of(account.pk)}
    return render(request, "shop/people/privacy.html", context)


@require_POST
@member
def me_consent(request: HttpRequest) -> HttpResponse:
    """Record one answer: ``purpose``, and ``answer`` yes or no. It counts at once."""
    people.record_consent(
        actor=actor(request),
        purpose=request.POST.get("purpose", ""),
        granted=pressed(request, "yes", "no", name="answer") == "yes",
    )
    messages.success(request, _("Saved."))
    return redirect(safe_next(request) or "privacy")
