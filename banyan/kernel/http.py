"""What pages, the share-link edge and the API say and read alike over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from .actors import Actor
from .problems import Problem


def actor(request: HttpRequest) -> Actor:
    """Return who asks.

    What the web's middleware leaves at a request is a way to find out: session and account are
    read when somebody first wants to know, and never for a payer who only comes back.
    """
    found: Any = request.actor  # type: ignore[attr-defined]  # Django's request is open for it
    if callable(found):
        found = request.actor = found()  # type: ignore[attr-defined]  # as above
    who: Actor = found
    return who


def problem_document(problem: Problem, request_id: str) -> dict[str, Any]:
    """Return the RFC 9457 document of a problem."""
    document: dict[str, Any] = {
        "type": f"https://banyan.example/problems/{problem.code}",
        "title": str(problem.message),
        "status": problem.status,
        "code": problem.code,
        "request_id": request_id,
    }
    if problem.fields:
        document["fields"] = {name: str(text) for name, text in problem.fields.items()}
    if problem.extra:
        document.update(problem.extra)
    return document


def address_of(environ: Mapping[str, Any], *, behind_proxy: bool) -> str:
    """Return the client's address; of IPv6 the network, because one client owns all of it."""
    address = str(environ.get("REMOTE_ADDR", ""))
    if behind_proxy:
        # Only the last hop was written by our own proxy; the others are the client's word.
        forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
        address = forwarded.rpartition(",")[2].strip() or address
    if ":" in address:
        return ":".join(address.split(":", 4)[:4])
    return address
