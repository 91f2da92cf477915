"""A log line that nobody reads any more does not turn a clear answer into a fault."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from banyan.web import views


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_lost_database_is_busy_even_when_the_reader_of_our_output_is_gone(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise error("terminating connection due to administrator command")

    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(views, "connection", type("Away", (), {"cursor": away}))
    torn = io.TextIOWrapper(io.FileIO(write, "w"), write_through=True)
    monkeypatch.setattr(sys, "stdout", torn)
    answer = Client(raise_request_exception=False).get("/readyz")
    monkeypatch.undo()
    with pytest.raises(BrokenPipeError):
        torn.write("the pipe is torn indeed")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
