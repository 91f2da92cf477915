"""What pages, the share-link edge and the API say and read alike over HTTP."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from .actors import Actor
from .problems import Moved, Problem


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


def led_on(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """Return the way to the same address with the name of now in it, query and all, or None.

    None where nothing moved, or what moved is not named by the address (a form names it). 301, for
    writes 308, which keeps method and body. Nobody may store it: names are taken back.
    """
    match = request.resolver_match
    if not isinstance(problem, Moved) or match is None:
        return None
    names = [name for name, value in match.kwargs.items() if value == problem.was]
    route, path = match.route.split("/"), request.path.split("/")
    for back, part in enumerate(reversed(route), start=1):
        before, _, rest = part.partition("<")
        if names and rest.rstrip(">").rpartition(":")[2] == names[0]:
            path[-back] = before + problem.now
            query = request.META.get("QUERY_STRING", "")
            response = HttpResponsePermanentRedirect(
                "/".join(path) + (f"?{query}" if query else ""),
                preserve_request=request.method not in {"GET", "HEAD"},
            )
            response["Cache-Control"] = "no-store"
            return response
    return None


def address_of(environ: Mapping[str, Any], *, behind_proxy: bool) -> str:
    """Return the client's address; of IPv6 the network, because one client owns all of it."""
    address = whole_address_of(environ, behind_proxy=behind_proxy)
    return _network_of(address) if ":" in address else address


def _network_of(address: str) -> str:
    """Return the /64 of an IPv6 address, or the IPv4 address in it; what is none as it is."""
    try:
        ip = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    # By number: as text one network is written in several ways, "2001:db8::1" for one.
    return str(ip.ipv4_mapped or ipaddress.IPv6Address(int(ip) >> 64 << 64))


def whole_address_of(environ: Mapping[str, Any], *, behind_proxy: bool) -> str:
    """Return the client's address as it came."""
    address = str(environ.get("REMOTE_ADDR", ""))
    if behind_proxy:
        # Only the last hop was written by our own proxy; the others are the client's word.
        forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
        address = forwarded.rpartition(",")[2].strip() or address
    return address


def storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold ``text``: no NUL, and no lone surrogates."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
