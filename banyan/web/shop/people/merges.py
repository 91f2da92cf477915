"""What a guest left under a contact: offered, joined, taken back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from banyan.people import actions as people
from banyan.people.access import get_merge_for
from banyan.people.actions.merges import REVERSIBLE, found_for
from banyan.people.rules import mask_contact

from ...http import actor, pressed, private
from .sessions import member, safe_next


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def merge_offer(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Show what was found and ask; afterwards show what was joined, and how to take it back."""
    who = actor(request)
    merge = get_merge_for(who, merge_id)
    if request.method == "POST":
        if pressed(request, "accept", "decline", name="answer") == "decline":
            people.decline_merge(actor=who, merge_id=merge_id)
            return redirect(safe_next(request) or "me")
        merge = people.accept_merge(actor=who, merge_id=merge_id)
        count = sum(len(ids) for ids in merge.moved.values())
        text = ngettext(
            "%(n)d purchase is in your account now.",
            "%(n)d purchases are in your account now.",
            count,
        )
        messages.success(request, text % {"n": count})
        return redirect("merge_offer", merge_id=merge_id)
    found = [purchase for _source, purchase in found_for(merge.contact)]
    context = {
        "nav": "me",
        "merge": merge,
        "contact": merge.contact,
        "masked": mask_contact(merge.contact),
        "found": found if merge.state == "offered" else [],
        "moved": sum(len(ids) for ids in merge.moved.values()),
        "until": merge.decided_at + REVERSIBLE if merge.decided_at else None,
        "next": safe_next(request),
    }
    return render(request, "shop/people/merge.html", context)


@require_POST
@member
def merge_undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Take a merge back."""
    people.undo_merge(actor=actor(request), merge_id=merge_id)
    messages.success(request, _("The purchases are out of your account again."))
    return redirect("merge_offer", merge_id=merge_id)
