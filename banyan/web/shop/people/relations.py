"""Follow, unfollow, block; lists of followers and followed."""

from __future__ import annotations

from collections.abc import Callable

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
    return _answer(request, account, following=True)


@require_POST
@member
def unfollow(request: HttpRequest, handle: str) -> HttpResponse:
    """Stop following."""
    account = get_account_for(actor(request), handle)
    people.unfollow(actor=actor(request), account_id=account.pk)
    return _answer(request, account, following=False)


def _answer(request: HttpRequest, account: Account, *, following: bool) -> HttpResponse:
    if request.headers.get("hx-request"):
        context = {"handle": account.handle, "following": following}
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
    return redirect("me_edit")


@require_POST
@member
def unblock(request: HttpRequest, handle: str) -> HttpResponse:
    """Take a block back; the person is found among those one blocks."""
    target = queries.blocked_accounts(actor(request)).filter(handle__iexact=handle).first()
    if target is not None:
        people.unblock(actor=actor(request), account_id=target.pk)
    return redirect("me_edit")


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


def _list(
    request: HttpRequest,
    account: Account,
    read: Callable[..., list[Neighbour]],
    name: str,
) -> HttpResponse:
    who: Actor = actor(request)
    rows = read(
        who,
        account,
        before=number(request.GET, "before") or 0,
        limit=PAGE + 1,
    )
    shown = rows[:PAGE]
    faces = faces_of(row.account for row in shown)
    url = reverse(name, args=[account.handle])
    context = {
        "nav": "me" if account.pk == who.id else "",
        "account": account,
        "name": name,
        "people": [(faces[row.account.pk], row) for row in shown],
        "more_url": f"{url}?before={shown[-1].follow_id}" if len(rows) > PAGE else "",
        "viewer_id": who.id,
    }
    return render(request, "shop/people/neighbours.html", context)
