"""The demo's meter: what this very page weighed and cost, at its foot and in Server-Timing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.html import escape
from django.utils.translation import gettext as _

# Filled in last of all, when the page is drawn and its numbers are known.
PLACEHOLDER = "<!--page-meter-->"


class Tally:
    """Counts the statements of one request, and the seconds they took."""

    def __init__(self) -> None:
        self.queries = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """Run one statement."""
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.queries += 1
            self.seconds += time.perf_counter() - began


class MeterMiddleware:
    """Measures everything inside it. Installed where the demo is, nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        tally, began = Tally(), time.perf_counter()
        with connection.execute_wrapper(tally):
            response = self.get_response(request)
        seconds = time.perf_counter() - began
        response.headers["Server-Timing"] = (
            f"app;dur={seconds * 1000:.1f},"
            f' db;dur={tally.seconds * 1000:.1f};desc="{tally.queries} queries"'
        )
        if isinstance(response, HttpResponse) and PLACEHOLDER.encode() in response.content:
            _fill_in(response, tally.queries, seconds)
        return response


def _fill_in(response: HttpResponse, queries: int, seconds: float) -> None:
    """Write the page's own numbers into it; its size counts the words that say so."""
    plain, mark = response.content, PLACEHOLDER.encode()
    words = b""
    for _again in range(2):
        size = len(plain) - len(mark) + len(words)
        words = escape(
            _("This page: %(kb)s KB, %(queries)s queries, %(ms)s ms")
            % {"kb": f"{size / 1024:.1f}", "queries": queries, "ms": f"{seconds * 1000:.0f}"}
        ).encode()
    response.content = plain.replace(mark, words, 1)
    if response.has_header("Content-Length"):
        response.headers["Content-Length"] = str(len(response.content))
