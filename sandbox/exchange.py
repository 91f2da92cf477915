"""One request and one response, free of sockets: what the API and the pages speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from sandbox.shapes import pack


@dataclass(frozen=True, kw_only=True)
class Request:
    """A complete HTTP request. Header names are lower case; ``base`` is how we were reached."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    base: str

    @property
    def path(self) -> str:
        """Return the path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Return the query; of a repeated name the last value."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Return the fields of a form-encoded body."""
        text = self.body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=50))


@dataclass(frozen=True, kw_only=True)
class Response:
    """A complete HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(status: int, document: object, **headers: str) -> Response:
    """Return a JSON answer; keywords become headers, underscores dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, body=pack(document).encode(), headers=named)
