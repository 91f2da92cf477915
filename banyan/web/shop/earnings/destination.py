"""Where a member's earnings go when they are paid by bank or wallet app."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.earnings import actions
from banyan.earnings.queries import my_destination
from banyan.kernel.problems import Invalid

from ...http import actor, private, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def destination(request: HttpRequest) -> HttpResponse:
    """Show where earnings go, of the account only its last four signs; change it."""
    who = actor(request)
    typed = {"name": request.POST.get("name", ""), "account": request.POST.get("account", "")}
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            actions.set_destination(actor=who, **typed)
        except Invalid as problem:
            errors = {name: str(text) for name, text in problem.fields.items()}
        else:
            messages.success(request, _("Saved. We have written to you that it changed."))
            return redirect("payout_destination")
    context = {
        "nav": "me",
        "said": my_destination(who.id or 0),
        "typed": typed,
        "errors": errors,
    }
    status = 422 if errors else 200
    return render(request, "shop/earnings/destination.html", context, status=status)


@require_POST
@private
@signed_in
def remove(request: HttpRequest) -> HttpResponse:
    """Take away where earnings go."""
    actions.remove_destination(actor=actor(request))
    messages.success(request, _("It was taken away."))
    return redirect("payout_destination")
