"""Small things that views share: the actor, same-origin posts, cache headers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.dateparse import parse_date
from django.views.decorators.csrf import csrf_exempt

from banyan.kernel import clock
from banyan.kernel.digits import LARGEST, whole
from banyan.kernel.http import actor
from banyan.kernel.problems import Forbidden, LoginRequired, NotFound, Problem

__all__ = [
    "View",
    "actor",
    "day",
    "has_nul",
    "link_token",
    "number",
    "pressed",
    "private",
    "revalidated",
    "same_origin",
    "signed_in",
    "unreadable",
]

View = Callable[..., HttpResponseBase]
_OUTWARD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def number(values: QueryDict, name: str, *, most: int = LARGEST) -> int | None:
    """Return the whole number of a field, at most ``most``; None when it is absent or no number."""
    return whole(values.get(name, ""), most=most)


def pressed(request: HttpRequest, *known: str, name: str = "do") -> str:
    """Return which of the ``known`` buttons of a form was pressed; "" stands for one without name.

    Raises NotFound for any other, so that nothing is done which nobody has named.
    """
    wish = request.POST.get(name, "")
    if wish not in known:
        raise NotFound()
    return wish


def day(text: str) -> dt.date | None:
    """Return the day that a text names, "2026-11-28"; None for anything else.

    None, too, for one before 1970 or after 2199, which has no end that a clock could tell.
    """
    try:
        found = parse_date(text)
    except ValueError:
        return None
    known = found is not None and clock.EARLIEST.date() <= found < clock.LATEST.date()
    return found if known else None


def link_token(request: HttpRequest) -> str:
    """Return the token of a purchase that the address or the form names as ``o``.

    Empty for what can be none: a member needs no token, and the page leads on by what it was given.
    """
    given = request.GET.get("o", "") or request.POST.get("o", "")
    return given if _OUTWARD.fullmatch(given) else ""


def has_nul(request: HttpRequest) -> bool:
    """Tell whether a form holds NUL, a sign that no column of ours can."""
    return any("\0" in text for name, texts in request.POST.lists() for text in (name, *texts))


def unreadable() -> Problem:
    """Return what is said to such a form."""
    return Problem(code="malformed")


def signed_in(view: View) -> View:
    """Send visitors to the sign-in page, and back to this page afterwards."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if actor(request).id is None:
            raise LoginRequired()
        return view(request, *args, **kwargs)

    return wrapped


def same_origin(view: View) -> View:
    """Accept posts without a form token, but only from our own pages.

    For acts that give nothing away and that visitors do on pages without a token (add to cart).
    Browsers send Sec-Fetch-Site or Origin with every post; a post with neither is refused.
    """

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not _from_us(request):
            raise Forbidden(code="cross_origin")
        if request.method == "POST" and has_nul(request):
            raise unreadable()
        return view(request, *args, **kwargs)

    return wrapped


def _from_us(request: HttpRequest) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site:
        return site == "same-origin"
    origin = request.headers.get("origin") or request.headers.get("referer", "")
    try:
        return urlsplit(origin).netloc == request.get_host()
    except ValueError:  # it is no address
        return False


def private(view: View) -> View:
    """Never store: pages with money or contact data of a person."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return wrapped


def revalidated(view: View) -> View:
    """Private and checked each time, but kept for the way back."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.setdefault("Cache-Control", "private, no-cache")
        return response

    return wrapped
