"""Cards of shares on a page: whom they were shown to, where that may be noted."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.http import HttpRequest

from banyan.sharing.channels import channel_of, is_prefetch, verdict_of
from banyan.sharing.models import Link
from banyan.sharing.shown import cards, person_of
from banyan.sharing.visitors import CONSENT_COOKIE, may_identify

from ...http import actor

log = structlog.get_logger("banyan.web")


def note_shown(request: HttpRequest, links: Iterable[Link | None]) -> None:
    """Note that a person looks at the cards of ``links``; costs no statement.

    Not noted: robots, pages loaded ahead, people who allow no id, and owners of the links.
    """
    agent = request.headers.get("user-agent", "")
    ahead = request.headers.get("sec-purpose", "") or request.headers.get("purpose", "")
    if request.method != "GET" or verdict_of(agent) != "unknown" or is_prefetch(ahead):
        return
    if not may_identify(request.COOKIES.get(CONSENT_COOKIE)):
        return
    who = actor(request)
    ids = [link.pk for link in links if link is not None and link.owner_id != who.id]
    try:
        cards.note(
            ids,
            person=person_of(visitor=who.visitor, account_id=who.id),
            channel=channel_of(agent),
        )
    except OSError as error:  # a full disk must not take the page away
        log.warning("shown_not_noted", error=str(error))
