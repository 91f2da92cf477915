"""Acts that can wait for a sign-in: a visitor's tap is kept, and done when they are a member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.community import actions as community
from banyan.community.models import Board
from banyan.kernel import ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound
from banyan.people import actions as people
from banyan.people import ports
from banyan.people.access import get_account_for

from ...http import actor, same_origin
from ..community.talk import comment_url
from .sessions import client_address, safe_next, to_login

POST_ACTS = ("like", "save", "comment")
LONGEST = 1000


@same_origin
@require_http_methods(["GET", "HEAD", "POST"])
def intend(request: HttpRequest, kind: str, target: int) -> HttpResponseBase:
    """Keep what a visitor wants to do with a post, and go by way of the sign-in.

    ``kind`` is like or save by a link, comment by a form with ``body``. Members are sent to the
    post, where they do it themselves.
    """
    if kind not in POST_ACTS:
        raise NotFound()
    back = safe_next(request) or reverse("post", args=[target])
    if actor(request).id is not None or request.method == "HEAD":
        return redirect(back)
    payload = {"post": str(target)}
    if kind == "comment":
        payload["body"] = request.POST.get("body", "")[:LONGEST]
    return keep(request, kind, payload, next_url=back)


def keep(
    request: HttpRequest, kind: str, payload: Mapping[str, Any], *, next_url: str
) -> HttpResponseBase:
    """Remember an act of a visitor and redirect to the sign-in that resumes it."""
    ratelimits.hit(f"intent:{client_address(request)}", 300, 3600)
    return to_login(next_url=next_url, intent=people.remember_intent(kind, payload))


def _follow(who: Actor, payload: Mapping[str, Any]) -> str:
    account = get_account_for(who, str(payload["handle"]))
    if account.pk == who.id:
        raise Conflict(_("That is you."), code="oneself")
    people.follow(actor=who, account_id=account.pk)
    return f"/@{account.handle}"


def _like(who: Actor, payload: Mapping[str, Any]) -> str:
    community.like(actor=who, post_id=int(payload["post"]))
    return reverse("post", args=[int(payload["post"])])


def _save(who: Actor, payload: Mapping[str, Any]) -> str:
    board = Board.objects.filter(owner_id=who.id).order_by("id").first()
    board = board or community.make_board(actor=who, title=_("Saved"))
    community.save_to_board(actor=who, post_id=int(payload["post"]), board_id=board.pk)
    return reverse("post", args=[int(payload["post"])])


def _comment(who: Actor, payload: Mapping[str, Any]) -> str:
    row = community.comment(actor=who, post_id=int(payload["post"]), body=str(payload["body"]))
    return comment_url(row)


def register() -> None:
    """Called once, when the pages are put together."""
    ports.register_resume(
        "follow", _follow, describe=lambda p: _("Follow @%(handle)s") % {"handle": p["handle"]}
    )
    ports.register_resume("like", _like, describe=lambda p: _("Like the post"))
    ports.register_resume("save", _save, describe=lambda p: _("Save the post"))
    # Words in somebody's name are shown to them once more before they are said.
    ports.register_resume(
        "comment",
        _comment,
        describe=lambda p: _("Comment: “%(body)s”") % {"body": str(p["body"])[:200]},
        confirm=True,
    )
