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
from banyan.community import queries
from banyan.community.access import get_board_for, visible_boards
from banyan.community.models import Board
from banyan.community.queries import board_ids, hydrate
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound

from ...http import actor, number, pressed, private, revalidated, signed_in
from ..people.faces import faces_of
from .cards import face
from .feed import noted_cards


@require_safe
@revalidated
def board(request: HttpRequest, handle: str, slug: str) -> HttpResponse:
    """Show a board."""
    who = actor(request)
    found = get_board_for(who, handle, slug)
    entries = queries.entries_of(who, found.pk)
    shown = hydrate(who, [one.post_id for one in entries])
    keepers = queries.keepers_of(who, found.pk)
    context = {
        "nav": "explore",
        "board": found,
        "posts": noted_cards(request, shown),
        "notes": _notes(shown, entries),
        "keepers": [face(one.account) for one in keepers if not one.invited],
        "asked": any(one.invited and one.account.pk == who.id for one in keepers),
        "takes_part": any(not one.invited and one.account.pk == who.id for one in keepers),
        "is_mine": found.owner_id == who.id,
    }
    return render(request, "shop/community/board.html", context)


def _notes(shown: list[queries.Shown], entries: list[queries.Entry]) -> list[dict[str, Any]]:
    """Return why posts are on the board, and who put them there, where somebody says so."""
    titles = {one.post.pk: one.content.title or one.content.body[:60] for one in shown}
    return [
        {"post_id": one.post_id, "title": titles[one.post_id], "note": one.note, "by": one.by}
        for one in entries
        if (one.note or one.by) and one.post_id in titles
    ]


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
    shared = queries.shared_boards(who)
    covers = _covers(who, [*boards, *shared])
    context: dict[str, Any] = {"nav": "me", "boards": boards, "shared": shared, "covers": covers}
    context |= _typed(request, problem)
    return render(
        request, "shop/community/boards.html", context, status=problem.status if problem else 200
    )


def _covers(who: Actor, boards: list[Board]) -> dict[int, Any]:
    """Return the picture that stands for each board, by board id."""
    chosen = queries.covers_of(who, boards)
    shown = {one.post.pk: one.images[:1] for one in hydrate(who, list(set(chosen.values())))}
    return {
        board_id: shown[post_id][0] for board_id, post_id in chosen.items() if shown.get(post_id)
    }


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
    keepers = queries.keepers_of(who, found.pk)
    faces = faces_of([one.account for one in keepers])
    notes = {one.post_id: one.note for one in queries.entries_of(who, found.pk)}
    values = {"title": found.title, "about": found.about, "private": found.visibility != 0}
    context: dict[str, Any] = {
        "nav": "me",
        "board": found,
        "values": request.POST if problem else values,
        "errors": problem.fields if problem else {},
        "posts": [
            (one.post.pk, one.content, one.images[:1], notes.get(one.post.pk, "")) for one in shown
        ],
        "keepers": [(one, faces[one.account.pk]) for one in keepers],
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
def board_move(request: HttpRequest, board_id: int, post_id: int) -> HttpResponse:
    """Move a post on one's own board one place towards the front or the end."""
    who = actor(request)
    found = _own(who, board_id)
    up = pressed(request, "up", "down", name="to") == "up"
    community.move_on_board(actor=who, board_id=found.pk, post_id=post_id, up=up)
    return redirect("board_edit", found.pk)


@require_POST
@signed_in
def board_note(request: HttpRequest, board_id: int, post_id: int) -> HttpResponse:
    """Say why a post is on one's own board."""
    who = actor(request)
    found = _own(who, board_id)
    try:
        note = request.POST.get("note", "")
        community.note_on_board(actor=who, board_id=found.pk, post_id=post_id, note=note)
    except Invalid as problem:
        messages.error(request, str(problem.fields["note"]))
    return redirect("board_edit", found.pk)


@require_POST
@signed_in
def board_cover(request: HttpRequest, board_id: int, post_id: int) -> HttpResponse:
    """Let a post stand for one's own board."""
    who = actor(request)
    found = _own(who, board_id)
    community.choose_cover(actor=who, board_id=found.pk, post_id=post_id)
    messages.success(request, _("Saved."))
    return redirect("board_edit", found.pk)


@require_POST
@signed_in
def board_invite(request: HttpRequest, board_id: int) -> HttpResponse:
    """Ask somebody to add to one's own board."""
    who = actor(request)
    found = _own(who, board_id)
    try:
        handle = request.POST.get("handle", "")
        community.invite_to_board(actor=who, board_id=found.pk, handle=handle)
    except (Invalid, Conflict) as problem:
        messages.error(request, str(problem.fields.get("handle", problem.message)))
    else:
        messages.success(request, _("Asked."))
    return redirect("board_edit", found.pk)


@require_POST
@signed_in
def board_join(request: HttpRequest, board_id: int) -> HttpResponse:
    """Say yes to adding to somebody's board."""
    community.join_board(actor=actor(request), board_id=board_id)
    return redirect("boards_mine")


@require_POST
@signed_in
def board_leave(request: HttpRequest, board_id: int) -> HttpResponse:
    """Leave a board, say no to it, or take somebody (``account``) off one's own."""
    who = actor(request)
    gone = number(request.POST, "account")
    if gone is not None:
        _own(who, board_id)
    elif not queries.shared_boards(who).filter(pk=board_id).exists():
        raise NotFound()
    community.leave_board(actor=who, board_id=board_id, account_id=gone)
    return redirect("boards_mine") if gone is None else redirect("board_edit", board_id)


@require_POST
@signed_in
def board_delete(request: HttpRequest, board_id: int) -> HttpResponse:
    """Take one's own board away; the posts stay where they are."""
    who = actor(request)
    community.delete_board(actor=who, board_id=_own(who, board_id).pk)
    messages.success(request, _("The board is gone."))
    return redirect("boards_mine")
