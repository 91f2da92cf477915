"""Signed first-party cookies of the pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

CART = "banyan_cart"
WAY_BACK = "banyan_back"
MONTHS = 60 * 60 * 24 * 60


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
