"""Topics: whose open pages an event concerns, such as ``shop:12`` or ``checkout:7``.

A package says for its events which topics they touch; the relay sends topics and event names
along with its NOTIFY, and the live stream passes them on. Names and ids only, never content: a
page that hears of its topic asks the web process for its own fragment, with its own rights.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import DatabaseError, transaction

from . import events
from .models import StoredEvent

log = logging.getLogger("banyan.relay")
Source = Callable[[Any], Iterable[str]]

EVERYTHING = "*"
# PostgreSQL refuses 8,000 bytes and more in one NOTIFY.
PAYLOAD_BYTES = 7_000
MOST_PAYLOADS = 4

_sources: dict[str, list[Source]] = {}


def announce(event: type[events.Event], source: Source) -> None:
    """Say which topics an event touches. Called in ``AppConfig.ready()``; sources add up.

    The source may read the database: it runs in the relay, after the event's commit.
    """
    sources = _sources.setdefault(event.name, [])
    if source not in sources:
        sources.append(source)


def announced() -> frozenset[str]:
    """Return the names of the events that somebody's page waits for."""
    return frozenset(_sources)


def touched(stored: Iterable[StoredEvent]) -> dict[str, list[str]] | None:
    """Return {topic: event names} of published events, or None when a source failed.

    None means "look at everything": a stream may wake a page for nothing, but never miss one.
    """
    found: dict[str, set[str]] = {}
    try:
        with transaction.atomic():
            for one in stored:
                event = events.load(one)
                for source in _sources.get(one.name, []):
                    for topic in source(event):
                        found.setdefault(topic, set()).add(one.name)
    except (DatabaseError, KeyError, ValueError) as error:
        log.warning("topics unknown, everybody is told: %r", error)
        return None
    return {topic: sorted(names) for topic, names in sorted(found.items())}


def payloads(topics: Mapping[str, Sequence[str]] | None, *, before: int, last: int) -> list[str]:
    """Return the texts to notify with, each under PostgreSQL's limit: ``POSITION topic=names ...``.

    ``before`` and ``last`` are the positions around the batch. Only the final text carries
    ``last``, so that whoever heard a part of them asks for all of them again. Too many topics
    become one ``*``.
    """
    if topics is None:
        return [f"{last} {EVERYTHING}"]
    parts = [""]
    for topic, names in topics.items():
        word = f" {topic}={','.join(names)}"
        if len(parts[-1]) + len(word) > PAYLOAD_BYTES:
            parts.append("")
        parts[-1] += word
    if len(parts) > MOST_PAYLOADS:
        return [f"{last} {EVERYTHING}"]
    return [*(f"{before}{part}" for part in parts[:-1]), f"{last}{parts[-1]}"]
