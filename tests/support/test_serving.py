"""Nobody is still being served when the tables are emptied."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.serving import serve, settle

Answered = list[str]


@pytest.fixture
def served() -> Iterator[tuple[int, Answered]]:
    """What answers only once somebody waits for it: nobody reads on before that."""
    answered: Answered = []

    def slowly(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        answered.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"late"]

    with serve(slowly) as port:
        yield port, answered


def asking(port: int, path: str) -> socket.socket:
    """Return a connection on which something was asked that nobody has answered yet."""
    asked = socket.create_connection(("127.0.0.1", port))
    asked.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    return asked


def test_what_was_asked_is_answered_before_anybody_goes_on(
    served: tuple[int, Answered],
) -> None:
    port, answered = served
    with asking(port, "/a") as one, asking(port, "/b") as other:
        settle()
        assert sorted(answered) == ["/a", "/b"]
        assert all(each.makefile("rb").read().endswith(b"late") for each in (one, other))


def test_the_answer_is_not_lost_when_who_asked_has_left(served: tuple[int, Answered]) -> None:
    port, answered = served
    asking(port, "/gone").close()
    settle()
    assert answered == ["/gone"]


def test_a_spare_connection_holds_nobody_up(served: tuple[int, Answered]) -> None:
    port, answered = served
    with socket.create_connection(("127.0.0.1", port)) as spare:
        settle()
        assert spare.recv(1) == b""
    assert answered == []
