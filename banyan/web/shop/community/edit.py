"""Changing a post, what it said before, who showed it on, and its poll."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.community import actions as community
from banyan.community import queries
from banyan.community.access import get_post_for
from banyan.community.rules import LIVE
from banyan.kernel.problems import Invalid, NotFound, Problem

from ...http import actor, number, private, revalidated, signed_in
from ..people.faces import faces_of
from .compose import AUDIENCES, DECLARED, shown_or_waiting
from .rich import drawn


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def post_edit(request: HttpRequest, post_id: int) -> HttpResponse:
    """Change one's own post; NotFound for everybody else's."""
    who = actor(request)
    found = get_post_for(who, post_id)
    if found.author_id != who.id:
        raise NotFound()
    problem: Problem | None = None
    if request.method == "POST":
        audience = number(request.POST, "visibility", most=9)
        try:
            changed = community.edit_post(
                actor=who,
                post_id=found.pk,
                title=request.POST.get("title", ""),
                body=request.POST.get("body", ""),
                visibility=found.visibility if audience is None else audience,
                declared=request.POST.get("declared", found.declared),
            )
        except Invalid as refused:
            problem = refused
        else:
            if changed.state == LIVE:
                messages.success(request, _("Saved."))
            return redirect(shown_or_waiting(request, changed))
    values: Any = request.POST
    if problem is None:
        values = {
            "title": found.title,
            "body": found.body,
            "declared": found.declared,
            "visibility": str(found.visibility),
        }
    context = {
        "nav": "me",
        "post": found,
        "values": values,
        "errors": problem.fields if problem else {},
        "audiences": [one for one in AUDIENCES if _fits(one[0], found.group_id)],
        "declared": DECLARED,
    }
    status = problem.status if problem else 200
    return render(request, "shop/community/edit.html", context, status=status)


def _fits(audience: str, group_id: int | None) -> bool:
    return audience in {"0", "4"} if group_id else audience != "4"


@require_safe
@revalidated
def post_history(request: HttpRequest, post_id: int) -> HttpResponse:
    """Show what a post said before, to whom it was said."""
    who = actor(request)
    found = get_post_for(who, post_id)
    named = queries.named_in(who, [found.pk])
    context = {
        "nav": "explore",
        "post": found,
        "edits": [(one, drawn(one.body, named)) for one in queries.history_of(who, found)],
        "now": drawn(found.body, named),
    }
    return render(request, "shop/community/history.html", context)


@require_safe
@revalidated
def post_repins(request: HttpRequest, post_id: int) -> HttpResponse:
    """Say who showed a post on, with their words."""
    who = actor(request)
    found = get_post_for(who, post_id)
    rows = queries.repins_of(who, found)
    named = queries.named_in(who, [row.pk for row in rows])
    faces = faces_of([row.author for row in rows])
    context = {
        "nav": "explore",
        "post": found,
        "rows": [(row, faces[row.author_id], drawn(row.body, named)) for row in rows],
    }
    return render(request, "shop/community/repins.html", context)


@require_POST
@signed_in
def post_vote(request: HttpRequest, post_id: int) -> HttpResponse:
    """Vote in the poll of a post."""
    option_id = number(request.POST, "option")
    if option_id is None:
        messages.error(request, _("Choose an answer."))
    else:
        try:
            community.vote(actor=actor(request), post_id=post_id, option_id=option_id)
        except Problem as problem:
            if isinstance(problem, NotFound):
                raise
            messages.error(request, str(problem.message))
    return redirect(f"{reverse('post', args=[post_id])}#poll")
