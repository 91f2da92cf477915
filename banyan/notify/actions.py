"""The writers of messages and notifications."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.remembered import change, columns, fill, insert_once
from banyan.people.access import blocked_between

from . import kinds
from .events import NotificationRead, NotificationTold
from .models import Message, Notification
from .senders import NotSent, sender_for

log = structlog.get_logger("banyan.notify")
TRIES = 5
US = Actor.system("notify")
LEASE = dt.timedelta(seconds=60)
HIDDEN = "••••••"


def send(
    *,
    channel: str,
    destination: str,
    kind: str,
    context: Mapping[str, Any],
    language: str,
    key: str,
    cause_id: int | None = None,
    secret: str = "",
    urgent: bool = False,
) -> Message:
    """Queue one message, worded by ``notify/messages/<kind>.txt`` in ``language``.

    The template's first line is the subject (e-mail only). ``key`` makes it repeatable: the same
    key gives the same message, sent once. ``secret`` is struck out of the stored text once the
    message has left. Joins the caller's transaction; the sending happens after its commit: at
    once for ``urgent`` ones (codes that somebody waits for), else within seconds by a job.
    """
    subject, body = _worded(kind, context, language)
    now = clock.now()
    message = Message(
        key=key,
        channel=channel,
        destination=destination,
        kind=kind,
        subject=subject if channel == "email" else "",
        body=body,
        secret=secret,
        cause_id=cause_id,
        created_at=now,
        next_attempt_at=now,
    )
    if not insert_once(message, "key"):
        return Message.objects.get(key=key)
    if urgent:
        transaction.on_commit(lambda: deliver(message_id=message.pk))
    return message


def _worded(kind: str, context: Mapping[str, Any], language: str) -> tuple[str, str]:
    with translation.override(language):
        text = render_to_string(
            f"notify/messages/{kind}.txt", {"site": settings.PUBLIC_URL, **context}
        )
    subject, _, body = text.strip().partition("\n")
    return " ".join(subject.split()), body.strip()


def deliver(*, message_id: int) -> bool:
    """Send a queued message now, outside any transaction; True when it left.

    A lease keeps two processes from sending it twice; a failure is tried again with growing
    pauses, five times at most, and then stays visible as failed.
    """
    message = _claim(message_id)
    if message is None:
        return False
    try:
        sender_for(message.channel).send(
            destination=message.destination, subject=message.subject, body=message.body
        )
    except NotSent as error:
        _record_failure(message, error)
        return False
    sent = {"state": "sent", "sent_at": clock.now(), "error": ""}
    change(message, {}, sent | _redacted(message))
    return True


def _claim(message_id: int) -> Message | None:
    """Take the lease of a queued message and return it as it is then, by one statement."""
    message = Message(pk=message_id)
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, message_id, now])
        row = cursor.fetchone()
    if row is None:
        return None
    fill(message, row)
    message._state.adding = False
    return message


_CLAIM = f"""
UPDATE notify_message SET next_attempt_at = %s, attempts = attempts + 1
WHERE id = %s AND state = 'queued' AND next_attempt_at <= %s
RETURNING {columns(Message)}
"""  # noqa: S608 - names of a model


def _record_failure(message: Message, error: NotSent) -> None:
    final = error.lasting or message.attempts >= TRIES
    changes: dict[str, Any] = {"error": str(error)[:300]}
    if final:
        changes |= {"state": "failed", **_redacted(message)}
    else:
        pause = dt.timedelta(seconds=5 * 4**message.attempts)
        changes["next_attempt_at"] = clock.now() + pause
    Message.objects.filter(pk=message.pk).update(**changes)
    log.warning("message_not_sent", message=message.pk, kind=message.kind, final=final)


def _redacted(message: Message) -> dict[str, str]:
    if not message.secret:
        return {}
    return {
        "secret": "",
        "subject": message.subject.replace(message.secret, HIDDEN),
        "body": message.body.replace(message.secret, HIDDEN),
    }


def deliver_due(*, most: int = 100) -> int:
    """Send what is due, oldest first; returns how many left. May run in several workers at once."""
    due = Message.objects.filter(state="queued", next_attempt_at__lte=clock.now())
    ids = due.order_by("next_attempt_at").values_list("pk", flat=True)[:most]
    return sum(deliver(message_id=pk) for pk in list(ids))


def notify(
    *,
    recipient_id: int,
    kind: str,
    group_key: str,
    url: str = "",
    data: Mapping[str, Any] | None = None,
    actor_id: int | None = None,
) -> None:
    """Tell an account that something happened; things with the same ``group_key`` are one row.

    Once the row was read, the next happening counts from one again. The same person twice in a
    row of unread ones counts once. Nobody is told of what they did themselves, or of what was
    done by somebody they block or who blocks them. ``kind`` must be registered (``kinds``).
    Repeatable only as far as that: call it from an event consumer. Joins the caller's transaction;
    emits notification.told.
    """
    kinds.require(kind)
    if actor_id is not None and (
        actor_id == recipient_id or blocked_between(actor_id, recipient_id)
    ):
        return
    row: dict[str, int | str | dt.datetime] = {
        "recipient": recipient_id,
        "group_key": group_key[:100],
        "kind": kind,
        "url": url[:200],
        "data": json.dumps(dict(data or {})),
        "actors": json.dumps([] if actor_id is None else [str(actor_id)]),
        "now": clock.now(),
    }
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(_UPSERT, row)
        events.emit(NotificationTold(recipient_id=recipient_id), actor=US)


# Actors are strings, because ids exceed what JSON numbers hold; the newest comes first.
_UPSERT = """
INSERT INTO notify_notification AS o
    (recipient_id, group_key, kind, url, data, actors, n, updated_at, read_at)
VALUES (%(recipient)s, %(group_key)s, %(kind)s, %(url)s, %(data)s::jsonb, %(actors)s::jsonb, 1,
        %(now)s, NULL)
ON CONFLICT (recipient_id, group_key) DO UPDATE SET
    kind = excluded.kind, url = excluded.url, data = excluded.data,
    updated_at = excluded.updated_at, read_at = NULL,
    n = CASE WHEN o.read_at IS NOT NULL THEN 1
             WHEN excluded.actors <> '[]' AND o.actors @> excluded.actors THEN o.n
             ELSE o.n + 1 END,
    actors = CASE WHEN o.read_at IS NOT NULL OR o.actors = '[]' THEN excluded.actors
                  ELSE jsonb_path_query_array(
                      excluded.actors || coalesce(
                          (SELECT jsonb_agg(a) FROM jsonb_array_elements(o.actors) a
                           WHERE NOT excluded.actors @> a), '[]'),
                      '$[0 to 2]') END
"""


def mark_read(*, recipient_id: int, notification_id: int | None = None) -> int:
    """Mark one notification of an account as read, or all of them; returns how many changed.

    Emits notification.read where something did.
    """
    unread = Notification.objects.filter(recipient_id=recipient_id)
    if notification_id is not None:
        unread = unread.filter(pk=notification_id)
    return _read(unread, recipient_id)


def _read(rows: QuerySet[Notification], recipient_id: int) -> int:
    with transaction.atomic():
        changed = rows.filter(read_at=None).update(read_at=clock.now())
        if changed:
            events.emit(NotificationRead(recipient_id=recipient_id), actor=US)
    return changed


def hush(*, recipient_id: int, actor_id: int) -> int:
    """Mark as read what one person alone did; returns how many. Repeatable.

    Emits notification.read where there was something.
    """
    only = Notification.objects.filter(recipient_id=recipient_id, actors=[str(actor_id)])
    return _read(only, recipient_id)
