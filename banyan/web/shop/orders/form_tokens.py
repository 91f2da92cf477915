"""The one-use token of a checkout form: one for all fresh forms of a browser for the same goods.

Two tabs, or Back after a cut connection, so send the same key of placement, and the database lets
one order come of it. Once that order has ended (paid, expired, given up) the next form has another.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token

from banyan.kernel.ids import new_code
from banyan.kernel.keyrings import Ring, keys
from banyan.orders.models import Checkout
from banyan.orders.queries import last_placed, waiting_with

from ...http import actor

KEY = "form:"


@dataclass(frozen=True, slots=True)
class Fresh:
    """A token for a form, and the order that already waits for payment under it, if any."""

    token: str
    waiting: Checkout | None = None


def fresh(request: HttpRequest, quantities: Mapping[int, int]) -> Fresh:
    """Return the token of a form for these goods (variant id -> quantity). Two statements, none
    for a browser that comes for the first time.

    An order of this browser (of this member, wherever) that holds exactly these goods and waits
    for its payment is returned with the token that placed it.
    """
    first_time = actor(request).id is None and settings.CSRF_COOKIE_NAME not in request.COOKIES
    browser = _browser(request)
    if first_time:
        return Fresh(f"{browser}.{_goods(quantities)}.0")
    waiting = waiting_with(f"{KEY}{browser}.", quantities)
    if waiting is not None:
        return Fresh(waiting.placement_key.removeprefix(KEY), waiting)
    goods = f"{browser}.{_goods(quantities)}."
    return Fresh(f"{goods}{last_placed(KEY + goods)}")


def another(request: HttpRequest, quantities: Mapping[int, int]) -> str:
    """Return a token that no other form has: for who was told of the earlier order and goes on."""
    return f"{_browser(request)}.{_goods(quantities)}.{new_code(60)}"


def _browser(request: HttpRequest) -> str:
    """Return what stands for the member, else for the browser; unguessable, says nothing."""
    who = actor(request)
    known = f"member:{who.id}"
    if who.id is None:
        get_token(request)  # the form carries it anyway; its cookie is this browser's own secret
        known = f"browser:{request.META['CSRF_COOKIE']}"
    key = keys(Ring.COOKIES)[0]
    return hmac.digest(key, f"checkout:{known}".encode(), hashlib.sha256).hex()[:32]


def _goods(quantities: Mapping[int, int]) -> str:
    told = ",".join(f"{variant}x{n}" for variant, n in sorted(quantities.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:12]
