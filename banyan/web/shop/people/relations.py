"""Follow, ask, answer, block; pages of followers, friends and requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.actors import Actor
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import get_account_for, get_own_account
from banyan.people.models import Account
from banyan.people.queries import Neighbour

from ...http import actor, number, revalidated
from .faces import faces_of
from .resume import keep
from .sessions import member, safe_next

PAGE = 30


@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, handle: str) -> HttpResponseBase:
    """Follow (POST). A visitor's link comes here by GET and goes by way of the sign-in."""
    who = actor(request)
    account = get_account_for(who, handle)
    if who.id is None:
        return keep(request, "follow", {"handle": account.handle}, next_url=f"/@{account.handle}")
    if request.method != "POST":
        return redirect(f"/@{account.handle}")
    people.follow(actor=who, account_id=account.pk)
    return _answer(request, account)


@require_POST
@member
def unfollow(request: HttpRequest, handle: str) -> HttpResponse:
    """Stop following."""
    account = get_account_for(actor(request), handle)
    people.unfollow(actor=actor(request), account_id=account.pk)
    return _answer(request, account)


def _answer(request: HttpRequest, account: Account) -> HttpResponse:
    if request.headers.get("hx-request"):
        standing = queries.standing_of(actor(request), account.pk)
        context = {
            "handle": account.handle,
            "following": standing.is_following,
            "asking": standing.is_asking,
        }
        response = render(request, "shop/people/follow_toggle.html", context)
        response["Vary"] = "HX-Request"
        return response
    return redirect(safe_next(request) or f"/@{account.handle}")


@member
@require_http_methods(["GET", "HEAD", "POST"])
def block(request: HttpRequest, handle: str) -> HttpResponse:
    """Block somebody, after saying what that means."""
    account = get_account_for(actor(request), handle)
    if request.method != "POST":
        return render(request, "shop/people/block.html", {"account": account})
    people.block(actor=actor(request), account_id=account.pk)
    messages.success(request, _("Blocked. You no longer see each other."))
    return redirect("kept_away")


@require_POST
@member
def unblock(request: HttpRequest, handle: str) -> HttpResponse:
    """Take a block back; the person is found among those one blocks."""
    target = queries.blocked_account(actor(request), handle)
    if target is not None:
        people.unblock(actor=actor(request), account_id=target.pk)
    return redirect("kept_away")


@require_POST
@member
def follower_accept(request: HttpRequest, handle: str) -> HttpResponse:
    """Say yes to somebody who asks to follow."""
    account = get_account_for(actor(request), handle)
    people.accept_follower(actor=actor(request), account_id=account.pk)
    messages.success(request, _("They follow you now."))
    return redirect(safe_next(request) or "requests")


@require_POST
@member
def follower_decline(request: HttpRequest, handle: str) -> HttpResponse:
    """Say no to somebody who asks to follow."""
    account = get_account_for(actor(request), handle)
    people.decline_follower(actor=actor(request), account_id=account.pk)
    return redirect(safe_next(request) or "requests")


@require_POST
@member
def follower_remove(request: HttpRequest, handle: str) -> HttpResponse:
    """Let somebody follow no longer."""
    account = get_account_for(actor(request), handle)
    people.remove_follower(actor=actor(request), account_id=account.pk)
    messages.success(request, _("They no longer follow you."))
    return redirect("relation", handle=account.handle)


@revalidated
@require_safe
def followers(request: HttpRequest, handle: str) -> HttpResponse:
    """List who follows somebody."""
    account = get_account_for(actor(request), handle)
    return _list(request, account, queries.followers, "followers")


@revalidated
@require_safe
def following(request: HttpRequest, handle: str) -> HttpResponse:
    """List whom somebody follows."""
    account = get_account_for(actor(request), handle)
    return _list(request, account, queries.following, "following")


@member
@require_safe
def my_followers(request: HttpRequest) -> HttpResponse:
    """Go to one's own list, whatever one's handle is by now."""
    return redirect("followers", handle=get_own_account(actor(request)).handle)


@member
@require_safe
def friends_mine(request: HttpRequest) -> HttpResponse:
    """List one's friends: who follows back."""
    return _own_list(request, queries.friends, "friends_mine", _("Friends"))


@member
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """List who asks to follow, to be answered."""
    return _own_list(request, queries.requests_to, "requests", _("Requests"))


@member
@require_safe
def requests_sent(request: HttpRequest) -> HttpResponse:
    """List whom one asks to follow, to be taken back."""
    return _own_list(request, queries.requests_of, "requests_sent", _("Requests sent"))


def _own_list(
    request: HttpRequest, read: Callable[..., list[Neighbour]], name: str, title: str
) -> HttpResponse:
    account = get_own_account(actor(request))
    context = _page_of(request, account, read, reverse(name)) | {
        "nav": "me",
        "name": name,
        "title": title,
        "waiting": queries.requests_waiting(account.pk),
    }
    return render(request, "shop/people/circle.html", context)


def _list(
    request: HttpRequest,
    account: Account,
    read: Callable[..., list[Neighbour]],
    name: str,
) -> HttpResponse:
    context = _page_of(request, account, read, reverse(name, args=[account.handle])) | {
        "nav": "me" if account.pk == actor(request).id else "",
        "name": name,
    }
    return render(request, "shop/people/neighbours.html", context)


def _page_of(
    request: HttpRequest, account: Account, read: Callable[..., list[Neighbour]], url: str
) -> dict[str, Any]:
    who: Actor = actor(request)
    rows = read(who, account, before=number(request.GET, "before") or 0, limit=PAGE + 1)
    shown = rows[:PAGE]
    faces = faces_of(row.account for row in shown)
    return {
        "account": account,
        "people": [(faces[row.account.pk], row) for row in shown],
        "more_url": f"{url}?before={shown[-1].follow_id}" if len(rows) > PAGE else "",
        "viewer_id": who.id,
    }
