"""Who listens to what, and what happened lately. One LISTEN connection serves every stream."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import psycopg

from banyan.kernel.digits import whole

log = logging.getLogger("banyan.web.live")
CHANNEL = "banyan_events"
EVERYTHING = "*"
REMEMBERED = 2_000
MOST_PENDING = 64
MOST_STREAMS = 5_000
MOST_PER_PERSON = 8
RETRY_SECONDS = 2.0

Topics = Mapping[str, Collection[str]]


@dataclass(eq=False, slots=True)
class Stream:
    """One open page. What waits for it is a bounded set, so a slow reader costs no memory."""

    topics: frozenset[str]
    person: str
    position: int = 0
    flag: asyncio.Event = field(default_factory=asyncio.Event)
    pending: dict[str, set[str]] = field(default_factory=dict)
    everything: bool = False

    def tell(self, topics: Topics, position: int) -> None:
        """Note what of ``topics`` is this page's."""
        for topic in self.topics & topics.keys():
            self.pending.setdefault(topic, set()).update(topics[topic])
        if self.pending:
            self._wake(position)
        if sum(map(len, self.pending.values())) > MOST_PENDING:
            self.tell_everything(position)

    def tell_everything(self, position: int) -> None:
        """Note that something may have happened which nobody can name any more."""
        self.pending.clear()
        self.everything = True
        self._wake(position)

    def take(self) -> dict[str, list[str]] | None:
        """Return and forget what waits; None for everything."""
        self.flag.clear()
        everything, self.everything = self.everything, False
        pending, self.pending = self.pending, {}
        return None if everything else {topic: sorted(names) for topic, names in pending.items()}

    def _wake(self, position: int) -> None:
        self.position = max(self.position, position)
        self.flag.set()


@dataclass(frozen=True, slots=True)
class Notice:
    """One NOTIFY: ``topics`` is None where it named none. ``at`` is Unix seconds."""

    position: int
    topics: Topics | None
    at: float


class Full(Exception):  # noqa: N818 - an answer, no fault
    """No more streams: of this process, or of this person (``yours``)."""

    def __init__(self, *, yours: bool) -> None:
        super().__init__()
        self.yours = yours


class Hub:
    """Every open stream by topic and person, and the latest notices for those who come back."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.position = 0
        self._known_from = 0
        self._latest: deque[Notice] = deque(maxlen=REMEMBERED)
        self._by_topic: dict[str, set[Stream]] = {}
        self._by_person: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen to the database, once."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())

    def join(self, stream: Stream, *, after: int | None, issued: float) -> None:
        """Add a stream and tell it what it missed. Raises Full.

        ``after`` is the last position it heard; without one it gets what happened since its page
        was made (``issued``). What reaches too far back becomes one general tick.
        """
        if len(self.streams) >= MOST_STREAMS:
            raise Full(yours=False)
        if self._by_person.get(stream.person, 0) >= MOST_PER_PERSON:
            raise Full(yours=True)
        self.streams.add(stream)
        self._by_person[stream.person] = self._by_person.get(stream.person, 0) + 1
        for topic in stream.topics:
            self._by_topic.setdefault(topic, set()).add(stream)
        stream.position = self.position
        if after is not None and not self._known_from <= after <= self.position:
            stream.tell_everything(self.position)
            return
        for notice in self._latest:
            missed = notice.position > after if after is not None else notice.at >= issued
            if missed:
                _tell(stream, notice)

    def leave(self, stream: Stream) -> None:
        """Remove a stream."""
        self.streams.discard(stream)
        left = self._by_person.get(stream.person, 0) - 1
        if left > 0:
            self._by_person[stream.person] = left
        else:
            self._by_person.pop(stream.person, None)
        for topic in stream.topics:
            listeners = self._by_topic.get(topic, set())
            listeners.discard(stream)
            if not listeners:
                self._by_topic.pop(topic, None)

    def hear(self, payload: str) -> None:
        """Take one NOTIFY: remember it and wake those whom it concerns."""
        notice = parse(payload, at=time.time())
        if len(self._latest) == REMEMBERED:
            self._known_from = max(self._known_from, self._latest[0].position)
        self._latest.append(notice)
        self.position = max(self.position, notice.position)
        if notice.topics is None:
            concerned = set(self.streams)
        else:
            concerned = set().union(*(self._by_topic.get(t, ()) for t in notice.topics))
        for stream in concerned:
            _tell(stream, notice)

    def begin_at(self, position: int) -> None:
        """Start over at a position, as after a lost connection: nothing before it is known."""
        self._latest.clear()
        self.position = self._known_from = position
        for stream in self.streams:
            stream.tell_everything(position)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    os.environ.get("DATABASE_URL", ""), autocommit=True
                )
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    found = await connection.execute("SELECT last_position FROM kernel_relaystate")
                    row = await found.fetchone()
                    self.begin_at(int(row[0]) if row else 0)
                    async for notify in connection.notifies():
                        self.hear(notify.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("the stream lost its database: %s", error)
                await asyncio.sleep(RETRY_SECONDS)


def parse(payload: str, *, at: float) -> Notice:
    """Read the relay's text: ``POSITION topic=name,name ...``; anything else is a general tick."""
    position, _space, rest = payload.partition(" ")
    number = whole(position) or 0
    if rest == EVERYTHING or not number:
        return Notice(number, None, at)
    words = (word.partition("=") for word in rest.split())
    return Notice(number, {topic: names.split(",") for topic, _equals, names in words}, at)


def _tell(stream: Stream, notice: Notice) -> None:
    if notice.topics is None:
        stream.tell_everything(notice.position)
    else:
        stream.tell(notice.topics, notice.position)
