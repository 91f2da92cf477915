"""The writers of messages: worded once, sent after the commit, tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.template import Context, Engine
from django.utils import timezone, translation

from banyan.kernel import clock
from banyan.kernel.remembered import columns, fill, insert_once, run

from ..models import Message
from ..senders import Letter, NotSent, sender_for

log = structlog.get_logger("banyan.notify")
TRIES = 5
LEASE = dt.timedelta(seconds=60)
RUN = 15  # seconds
HIDDEN = "••••••"
WITH_SUBJECT = {"email", "wechat"}


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
    link: str = "",
    leave: str = "",
    zone: str = "",
    urgent: bool = False,
) -> Message:
    """Queue one message, worded by ``notify/messages/<kind>.txt`` in ``language``.

    The template's first line is the subject (e-mail and WeChat). Moments in ``context`` are written
    in ``zone``, else in the site's. ``key`` makes it repeatable: the
    same key gives the same message, sent once. ``secret`` is struck out of the stored text once
    the message has left. ``link`` and ``leave``: see ``Message``. Joins the caller's transaction;
    the sending happens after its commit: at once for ``urgent`` ones (codes that somebody waits
    for), else within seconds by a job.
    """
    message = compose(
        channel=channel,
        destination=destination,
        kind=kind,
        context=context,
        language=language,
        key=key,
        cause_id=cause_id,
        secret=secret,
        link=link,
        leave=leave,
        zone=zone,
    )
    if not queue([message]):
        return Message.objects.get(key=key)
    if urgent:
        transaction.on_commit(lambda: deliver(message_id=message.pk))
    return message


def compose(
    *,
    channel: str,
    destination: str,
    kind: str,
    context: Mapping[str, Any],
    language: str,
    key: str,
    cause_id: int | None = None,
    secret: str = "",
    link: str = "",
    leave: str = "",
    zone: str = "",
) -> Message:
    """Return the message of :func:`send`, worded and not yet queued. No statement."""
    subject, body = _worded(kind, context, language, zone)
    now = clock.now()
    return Message(
        key=key,
        channel=channel,
        destination=destination,
        kind=kind,
        subject=subject if channel in WITH_SUBJECT else "",
        body=body,
        secret=secret,
        link=link,
        leave=leave,
        cause_id=cause_id,
        created_at=now,
        next_attempt_at=now,
    )


def queue(messages: Sequence[Message]) -> list[Message]:
    """Queue messages whose keys are new, as :func:`send` does, and return these. One statement."""
    return insert_once(messages, "key")


@contextmanager
def speaking(language: str, zone: str) -> Iterator[None]:
    """Write words in a reader's language and moments in their zone; in the site's without one."""
    with translation.override(language), timezone.override(zone or settings.SITE_TIME_ZONE):
        yield


def _worded(kind: str, context: Mapping[str, Any], language: str, zone: str) -> tuple[str, str]:
    with speaking(language, zone):
        named = {"site": _site()}
        for name, value in context.items():
            named[name] = clock.told(value) if isinstance(value, dt.datetime) else value
        template = Engine.get_default().get_template(f"notify/messages/{kind}.txt")
        # Plain text: nothing is escaped, or "Ana & Ben" would arrive as "Ana &amp; Ben".
        text = template.render(Context(named, autoescape=False))
    subject, _, body = text.strip().partition("\n")
    return " ".join(subject.split()), body.strip()


def _site() -> str:
    return settings.PUBLIC_URL or settings.LETTERS_URL


def deliver(*, message_id: int) -> bool:
    """Send a queued message now, outside any transaction; True when it left.

    A lease keeps two processes from sending it twice; a failure is tried again with growing
    pauses, five times at most, and then stays visible as failed.
    """
    message = _claim(message_id)
    if message is None:
        return False
    try:
        sender_for(message.channel).send(_letter(message))
    except NotSent as error:
        _record_failure(message, error)
        return False
    except Exception as error:
        # Senders may be the operator's own: whatever one raises holds up no other message.
        log.exception("sender_broke", message=message.pk, kind=message.kind)
        _record_failure(message, NotSent(type(error).__name__))
        return False
    kept = {"subject": message.subject, "body": message.body} | _redacted(message)
    run(_SENT, [clock.now(), kept["subject"], kept["body"], message.pk])
    return True


def _letter(message: Message) -> Letter:
    site = _site()
    return Letter(
        destination=message.destination,
        subject=message.subject,
        body=message.body,
        link=f"{site}{message.link}" if message.link else "",
        leave=f"{site}{message.leave}" if message.leave else "",
    )


def _claim(message_id: int) -> Message | None:
    """Take the lease of a queued message and return it as it is then, by one statement."""
    message = Message(pk=message_id)
    now = clock.now()
    row = run(_CLAIM, [now + LEASE, message_id, now]).fetchone()
    if row is None:
        return None
    fill(message, row)
    message._state.adding = False
    return message


# What a crash of the database takes back is sent once more; nobody waits for the disk for that.
_QUICKLY = (
    "WITH quickly AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS s)"
)
_CLAIM = f"""
{_QUICKLY}
UPDATE notify_message SET next_attempt_at = %s, attempts = attempts + 1
FROM quickly WHERE id = %s AND state = 'queued' AND next_attempt_at <= %s
RETURNING {columns(Message)}
"""  # noqa: S608 - names of a model
_SENT = f"""
{_QUICKLY}
UPDATE notify_message
SET state = 'sent', sent_at = %s, error = '', secret = '', subject = %s, body = %s
FROM quickly WHERE id = %s
"""  # noqa: S608 - our own text


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
    """Send what is due, oldest first; returns how many left. May run in several workers at once.

    After ``RUN`` seconds the rest is left to the next run, and others to theirs: a gateway that
    does not answer takes ten for each.
    """
    due = Message.objects.filter(state="queued", next_attempt_at__lte=clock.now())
    ids = due.order_by("next_attempt_at").values_list("pk", flat=True)[:most]
    began, done = monotonic(), 0
    for pk in list(ids):
        if monotonic() - began > RUN:
            break
        done += deliver(message_id=pk)
    return done
