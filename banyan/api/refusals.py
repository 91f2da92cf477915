"""Every error of the API as RFC 9457 problem+json, with ``errors`` per field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from ninja.errors import HttpError, ValidationError
from psycopg_pool import PoolTimeout

from banyan.kernel import locks
from banyan.kernel.http import led_on, problem_document
from banyan.kernel.problems import Busy, Invalid, NotFound, Problem

from .reading import Malformed, TooLong

CONTENT_TYPE = "application/problem+json"
log = structlog.get_logger("banyan.api")


class WrongMethod(Problem):
    """The address exists, but not with this method; ``Allow`` names those it has."""

    code = "method_not_allowed"
    status = 405


class ServerFault(Problem):
    """A fault of ours. The request id finds it in the log."""

    code = "server_error"
    status = 500


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the problem as the API answers it; what moved has an address to go on to."""
    if (onward := led_on(request, problem)) is not None:
        return onward
    document = problem_document(problem, getattr(request, "request_id", ""))
    fields = document.pop("fields", {})
    if fields or problem.status == 422:
        document["errors"] = [
            {"field": field, "message": message} for field, message in fields.items()
        ]
    response = HttpResponse(
        json.dumps(document, ensure_ascii=False), status=problem.status, content_type=CONTENT_TYPE
    )
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    response["Cache-Control"] = "no-store"
    return response


def as_problem(request: HttpRequest, error: Exception) -> Problem:
    """Return what an exception means to the client; a fault of ours is logged in full."""
    if isinstance(error, HttpError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    if isinstance(error, Problem):
        log.info("problem", code=error.code, detail=error.detail, path=request.path)
        if error.status >= 500 and not isinstance(error, Busy):
            log.error("fault", code=error.code, detail=error.detail, path=request.path)
        return error
    known = _known(error)
    if known is not None:
        return known
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        log.error("database", error=str(error), path=request.path)
        return Busy(code="database_unreachable", retry_after=5)
    log.error("fault", path=request.path, exc_info=error)
    return ServerFault(_("Something went wrong on our side. Nothing was lost."))


def _known(error: Exception) -> Problem | None:
    if isinstance(error, ValidationError):
        return Invalid(fields=dict(_fields(error.errors)))
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, RequestDataTooBig):
        return TooLong()
    if isinstance(error, MultiPartParserError | SuspiciousOperation | UnreadablePostError):
        return Malformed(_("The body of this request cannot be read."), detail=str(error))
    if isinstance(error, HttpError) and error.status_code < 500:
        return Malformed(detail=str(error))
    if isinstance(error, OperationalError) and locks.busy(error):
        return Busy()
    return None


def _fields(errors: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Name the field of each error: ``lines.0.quantity`` of a body, ``limit`` of a query."""
    for error in errors:
        place = [str(part) for part in error["loc"]]
        # ninja says where it looked and, for a body, what the view calls it.
        path = place[2:] if place[:2] == ["body", "body"] else place[1:]
        yield ".".join(path) or "body", str(error["msg"]).removeprefix("Value error, ")
