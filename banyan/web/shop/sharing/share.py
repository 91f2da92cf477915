"""The share sheet, the opened link, and how a share travelled."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog.models import Product
from banyan.earnings.queries import link_report, link_reports, offer_of
from banyan.insights.queries import journey_of
from banyan.kernel.problems import NotFound
from banyan.sharing import actions as sharing
from banyan.sharing import ports
from banyan.sharing.channels import channel_of, is_prefetch, verdict_of
from banyan.sharing.models import Link
from banyan.sharing.queries import Reach, Scope, link_by_code, reach_by_link
from banyan.sharing.visitors import may_identify, new_visitor, remember, visitor_for

from ...http import actor, private, signed_in
from ..market.arrival import arrival_of
from ..market.ended import ended_link
from . import travel

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
MOST_LINKS = 50
FRAME = {"nav": "me", "layout": "ui/layouts/app.html"}


@require_safe
@private
def share(request: HttpRequest, kind: str, target_id: int) -> HttpResponse:
    """Show a member their link to a target, ready to pass on; a visitor the plain address.

    The link is made on the first look, which changes nothing for anybody else. Under a channel
    that forbids rewarded sharing no word of earning is shown.
    """
    who = actor(request)
    if kind not in ports.kinds():
        raise NotFound()
    card = ports.card(kind, target_id, viewer=who)
    if card is None:
        raise NotFound()
    arrival = arrival_of(request)
    link = None
    if who.id is not None and not is_prefetch(request.headers.get("sec-purpose", "")):
        link = sharing.share(actor=who, target_kind=kind, target_id=target_id, via=arrival.link)
    path = reverse("open_link", args=[link.code]) if link else card.url
    earn = None
    if kind == "product" and not arrival.neutral:
        earn = offer_of(Product.objects.get(pk=target_id))
    context = {
        "card": card,
        "link": link,
        "share_url": request.build_absolute_uri(path),
        "qr_url": reverse("qr", args=[link.code]) if link else "",
        "chat_url": reverse("chat_share", args=[kind, target_id])
        + (f"?via={arrival.code}" if arrival.code else ""),
        "poster_url": reverse("poster", args=[link.code]) if link else "",
        "earn": earn,
        "arrival": arrival,
        "report": link_report(link) if link else None,
    }
    return render(request, "shop/sharing/share.html", context)


@require_http_methods(["GET", "HEAD"])
def open_link(request: HttpRequest, code: str) -> HttpResponse:
    """Open a share link where no edge stands before Django: record the touch, then go on."""
    link = link_by_code(code)
    card = ports.card(link.target_kind, link.target_id) if link else None
    if link is None:
        return ended_link(request, None, None)
    agent = request.headers.get("user-agent", "")
    purpose = request.headers.get("sec-purpose", "") or request.headers.get("purpose", "")
    verdict = verdict_of(agent)
    if is_prefetch(purpose) or request.method == "HEAD":
        verdict = "prefetch"
    visitor = visitor_for(request)
    fresh = (
        visitor is None
        and verdict == "unknown"
        and may_identify(request.COOKIES.get("banyan_consent"))
    )
    if fresh:
        visitor = new_visitor()
    who = actor(request)
    known = type(who)(kind=who.kind, id=who.id, visitor=visitor, roles=who.roles)
    touch = sharing.record_touch(actor=known, link=link, channel=channel_of(agent), verdict=verdict)
    if card is None:
        # The offer is over; that somebody came for it is still true.
        response = ended_link(request, link, touch.pk)
    else:
        response = redirect(f"{card.url}?{urlencode({'via': code, 't': touch.pk})}")
    response["Cache-Control"] = "no-store"
    if fresh and visitor:
        remember(response, visitor, secure=request.is_secure())
    return response


@require_safe
def seen(request: HttpRequest, touch_id: int) -> HttpResponse:
    """The page of a touch was drawn by a browser that loads pictures: it is a person's."""
    ahead = request.headers.get("sec-purpose", "") or request.headers.get("purpose", "")
    person = verdict_of(request.headers.get("user-agent", "")) == "unknown"
    if person and not is_prefetch(ahead) and request.method == "GET":
        sharing.confirm_touch(actor=actor(request), touch_id=touch_id)
    response = HttpResponse(PIXEL, content_type="image/gif")
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@private
@signed_in
def links_mine(request: HttpRequest) -> HttpResponse:
    """List the member's links with the people who came through them and what they earned."""
    who = actor(request)
    links = list(Link.objects.filter(owner_id=who.id, revoked_at=None).order_by("-id")[:MOST_LINKS])
    cards = ports.cards_of(links)
    people = reach_by_link(Scope.owner(who.id or 0))
    reports = link_reports(links)
    rows = [
        {
            "link": link,
            "card": cards[link.pk],
            "reach": people.get(link.pk, Reach()),
            "report": reports[link.pk],
        }
        for link in links
        if link.pk in cards
    ]
    return render(request, "shop/sharing/links.html", {"nav": "me", "rows": rows})


@require_safe
@private
@signed_in
def link_room(request: HttpRequest, code: str, room: str) -> HttpResponse:
    """Show how one's own share travelled; a withdrawn one is still there to read."""
    who = actor(request)
    link = Link.objects.select_related("owner").filter(code=code, owner_id=who.id or 0).first()
    if link is None:
        raise NotFound()
    tree = journey_of(link, payee_id=link.owner_id)
    found = travel.Travel(link, tree, who, lambda room: reverse(f"link_{room}", args=[code]))
    return travel.show(request, room, found, FRAME)
