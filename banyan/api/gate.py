"""Before a route runs: who asks, how often they may, and that a write happens once.

The session cookie says nothing here: only the bearer token does, so no other site can make a
browser act for its owner.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from banyan.kernel import idempotency, keyrings, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.http import address_of
from banyan.kernel.idempotency import Fresh, Replay
from banyan.kernel.ids import new_code
from banyan.kernel.keyrings import BadSeal, Ring
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired
from banyan.people.actions import use_token
from banyan.people.queries import token_actor

from .reading import check_text

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BAD_TOKENS = (30, 60)
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_GUEST_KEY = re.compile(r"[\x21-\x7e]{16,100}")
_OUTWARD = re.compile(r"[A-Za-z0-9_-]{1,40}")
Run = Callable[..., HttpResponse]


class TokenUnknown(LoginRequired):
    """The bearer token is malformed, revoked, or of a closed account."""

    code = "token_unknown"
    message = _("This token does not work (any more).")


class ScopeMissing(Forbidden):
    """The token may read only."""

    code = "scope_missing"
    message = _("This token may read only.")


class KeyRequired(Invalid):
    """A write that moves money or places an order came without an Idempotency-Key."""

    code = "idempotency_key_required"
    message = _("Send an Idempotency-Key with this request, so that it happens once.")


class AnswerLost(Conflict):
    """The request was done before, and its answer cannot be read any more."""

    code = "answer_lost"
    message = _("This was done already. Read it again to see how it stands.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: ``actor``, what the token may do, and what a guest is known by.

    ``cart_token`` and ``access_token`` are the headers of that name: a guest's cart, and the
    proof that somebody may see a guest's purchase. ``key`` is the request's natural key (see
    :func:`natural_key`), or a fresh one.
    """

    actor: Actor
    address: str
    scopes: frozenset[str] = frozenset()
    cart_token: str = ""
    access_token: str = ""
    key: str = field(default_factory=lambda: f"api:{new_code(120)}")
    client: Actor = field(default_factory=Actor.guest)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route: ``scope`` the token needs, ``guests`` whether it works without one."""

    scope: str
    guests: bool = False

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller; LoginRequired without a token, ScopeMissing with too weak a one."""
        caller = caller_of(request)
        if caller.actor.id is None:
            if not self.guests:
                raise LoginRequired()
        elif self.scope not in caller.scopes:
            raise ScopeMissing(_("This token may write only.") if self.scope == "read" else None)
        return caller


READ, WRITE = Access("read"), Access("write")
ANYONE, ANYONE_WRITES = Access("read", guests=True), Access("write", guests=True)


def caller_of(request: HttpRequest) -> Caller:
    """Return who asks, as :func:`guarded` found out."""
    found: Caller = request.caller  # type: ignore[attr-defined]  # set by the gate below
    return found


def actor(request: HttpRequest) -> Actor:
    """Return the actor of an API request."""
    return caller_of(request).actor


def keyed(view: Run) -> Run:
    """Mark a route whose writes need an Idempotency-Key: it places orders or moves money."""
    view.needs_key = True  # type: ignore[attr-defined]  # a mark that the gate reads
    return view


def goods(view: Run) -> Run:
    """Mark a route that takes a file which is sold, and so larger ones than any other."""
    view.takes_goods = True  # type: ignore[attr-defined]  # a mark that the service reads
    return view


@dataclass(frozen=True, slots=True)
class Route:
    """What the gate knows of a route: how to run it, whether a key is a must, what it reads."""

    run: Run
    needs_key: bool
    takes_files: bool
    takes_goods: bool


def guarded(request: HttpRequest, route: Route, params: dict[str, Any]) -> HttpResponse:
    """Run a route for whoever asks, within their rate, and a keyed write once."""
    check_text({"path": request.path_info})
    caller = _identify(request)
    request.caller = caller  # type: ignore[attr-defined]  # Django's request is open for it
    request.actor = caller.actor  # type: ignore[attr-defined]  # as above
    writes = request.method not in SAFE
    _limit(caller, "write" if writes else "read")
    key = request.headers.get("Idempotency-Key")
    if writes and key is not None:
        return _once(request, route, caller, key, params)
    if writes and route.needs_key:
        raise KeyRequired()
    return route.run(request, **params)


def _identify(request: HttpRequest) -> Caller:
    address = address_of(request.META, behind_proxy=bool(settings.SECURE_PROXY_SSL_HEADER))
    cart, access = _outward(request, "Cart-Token"), _outward(request, "Access-Token")
    header = request.headers.get("Authorization")
    if header is None:
        label = f"cart:{cart}" if cart else f"address:{address}"
        guest = Actor(kind="guest", label=label)
        return Caller(Actor.guest(), address, cart_token=cart, access_token=access, client=guest)
    scheme, _space, secret = header.partition(" ")
    token = use_token(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        ratelimits.hit(f"api:bad:{address}", *BAD_TOKENS)
        raise TokenUnknown()
    who = token_actor(token)
    return Caller(who, address, frozenset(token.scopes), cart, access, client=who)


def _outward(request: HttpRequest, name: str) -> str:
    value = request.headers.get(name, "")
    return value if _OUTWARD.fullmatch(value) else ""


def _limit(caller: Caller, kind: str) -> None:
    """Count the request; a member by account on whatever address, a guest by address."""
    rate = settings.API_RATES.get(kind)
    if rate:
        who = caller.actor.id or caller.address
        ratelimits.hit(f"api:{kind}:{who}", *rate)


def _once(
    request: HttpRequest, route: Route, caller: Caller, key: str, params: dict[str, Any]
) -> HttpResponse:
    """Answer the first request with ``key`` by running it, and every other one with its answer."""
    guest = caller.actor.id is None
    if not (_GUEST_KEY if guest else _KEY).fullmatch(key):
        raise Invalid(
            code="idempotency_key_invalid",
            fields={
                "Idempotency-Key": _("16 to 100 visible ASCII characters.")
                if guest
                else _("1 to 100 visible ASCII characters.")
            },
        )
    print_ = _fingerprint(request, route)
    first = idempotency.once(client="api", actor=caller.client, key=key, fingerprint=print_)
    if isinstance(first, Replay):
        return _replayed(first)
    try:
        natural = natural_key(caller.client, key, print_)
        request.caller = replace(caller, key=natural)  # type: ignore[attr-defined]  # Django's request is open for it
        response = route.run(request, **params)
    except BaseException:
        first.release()
        raise
    _settle(first, response)
    return response


def natural_key(client: Actor, key: str, fingerprint: str) -> str:
    """Return the key under which an action finds its own earlier result, should we die halfway.

    It holds client, key and content, so nobody reaches another's result by naming their key.
    """
    told = idempotency.fingerprint(str(client.id or client.label), key, fingerprint)
    return f"api:{told}"[:80]


def _fingerprint(request: HttpRequest, route: Route) -> str:
    parts: list[str | bytes] = [str(request.method), request.get_full_path()]
    if route.takes_files and request.content_type == "multipart/form-data":
        for name, value in sorted(request.POST.items()):
            parts += [name, str(value)]
        for name, file in sorted(request.FILES.items()):
            assert not isinstance(file, list)
            digest = sha256()
            for chunk in file.chunks():
                digest.update(chunk)
            parts += [name, file.name or "", digest.digest()]
            file.seek(0)
    else:
        parts += [str(request.content_type), request.body]
    return idempotency.fingerprint(*parts)


def _settle(first: Fresh, response: HttpResponse) -> None:
    """Keep the answer, sealed: it may hold a token that is stored nowhere else in the clear."""
    sealed = keyrings.seal(Ring.ANSWERS, response.content)
    first.settle(
        status=response.status_code,
        response={
            "status": response.status_code,
            "type": response.get("Content-Type", ""),
            "body": base64.b64encode(sealed).decode(),
        },
    )


def _replayed(first: Replay) -> HttpResponse:
    kept = first.response
    try:
        body = keyrings.unseal(Ring.ANSWERS, base64.b64decode(kept["body"]))
    except BadSeal as error:
        # Done once is what was promised; only the words are gone with the retired secret.
        raise AnswerLost() from error
    response = HttpResponse(body, status=kept["status"])
    if kept["type"]:
        response["Content-Type"] = kept["type"]
    else:
        del response["Content-Type"]
    response["Idempotent-Replayed"] = "true"
    response["Cache-Control"] = "no-store"
    return response
