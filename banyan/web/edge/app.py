"""``Edge(django_app)``: /s/CODE is answered here, everything else by Django.

An opened link is one cached lookup, one write(2) and a redirect. The touch is in the spool before
the answer leaves, and the address it leads to carries the code and the touch, because webviews
drop cookies. See docs/explanation/attribution.md.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from psycopg_pool import PoolTimeout

from banyan.kernel.http import address_of
from banyan.sharing import ports
from banyan.sharing.channels import channel_of, is_prefetch, verdict_of
from banyan.sharing.spool import SpoolWriter, spool_directory
from banyan.sharing.spool.record import encode
from banyan.sharing.visitors import (
    CONSENT_COOKIE,
    VISITOR_COOKIE,
    cookie_header,
    may_identify,
    new_visitor,
    read_visitor,
)

from . import refusals
from .clients import Environ, Hosts, RateCap, cookie, https_only, is_secure
from .ids import LeasedIds, LeaseLost
from .links import LinkCache, Unreachable
from .options import Options
from .refusals import StartResponse

WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]
PREFIX = "/s/"
_MOST_AGENTS = 5_000
_LONGEST_AGENT = 512
log = structlog.get_logger("banyan.web.edge")


class Edge:
    """The WSGI application of the web process; thread-safe, and made anew in a forked child.

    The spool file and the node number for touch ids are taken at the first opened link. An
    answer is given only for a touch that is written: when the spool or the database cannot be
    used, the answer is 503. Raises ImproperlyConfigured when nobody resolves a kind of target.
    """

    def __init__(
        self,
        django: WsgiApp,
        *,
        options: Options | None = None,
        directory: Path | None = None,
        ids: Callable[[], int] | None = None,
    ) -> None:
        """Wrap ``django``; ``directory`` and ``ids`` are for tests and measurements."""
        absent = set(ports.TARGET_KINDS) - ports.kinds()
        if absent:
            raise ImproperlyConfigured(f"nobody resolves links to: {', '.join(sorted(absent))}")
        self._django = django
        self._options = options or Options()
        self._directory = directory
        self._given_ids = ids
        self._behind_proxy = bool(settings.SECURE_PROXY_SSL_HEADER)
        self._agents: dict[str, tuple[str, str, bool]] = {}
        self._links = LinkCache()
        self._hosts = Hosts()
        self._cap = RateCap(self._options.edge_rate)
        self._starting = threading.Lock()
        self._spool: SpoolWriter | None = None
        self._append: Callable[[bytes], None] | None = None
        self._next_id: Callable[[], int] = _not_started
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path: str = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self._django(environ, start_response)
        code = path[len(PREFIX) :]
        plain = code.isalnum() and code.isascii() and len(code) <= 24
        if not plain or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._django(environ, start_response)
        return self._open(code, environ, start_response)

    def close(self) -> None:
        """Let a loader have the spool file; no link may be opened after that."""
        if self._spool is not None:
            self._spool.close()

    def _open(self, code: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self._hosts.allowed(environ.get("HTTP_HOST", "")):
            return refusals.wrong_host(environ, start_response)
        secure = is_secure(environ)
        if not secure and https_only():
            return self._django(environ, start_response)
        if self._cap.exceeded(address_of(environ, behind_proxy=self._behind_proxy)):
            return refusals.too_often(environ, start_response)
        try:
            link = self._links.get(code)
            if link is None:
                return self._django(environ, start_response)  # its 404 page
            touch_id, new = self._record(link.link_id, environ)
        except (Unreachable, LeaseLost, OSError, DatabaseError, PoolTimeout) as error:
            log.error("edge_refused", code=code, error=repr(error))
            return refusals.unavailable(environ, start_response)
        headers = [
            ("Location", f"{link.before}{touch_id}{link.after}"),
            ("Content-Length", "0"),
            ("Cache-Control", "no-store"),
            ("X-Robots-Tag", "noindex"),
        ]
        if new:
            headers.append(("Set-Cookie", cookie_header(new, secure=secure)))
        start_response("302 Found", headers)
        return [b""]

    def _record(self, link_id: int, environ: Environ) -> tuple[int, str]:
        """Write the touch; return its id and the visitor id that is new to this browser, if any."""
        append = self._append or self._start()
        tail, person = self._judge(environ)
        visitor = new = ""
        if person:
            visitor, new = _visitor(environ.get("HTTP_COOKIE"))
        touch_id = self._next_id()
        append(encode(touch_id, link_id, visitor, tail))
        return touch_id, new

    def _judge(self, environ: Environ) -> tuple[str, bool]:
        """Return "channel verdict" of a request by its headers, and whether it may be a person."""
        agent: str = environ.get("HTTP_USER_AGENT", "")[:_LONGEST_AGENT]
        known = self._agents.get(agent)
        if known is None:
            if len(self._agents) >= _MOST_AGENTS:
                self._agents.clear()
            channel, verdict = channel_of(agent), verdict_of(agent)
            known = channel, f"{channel} {verdict}", verdict == "unknown"
            self._agents[agent] = known
        channel, tail, person = known
        if not person:
            return tail, False
        purpose = (
            environ.get("HTTP_SEC_PURPOSE")
            or environ.get("HTTP_PURPOSE")
            or environ.get("HTTP_X_PURPOSE")
            or environ.get("HTTP_X_MOZ")
        )
        if purpose and is_prefetch(purpose):
            return f"{channel} prefetch", False
        if environ["REQUEST_METHOD"] == "HEAD":
            return f"{channel} preview", False
        return tail, True

    def _start(self) -> Callable[[bytes], None]:
        """Take a node number and a spool file for this process."""
        with self._starting:
            if self._append is None:
                self._next_id = self._given_ids or LeasedIds()
                self._spool = SpoolWriter(
                    self._directory or spool_directory(),
                    each=self._options.spool_fsync == "each",
                )
                self._append = self._spool.append
            return self._append

    def _forget(self) -> None:
        """Never share a spool file or a node number with the process that forked this one."""
        self._append = None
        self._next_id = _not_started
        self._starting = threading.Lock()


def _visitor(cookies: str | None) -> tuple[str, str]:
    """Return the visitor id, as far as consent allows one, and the same again if it is new."""
    if not may_identify(cookie(cookies, CONSENT_COOKIE)):
        return "", ""
    known = read_visitor(cookie(cookies, VISITOR_COOKIE) or "") if cookies else None
    if known:
        return known, ""
    new = new_visitor()
    return new, new


def _not_started() -> int:
    raise RuntimeError("the edge has no node number yet")
