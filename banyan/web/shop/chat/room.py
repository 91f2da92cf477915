"""One room: what was said, saying more, reading, requests, silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.access import get_shop_for, works_in
from banyan.chat import actions as chat
from banyan.chat import ports
from banyan.chat.access import get_room_for, partner_of
from banyan.chat.actions import Words
from banyan.chat.models import Message, Room
from banyan.chat.queries import Said, earlier, latest, pointer_of, read_by_other, since
from banyan.chat.states import OPEN
from banyan.chat.topics import topic_of
from banyan.groups.access import get_group_by_slug
from banyan.kernel import clock
from banyan.kernel.ids import new_code
from banyan.kernel.problems import LoginRequired, NotFound, Problem
from banyan.media.queries import staged_for
from banyan.people.access import get_account_for
from banyan.web.ui.shapes import Face

from ...http import actor, number, private, signed_in
from ...streams import ticket
from ..campaigns.packets import packet_url
from ..market.cards import shop_faces
from ..people.faces import face_of
from .talk import goods_to_show, lines_of, room_face, wanted_card, words_of

MUTES = {"8h": dt.timedelta(hours=8), "week": dt.timedelta(days=7), "good": None}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a form writes to: ``room`` where there is one, else with whom it would be."""

    face: Face
    say_url: str
    room: Room | None = None
    shop_id: int | None = None
    handle: str = ""


@require_safe
@private
@signed_in
def chat_room(request: HttpRequest, room_id: int) -> HttpResponse:
    """Show a room. ``?first`` answers what refreshes itself, ``?before`` what was said earlier."""
    who = actor(request)
    room = get_room_for(who, room_id)
    if request.headers.get("hx-request"):
        first, before = number(request.GET, "first"), number(request.GET, "before")
        if before is not None:
            said = earlier(who, room, before=before)
            return render(request, "shop/chat/earlier.html", _talk(request, room, said))
        return _since(request, room, first)
    return _page(request, _place(request, room))


def _since(request: HttpRequest, room: Room, first: int | None) -> HttpResponse:
    said = since(actor(request), room, first=first or 0)
    return render(request, "shop/chat/talk.html", _talk(request, room, said, first))


def _place(request: HttpRequest, room: Room) -> Place:
    partner = partner_of(room, actor(request).id or 0)
    return Place(
        face=room_face(room, partner),
        say_url=reverse("chat_say", args=[room.pk]),
        room=room,
        shop_id=room.shop_id,
        handle=partner.handle if partner else "",
    )


def _talk(
    request: HttpRequest, room: Room, said: list[Said], first: int | None = None
) -> dict[str, Any]:
    """Return what the messages of a room are drawn with."""
    who = actor(request)
    begins = said[0].message.seq if said else room.last_seq + 1
    pointer = pointer_of(who, room)
    seen = read_by_other(who, room)
    mine = [one.message.seq for one in said if one.mine]
    own_request = room.state != OPEN and room.asker_id == who.id
    return {
        "room": room,
        "lines": lines_of(room, said),
        "earlier_url": f"{reverse('chat_room', args=[room.pk])}?before={begins}"
        if begins > 1 and said
        else "",
        "begins": begins,
        "read_url": reverse("chat_read", args=[room.pk]),
        "unread": pointer.last_read_seq < room.last_seq,
        "seen": bool(mine) and seen is not None and seen >= mine[-1],
        "asks": room.state != OPEN and not own_request,
        "waits": own_request,
        "live": ticket(request, topic_of(room)),
        "again_url": f"{reverse('chat_room', args=[room.pk])}?first={first or begins}",
    }


def _page(request: HttpRequest, place: Place, problem: Problem | None = None) -> HttpResponse:
    who = actor(request)
    room = place.room
    before = number(request.GET, "before")
    said: list[Said] = []
    if room is not None:
        said = earlier(who, room, before=before) if before else latest(who, room)
    card = wanted_card(request)
    shown = ports.cards(who, card.kind, [card.id]).get(card.id) if card else None
    pointer = pointer_of(who, room) if room else None
    tokens = problem.extra.get("tokens", []) if problem else []
    context: dict[str, Any] = {
        "nav": "chat",
        "place": place,
        "card": shown,
        "card_value": f"{card.kind}:{card.id}" if card and shown else "",
        "goods": goods_to_show(place.shop_id),
        "packet_url": packet_url(room),
        "body": request.POST.get("body", ""),
        "key": new_code(80),
        "staged": staged_for(who, tokens or request.POST.getlist("picture")),
        "problem": problem,
        "errors": problem.fields if problem else {},
        "muted": pointer is not None
        and pointer.muted_until is not None
        and clock.now() < pointer.muted_until,
    }
    if room is not None:
        context |= _talk(request, room, said)
    status = problem.status if problem else 200
    return render(request, "shop/chat/room.html", context, status=status)


@require_POST
@private
@signed_in
def chat_say(request: HttpRequest, room_id: int) -> HttpResponse:
    """Say something in a room; what is refused comes back with its words and picture."""
    room = get_room_for(actor(request), room_id)
    say = partial(chat.send, actor=actor(request), room_id=room.pk)
    return _say(request, _place(request, room), lambda words: say(words=words))


def _say(request: HttpRequest, place: Place, say: Callable[[Words], Message]) -> HttpResponse:
    live = bool(request.headers.get("hx-request"))
    try:
        made = say(words_of(request))
    except (LoginRequired, NotFound):
        raise
    except Problem as problem:
        if live:
            raise
        return _page(request, place, problem)
    if live and place.room is not None:
        room = get_room_for(actor(request), place.room.pk)
        return _since(request, room, number(request.POST, "first"))
    return redirect(f"{reverse('chat_room', args=[made.room_id])}#m{made.seq}")


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def chat_with(request: HttpRequest, handle: str) -> HttpResponse:
    """Write to somebody: their room where there is one, else the first message of it."""
    who = actor(request)
    account = get_account_for(who, handle)
    if account.pk == who.id:
        return redirect("chat")
    place = Place(
        face=face_of(account),
        say_url=reverse("chat_with", args=[account.handle]),
        handle=account.handle,
    )
    if request.method == "POST":
        write = partial(chat.write_to, actor=who, account_id=account.pk)
        return _say(request, place, lambda words: write(words=words))
    low, high = sorted((who.id or 0, account.pk))
    return _begin(request, Room.objects.filter(low_id=low, high_id=high).first(), place)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def chat_shop(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Ask a shop; ``?card=product:ID`` or ``order:ID`` is in the form already."""
    who = actor(request)
    shop = get_shop_for(who, shop_slug)
    if works_in(who, shop.pk):
        return redirect("studio_inbox", shop.slug)
    place = Place(
        face=shop_faces([shop])[0],
        say_url=reverse("chat_shop", args=[shop.slug]),
        shop_id=shop.pk,
    )
    if request.method == "POST":
        ask = partial(chat.ask_shop, actor=who, shop_id=shop.pk)
        return _say(request, place, lambda words: ask(words=words))
    return _begin(request, Room.objects.filter(shop=shop, account_id=who.id or 0).first(), place)


def _begin(request: HttpRequest, room: Room | None, place: Place) -> HttpResponse:
    """Show the room that there is, or the form that makes it."""
    if room is None:
        return _page(request, place)
    return _page(request, _place(request, get_room_for(actor(request), room.pk)))


@require_safe
@private
@signed_in
def chat_group(request: HttpRequest, group_slug: str) -> HttpResponse:
    """Go to the room of a group that the member belongs to; the first one there makes it."""
    group = get_group_by_slug(actor(request), group_slug)
    room = chat.open_group_room(actor=actor(request), group_id=group.pk)
    return redirect(_end_of(room.pk))


def _end_of(room_id: int) -> str:
    """Return where a room's newest words, and the field below them, are in sight at once."""
    return f"{reverse('chat_room', args=[room_id])}#say"


@require_POST
@private
@signed_in
def chat_read(request: HttpRequest, room_id: int) -> HttpResponse:
    """Note how far the member has read; the page says so itself where there is script."""
    chat.mark_read(actor=actor(request), room_id=room_id, seq=number(request.POST, "seq") or 0)
    if request.headers.get("hx-request"):
        return HttpResponse(status=204)
    return redirect(_end_of(room_id))


@require_POST
@private
@signed_in
def chat_act(request: HttpRequest, room_id: int) -> HttpResponse:
    """Let somebody in or not, silence a room or not."""
    who, do = actor(request), request.POST.get("do", "")
    if do == "accept":
        chat.accept(actor=who, room_id=room_id)
    elif do == "decline":
        chat.decline(actor=who, room_id=room_id)
        messages.success(request, _("They are not told. You can still write to them first."))
        return redirect(f"{reverse('chat')}?asking")
    elif do == "unmute":
        chat.unmute(actor=who, room_id=room_id)
    elif do in MUTES:
        span = MUTES[do]
        chat.mute(actor=who, room_id=room_id, until=clock.now() + span if span else None)
    else:
        raise NotFound()
    return redirect(_end_of(room_id))


@require_POST
@private
@signed_in
def chat_take_back(request: HttpRequest, room_id: int, message_id: int) -> HttpResponse:
    """Take one's own message back."""
    chat.take_back(actor=actor(request), room_id=room_id, message_id=message_id)
    return redirect("chat_room", room_id)
