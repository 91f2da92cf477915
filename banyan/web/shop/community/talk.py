"""Comments: writing and taking away, likes, which come first, and the answers of one."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.community import actions as community
from banyan.community import queries
from banyan.community.access import get_post_for, visible_comments
from banyan.community.models import Comment, Post
from banyan.community.queries import Named
from banyan.community.queries.comments import Order
from banyan.kernel.problems import NotFound
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Tab

from ...http import actor, number, revalidated, signed_in
from ...views import back_to
from .rich import line

ORDERS: tuple[Order, ...] = get_args(Order)


def order_of(request: HttpRequest) -> Order:
    """Return the order that the reader asks for, oldest first by default."""
    asked = request.GET.get("comments", "")
    return next((one for one in ORDERS if one == asked), "oldest")


def order_tabs(post_id: int, current: Order) -> list[Tab]:
    """Return the orders as links."""
    names = {"oldest": _("Oldest first"), "newest": _("Newest first"), "hot": _("Liked most")}
    url = addresses.url("post", post_id)
    return [
        Tab(text=names[one], url=f"{url}?comments={one}#comments", current=one == current)
        for one in ORDERS
    ]


def worded(rows: list[Comment], named: Named) -> list[Comment]:
    """Give comments their ``text`` with links."""
    for row in rows:
        row.text = line(row.body, named)  # type: ignore[attr-defined]  # for the page alone
    return rows


@require_POST
@signed_in
def comment_delete(request: HttpRequest, post_id: int, comment_id: int) -> HttpResponse:
    """Take a comment away: whoever wrote it, or whose post it is under."""
    community.delete_comment(actor=actor(request), comment_id=comment_id)
    messages.success(request, _("The comment is gone."))
    return redirect(f"{reverse('post', args=[post_id])}#comments")


@require_http_methods(["GET", "HEAD", "POST"])
def comment_like(request: HttpRequest, post_id: int, comment_id: int) -> HttpResponse:
    """Like a comment, or take the like back; a fragment for htmx. Visitors sign in first."""
    who = actor(request)
    here = f"{reverse('post', args=[post_id])}#c{comment_id}"
    if who.id is None or request.method != "POST":
        return redirect(here if who.id else f"{reverse('login')}?next={here.partition('#')[0]}")
    community.like_comment(actor=who, post_id=post_id, comment_id=comment_id)
    if request.headers.get("hx-request"):
        row = queries.get_comment_for(who, post_id, comment_id)
        response = render(request, "shop/community/comment_like.html", {"row": row})
        response["Vary"] = "HX-Request"
        return response
    return redirect(back_to(request, here))


@require_safe
@revalidated
def post_comments(request: HttpRequest, post_id: int) -> HttpResponse:
    """Show a page of what is said under a post: a fragment for htmx, else a page of its own."""
    found = get_post_for(actor(request), post_id)
    named = queries.named_in(actor(request), [found.pk])
    page = {"nav": "explore", **talk_of(request, found, named)}
    return _fragment_or_page(request, page, "comments_list", "comments")


def talk_of(request: HttpRequest, post: Post, named: Named) -> dict[str, Any]:
    """Return what draws a page of the comments of a post: its threads, and the way on.

    ``c`` in the address is a comment that somebody is sent to: it leads, and so does one whose
    answer was refused.
    """
    who, order = actor(request), order_of(request)
    at = number(request.GET, "c") or number(request.POST, "parent")
    talk = queries.thread(
        who,
        post.pk,
        order=order,
        first=(post.pinned_id, post.accepted_id),
        at=at,
        cursor=request.GET.get("after", "")[:40],
    )
    for one in talk.threads:
        worded([one.root, *one.replies], named)
    asked = {"comments": order} | ({"c": at} if at else {}) | {"after": talk.next}
    more = f"{addresses.url('post_comments', post.pk)}?{urlencode(asked)}"
    return {
        "post": post,
        "thread": talk.threads,
        "more_comments": more if talk.next else "",
        "is_author": who.id == post.author_id,
        "typed": "",
        "answered": "",
        "refused": "",
    }


def comment_url(row: Comment) -> str:
    """Return where a comment is found, however much is said under its post.

    While a moderator looks at it, that is where it will be.
    """
    if row.deleted_at is not None:
        return f"{addresses.url('post', row.post_id)}#comments"
    return f"{addresses.url('post', row.post_id)}?c={row.pk}#c{row.pk}"


@require_safe
@revalidated
def comment_replies(request: HttpRequest, post_id: int, comment_id: int) -> HttpResponse:
    """Show a page of the answers to a comment: a fragment for htmx, else a page of its own."""
    who = actor(request)
    found = get_post_for(who, post_id)
    root = visible_comments(who, found.pk).filter(pk=comment_id, root=None).first()
    if root is None:
        raise NotFound()
    named = queries.named_in(who, [found.pk])
    after = number(request.GET, "after") or 0
    replies, following = queries.replies_to(who, found.pk, root.pk, after=after)
    here = addresses.url("comment_replies", found.pk, root.pk)
    page = {
        "nav": "explore",
        "post": found,
        "root": None if root.deleted_at else worded([root], named)[0],
        "replies": worded(replies, named),
        "more_replies": f"{here}?after={following}" if following else "",
        "typed": "",
        "answered": "",
        "refused": "",
        "is_author": who.id == found.author_id,
    }
    return _fragment_or_page(request, page, "replies_list", "replies")


def _fragment_or_page(
    request: HttpRequest, context: dict[str, Any], fragment: str, page: str
) -> HttpResponse:
    name = fragment if request.headers.get("hx-request") else page
    response = render(request, f"shop/community/{name}.html", context)
    response["Vary"] = "HX-Request"
    return response


@require_POST
@signed_in
def comment_first(request: HttpRequest, post_id: int) -> HttpResponse:
    """Put a comment first under one's own post, or say that it answers; empty takes it back."""
    comment_id = number(request.POST, "comment")
    act = community.accept_answer if request.POST.get("as") == "answer" else community.pin_comment
    act(actor=actor(request), post_id=post_id, comment_id=comment_id)
    return redirect(f"{reverse('post', args=[post_id])}#comments")
