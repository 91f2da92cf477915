"""The e-mail digest: what was not read, once a day or week, at eight by its reader's clock."""

from __future__ import annotations

from django.db import transaction

from banyan.kernel import clock
from banyan.kernel.sweeps import sweep

from ..access import quiet_of
from ..models import Preference
from ..queries import unread_for_digest
from ..rules import digest_start, local_day, next_digest
from . import allowances
from .messages import send, speaking

LINES = 10


def send_digests() -> int:
    """Queue the digests that are due; returns how many. Any number may run at once.

    Each is due once, by the row that says when; the message's key is of the reader's day, so that
    no day has two. Nothing unread, no e-mail. One digest is one of the day's allowance.
    """
    due = Preference.objects.filter(digest_at__lte=clock.now())

    def write(preference_id: int) -> int:
        # Another worker may have moved it on meanwhile.
        still = due.select_related("account").filter(pk=preference_id).first()
        return still is not None and _send(still)

    return sweep("notify.digests", due, write, by="digest_at", piece=50, most=500)


def _send(preference: Preference) -> bool:
    now, zone, account = clock.now(), preference.time_zone, preference.account
    quiet = quiet_of(preference)
    until = quiet.over_at(now) if quiet else None
    due = until or next_digest(now, zone, preference.digest)
    # Of when it was due, not of now: what a late run tells must not begin late, too.
    since = digest_start(preference.digest_at or now, zone, preference.digest)
    with transaction.atomic():
        mine = Preference.objects.filter(pk=preference.pk, digest_at=preference.digest_at)
        if mine.update(digest_at=due) != 1 or until is not None:
            return False
        if not account.email or not account.is_active:
            return False
        with speaking(account.language, zone):
            told = unread_for_digest(account.pk, since=since)
        if not told or not allowances.take(who=allowances.member(account.pk), zone=zone):
            return False
        send(
            channel="email",
            destination=account.email,
            kind="digest",
            context={
                "n": len(told),
                "lines": [one.text for one in told[:LINES]],
                "more": max(0, len(told) - LINES),
                "path": "/notifications?show=unread",
                "leave": f"/stop/{preference.token}",
            },
            language=account.language,
            key=f"digest:{account.pk}:{local_day(now, zone)}",
            link="/notifications?show=unread",
            leave=f"/stop/{preference.token}",
        )
    return True
