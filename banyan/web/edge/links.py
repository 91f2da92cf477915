"""Where a code leads, remembered for a few seconds, so that a revocation works within five."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import structlog
from django.db import OperationalError
from django.utils.encoding import iri_to_uri
from psycopg_pool import PoolTimeout

from banyan.sharing import ports
from banyan.sharing.queries import link_by_code

from .database import give_back

TTL = 4.5
STALE = 60.0
_MOST = 20_000
log = structlog.get_logger("banyan.web.edge")


@dataclass(frozen=True, slots=True)
class Entry:
    """A living link: the touch's id goes between ``before`` and ``after`` of its address."""

    expires: float
    link_id: int
    before: str
    after: str


class Unreachable(Exception):  # noqa: N818 - says how the database is, not a mistake
    """The database cannot be asked, and nothing usable is remembered."""


class LinkCache:
    """Codes and their links; unknown and revoked codes are remembered as well."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._unknown: dict[str, float] = {}

    def get(self, code: str) -> Entry | None:
        """Return the link of ``code``, None for an unknown or revoked one.

        While the database is away a remembered link is good for another minute. Raises
        Unreachable.
        """
        now = time.monotonic()
        entry = self._entries.get(code)
        if entry is not None and now < entry.expires:
            return entry
        if entry is None and now < self._unknown.get(code, 0.0):
            return None
        try:
            fresh = _look_up(code, expires=now + TTL)
        except (OperationalError, PoolTimeout) as error:
            log.warning("edge_without_database", error=str(error).strip())
            if entry is not None and now < entry.expires + STALE:
                return entry
            raise Unreachable from error
        self._remember(code, fresh, now)
        return fresh

    def _remember(self, code: str, entry: Entry | None, now: float) -> None:
        if entry is None:
            self._entries.pop(code, None)
            if len(self._unknown) >= _MOST:
                self._unknown.clear()
            self._unknown[code] = now + TTL
            return
        if len(self._entries) >= _MOST:
            self._entries.clear()
        self._unknown.pop(code, None)
        self._entries[code] = entry


def _look_up(code: str, *, expires: float) -> Entry | None:
    try:
        link, card = _ask(code)
    except OperationalError:
        # A pooled connection may have died with the database's last restart; a fresh one tells.
        give_back()
        link, card = _ask(code)
    finally:
        give_back()
    if link is None or card is None:
        return None
    before, after = _address(card.url, code)
    return Entry(expires, link, before, after)


def _ask(code: str) -> tuple[int | None, ports.TargetCard | None]:
    link = link_by_code(code)
    if link is None:
        return None, None
    return link.pk, ports.card(link.target_kind, link.target_id)


def _address(url: str, code: str) -> tuple[str, str]:
    """Return the target's address up to the touch's id, and what follows it."""
    parts = urlsplit(iri_to_uri(url))
    query = f"{parts.query}&via={code}&t=" if parts.query else f"via={code}&t="
    after = f"#{parts.fragment}" if parts.fragment else ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, "")), after
