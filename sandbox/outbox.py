"""Events and the webhooks they owe: written with the fact, in the same transaction."""

from __future__ import annotations

import json
from threading import Event as Signal
from urllib.parse import urlsplit

from sandbox.behaviour import Behaviour
from sandbox.delivery import Dispatcher, Job
from sandbox.identifiers import new_id
from sandbox.moments import stamp
from sandbox.refusals import Refusal, invalid, not_found
from sandbox.shapes import Shape, pack
from sandbox.store import Transaction

#: How long a reordered event waits for the next one, and how far behind it then follows.
HOLD_MS = 5_000
FOLLOW_MS = 300


class Outbox:
    """Appends events and hands their deliveries to the dispatcher after the commit."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        """Use one dispatcher."""
        self._dispatcher = dispatcher

    def check_target(self, url: str | None) -> None:
        """Refuse a webhook address on a host that the operator did not allow."""
        if url is not None and not self._dispatcher.allows(url):
            host = urlsplit(url).hostname
            raise Refusal(
                422,
                "webhook_host_not_allowed",
                f"Webhooks may not go to {host!r}; add it to SANDBOX_WEBHOOK_HOSTS.",
                field="webhook_url",
            )

    def append(
        self,
        work: Transaction,
        *,
        at: int,
        kind: str,
        shape: Shape,
        url: str | None,
        behaviour: Behaviour,
        sent: Signal | None = None,
    ) -> None:
        """Store one event and what is owed for it; ``sent`` is set after the first attempt."""
        event_id = new_id("evt")
        body = pack({"id": event_id, "type": kind, "created": stamp(at), "data": {"object": shape}})
        event = work.insert(
            "event", id=event_id, type=kind, created_ms=at, webhook_url=url, body=body
        )
        if url is None:
            return
        if behaviour.drop:
            work.insert("delivery", event=event, url=url, state="dropped", due_ms=at)
            return
        due, held = at + behaviour.webhook_delay_ms, False
        if behaviour.reorder:
            held = not self._release(work, at=at, url=url)
            due += HOLD_MS if held else 0
        for _ in range(1 + behaviour.duplicate):
            self._owe(
                work,
                event=event,
                event_id=event_id,
                url=url,
                body=body,
                due=due,
                held=held,
                sent=sent,
            )

    def resend(self, work: Transaction, *, at: int, event_id: str) -> None:
        """Owe one more delivery of a stored event."""
        row = work.one("SELECT * FROM event WHERE id = ?", (event_id,))
        if row is None:
            raise not_found("event", event_id)
        if row["webhook_url"] is None:
            raise Refusal(409, "no_webhook_url", "This event has no webhook address.")
        self._owe(
            work,
            event=row["seq"],
            event_id=event_id,
            url=row["webhook_url"],
            body=row["body"],
            due=at,
            held=False,
            sent=None,
        )

    def _owe(
        self,
        work: Transaction,
        *,
        event: int,
        event_id: str,
        url: str,
        body: str,
        due: int,
        held: bool,
        sent: Signal | None,
    ) -> None:
        delivery = work.insert(
            "delivery", event=event, url=url, state="pending", held=held, due_ms=due
        )
        job = Job(
            id=delivery, event_id=event_id, url=url, body=body.encode(), due_ms=due, sent=sent
        )
        work.after_commit(lambda: self._dispatcher.add(job))

    def _release(self, work: Transaction, *, at: int, url: str) -> bool:
        """Let the held event follow the present one; False when none is held."""
        rows = work.all(
            "SELECT id FROM delivery WHERE url = ? AND held = 1 AND state = 'pending'", (url,)
        )
        due = at + FOLLOW_MS
        for row in rows:
            held_id: int = row["id"]
            work.change("UPDATE delivery SET held = 0, due_ms = ? WHERE id = ?", (due, held_id))
            work.after_commit(lambda held_id=held_id: self._dispatcher.move(held_id, due))  # type: ignore[misc]  # a default binds the loop's value
        return bool(rows)


def list_events(work: Transaction, *, after: str | None, limit: int) -> Shape:
    """Return events in the order they happened, each with the state of its deliveries."""
    start = 0
    if after:
        row = work.one("SELECT seq FROM event WHERE id = ?", (after,))
        if row is None:
            raise invalid("after", "there is no such event")
        start = row["seq"]
    rows = work.all("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (start, limit + 1))
    page = rows[:limit]
    owed: dict[int, list[Shape]] = {row["seq"]: [] for row in page}
    if page:
        for row in work.all(
            "SELECT * FROM delivery WHERE event BETWEEN ? AND ? ORDER BY id",
            (page[0]["seq"], page[-1]["seq"]),
        ):
            owed[row["event"]].append(
                {
                    "state": row["state"],
                    "attempts": row["attempts"],
                    "due_at": stamp(row["due_ms"]),
                    "last_answer": row["last_answer"],
                }
            )
    data = [json.loads(row["body"]) | {"deliveries": owed[row["seq"]]} for row in page]
    return {"data": data, "has_more": len(rows) > limit}
