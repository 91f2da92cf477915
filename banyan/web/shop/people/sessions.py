"""Sessions: who asks from where, and how a proven account becomes a signed-in browser."""

from __future__ import annotations

from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import perform_login
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from banyan.kernel.http import address_of
from banyan.kernel.problems import LoginRequired
from banyan.people.models import Account, SignInCode
from banyan.people.rules.contacts import REGIONS

from ...cookies import CART, read_signed
from ...http import View, actor
from ...middleware import visitor_of


def member(view: View) -> View:
    """Let members in; send visitors to the sign-in page (GET) or tell them to sign in first."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if actor(request).id is not None:
            response = view(request, *args, **kwargs)
            response.setdefault("Cache-Control", "private, no-cache")
            return response
        if request.method in ("GET", "HEAD") and not request.headers.get("hx-request"):
            return to_login(next_url=request.get_full_path())
        raise LoginRequired()

    return wrapped


def to_login(*, next_url: str = "", intent: str = "") -> HttpResponse:
    """Redirect to the sign-in page, which brings people back and does what they intended."""
    carried = {"next": next_url, "intent": intent}
    query = urlencode({name: value for name, value in carried.items() if value})
    return redirect(reverse("login") + (f"?{query}" if query else ""))


def safe_next(request: HttpRequest, default: str = "") -> str:
    """Return the way back that the request names, if it is a path of ours."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    if url.startswith("/") and url_has_allowed_host_and_scheme(url, {request.get_host()}):
        return url
    return default


def client_address(request: HttpRequest) -> str:
    """Return the address that asks, for rate limits; the proxy's word counts only if trusted."""
    return address_of(request.META, behind_proxy=bool(settings.SECURE_PROXY_SSL_HEADER))


def region_of(request: HttpRequest) -> str:
    """Guess the country for phone numbers without a country code, from the browser's languages."""
    for part in request.headers.get("accept-language", "").split(","):
        country = part.partition(";")[0].strip().rpartition("-")[2]
        if len(country) == 2 and country.isalpha() and "-" in part:
            return country.upper()
    return REGIONS.get(str(getattr(request, "LANGUAGE_CODE", "")), "CN")


def cart_token(request: HttpRequest) -> str:
    """Return the token of the browser's cart, or nothing."""
    return read_signed(request, CART)


def visitor(request: HttpRequest) -> str:
    """Return the browser's first-party visitor id, or nothing."""
    return visitor_of(request) or ""


def passkeys_work(request: HttpRequest) -> bool:
    """Tell whether this browser could use passkeys here: on https, or on localhost by name."""
    return request.is_secure() or request.get_host().partition(":")[0] == "localhost"


def sign_in(
    request: HttpRequest,
    account: Account,
    *,
    attempt: SignInCode | None = None,
    created: bool = False,
    next_url: str = "/",
) -> HttpResponseBase:
    """Open a session for a proven account, through a second factor where the account has one."""
    if attempt is not None:
        next_url = f"{reverse('login_done')}?{urlencode({'c': attempt.token})}"
    response: HttpResponseBase = perform_login(
        request, account, redirect_url=next_url, signup=created
    )
    return response
