"""A small HTTP/1.1 client on one kept-alive socket, so that measuring costs little itself."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

TIMEOUT = 30.0
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
_PIECE = 65_536


class WireError(OSError):
    """No whole answer came."""


@dataclass(slots=True)
class Answer:
    """Status, header lines (names in lower case, in order) and body of one answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Return the first header of this name, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Wire:
    """One connection to one origin; opened when first needed, and again when the server closed it.

    Not for use by two threads at once.
    """

    def __init__(self, origin: str) -> None:
        """Name the server, as ``http://host:port``."""
        parts = urlsplit(origin)
        self.netloc = parts.netloc
        self._place = (parts.hostname or "", parts.port or 80)
        self._socket: socket.socket | None = None
        self._rest = b""

    def ask(
        self, method: str, target: str, *, headers: dict[str, str], body: bytes = b""
    ) -> Answer:
        """Send one request and return its answer. Raises OSError when none comes.

        A kept connection that the server had closed is opened again, once: nothing of an answer
        had arrived, and everything the race does may be said twice.
        """
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.netloc}", f"User-Agent: {AGENT}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        kept = self._socket is not None
        try:
            return self._exchange(data)
        except (WireError, ConnectionError):
            self.close()
            if not kept:
                raise
            return self._exchange(data)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket, self._rest = None, b""

    def _exchange(self, data: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(self._place, timeout=TIMEOUT)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(data)
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        headers = [
            (name.lower(), value.strip())
            for name, _, value in (line.partition(":") for line in head[1:])
        ]
        answer = Answer(status, headers, b"")
        answer.body = self._body(answer)
        if answer.header("connection").lower() == "close":
            self.close()
        return answer

    def _body(self, answer: Answer) -> bytes:
        if answer.header("transfer-encoding").lower() == "chunked":
            pieces = []
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                pieces.append(self._exactly(size))
                self._exactly(2)
            self._until(b"\r\n")
            return b"".join(pieces)
        if answer.status in {204, 304}:
            return b""
        return self._exactly(int(answer.header("content-length") or 0))

    def _until(self, mark: bytes) -> bytes:
        while (end := self._rest.find(mark)) < 0:
            self._rest += self._more()
        found, self._rest = self._rest[:end], self._rest[end + len(mark) :]
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._rest += self._more()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _more(self) -> bytes:
        piece = self._socket.recv(_PIECE) if self._socket is not None else b""
        return piece or self._fail()

    def _fail(self) -> NoReturn:
        raise WireError("the connection ended in the middle of an answer")
