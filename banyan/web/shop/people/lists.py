"""Private lists of people."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.kernel.problems import Invalid, NotFound
from banyan.people import actions as people
from banyan.people.access import get_account_for, get_list_for
from banyan.people.queries import list_sizes, people_on

from ...http import actor
from .faces import faces_of
from .sessions import member


@member
@require_http_methods(["GET", "HEAD", "POST"])
def lists_mine(request: HttpRequest) -> HttpResponse:
    """List one's lists and make one."""
    who = actor(request)
    problem: Invalid | None = None
    if request.method == "POST":
        try:
            made = people.make_list(actor=who, name=request.POST.get("name", ""))
            return redirect("list_mine", made.pk)
        except Invalid as refused:
            problem = refused
    context = {
        "nav": "me",
        "lists": list_sizes(who),
        "name": request.POST.get("name", ""),
        "error": problem.fields.get("name", "") if problem else "",
    }
    return render(
        request, "shop/people/lists.html", context, status=problem.status if problem else 200
    )


@member
@require_http_methods(["GET", "HEAD", "POST"])
def list_mine(request: HttpRequest, list_id: int) -> HttpResponse:
    """Show who is on a list, put somebody on it, give it another name."""
    who = actor(request)
    found = get_list_for(who, list_id)
    errors: dict[str, object] = {}
    if request.method == "POST":
        try:
            if "handle" in request.POST:
                _put_on(request, list_id)
            else:
                people.rename_list(actor=who, list_id=list_id, name=request.POST.get("name", ""))
            messages.success(request, _("Saved."))
            return redirect("list_mine", list_id)
        except Invalid as refused:
            errors = dict(refused.fields)
    on = people_on(who, found)
    faces = faces_of(on)
    context = {
        "nav": "me",
        "found": found,
        "people": [faces[account.pk] for account in on],
        "name": request.POST.get("name", found.name),
        "handle": request.POST.get("handle", ""),
        "errors": errors,
    }
    return render(request, "shop/people/list.html", context, status=422 if errors else 200)


def _put_on(request: HttpRequest, list_id: int) -> None:
    who, handle = actor(request), request.POST["handle"].strip().removeprefix("@")
    try:
        account = get_account_for(who, handle)
    except NotFound as error:
        raise Invalid(fields={"handle": _("There is nobody of this name.")}) from error
    people.add_to_list(actor=who, list_id=list_id, account_id=account.pk)


@require_POST
@member
def list_take(request: HttpRequest, list_id: int, handle: str) -> HttpResponse:
    """Take somebody off a list."""
    who = actor(request)
    found = get_list_for(who, list_id)
    account = get_account_for(who, handle)
    people.take_off_list(actor=who, list_id=found.pk, account_id=account.pk)
    return redirect("list_mine", list_id)


@require_POST
@member
def list_delete(request: HttpRequest, list_id: int) -> HttpResponse:
    """Take a list away; the people stay where they are."""
    people.delete_list(actor=actor(request), list_id=list_id)
    messages.success(request, _("The list is gone."))
    return redirect("lists_mine")
