"""The member's own choice: how many paid and rewarded posts their feeds show."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from banyan.community import actions as community
from banyan.community import queries, rules

from ...http import actor, private, signed_in

CHOICES = (
    ("usual", gettext_lazy("As many as the platform allows")),
    ("fewer", gettext_lazy("Fewer")),
    ("none", gettext_lazy("None")),
)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def balance(request: HttpRequest) -> HttpResponse:
    """Choose usual, fewer or none; each with its number among twenty posts."""
    who = actor(request)
    if request.method == "POST":
        community.choose_paid(actor=who, paid=request.POST.get("paid", ""))
        messages.success(request, _("Saved."))
        return redirect("balance")
    rows = [(value, text, rules.cap_of(value, settings.FEED_PAID_CAP)) for value, text in CHOICES]
    context = {
        "nav": "me",
        "rows": rows,
        "chosen": queries.choice_of(who),
        "window": rules.WINDOW,
        "a_day": settings.FEED_PAID_PER_AUTHOR_DAY,
    }
    return render(request, "shop/community/balance.html", context)
