"""Calls of Stripe's API: form fields out, JSON in, one pinned version."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from ...problems import ProviderRefused, ProviderUnreachable
from ..transport import HttpClient

logger = logging.getLogger(__name__)

VERSION = "2026-10-28.endive"
PAGE = 100  # the most that a list gives at once
_TIMEOUT = 10.0
_PAUSES = (0.2, 0.6)  # seconds before asking again while the same key is still being worked on

Value = str | int | bool | Mapping[str, Any] | Sequence[Any]


class Api:
    """One client for all threads; the key is read at each call."""

    def __init__(self) -> None:
        self._client = HttpClient(timeout=_TIMEOUT)

    def get(self, path: str, **query: Value) -> Mapping[str, Any]:
        """Read one thing or one page of a list. Raises ProviderUnreachable, ProviderRefused."""
        address = f"{path}?{form(query)}" if query else path
        return self._call("GET", address, None, {})

    def post(self, path: str, fields: Mapping[str, Value], *, key: str = "") -> Mapping[str, Any]:
        """Change something, once per idempotency ``key``. Raises as :meth:`get` does."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if key:
            headers["Idempotency-Key"] = key
        return self._call("POST", path, form(fields).encode(), headers)

    def pages(self, path: str, **query: Value) -> Iterator[Mapping[str, Any]]:
        """Yield every item of a list, newest first (https://docs.stripe.com/api/pagination)."""
        after: dict[str, Value] = {}
        while True:
            page = self.get(path, limit=PAGE, **query, **after)
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def _call(
        self, method: str, path: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        for pause in (*_PAUSES, None):
            reply = self._client.send(
                method,
                settings.STRIPE_URL + path,
                headers={
                    "Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}",
                    "Stripe-Version": VERSION,
                    "User-Agent": "Banyan",
                    **headers,
                },
                payload=payload,
            )
            if reply.status != 409 or pause is None:
                break
            time.sleep(pause)
        told = f"{method} {path.partition('?')[0]}: {reply.status}"
        body = _object(reply.content)
        if reply.status >= 400:
            raise _problem(told, reply.status, body)
        if not body:
            raise ProviderUnreachable(detail=f"{told} without an answer")
        return body


@contextmanager
def legible() -> Iterator[None]:
    """Read an answer; what cannot be read says nothing, so it is asked again later."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ProviderUnreachable(detail=f"unreadable answer: {error!r}") from error


def part(text: str) -> str:
    """Return ``text`` as one safe part of a path."""
    return quote(text, safe="")


def form(fields: Mapping[str, Value]) -> str:
    """Return nested fields as Stripe reads them: ``a[b]=1&c[0][d]=2``."""
    return urlencode([pair for name, value in fields.items() for pair in _flat(name, value)])


def _flat(name: str, value: Value) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, item in value.items():
            yield from _flat(f"{name}[{inner}]", item)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, Sequence):
        for number, item in enumerate(value):
            yield from _flat(f"{name}[{number}]", item)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    else:
        yield name, str(value)


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _problem(
    told: str, status: int, body: Mapping[str, Any]
) -> ProviderRefused | ProviderUnreachable:
    """Read an error (https://docs.stripe.com/api/errors).

    A key that is not accepted is the operator's to mend: what waits for it is asked again then,
    and no refund fails for it. A 409 says that the same key is being worked on right now. What
    names no error is a page of somebody in between: Stripe has not said no. A refund for which the
    balance is short has a ``message_code`` alone.
    """
    found = body.get("error")
    error: Mapping[str, Any] = found if isinstance(found, dict) else {}
    named = (error.get(name) for name in ("code", "message_code", "type"))
    reason = str(next(filter(None, named), status))
    if status in (401, 403):
        # Its message repeats a part of the key.
        logger.error("Stripe does not accept BANYAN_STRIPE_SECRET_KEY: %s", reason)
        return ProviderUnreachable(detail=f"{told} {reason}")
    detail = f"{told} {error.get('message', '')}"
    return (
        ProviderUnreachable(detail=detail)
        if status == 409 or not error
        else ProviderRefused(reason, detail=detail)
    )
