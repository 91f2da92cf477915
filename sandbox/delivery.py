"""Webhook delivery: a small pool of threads, connections kept alive, retries that survive."""

from __future__ import annotations

import heapq
import http.client
import logging
import threading
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sandbox.moments import now_ms
from sandbox.signing import Signer
from sandbox.store import Store

log = logging.getLogger("sandbox.delivery")

#: Pause before each further attempt; after the last one the delivery is given up.
BACKOFF_MS = (1_000, 3_000, 10_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000)
TIMEOUT_S = 10.0
STOP_S = 3.0
_STALE = (http.client.RemoteDisconnected, ConnectionError)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One webhook owed to one address. ``sent`` is set after its first attempt."""

    id: int
    event_id: str
    url: str
    body: bytes
    due_ms: int
    attempts: int = 0
    sent: threading.Event | None = None


class Dispatcher:
    """Keeps the jobs of the state file in due order and works them off."""

    def __init__(
        self, *, store: Store, signer: Signer, hosts: frozenset[str], senders: int
    ) -> None:
        """Prepare; nothing is sent before start()."""
        self._store = store
        self._signer = signer
        self._hosts = hosts
        self._ready = threading.Condition()
        self._due: list[tuple[int, int]] = []
        self._jobs: dict[int, Job] = {}
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"sender-{n}", daemon=True)
            for n in range(senders)
        ]

    def allows(self, url: str) -> bool:
        """Say whether a webhook may go there; the list of hosts is the only authority."""
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and (parts.hostname or "") in self._hosts

    def start(self) -> None:
        """Take up what an earlier process left undelivered, then begin."""
        with self._store.reading() as work:
            rows = work.all(
                "SELECT d.id, d.url, d.attempts, d.due_ms, e.id AS event_id, e.body"
                " FROM delivery d JOIN event e ON e.seq = d.event WHERE d.state = 'pending'"
            )
        for row in rows:
            self.add(
                Job(
                    id=row["id"],
                    event_id=row["event_id"],
                    url=row["url"],
                    body=row["body"].encode(),
                    due_ms=row["due_ms"],
                    attempts=row["attempts"],
                )
            )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give the attempts under way a moment; what is left stays in the state file."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        end = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))

    def add(self, job: Job) -> None:
        """Queue one job."""
        with self._ready:
            self._jobs[job.id] = job
            heapq.heappush(self._due, (job.due_ms, job.id))
            self._ready.notify()

    def move(self, job_id: int, due_ms: int) -> None:
        """Give a waiting job another time; one that has left already is left alone."""
        with self._ready:
            job = self._jobs.get(job_id)
            if job is not None:
                self._jobs[job_id] = replace(job, due_ms=due_ms)
                heapq.heappush(self._due, (due_ms, job_id))
                self._ready.notify()

    def _take(self) -> Job | None:
        """Wait for the next due job; None when the process stops."""
        with self._ready:
            while not self._stopping:
                pause: float | None = None
                if self._due:
                    due_ms, job_id = self._due[0]
                    job = self._jobs.get(job_id)
                    if job is None or job.due_ms != due_ms:
                        heapq.heappop(self._due)  # moved or taken: a stale entry
                        continue
                    pause = (due_ms - now_ms()) / 1000
                    if pause <= 0:
                        heapq.heappop(self._due)
                        return self._jobs.pop(job_id)
                self._ready.wait(pause)
        return None

    def _work(self) -> None:
        connections = Connections()
        while (job := self._take()) is not None:
            try:
                self._deliver(job, connections)
            except Exception:
                # The state file still owes this webhook; the thread must live for the others.
                log.exception("delivery %s failed", job.id)
                self.add(replace(job, due_ms=now_ms() + BACKOFF_MS[0], sent=None))
            finally:
                if job.sent is not None:
                    job.sent.set()
        connections.close()

    def _deliver(self, job: Job, connections: Connections) -> None:
        """Make one attempt and store what came of it."""
        attempts = job.attempts + 1
        delivered, answer = self._attempt(job, connections)
        due_ms = now_ms() + BACKOFF_MS[min(attempts, len(BACKOFF_MS)) - 1]
        if delivered:
            state = "delivered"
        elif attempts > len(BACKOFF_MS) or not self.allows(job.url):
            state = "given_up"
        else:
            state = "pending"
        with self._store.transaction() as work:
            work.change(
                "UPDATE delivery SET state = ?, attempts = ?, due_ms = ?, last_answer = ?,"
                " held = 0 WHERE id = ?",
                (state, attempts, job.due_ms if delivered else due_ms, answer, job.id),
            )
            if state == "pending":
                again = replace(job, attempts=attempts, due_ms=due_ms, sent=None)
                work.after_commit(lambda: self.add(again))

    def _attempt(self, job: Job, connections: Connections) -> tuple[bool, str]:
        """Send once; return whether it was accepted, and the answer in a few words."""
        if not self.allows(job.url):
            return False, "host not allowed"
        headers = self._signer.headers(message_id=job.event_id, at=int(time.time()), body=job.body)
        headers |= {"content-type": "application/json", "user-agent": "sandbox-gateway/1"}
        try:
            status = connections.post(job.url, job.body, headers)
        except (OSError, http.client.HTTPException) as error:
            return False, f"{type(error).__name__}: {error}"[:200]
        return 200 <= status < 300, str(status)


class Connections:
    """The kept-alive connections of one sender thread, one to each origin."""

    def __init__(self) -> None:
        """Start with none."""
        self._open: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Send one POST and return the status; redirects are answers like any other."""
        parts = urlsplit(url)
        origin = (parts.scheme, parts.netloc)
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        kept = self._open.get(origin)
        if kept is not None and kept.sock is not None:
            try:
                return self._exchange(kept, target, body, headers)
            except _STALE:
                kept.close()  # the target closed the idle connection: open a new one at once
        fresh = self._open[origin] = self._connect(*origin)
        return self._exchange(fresh, target, body, headers)

    def close(self) -> None:
        """Close every connection."""
        for connection in self._open.values():
            connection.close()

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        return kind(netloc, timeout=TIMEOUT_S)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        target: str,
        body: bytes,
        headers: dict[str, str],
    ) -> int:
        try:
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(65_536)
            if not answer.isclosed():
                connection.close()  # a long answer is nobody's business
            return answer.status
        except BaseException:
            connection.close()
            raise
