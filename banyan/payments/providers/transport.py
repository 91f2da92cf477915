"""HTTP with one kept-alive connection per thread and host; JSON on top of it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..problems import ProviderUnreachable

TIMEOUT = 5.0  # seconds; a page or a job worker waits for it
MOST_BYTES = 16 * 2**20  # of an answer
FILE_BYTES = 256 * 2**20  # of a bill
_STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and decoded body of an answer; the body is {} where there was no JSON object."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: ``headers`` by their names in small letters, ``content`` as it came."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpClient:
    """Sends bytes and reads bytes. Every request must be safe to repeat (idempotency keys)."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._local = threading.local()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        payload: bytes | None = None,
        most: int = MOST_BYTES,
    ) -> Reply:
        """Send one request. ProviderUnreachable when there is no answer, or a fault (5xx, 429).

        So does an answer of more than ``most`` bytes.
        """
        parts = urlsplit(url)
        origin = (parts.scheme, parts.netloc)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            reply = self._exchange(origin, method, path, payload, headers, most)
        except (OSError, http.client.HTTPException) as error:
            self._drop(origin)
            raise ProviderUnreachable(detail=f"{method} {parts.path}: {error!r}") from error
        if reply.status >= 500 or reply.status == 429:
            told = f"{method} {parts.path}: {reply.status} {reply.content[:200]!r}"
            raise ProviderUnreachable(detail=told)
        return reply

    def _exchange(
        self,
        origin: tuple[str, str],
        method: str,
        path: str,
        payload: bytes | None,
        headers: Mapping[str, str],
        most: int,
    ) -> Reply:
        connection, kept = self._connection(origin)
        try:
            return _round_trip(connection, method, path, payload, headers, most)
        except _STALE:
            # The other side closed a connection that had been idle: say it again on a new one.
            self._drop(origin)
            if not kept:
                raise
            connection, _ = self._connection(origin)
            return _round_trip(connection, method, path, payload, headers, most)

    def _connection(self, origin: tuple[str, str]) -> tuple[http.client.HTTPConnection, bool]:
        kept = self._kept()
        if origin in kept:
            return kept[origin], True
        scheme, netloc = origin
        make = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        kept[origin] = make(netloc, timeout=self._timeout)
        return kept[origin], False

    def _drop(self, origin: tuple[str, str]) -> None:
        connection = self._kept().pop(origin, None)
        if connection is not None:
            connection.close()

    def _kept(self) -> dict[tuple[str, str], http.client.HTTPConnection]:
        if not hasattr(self._local, "connections"):
            self._local.connections = {}
        connections: dict[tuple[str, str], http.client.HTTPConnection] = self._local.connections
        return connections


class JsonClient(HttpClient):
    """Sends JSON and reads JSON."""

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send one request; raises what :meth:`HttpClient.send` raises."""
        payload = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Accept": "application/json", **headers}
        if payload is not None:
            sent["Content-Type"] = "application/json"
        reply = self.send(method, url, headers=sent, payload=payload)
        return Answer(reply.status, _object(reply.content))


def _round_trip(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    payload: bytes | None,
    headers: Mapping[str, str],
    most: int,
) -> Reply:
    connection.request(method, path, body=payload, headers=dict(headers))
    response = connection.getresponse()
    told = {name.lower(): value for name, value in response.getheaders()}
    content = response.read(most + 1)
    if len(content) > most or response.length:  # the rest was cut off
        raise http.client.IncompleteRead(content)
    return Reply(response.status, told, content)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
