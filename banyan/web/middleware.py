"""Request context: id, language, actor, and problems turned into answers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, NotFound, Problem

from .http import has_nul, unreadable
from .problems import is_database_lost, render_problem, unreachable, wrong_method

GetResponse = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("banyan.web")


class RequestContextMiddleware:
    """Give every request an id, echoed in the answer and in every error."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        request.request_id = secrets.token_hex(8)  # type: ignore[attr-defined]  # Django's request is open for it
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]  # Django's request is open for it
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]  # Django's request is open for it
        return response


class LanguageMiddleware:
    """Language by cookie, then Accept-Language; ``?lang=`` for links that name one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        language = request.GET.get("lang", "")
        if language not in dict(settings.LANGUAGES):
            language = translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def visitor_of(request: HttpRequest) -> str | None:
    """Return the first-party visitor id, if there is a valid one and consent lets us use it."""
    from banyan.sharing.visitors import visitor_for

    return visitor_for(request)


class ActorMiddleware:
    """Leave at ``request.actor`` the way to who asks; ``kernel.http.actor`` goes it once."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        request.actor = partial(actor_of, request)  # type: ignore[attr-defined]  # Django's request is open for it
        return self.get_response(request)


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor of a page request."""
    visitor = visitor_of(request)
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return Actor.guest(visitor)
    user = request.user
    if not user.is_authenticated:
        return Actor.guest(visitor)
    if user.is_staff:
        roles = frozenset(user.staff_roles.values_list("role", flat=True))
        return Actor(
            kind="staff", id=user.pk, visitor=visitor, roles=roles, label=f"@{user.handle}"
        )
    return Actor(kind="member", id=user.pk, visitor=visitor, label=f"@{user.handle}")


class ProblemMiddleware:
    """Turn a Problem into a page, fragment or problem+json; a lost database into a 503."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request. An address with NUL is none: no column of ours holds that sign."""
        query = request.META.get("QUERY_STRING", "")
        with_nul = "%00" in query or "\0" in query or "\0" in request.path
        if with_nul and not request.path.startswith("/api/"):
            return render_problem(request, NotFound())
        response = self.get_response(request)
        if response.status_code == 405 and not getattr(response, "content", b""):
            return wrong_method(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a form with NUL before a view sees it; bodies of programs are read elsewhere."""
        is_form = request.method == "POST" and not getattr(view, "csrf_exempt", False)
        return render_problem(request, unreadable()) if is_form and has_nul(request) else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Render what the view raised, where it is ours to render."""
        if isinstance(error, Problem):
            log.info("problem", code=error.code, detail=error.detail, path=request.path)
            return render_problem(request, error)
        if isinstance(error, OperationalError) and locks.busy(error):
            return render_problem(request, Busy())
        if is_database_lost(error):
            log.error("database", error=str(error), path=request.path)
            return render_problem(request, unreachable())
        return None
