"""Signed first-party cookies of the pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

CART = "banyan_cart"
WAY_BACK = "banyan_back"
CART_COUNT = "banyan_cart_n"
MONTHS = 60 * 60 * 24 * 60


def cart_count(request: HttpRequest) -> str:
    """Return how many things the cart held when it was last seen, "99+" for many; no query."""
    kept = request.COOKIES.get(CART_COUNT, "")
    if not (kept.isascii() and kept.isdigit()):
        return ""
    return "99+" if len(kept) > 2 else kept.lstrip("0")


def keep_cart_count(response: HttpResponseBase, count: int) -> None:
    """Remember for the badge of the next pages how many things the cart holds."""
    if count:
        response.set_cookie(CART_COUNT, str(count), max_age=MONTHS, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(CART_COUNT)


def read_signed(request: HttpRequest, name: str) -> str:
    """Return the value of a signed cookie, or an empty text when it is absent or forged."""
    return request.get_signed_cookie(name, default="", salt="banyan.web") or ""


def write_signed(request: HttpRequest, response: HttpResponseBase, name: str, value: str) -> None:
    """Set a signed, HttpOnly cookie for two months."""
    response.set_signed_cookie(
        name,
        value,
        salt="banyan.web",
        max_age=MONTHS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
