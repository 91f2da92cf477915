"""Problems as pages, fragments and RFC 9457 documents."""

from __future__ import annotations

import sys
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout

from banyan.kernel.http import led_on, problem_document
from banyan.kernel.problems import Busy, Forbidden, LoginRequired, Problem

from .views import back_to

UNREACHABLE = "database_unreachable"
WRONG_METHOD = "method_not_allowed"


def render_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer with the problem, in the form that the client asked for; lead on to what moved."""
    if (onward := led_on(request, problem)) is not None:
        return onward
    request_id = getattr(request, "request_id", "")
    if request.path.startswith("/api/") or "application/json" in request.headers.get("accept", ""):
        response: HttpResponse = JsonResponse(
            problem_document(problem, request_id),
            status=problem.status,
            content_type="application/problem+json",
        )
    elif isinstance(problem, LoginRequired) and request.headers.get("hx-request"):
        # To the page that asked: what it asked for is a part of one, or takes forms alone.
        signing_in = f"/login?{urlencode({'next': _page_of(request)})}"
        response = HttpResponse(status=401, headers={"HX-Redirect": signing_in})
    elif isinstance(problem, LoginRequired) and request.method in {"GET", "HEAD"}:
        response = HttpResponseRedirect(f"/login?{urlencode({'next': request.get_full_path()})}")
    elif problem.code == UNREACHABLE:
        response = HttpResponse(_without_database(request, problem), status=problem.status)
    else:
        fragment = bool(request.headers.get("hx-request"))
        template = "ui/problem_fragment.html" if fragment else "ui/problem.html"
        context = {
            "status": problem.status,
            "code": problem.code,
            "title": str(problem.message),
            "detail": "",
            "fields": problem.fields,
            "request_id": request_id,
            "retry_after": problem.retry_after,
            "login_next": _back_after_login(request),
        }
        response = HttpResponse(render_to_string(template, context, request), status=problem.status)
        if fragment:
            response["HX-Retarget"] = "#live-problem"
            response["HX-Reswap"] = "innerHTML"
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    response["Cache-Control"] = "no-store"
    return response


def _back_after_login(request: HttpRequest) -> str:
    """This page, or the one whose form was sent."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    return _page_of(request)


def _page_of(request: HttpRequest) -> str:
    """Return the page that a form or a fragment belongs to, as the sign-in takes it: a path."""
    page = urlsplit(back_to(request))
    return urlunsplit(("", "", page.path or "/", page.query, ""))


def unreachable() -> Problem:
    """Return the refusal of a request that needs the database while it does not answer."""
    return Busy(
        _("We cannot reach our books right now. Nothing was lost."),
        code=UNREACHABLE,
        retry_after=5,
    )


def wrong_method(request: HttpRequest, refused: HttpResponseBase) -> HttpResponse:
    """Say it in words where Django's answer is an empty page: a form's address that is reloaded."""
    told = _("There is nothing to see at this address: it takes what a form sends. Please go back.")
    problem = Problem(told if request.method in {"GET", "HEAD"} else None, code=WRONG_METHOD)
    problem.status = 405
    response = render_problem(request, problem)
    response["Allow"] = refused["Allow"]
    return response


def is_database_lost(error: BaseException | None) -> bool:
    """Tell whether an error means that the database does not answer."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def _without_database(request: HttpRequest, problem: Problem) -> str:
    """Draw the page from nothing but the request: whoever asks the database would wait again."""
    if request.headers.get("hx-request"):
        return str(escape(problem.message))
    context = {
        "title": problem.message,
        "code": problem.code,
        "request_id": getattr(request, "request_id", ""),
        "retry_after": problem.retry_after,
        "path": request.get_full_path() if request.method in {"GET", "HEAD"} else "/",
        "language": get_language() or "en",
    }
    return render_to_string("ui/unreachable.html", context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say how to go on when the form's token is missing or old."""
    return render_problem(
        request,
        Forbidden(
            _("This form has expired. Please reload the page and send it again."), code="csrf"
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an unknown address."""
    from banyan.kernel.problems import NotFound

    return render_problem(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of ours; never with a stack trace.

    A database that is lost before the view is reached (session, account) ends here as well.
    """
    if is_database_lost(sys.exc_info()[1]):
        return render_problem(request, unreachable())
    problem = Problem(_("Something went wrong on our side. Nothing was lost."), code="server_error")
    problem.status = 500
    return render_problem(request, problem)
