"""What one keeps away: muted people, words and topics, and whom one blocks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.kernel.problems import Invalid
from banyan.people import actions as people
from banyan.people.queries import blocked_accounts, mutes_made
from banyan.people.rules.relations import FOR_EVER, SPANS

from ...http import actor
from .faces import faces_of
from .relation import SPAN_WORDS
from .sessions import member, safe_next


@member
@require_http_methods(["GET", "HEAD", "POST"])
def kept_away(request: HttpRequest) -> HttpResponse:
    """List what is muted and blocked; mute a word (POST)."""
    who = actor(request)
    problem: Invalid | None = None
    if request.method == "POST":
        span = request.POST.get("span", FOR_EVER)
        if span not in SPANS:
            raise Invalid(fields={"span": _("Choose one of these.")})
        try:
            people.mute_word(actor=who, word=request.POST.get("word", ""), lasting=SPANS[span])
            return redirect("kept_away")
        except Invalid as refused:
            problem = refused
    mutes, blocked = mutes_made(who), list(blocked_accounts(who))
    faces = faces_of([*(m.target for m in mutes if m.target is not None), *blocked])
    context = {
        "nav": "me",
        "mutes": [(mute, faces.get(mute.target_id or 0)) for mute in mutes],
        "blocked": [faces[account.pk] for account in blocked],
        "spans": [
            {"value": span, "text": text, "checked": span == FOR_EVER}
            for span, text in SPAN_WORDS.items()
        ],
        "word": request.POST.get("word", ""),
        "error": problem.fields.get("word", "") if problem else "",
    }
    return render(
        request, "shop/people/kept_away.html", context, status=problem.status if problem else 200
    )


@require_POST
@member
def mute_end(request: HttpRequest, mute_id: int) -> HttpResponse:
    """Take a mute back."""
    people.unmute(actor=actor(request), mute_id=mute_id)
    return redirect(safe_next(request) or "kept_away")
