"""Calling the edge as a server does."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from banyan.web.edge.clients import Environ

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1"
WECHAT = PHONE + " MicroMessenger/8.0.50"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    def header(self, name: str) -> str:
        """Return a header, or an empty text."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), "")

    @property
    def touch(self) -> int:
        """The touch's id in the address."""
        return int(parse_qs(urlsplit(self.header("location")).query)["t"][0])


def call(app: Any, path: str, *, method: str = "GET", agent: str = PHONE, **extra: str) -> Answer:
    """Send one request; ``extra`` are WSGI variables."""
    environ: Environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        "HTTP_USER_AGENT": agent,
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        **extra,
    }
    seen: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *rest: object) -> None:
        seen.append((int(status[:3]), headers))

    body: Iterable[bytes] = app(environ, start_response)
    content = b"".join(body)
    ((status, headers),) = seen
    answer = Answer(status, headers, content)
    for name, value in headers:
        if name.lower() == "set-cookie":
            answer.cookies.load(value)
    return answer
