"""Who asks: host, scheme and address of a request, and how often one address may ask."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.http.request import split_domain_port, validate_host

Environ = dict[str, Any]
WINDOW_SECONDS = 10.0
_MOST_HOSTS = 1_000
_MOST_CLIENTS = 100_000


class Hosts:
    """Which Host headers are ours, as Django's ALLOWED_HOSTS says; remembered."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def allowed(self, host: str) -> bool:
        """Tell whether a request to ``host`` may be answered."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= _MOST_HOSTS:
                self._known.clear()
            domain, _port = split_domain_port(host)
            names = settings.ALLOWED_HOSTS or [".localhost", "127.0.0.1", "[::1]"]
            known = self._known[host] = bool(domain) and validate_host(domain, names)
        return known


class RateCap:
    """Counts requests per address in windows of ten seconds; in this process, and roughly."""

    def __init__(self, per_second: int) -> None:
        self._most = int(per_second * WINDOW_SECONDS)
        self._counts: dict[str, int] = {}
        self._ends = 0.0

    def exceeded(self, address: str) -> bool:
        """Count one request and tell whether it is one too many."""
        now = time.monotonic()
        counts = self._counts
        if now >= self._ends or len(counts) > _MOST_CLIENTS:
            counts = self._counts = {}
            self._ends = now + WINDOW_SECONDS
        count = counts[address] = counts.get(address, 0) + 1
        return count > self._most


@lru_cache(maxsize=1)
def https_only() -> bool:
    """Tell whether plain HTTP is only led to HTTPS."""
    return bool(settings.SECURE_SSL_REDIRECT)


@lru_cache(maxsize=1)
def proxy_header() -> tuple[str, str] | None:
    """Return the variable and the value by which a trusted proxy says HTTPS, if there is one."""
    return settings.SECURE_PROXY_SSL_HEADER


def is_secure(environ: Environ) -> bool:
    """Tell whether the client spoke HTTPS, to us or to the proxy we trust."""
    header = proxy_header()
    if header:
        value = environ.get(header[0])
        if value is not None:
            return bool(value.split(",", 1)[0].strip() == header[1])
    return bool(environ.get("wsgi.url_scheme") == "https")


def _forget(**kwargs: object) -> None:
    https_only.cache_clear()
    proxy_header.cache_clear()


setting_changed.connect(_forget)


def cookie(header: str | None, name: str) -> str | None:
    """Return one cookie of a request's Cookie header without parsing the others."""
    if not header or name not in header:
        return None
    for part in header.split(";"):
        key, _equals, value = part.strip().partition("=")
        if key == name:
            return str(value)
    return None
