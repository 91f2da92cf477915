"""Boards: a member's own, and each as others see it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.community import actions as community
from banyan.community.access import get_board_for, visible_boards
from banyan.community.models import Board
from banyan.community.queries import board_ids, hydrate
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound

from ...http import actor, private, revalidated, signed_in
from .feed import noted_cards


@require_safe
@revalidated
def board(request: HttpRequest, handle: str, slug: str) -> HttpResponse:
    """Show a board."""
    who = actor(request)
    found = get_board_for(who, handle, slug)
    shown = hydrate(who, board_ids(who, found.pk))
    context = {
        "nav": "explore",
        "board": found,
        "posts": noted_cards(request, shown),
        "is_mine": found.owner_id == who.id,
    }
    return render(request, "shop/community/board.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def boards_mine(request: HttpRequest) -> HttpResponse:
    """List one's own boards; on POST make one."""
    who = actor(request)
    problem: Invalid | None = None
    if request.method == "POST":
        try:
            made = community.make_board(
                actor=who,
                title=request.POST.get("title", ""),
                about=request.POST.get("about", ""),
                private="private" in request.POST,
            )
        except Invalid as refused:
            problem = refused
        else:
            return redirect("board_edit", made.pk)
    boards = visible_boards(who, who.id or 0).annotate(n=Count("entries"))
    context = {"nav": "me", "boards": boards} | _typed(request, problem)
    return render(
        request, "shop/community/boards.html", context, status=problem.status if problem else 200
    )


def _typed(request: HttpRequest, problem: Invalid | None) -> dict[str, Any]:
    return {"values": request.POST, "errors": problem.fields if problem else {}}


def _own(who: Actor, board_id: int) -> Board:
    found = visible_boards(who, who.id or 0).select_related("owner").filter(pk=board_id).first()
    if found is None:
        raise NotFound()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def board_edit(request: HttpRequest, board_id: int) -> HttpResponse:
    """Rename a board, open or close it to others, take posts off it."""
    who = actor(request)
    found = _own(who, board_id)
    problem: Invalid | None = None
    if request.method == "POST":
        try:
            community.change_board(
                actor=who,
                board_id=found.pk,
                title=request.POST.get("title", ""),
                about=request.POST.get("about", ""),
                private="private" in request.POST,
            )
        except Invalid as refused:
            problem = refused
        else:
            messages.success(request, _("Saved."))
            return redirect("board_edit", found.pk)
    shown = hydrate(who, board_ids(who, found.pk))
    values = {"title": found.title, "about": found.about, "private": found.visibility != 0}
    context: dict[str, Any] = {
        "nav": "me",
        "board": found,
        "values": request.POST if problem else values,
        "errors": problem.fields if problem else {},
        "posts": [(one.post.pk, one.content, one.images[:1]) for one in shown],
    }
    return render(
        request,
        "shop/community/board_edit.html",
        context,
        status=problem.status if problem else 200,
    )


@require_POST
@signed_in
def board_take(request: HttpRequest, board_id: int, post_id: int) -> HttpResponse:
    """Take a post off one's own board."""
    who = actor(request)
    found = _own(who, board_id)
    community.take_from_board(actor=who, board_id=found.pk, post_id=post_id)
    return redirect("board_edit", found.pk)


@require_POST
@signed_in
def board_delete(request: HttpRequest, board_id: int) -> HttpResponse:
    """Take one's own board away; the posts stay where they are."""
    who = actor(request)
    community.delete_board(actor=who, board_id=_own(who, board_id).pk)
    messages.success(request, _("The board is gone."))
    return redirect("boards_mine")
