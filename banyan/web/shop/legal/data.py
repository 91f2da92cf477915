"""Taking one's data along, and leaving: for members, and for guests with the link of a purchase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.kernel import clock
from banyan.kernel.problems import Invalid, Problem
from banyan.legal import actions as legal
from banyan.legal import ports
from banyan.legal.actions.erasing import GRACE, person_of
from banyan.legal.queries import export_of
from banyan.orders.access import get_checkout_by_token
from banyan.people.access import get_own_account

from ...http import actor, private, signed_in

ZIP = "application/zip"


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """Show a member the way to the export and out; take the wish to leave."""
    account = get_own_account(actor(request))
    problem: Problem | None = None
    if request.method == "POST":
        try:
            made = legal.ask_erasure(actor=actor(request), handle=request.POST.get("handle", ""))
        except Problem as refused:
            if refused.status not in {409, 422}:
                raise
            problem = refused
        else:
            day = clock.told(made.due_at)  # in the zone of who is still signed in
            logout(request)
            told = _("Your account is closed. It is erased on %(day)s unless you come back before.")
            messages.success(request, told % {"day": day})
            return redirect("home")
    context = {
        "nav": "me",
        "handle": account.handle,
        "export": export_of(account_id=account.pk),
        "obstacles": ports.obstacles(person_of(account)),
        "days": GRACE.days,
        "typed": request.POST.get("handle", ""),
        **_refused(problem),
    }
    status = problem.status if problem else 200
    return render(request, "shop/legal/data.html", context, status=status)


@require_POST
@private
@signed_in
def export_ask(request: HttpRequest) -> HttpResponse:
    """Ask for the file."""
    legal.ask_export(actor=actor(request))
    messages.success(request, _("The file is being made. You are told when it is there."))
    return redirect("my_data")


@require_POST
@private
@signed_in
def export_take(request: HttpRequest, export_id: int) -> HttpResponse:
    """Hand the file over, once."""
    return _file(legal.take_export(actor=actor(request), export_id=export_id))


@require_http_methods(["GET", "HEAD", "POST"])
@private
def purchase(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever holds the link of a guest's purchase take its data along, or erase it."""
    checkout = get_checkout_by_token(token)
    if checkout.buyer_id is not None:
        return redirect("my_data")
    problem: Problem | None = None
    if request.method == "POST":
        try:
            problem = _serve(request, checkout.pk)
        except Problem as refused:
            if refused.status not in {409, 422}:
                raise
            problem = refused
        if problem is None:
            return redirect("purchase_data", token)
    export = export_of(checkout_id=checkout.pk)
    context = {
        "token": token,
        "number": checkout.number,
        "export": export,
        "erased": not checkout.contact_email and not checkout.contact_phone,
        **_refused(problem),
    }
    status = problem.status if problem else 200
    return render(request, "shop/legal/purchase_data.html", context, status=status)


def _serve(request: HttpRequest, checkout_id: int) -> Problem | None:
    if "export" in request.POST:
        legal.ask_export(actor=actor(request), checkout_id=checkout_id)
        messages.success(request, _("The file is being made. Look at this page again in a minute."))
        return None
    if "sure" not in request.POST:
        return Invalid(fields={"sure": _("Say that you are sure.")})
    legal.erase_purchase(actor=actor(request), checkout_id=checkout_id)
    messages.success(request, _("What was personal in this purchase is erased."))
    return None


@require_POST
@private
def purchase_export_take(request: HttpRequest, token: str, export_id: int) -> HttpResponse:
    """Hand a guest's file over, once."""
    checkout = get_checkout_by_token(token)
    data = legal.take_export(actor=actor(request), export_id=export_id, checkout_id=checkout.pk)
    return _file(data)


def _file(data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type=ZIP)
    response["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return response


def _refused(problem: Problem | None) -> Mapping[str, Any]:
    if problem is None:
        return {"problem": None, "errors": {}, "open": []}
    return {
        "problem": problem,
        "errors": problem.fields,
        "open": problem.extra.get("obstacles", []),
    }
