"""The list of rooms, requests, and who may write first."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.chat import actions as chat
from banyan.chat.actions import Wanted, Words
from banyan.chat.queries import choice_of, requests, rooms
from banyan.chat.rules import WHO
from banyan.kernel.cursors import Cursor
from banyan.kernel.problems import NotFound
from banyan.notify.webpush import current_key
from banyan.sharing import ports as sharing
from banyan.sharing.queries import link_by_code
from banyan.web.ui.shapes import Tab

from ...http import actor, number, private, signed_in
from ...streams import ticket
from .talk import listed_faces

PAGE = 30


@require_safe
@private
@signed_in
def chat_list(request: HttpRequest) -> HttpResponse:
    """List the member's rooms, the latest said in first; ``?asking`` lists who would like to."""
    who = actor(request)
    asking = "asking" in request.GET
    found = (
        requests(who, limit=PAGE + 1)
        if asking
        else rooms(who, before=Cursor.read(request.GET.get("before", "")), limit=PAGE + 1)
    )
    shown = found[:PAGE]
    waiting = len(found) if asking else len(requests(who, limit=PAGE))
    here = reverse("chat")
    more = ""
    if len(found) > PAGE:
        last = shown[-1].room
        more = f"{here}?{urlencode({'before': str(Cursor(last.last_at, last.pk))})}"
    context = {
        "nav": "chat",
        "rows": list(zip(shown, listed_faces(shown), strict=True)),
        "me": who.id,
        "asking": asking,
        "more_url": "" if asking else more,
        "tabs": [
            Tab(text=_("Chats"), url=here, current=not asking),
            Tab(text=_("Requests"), url=f"{here}?asking", current=asking, count=waiting or None),
        ],
        "choice": choice_of(who),
        "choices": _choices(),
        "live": ticket(request, f"member:{who.id}"),
        "here": request.get_full_path(),
        "push": current_key() if shown and not asking else None,
    }
    return render(request, "shop/chat/list.html", context)


def _choices() -> list[tuple[str, str]]:
    texts = {
        "everybody": _("Everybody may ask"),
        "following": _("Only people I follow"),
        "nobody": _("Nobody new"),
    }
    return [(who, texts[who]) for who in WHO]


@require_POST
@private
@signed_in
def chat_who(request: HttpRequest) -> HttpResponse:
    """Remember who may write to the member first."""
    chat.choose_who_writes(actor=actor(request), who=request.POST.get("who", ""))
    messages.success(request, _("Saved."))
    return redirect("chat")


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def chat_share(request: HttpRequest, kind: str, target_id: int) -> HttpResponse:
    """Choose a room to show something in, and show it there.

    Through ``via`` it is shared on: the sender's link in the room is a child of that one.
    """
    who = actor(request)
    known = kind in sharing.kinds()
    card = sharing.card(kind, target_id, viewer=who) if known else None
    if card is None:
        raise NotFound()
    via = link_by_code((request.POST.get("via") or request.GET.get("via") or "")[:24])
    fits = via is not None and (via.target_kind, via.target_id) == (kind, target_id)
    if request.method == "POST":
        room_id = number(request.POST, "room") or 0
        wanted = Wanted("link", via.pk) if via is not None and fits else Wanted(kind, target_id)
        made = chat.send(actor=who, room_id=room_id, words=Words(card=wanted))
        return redirect(f"{reverse('chat_room', args=[room_id])}#m{made.seq}")
    found = rooms(who, limit=PAGE)
    context = {
        "nav": "chat",
        "card": card,
        "kind": kind,
        "target_id": target_id,
        "via": via.code if via is not None and fits else "",
        "rows": list(zip(found, listed_faces(found), strict=True)),
    }
    return render(request, "shop/chat/share.html", context)
