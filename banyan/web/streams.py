"""Tickets for the live stream, as pages hand them out to those who may see the topic."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from banyan.kernel import keyrings
from banyan.kernel.clock import now
from banyan.kernel.keyrings import Ring

from .http import actor
from .live import tickets


def ticket(request: HttpRequest, *topics: str) -> str:
    """Return a ticket for topics whose page the reader has just been allowed to see."""
    who = actor(request)
    # Without account or cookie the topics stand for the person: a guest with one order's link.
    person = f"a{who.id}" if who.id is not None else who.visitor or "~".join(topics)
    key = keyrings.keys(Ring.STREAMS)[0]
    return tickets.issue(topics, person=person, now=now().timestamp(), key=key)


def stream_url(request: HttpRequest) -> str:
    """Return where the live process answers: as set, else this host, one port further."""
    if settings.LIVE_URL:
        return f"{settings.LIVE_URL}/live/"
    host, colon, port = request.get_host().rpartition(":")
    if not colon or not port.isdigit():
        host = request.get_host()
    return f"{request.scheme}://{host}:{settings.LIVE_PORT}/live/"
