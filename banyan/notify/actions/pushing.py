"""Browsers that show what their owner is told, and the telling."""

from __future__ import annotations

import datetime as dt
import json
from time import monotonic

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from banyan.kernel import audit, clock, keyrings
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import Ring
from banyan.kernel.problems import Invalid, LoginRequired

from .. import kinds, webpush
from ..access import place_of, preference_of, quiet_of
from ..models import Notification, PushKey, PushSubscription
from ..queries import told_of
from ..webpush import Answer
from . import allowances
from .messages import speaking

log = structlog.get_logger("banyan.notify")
BATCH = 50
LEASE = dt.timedelta(minutes=2)
RUN = 15  # seconds; the last of them may need ten for each of ten browsers
AGAIN = dt.timedelta(minutes=5)
LONGEST_QUIET = dt.timedelta(days=1)  # news that waits for longer is stale
MOST_BROWSERS = 10
GIVEN_UP = 3  # answers of 403 in a row
LONGEST_TEXT = 300


def subscribe(
    *, actor: Actor, key_id: int, endpoint: str, p256dh: str, auth: str, device: str = ""
) -> PushSubscription:
    """Note a browser that shall show what the actor is told. Repeatable.

    Raises Invalid for what is no subscription of a browser. One browser belongs to one account:
    the last one. The oldest go when somebody has more than ten.
    """
    if actor.id is None:
        raise LoginRequired()
    key = PushKey.objects.filter(pk=key_id).first()
    fits = len(endpoint) <= 1000 and len(p256dh) <= 100 and len(auth) <= 40
    if key is None or not fits or not webpush.is_browser(endpoint, p256dh, auth):
        raise Invalid(code="no_browser")
    values = {
        "account_id": actor.id,
        "key": key,
        "p256dh": p256dh,
        "auth": auth,
        "device": device[:60],
        "refused": 0,
        "created_at": clock.now(),
    }
    found, _made = PushSubscription.objects.update_or_create(endpoint=endpoint, defaults=values)
    mine = PushSubscription.objects.filter(account_id=actor.id).order_by("-created_at", "-id")
    old = list(mine.values_list("pk", flat=True)[MOST_BROWSERS:])
    PushSubscription.objects.filter(pk__in=old).delete()
    return found


def renew_key(*, actor: Actor) -> PushKey:
    """Make a new pair of push keys, and seal the older ones anew with the newest secret. Audited.

    Browsers that know an older pair are told as before; each takes the new one when its owner
    allows pushes again. Raises BadSeal, and writes nothing, where a secret is gone that sealed one.
    """
    with transaction.atomic():
        for key in PushKey.objects.select_for_update().order_by("id"):
            sealed = keyrings.reseal(Ring.PUSH, key.private)
            PushKey.objects.filter(pk=key.pk).update(private=sealed)
        made = webpush.new_key()
        audit.record(
            actor=actor, action="push_key.renew", subject_kind="push_key", subject_id=made.pk
        )
    return made


def unsubscribe(*, actor: Actor, browser_id: int) -> int:
    """Forget one of the actor's own browsers; returns how many were. Repeatable."""
    mine = PushSubscription.objects.filter(account_id=actor.id or 0)
    return mine.filter(pk=browser_id).delete()[0]


# Claims what is due: others do not see it before the lease is over.
_CLAIM = """
UPDATE notify_notification SET push_at = %s
WHERE id IN (SELECT id FROM notify_notification WHERE push_at <= %s
             ORDER BY push_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id
"""


def push_due(*, most: int = BATCH) -> int:
    """Push what is due, oldest first; returns how many left. Any number may run at once.

    After ``RUN`` seconds the rest is due again for the next run: addresses that let us wait would
    keep it past the lease, and another run would push it, too.
    """
    now, began = clock.now(), monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now, most])
        ids = [row[0] for row in cursor.fetchall()]
    found = Notification.objects.filter(pk__in=ids).select_related("recipient").order_by("pk")
    rows = list(found)
    done = 0
    for place, row in enumerate(rows):
        if monotonic() - began > RUN:
            rest = [one.pk for one in rows[place:]]
            Notification.objects.filter(pk__in=rest, push_at=now + LEASE).update(push_at=now)
            break
        done += _tried(row)
    return done


def _tried(row: Notification) -> bool:
    """Push one row; one that fails holds up no other, and is given up when its time is over."""
    try:
        return _push(row)
    except Exception:
        log.exception("push_broke", notification=row.pk, kind=row.kind)
        ttl = dt.timedelta(seconds=kinds.require(row.kind).family.ttl)
        again = clock.now() + AGAIN
        return _later(row, again if again < row.updated_at + ttl else None)


def _push(row: Notification) -> bool:
    """Push one row, or say when to try again; a row without ``push_at`` is done with."""
    now = clock.now()
    kind = kinds.known(row.kind)
    if kind is None or row.read_at is not None or not row.recipient.is_active:
        return _later(row, None)
    family = kind.family
    over = row.updated_at + dt.timedelta(seconds=family.ttl)
    if now > (over if row.pushed_at is not None else over + LONGEST_QUIET):
        return _later(row, None)
    preference = preference_of(row.recipient_id)
    quiet = quiet_of(preference)
    until = quiet.over_at(now) if quiet and not family.asked else None
    if until is not None:
        return _later(row, until)
    browsers = list(
        PushSubscription.objects.filter(account_id=row.recipient_id).select_related("key")
    )
    wanted = place_of(row.recipient_id, family.name).push
    if not browsers or not wanted or not _paid(row, preference.time_zone):
        return _later(row, None)
    with speaking(row.recipient.language, preference.time_zone):
        told = told_of(row)
    if told is None:
        return _later(row, None)
    payload = _payload(told.text, row)
    answers = [_to(browser, payload, family.ttl, str(row.pk)) for browser in browsers]
    if Answer.SENT in answers:
        return not _later(row, None)
    return _later(row, now + AGAIN if Answer.LATER in answers else None)


def _later(row: Notification, moment: dt.datetime | None) -> bool:
    Notification.objects.filter(pk=row.pk).update(push_at=moment)
    return False


def _paid(row: Notification, zone: str) -> bool:
    """Take it from the day's allowance, once; what is exempt costs nothing."""
    if row.pushed_at is not None:
        return True
    who = allowances.member(row.recipient_id)
    if not kinds.require(row.kind).family.exempt and not allowances.take(who=who, zone=zone):
        return False
    Notification.objects.filter(pk=row.pk).update(pushed_at=clock.now())
    return True


def _payload(text: str, row: Notification) -> bytes:
    found = {
        "title": settings.SITE_NAME,
        "body": text[:LONGEST_TEXT],
        "url": row.url or "/notifications",
        "tag": str(row.pk),
    }
    return json.dumps(found, ensure_ascii=False).encode()[: webpush.LONGEST]


def _to(browser: PushSubscription, payload: bytes, ttl: int, topic: str) -> Answer:
    answer = webpush.send(browser, payload, ttl=ttl, topic=topic)
    mine = PushSubscription.objects.filter(pk=browser.pk)
    if answer is Answer.GONE:
        mine.delete()
    elif answer is Answer.REFUSED:
        mine.update(refused=F("refused") + 1)
        mine.filter(refused__gte=GIVEN_UP).delete()
    elif answer is Answer.SENT:
        mine.update(refused=0, sent_at=clock.now())
    if answer is not Answer.SENT:
        log.info("push_not_sent", browser=browser.pk, answer=str(answer))
    return answer
