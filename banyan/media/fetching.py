"""Reaching an address that a stranger wrote, without reaching what is not public.

Pictures, pages and public randomness are fetched so, and browsers' push services are posted to.

A host is looked up once, every address it has is judged, and the connection goes to the judged
address itself: a name that resolves differently a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.conf import settings

SECONDS = 10.0
MOST_REDIRECTS = 3
PIECE = 64 * 1024
PAGE_BYTES = 256 * 1024
JSON_BYTES = 4 * 1024
PORTS = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429})
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Teredo and 6to4 carry an IPv4 address inside, which could be any.
_TUNNELS = (ipaddress.ip_network("2001::/23"), ipaddress.ip_network("2002::/16"))

Reached = tuple[int, tuple[Any, ...]]
T = TypeVar("T")


class NotFetched(Exception):  # noqa: N818 - reads as what it says
    """A picture was not fetched. ``code`` says why; ``passing``: another time it may work.

    Codes: fetch_address, fetch_private, fetch_unknown_host, fetch_unreachable, fetch_timeout,
    fetch_certificate, fetch_redirects, fetch_cut_off, fetch_status_NNN, fetch_not_a_page,
    upload_too_large.
    """

    def __init__(self, code: str, *, passing: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: kinds of content, at most so many bytes; ``is_cut`` takes the start."""

    accept: str
    agent: str
    most: int
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A judged address: ``path`` with its query, ``host`` in ASCII without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_allowed_by_name(self) -> bool:
        """Tell whether the installation trusts this host and port, wherever they lead."""
        return self.authority in settings.FETCH_ALLOWED_HOSTS


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet; what is no address does not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.is_multicast or ip.is_reserved or not ip.is_global:
        return False
    if ip.version == 4:
        return True
    return ip in _GLOBAL_UNICAST and not any(ip in tunnel for tunnel in _TUNNELS)


def target_of(url: str) -> Target:
    """Judge the form of an address. NotFetched (fetch_address) when it is not taken.

    Taken are http and https without a user, on the scheme's own port; another port only where
    ``FETCH_ALLOWED_HOSTS`` names host:port.
    """
    text = url.strip()
    if "\\" in text or any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise NotFetched("fetch_address")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = _ascii_host(parts)
    except ValueError as error:
        raise NotFetched("fetch_address") from error
    if parts.scheme not in PORTS or not host or "@" in parts.netloc:
        raise NotFetched("fetch_address")
    path = quote(parts.path or "/", safe="/%:=&~+!$,;'@()*[]")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:=&~+!$,;'@()*[]?")
    usual = PORTS[parts.scheme]
    target = Target(parts.scheme, host, usual if port is None else port, path)
    if target.port != usual and not target.is_allowed_by_name:
        raise NotFetched("fetch_address")
    return target


def _ascii_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    # UnicodeError is a ValueError: what IDNA cannot carry is no host.
    return host if ":" in host else host.encode("idna").decode()


def fetch(url: str) -> bytes:
    """Return the body behind ``url``, at most ``MAX_UPLOAD_BYTES``; raise NotFetched.

    Ten seconds in all, at most three redirects, each judged like the first address. Says nothing
    about whether the body is a picture. Blocks, so call it from jobs and outside transactions.
    """
    picture = Wanted(
        accept="image/avif,image/webp,image/png,image/jpeg",
        agent="Banyan (pictures of a product file)",
        most=int(settings.MAX_UPLOAD_BYTES),
    )
    return _fetched(url, picture)


def fetch_page(url: str) -> bytes:
    """Return the start of the page behind ``url``, PAGE_BYTES at most; as ``fetch`` otherwise.

    NotFetched (fetch_not_a_page) where something else than HTML is served.
    """
    page = Wanted(
        accept="text/html,application/xhtml+xml",
        agent="Banyan (previews of links)",
        most=PAGE_BYTES,
        is_cut=True,
    )
    return _fetched(url, page)


def fetch_json(url: str) -> bytes:
    """Return the JSON behind ``url`` unread, JSON_BYTES at most; as ``fetch`` otherwise."""
    wanted = Wanted(accept="application/json", agent="Banyan (public randomness)", most=JSON_BYTES)
    return _fetched(url, wanted)


def _fetched(url: str, wanted: Wanted) -> bytes:
    until = time.monotonic() + SECONDS
    for _hop in range(MOST_REDIRECTS + 1):
        target = target_of(url)
        answer = _ask(target, until, partial(_exchange, wanted=wanted))
        if isinstance(answer, bytes):
            return answer
        try:
            url = urljoin(url, answer)
        except ValueError as error:
            raise NotFetched("fetch_address") from error
    raise NotFetched("fetch_redirects")


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> int:
    """Post ``body`` to ``url`` and return the status of the answer; raise NotFetched.

    Judged like an address of :func:`fetch`; follows no redirect, reads no answer.
    """

    def exchange(target: Target, raw: socket.socket) -> int:
        connection = _over(target, raw)
        try:
            told = {"Host": target.authority, "Connection": "close", **headers}
            connection.request("POST", target.path, body=body, headers=told)
            with connection.getresponse() as answer:
                return answer.status
        finally:
            connection.close()

    return _ask(target_of(url), time.monotonic() + SECONDS, exchange)


def _ask(target: Target, until: float, exchange: Callable[[Target, socket.socket], T]) -> T:
    """Connect to a judged address, within its time, and return what the exchange there gives."""
    try:
        raw = _connect(_reachable(target, until), until)
    except TimeoutError as error:
        raise NotFetched("fetch_timeout", passing=True) from error
    # A second handle: cutting by it works in the middle of a handshake, too, and ends a server
    # that sends a byte at a time and so never lets a single read run out of time.
    with raw.dup() as handle:
        cut = threading.Event()
        timer = threading.Timer(max(0.0, until - time.monotonic()), _cut, [handle, cut])
        timer.daemon = True
        timer.start()
        try:
            answer = exchange(target, raw)
        except ssl.SSLCertVerificationError as error:
            raise NotFetched("fetch_certificate") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            late = cut.is_set() or isinstance(error, TimeoutError)
            code = "fetch_timeout" if late else "fetch_unreachable"
            raise NotFetched(code, passing=True) from error
        finally:
            timer.cancel()
            timer.join()
            raw.close()
    if cut.is_set():
        raise NotFetched("fetch_timeout", passing=True)
    return answer


def _cut(handle: socket.socket, cut: threading.Event) -> None:
    cut.set()
    with contextlib.suppress(OSError):  # closed by the other side already
        handle.shutdown(socket.SHUT_RDWR)


def _reachable(target: Target, until: float) -> list[Reached]:
    """Look the host up, once, and return where to connect; NotFetched when any is not public."""
    found = _looked_up(target.host, target.port, until)
    if not target.is_allowed_by_name and not all(is_public(str(place[0])) for _f, place in found):
        raise NotFetched("fetch_private")
    return found


def _looked_up(host: str, port: int, until: float) -> list[Reached]:
    """Ask the resolver, no longer than until ``until``: it takes no time limit itself."""
    answers: list[Reached] = []
    errors: list[Exception] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.extend((int(row[0]), row[4]) for row in rows)
        except (OSError, UnicodeError) as error:
            errors.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(0.0, until - time.monotonic()))
    if thread.is_alive():
        raise TimeoutError
    if not answers:
        passing = bool(errors) and getattr(errors[0], "errno", None) == socket.EAI_AGAIN
        raise NotFetched("fetch_unknown_host", passing=passing)
    return answers


def _connect(places: Iterable[Reached], until: float) -> socket.socket:
    for family, place in places:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(left)
            # Not create_connection(), which would look the name up anew.
            connection.connect(place)
        except TimeoutError:
            connection.close()
            raise
        except OSError:
            connection.close()
            continue
        return connection
    raise NotFetched("fetch_unreachable", passing=True)


def _over(target: Target, raw: socket.socket) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0
    connection.sock = raw
    if target.scheme == "https":
        context = ssl.create_default_context()
        connection.sock = context.wrap_socket(raw, server_hostname=target.host)
    return connection


def _exchange(target: Target, raw: socket.socket, wanted: Wanted) -> bytes | str:
    """Return the body, or where a redirect leads."""
    connection = _over(target, raw)
    try:
        headers = {
            "Host": target.authority,
            "User-Agent": wanted.agent,
            "Accept": wanted.accept,
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        connection.request("GET", target.path, headers=headers)
        with connection.getresponse() as answer:
            return _read(answer, wanted)
    finally:
        connection.close()


def _read(answer: http.client.HTTPResponse, wanted: Wanted) -> bytes | str:
    place = answer.getheader("Location")
    if answer.status in REDIRECTS and place:
        return place
    if answer.status != 200:
        passing = answer.status >= 500 or answer.status in PASSING
        raise NotFetched(f"fetch_status_{answer.status}", passing=passing)
    if wanted.is_cut:
        return _start_of(answer, wanted)
    limit = wanted.most
    if answer.length is not None and answer.length > limit:
        raise NotFetched("upload_too_large")
    body = bytearray()
    while piece := answer.read(min(PIECE, limit + 1 - len(body))):
        body += piece
        if len(body) > limit:
            raise NotFetched("upload_too_large")
    if answer.length:
        raise NotFetched("fetch_cut_off", passing=True)
    return bytes(body)


def _start_of(answer: http.client.HTTPResponse, wanted: Wanted) -> bytes:
    kind = answer.headers.get_content_type()
    if kind not in wanted.accept.split(","):
        raise NotFetched("fetch_not_a_page")
    body = bytearray()
    while piece := answer.read(min(PIECE, wanted.most - len(body))):
        body += piece
    return bytes(body)
