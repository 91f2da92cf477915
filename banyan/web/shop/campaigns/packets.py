"""Filling a red packet: how much, how many shares, for whom."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import get_campaign_for
from banyan.campaigns.actions.packets import KINDS, PacketInput
from banyan.campaigns.honour import HONOUR
from banyan.campaigns.mechanics.red_packet import GROUP, NEW
from banyan.campaigns.models import Campaign
from banyan.chat.access import get_room_for, partner_of
from banyan.chat.models import Room
from banyan.chat.queries import rooms
from banyan.chat.states import OPEN
from banyan.groups.queries import my_groups
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money, no_amount
from banyan.kernel.problems import Invalid, LoginRequired, NotFound, Problem
from banyan.payments.queries import wallet_is_on, wallets_of

from ...http import actor, number, private, signed_in
from ..chat.talk import listed_faces, room_face

MOST_ROOMS = 50


def packet_url(room: Room | None) -> str:
    """Return where a packet for a room is filled; empty where there cannot be one."""
    if room is None or room.kind not in KINDS or room.state != OPEN or not wallet_is_on():
        return ""
    return f"{reverse('packet_new')}?room={room.pk}"


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def packet_new(request: HttpRequest) -> HttpResponse:
    """Show the form of a packet with the credit there is; on POST fill it and show it."""
    given = request.GET if request.method != "POST" else request.POST
    words = _words_of(actor(request), given.get("campaign", "")[:24])
    if request.method != "POST":
        if not words and not wallet_is_on():
            raise NotFound()
        return _form(request, given, words)
    try:
        made = campaigns.fill_packet(
            actor=actor(request), data=_read(request, words), key=given.get("key", "")[:40]
        )
    except (LoginRequired, NotFound):
        raise
    except Problem as problem:
        if problem.status not in {409, 422}:
            raise
        return _form(request, given, words, problem)
    room_id = number(request.POST, "room")
    if room_id is not None:
        return redirect(f"{reverse('chat_room', args=[room_id])}#say")
    return redirect("play", made.code)


def _words_of(who: Actor, code: str) -> Campaign | None:
    """Return the campaign if its packets hold words and no money."""
    found = get_campaign_for(who, code) if code else None
    return found if found and found.drive == HONOUR else None


def _read(request: HttpRequest, words: Campaign | None) -> PacketInput:
    given = request.POST
    return PacketInput(
        total=Money(0, words.currency) if words else _total(request),
        count=number(given, "count") or 0,
        mode=given.get("mode", ""),
        wish=given.get("wish", ""),
        word=given.get("word", ""),
        room_id=number(given, "room"),
        audience=given.get("audience", "")[:40],
        campaign=given.get("campaign", "")[:24],
    )


def _total(request: HttpRequest) -> Money:
    given, held = request.POST, wallets_of(actor(request).id or 0)
    currency = given.get("currency", "")
    if currency not in {money.currency for money in held}:
        raise Invalid(fields={"total": _("There is no credit in your wallet.")})
    try:
        return Money.parse(given.get("total", ""), currency)
    except (ValueError, ArithmeticError) as error:
        raise Invalid(fields={"total": no_amount(currency)}) from error


def _form(
    request: HttpRequest, values: Any, words: Campaign | None, problem: Problem | None = None
) -> HttpResponse:
    who = actor(request)
    held = [money for money in wallets_of(who.id or 0) if money.amount > 0]
    context = {
        "nav": "me",
        "values": values,
        "held": held,
        "honour": words is not None,
        "audiences": _audiences(who, values.get("audience", "")),
        "rooms": _rooms(who, number(values, "room")),
        "modes": [
            {"value": value, "text": text, "checked": value == (values.get("mode") or "random")}
            for value, text in (("random", _("By luck")), ("equal", _("Equal shares")))
        ],
        "key": values.get("key") or new_code(80),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = problem.status if problem else 200
    return render(request, "shop/campaigns/packet_new.html", context, status=status)


def _audiences(who: Actor, chosen: str) -> list[tuple[str, str, bool]]:
    """Return whom a packet can be for as (value, name, chosen): all, new friends, one's groups."""
    groups = [(f"{GROUP}{one.group_id}", one.group.name) for one in my_groups(who)]
    known = [("", _("Everybody who comes by it")), (NEW, _("Only who is new here")), *groups]
    return [(value, name, value == chosen) for value, name in known]


def _rooms(who: Actor, chosen_id: int | None) -> list[tuple[str, str, bool]]:
    """Return the rooms a packet can be put into as (value, name, chosen), the latest first."""
    found = [one for one in rooms(who, limit=MOST_ROOMS) if packet_url(one.room)]
    shown = [(one.room.pk, face.name) for one, face in zip(found, listed_faces(found), strict=True)]
    if chosen_id is not None and chosen_id not in dict(shown):
        room = get_room_for(who, chosen_id)
        shown.insert(0, (room.pk, room_face(room, partner_of(room, who.id or 0)).name))
    return [(str(pk), name, pk == chosen_id) for pk, name in shown]
