"""A visitor joins a play: a place is kept while they sign in, and the sign-in takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import get_instance_for
from banyan.campaigns.mechanic import Arrival, comes_late, title_of
from banyan.campaigns.problems import Refused
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.ratelimits import hit
from banyan.people.ports import register_resume
from banyan.sharing.channels import channel_of
from banyan.sharing.queries import link_by_code

from ...http import actor, private, same_origin
from ..people.resume import keep
from ..people.sessions import client_address

MOST, WINDOW = 10, 600


@same_origin
@require_POST
@private
def play_keep(request: HttpRequest, code: str) -> HttpResponseBase:
    """Keep a place for a visitor and go by way of the sign-in, which joins for them."""
    who = actor(request)
    found = get_instance_for(who, code)
    back = reverse("play", args=[found.code])
    if who.id is not None:
        return redirect(back)
    hit(f"keep:{client_address(request)}", MOST, WINDOW)
    payload = {
        "play": found.code,
        "title": title_of(found.campaign),
        "via": request.POST.get("via", "")[:24],
        "t": request.POST.get("t", "")[:20],
        "channel": channel_of(request.headers.get("user-agent", "")),
    }
    try:
        payload["kept"] = campaigns.keep_place(actor=who, code=code).key
    except Refused as refused:
        # Where no more are kept, one may still be free for whoever is quick; what is for those
        # who come too late needs no place.
        if refused.reason != "held" and not comes_late(found, clock.now()):
            messages.error(request, str(refused.message))
            return redirect(back)
    return keep(request, "join", payload, next_url=back)


def _join(who: Actor, payload: Mapping[str, Any]) -> str:
    link = link_by_code(payload["via"]) if payload["via"] else None
    done = campaigns.play(
        actor=who,
        code=payload["play"],
        verb="join",
        arrival=Arrival(
            link_id=link.pk if link else None,
            touch_id=whole(payload["t"]) if link else None,
            channel=payload["channel"],
        ),
        given={"kept": payload.get("kept", "")},
    )
    return done.next_url or reverse("play", args=[done.instance.code])


def register() -> None:
    """Called once, when the application starts."""
    register_resume(
        "join", _join, describe=lambda p: _("Take part: %(title)s") % {"title": p["title"]}
    )
