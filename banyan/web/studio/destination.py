"""Where a shop's money goes when it is paid out by bank or wallet app; its owners say so."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.earnings import actions
from banyan.earnings.queries import shop_destination
from banyan.kernel.problems import Problem

from ..http import actor, private, signed_in
from .payments import OWNER
from .room import page, refusal_of, shop_of


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def destination(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show where the shop's money goes, of the account only its last four signs; change it."""
    shop = shop_of(request, shop_slug, OWNER)
    typed = {"name": request.POST.get("name", ""), "account": request.POST.get("account", "")}
    problem: Problem | None = None
    if request.method == "POST":
        try:
            actions.set_shop_destination(actor=actor(request), shop_id=shop.pk, **typed)
        except Problem as refused:
            problem = refusal_of(refused)
        else:
            messages.success(request, _("Saved. We have written to the owners that it changed."))
            return redirect("studio_money_destination", shop.slug)
    context = {"said": shop_destination(shop.pk), "typed": typed}
    return page(request, shop, "money", "studio/destination.html", context, problem)


@require_POST
@private
@signed_in
def remove(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Take away where the shop's money goes."""
    shop = shop_of(request, shop_slug, OWNER)
    actions.remove_shop_destination(actor=actor(request), shop_id=shop.pk)
    messages.success(request, _("It was taken away."))
    return redirect("studio_money_destination", shop.slug)
