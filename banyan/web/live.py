"""The live stream: a small ASGI application that tells open pages that something happened.

It imports no application of the ORM and carries no data: a page that hears a tick asks the web
process for its own fragment, with its own rights. One LISTEN connection serves every stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import psycopg

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger("banyan.web.live")
HEARTBEAT = 15.0
MOST_STREAMS = 5000


class Hub:
    """Everybody who listens. Each stream has one flag, so a slow reader costs no memory."""

    def __init__(self) -> None:
        self.streams: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen to the database, once."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    os.environ.get("DATABASE_URL", ""), autocommit=True
                )
                async with connection:
                    await connection.execute("LISTEN banyan_events")
                    async for _notify in connection.notifies():
                        for stream in self.streams:
                            stream.set()
            except (psycopg.Error, OSError) as error:
                log.warning("the stream lost its database: %s", error)
                await asyncio.sleep(2)


hub = Hub()


def _allowed(origin: str, host: str) -> bool:
    """The page's own host, on whatever port it is served."""
    return bool(origin) and urlsplit(origin).hostname == urlsplit(f"//{host}").hostname


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer ``/healthz`` and ``/live/``; everything else is not here."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    if scope["path"] == "/healthz":
        await _answer(send, 200, b"ok")
    elif not scope["path"].startswith("/live"):
        await _answer(send, 404, b"not here")
    elif len(hub.streams) >= MOST_STREAMS:
        await _answer(send, 503, b"full")
    else:
        await _stream(headers, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain")],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _stream(headers: dict[str, str], receive: Receive, send: Send) -> None:
    hub.start()
    answer = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    origin = headers.get("origin", "")
    if _allowed(origin, headers.get("host", "")):
        answer += [
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]
    await send({"type": "http.response.start", "status": 200, "headers": answer})
    flag = asyncio.Event()
    hub.streams.add(flag)
    gone = asyncio.create_task(_until_gone(receive))
    try:
        await _write(send, b"retry: 3000\n\n")
        while not gone.done():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(flag.wait(), HEARTBEAT)
            if flag.is_set():
                flag.clear()
                await _write(send, b"event: tick\ndata: {}\n\n")
            else:
                await _write(send, b": still here\n\n")
    finally:
        hub.streams.discard(flag)
        gone.cancel()


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
