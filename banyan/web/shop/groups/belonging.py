"""Joining and leaving, invitations, and what moderators do with members and posts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.community import actions as community
from banyan.community.queries import first_pictures, waiting_posts
from banyan.groups import actions, queries
from banyan.groups.access import ASKED, get_invitation
from banyan.groups.models import Invitation
from banyan.kernel.digits import whole
from banyan.kernel.problems import Invalid, NotFound, Problem
from banyan.media.qr import qr_png
from banyan.media.queries import pictures, thumb_urls

from ...http import actor, number, private, signed_in
from ..people.faces import face_of, faces_of
from .frame import Place, place_of, refused


@require_POST
@private
@signed_in
def group_join(request: HttpRequest, slug: str) -> HttpResponse:
    """Join, or ask to be let in."""
    place = place_of(request, slug)
    try:
        mine = actions.join(
            actor=actor(request), group_id=place.group.pk, wants_offers="offers" in request.POST
        )
    except Problem as problem:
        messages.error(request, str(refused(problem).message))
        return redirect("group", slug)
    if mine.state == ASKED:
        messages.success(request, _("You have asked. You are told when somebody answers."))
    else:
        messages.success(request, _("You are a member now."))
    return redirect("group", slug)


@require_POST
@private
@signed_in
def group_leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave, or take one's question back."""
    place = place_of(request, slug)
    try:
        actions.leave(actor=actor(request), group_id=place.group.pk)
    except Problem as problem:
        messages.error(request, str(refused(problem).message))
        return redirect("group_rules", slug)
    messages.success(request, _("You have left."))
    return redirect("groups")


@require_POST
@private
@signed_in
def group_wants(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch notices of offers on or off."""
    place = place_of(request, slug)
    wanted = request.POST.get("offers") == "on"
    actions.want_offers(actor=actor(request), group_id=place.group.pk, wanted=wanted)
    told = _("You are told of offers.") if wanted else _("You are not told of offers any more.")
    messages.success(request, told)
    return redirect("group_shop", slug)


@require_safe
@private
@signed_in
def group_requests(request: HttpRequest, slug: str) -> HttpResponse:
    """Show moderators which posts wait, who asks to be let in, and who is kept out."""
    place = _led(request, slug)
    who = actor(request)
    asked, banned = queries.requests_of(who, place.group), queries.banned_of(who, place.group)
    faces = faces_of(row.account for row in [*asked, *banned])
    posts = waiting_posts(who, place.group)
    thumbs = thumb_urls(first.values()) if (first := first_pictures(p.pk for p in posts)) else {}
    context = {
        **place.context,
        "posts": [(post, thumbs.get(first.get(post.pk, 0), "")) for post in posts],
        "asked": [(faces[row.account_id], row) for row in asked],
        "banned": [(faces[row.account_id], row) for row in banned],
    }
    return render(request, "shop/groups/requests.html", context)


def _led(request: HttpRequest, slug: str) -> Place:
    """Return the group for its moderators; to others this page is not there."""
    place = place_of(request, slug, "group_settings")
    if not place.leads:
        raise NotFound()
    return place


@require_POST
@private
@signed_in
def group_member(request: HttpRequest, slug: str, account_id: int) -> HttpResponse:
    """Do what ``do`` says with somebody: let in, decline, take out, keep out, change the role."""
    place, who = place_of(request, slug), actor(request)
    named: dict[str, Any] = {"actor": who, "group_id": place.group.pk, "account_id": account_id}
    wish = request.POST.get("do", "")
    try:
        if wish == "ban":
            actions.ban(**named, days=_days(request))
        elif wish in ("owner", "moderator", "member"):
            actions.set_role(**named, role=wish)
        elif wish in _WISHES:
            _WISHES[wish](**named)
        else:
            raise Invalid()
    except Problem as problem:
        told = next(iter(refused(problem).fields.values()), problem.message)
        messages.error(request, str(told))
    else:
        messages.success(request, _("Done."))
    listed = wish in ("accept", "decline", "unban")
    return redirect("group_requests" if listed else "group_members", slug)


def _days(request: HttpRequest) -> int | None:
    """Return for how many days; None for good, 0 for what is no number: nobody meant for ever."""
    typed = request.POST.get("days", "").strip()
    return (whole(typed) or 0) if typed else None


_WISHES: dict[str, Any] = {
    "accept": actions.accept,
    "decline": actions.decline,
    "remove": actions.remove,
    "unban": actions.unban,
    "hand_over": actions.hand_over,
}
_POSTS: dict[str, Any] = {"appear": community.let_appear, "turn_away": community.turn_away}
_PICKS: dict[str, Any] = {
    "feature": actions.feature_post,
    "unfeature": actions.unfeature_post,
    "pin": actions.pin_post,
    "unpin": actions.unpin_post,
}


@require_POST
@private
@signed_in
def group_pick(request: HttpRequest, slug: str, post_id: int) -> HttpResponse:
    """Feature or pin a post of the group, or take that back; let a waiting one appear, or not."""
    place, wish = place_of(request, slug), request.POST.get("do", "")
    try:
        if wish in _POSTS:
            _POSTS[wish](actor=actor(request), post_id=post_id)
        elif wish in _PICKS:
            _PICKS[wish](actor=actor(request), group_id=place.group.pk, post_id=post_id)
        else:
            raise Invalid()
    except Problem as problem:
        messages.error(request, str(refused(problem).message))
    else:
        messages.success(request, _("Done."))
    return redirect("group_requests" if wish in _POSTS else "group", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def group_invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one's invitations with their codes; POST makes one or takes one back."""
    place, who = place_of(request, slug), actor(request)
    if place.mine is None:
        raise NotFound()
    problem = None
    if request.method == "POST":
        try:
            revoked = number(request.POST, "revoke")
            if revoked:
                actions.revoke_invitation(actor=who, invitation_id=revoked)
            else:
                actions.invite(
                    actor=who,
                    group_id=place.group.pk,
                    most_uses=number(request.POST, "most_uses") or 0,
                    days=number(request.POST, "days") or 0,
                )
            return redirect("group_invite", slug)
        except Problem as found:
            problem = refused(found)
    rows = queries.invitations_of(who, place.group).filter(revoked_at=None)[:20]
    context = {
        **place.context,
        "rows": [(row, _address(request, row)) for row in rows.select_related("link")],
        "may": place.leads or place.group.policy == "open",
        "problem": problem,
        "errors": problem.fields if problem else {},
        "values": request.POST if problem else {"most_uses": "20", "days": "14"},
    }
    status = problem.status if problem else 200
    return render(request, "shop/groups/invite.html", context, status=status)


def _address(request: HttpRequest, row: Invitation) -> str:
    path = reverse("group_invitation", args=[row.code])
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def group_invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Show what one is invited to, without an account; POST joins."""
    who = actor(request)
    invitation = get_invitation(who, code)
    problem = None
    if request.method == "POST":
        try:
            actions.accept_invitation(actor=who, code=code, wants_offers="offers" in request.POST)
        except Problem as found:
            problem = refused(found)
        else:
            messages.success(request, _("You are a member now."))
            return redirect("group", invitation.group.slug)
    context = {
        "nav": "groups",
        "group": invitation.group,
        "by": face_of(invitation.by),
        "cover": pictures([invitation.group.cover_id]).get(invitation.group.cover_id or 0),
        "code": code,
        "problem": problem,
        "guest": who.id is None,
    }
    status = problem.status if problem else 200
    return render(request, "shop/groups/invitation.html", context, status=status)


@require_safe
@private
def group_invitation_qr(request: HttpRequest, code: str) -> HttpResponse:
    """Return an invitation's address as a QR code."""
    row = get_invitation(actor(request), code)
    return HttpResponse(qr_png(_address(request, row)), content_type="image/png")
