"""A form that arrives twice has its effect once: two taps, an answer that got lost, Back.

Django masks the token of a page anew in each form that it draws, so together with what was typed
it names what somebody wanted to send. The same form with other words is another wish.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest

from banyan.kernel.idempotency import Replay, fingerprint, once

from .http import actor

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field


def name_of(request: HttpRequest) -> str:
    """Return what tells this form, as it was filled in, from all others; "" without a token.

    Of files that came along, name and size are looked at. For members.
    """
    if not request.POST.get(TOKEN):
        return ""
    typed = [part for name in sorted(request.POST) for part in (name, *request.POST.getlist(name))]
    files = [
        f"{name}/{one.name}/{one.size}"
        for name in sorted(request.FILES)
        for one in request.FILES.getlist(name)
    ]
    return fingerprint(request.path, *typed, *files)


def led_to(request: HttpRequest, name: str, do: Callable[[], str]) -> str:
    """Do what the form called ``name`` asks for and return the address it leads to.

    A second form of that name waits for the first and is led to the same place; what is refused
    may be sent again. One transaction.
    """
    if not name:
        return do()
    with transaction.atomic():
        attempt = once(client="form", actor=actor(request), key=name, fingerprint=name)
        if isinstance(attempt, Replay):
            return str(attempt.response["url"])
        url = do()
        attempt.store({"url": url})
    return url
