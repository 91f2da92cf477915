"""Mechanics of campaigns, turned off and on for the whole site."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import switching
from banyan.campaigns.mechanic import mechanics
from banyan.campaigns.models import Campaign
from banyan.kernel.problems import Invalid, NotFound

from ..http import actor, pressed
from .pages import page


@require_http_methods(["GET", "HEAD", "POST"])
def mechanic_list(request: HttpRequest) -> HttpResponse:
    """List the mechanics with their running campaigns; on POST turn one, with a reason."""
    who = actor(request)
    if not who.has_role(*switching.ROLES):
        raise NotFound()
    if request.method == "POST":
        on = pressed(request, "on", "off") == "on"
        code, reason = request.POST.get("code", ""), request.POST.get("reason", "")
        try:
            campaigns.switch_mechanic(actor=who, code=code, on=on, reason=reason)
        except Invalid as problem:
            messages.error(request, "; ".join(str(text) for text in problem.fields.values()))
        else:
            messages.success(request, _("It is turned on.") if on else _("It is turned off."))
        return redirect("admin:mechanics")
    running = dict(
        Campaign.objects.filter(state="published").values_list("mechanic").annotate(n=Count("id"))
    )
    rows = [
        (kind, switching.is_on(code), running.get(code, 0)) for code, kind in mechanics().items()
    ]
    return page(request, "mechanics.html", {"title": _("Mechanics of campaigns"), "rows": rows})
