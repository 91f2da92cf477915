"""The ASGI application: ``/live/?t=TICKET`` as server-sent events, and ``/healthz``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from banyan.kernel.digits import whole
from banyan.kernel.rings import Ring, keys_from

from . import tickets
from .hub import Full, Hub, Stream

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEARTBEAT = 15.0
SLOWEST_SEND = 30.0
MOST_TICKETS = 4
COMEBACK_MS = 2_000
BEAT = "event: beat\ndata: 0\n\n"
# The page was made a moment before its ticket's whole second began, at worst.
SLACK = 2.0

hub = Hub()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer ``/healthz`` and ``/live/``; everything else is not here."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    if scope["path"] == "/healthz":
        await _answer(send, 200, b"ok")
    elif not scope["path"].startswith("/live"):
        await _answer(send, 404, b"not here")
    else:
        await _live(scope, headers, receive, send)


async def _live(scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
    origin = headers.get("origin", "")
    if origin and not allowed(origin, headers.get("host", ""), os.environ):
        await _answer(send, 403, b"another site's page")
        return
    cors = _cors(origin)
    shown = parse_qs(scope["query_string"].decode("latin-1")).get("t", [])[:MOST_TICKETS]
    keys = keys_from(os.environ, Ring.STREAMS)
    read = [found for each in shown if (found := tickets.read(each, now=time.time(), keys=keys))]
    if not read:
        await _answer(send, 401, b"no ticket, or an old one", cors)
        return
    hub.start()
    stream = Stream(frozenset(topic for each in read for topic in each.topics), read[0].person)
    try:
        hub.join(
            stream,
            after=whole(headers.get("last-event-id", "")),
            issued=min(each.issued for each in read) - SLACK,
        )
    except Full as full:
        await _answer(send, 429 if full.yours else 503, b"too many streams", cors)
        return
    try:
        await _stream(stream, min(each.expires for each in read), cors, receive, send)
    finally:
        hub.leave(stream)


def allowed(origin: str, host: str, environment: Mapping[str, str]) -> bool:
    """Tell whether a page of ``origin`` may listen: the site's own pages, to the letter.

    Where the site's address is set, that; else the host that the stream is asked by, on the web
    process's port (behind a proxy: on the port that the request came to).
    """
    public = environment.get("BANYAN_PUBLIC_URL", "")
    if public:
        parts = urlsplit(public)
        return origin == f"{parts.scheme}://{parts.netloc}"
    asked, page = urlsplit(f"//{host}"), urlsplit(origin)
    if page.scheme not in {"http", "https"} or not page.hostname:
        return False
    with contextlib.suppress(ValueError):
        ports = {asked.port, int(environment.get("BANYAN_PORT") or 8000)}
        return page.hostname == asked.hostname and page.port in ports
    return False


def _cors(origin: str) -> list[tuple[bytes, bytes]]:
    if not origin:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _answer(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    answer = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    await send(
        {"type": "http.response.start", "status": status, "headers": [*answer, *(headers or [])]}
    )
    await send({"type": "http.response.body", "body": body})


async def _stream(
    stream: Stream, expires: float, cors: list[tuple[bytes, bytes]], receive: Receive, send: Send
) -> None:
    """Write events until the reader is gone, stuck, or its ticket has run out."""
    answer = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": [*answer, *cors]})
    gone = asyncio.create_task(_until_gone(receive))
    try:
        await _write(send, f"retry: {COMEBACK_MS}\nid: {stream.position}\n{BEAT}")
        while not gone.done() and (left := expires - time.time()) > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stream.flag.wait(), min(HEARTBEAT, left))
            await _write(send, _message(stream) if stream.flag.is_set() else BEAT)
        if not gone.done():
            await _write(send, "event: renew\ndata: 0\n\n")
            await send({"type": "http.response.body", "body": b""})
    except (TimeoutError, ConnectionError):
        return
    finally:
        gone.cancel()


def _message(stream: Stream) -> str:
    told = stream.take()
    data = "*" if told is None else json.dumps(told, separators=(",", ":"))
    return f"id: {stream.position}\nevent: tick\ndata: {data}\n\n"


async def _write(send: Send, text: str) -> None:
    body = {"type": "http.response.body", "body": text.encode(), "more_body": True}
    await asyncio.wait_for(send(body), SLOWEST_SEND)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
