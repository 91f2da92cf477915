"""Doing a thing once: HTTP idempotency keys and one-use form tokens over the same records.

Two ways to use :func:`once`:

* **before the action, on its own**: others with the same key see it in flight (409) at once; the
  answer is stored afterwards. A crash in between leaves the key locked for ``LOCK_SECONDS``, then
  the next attempt runs the action, whose natural unique keys must find the existing result.
* **inside the action's transaction**: effects and answer commit together, so the action can never
  run twice; others with the same key wait for the commit and get the answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from . import clock
from .actors import Actor
from .models import IdempotencyRecord
from .problems import IdempotencyInFlight, IdempotencyMismatch, Invalid

LOCK_SECONDS = 60
KEPT = dt.timedelta(days=2)
FORM_LIFE = dt.timedelta(days=1)
RETRYABLE = frozenset({308, 401, 408, 425, 429, 500, 502, 503, 504})
_LONGEST_KEY = 120


class FormExpired(Invalid):
    """The form's one-use token is missing, malformed, or older than its first answer is kept."""

    code = "form_expired"
    message = _("This form was open for too long. Please check it and send it again.")


@dataclass(frozen=True, slots=True)
class Fresh:
    """The first attempt: do the work, then :meth:`store` its answer or :meth:`release` the key."""

    record_id: int
    locked_until: dt.datetime

    def store(self, response: dict[str, Any]) -> bool:
        """Keep ``response`` (JSON) for replays. False when a later attempt has taken over."""
        return bool(self._mine().update(state="done", response=response))

    def release(self) -> None:
        """Forget the attempt, so that the same key may try again."""
        self._mine().delete()

    def settle(self, *, status: int, response: dict[str, Any]) -> None:
        """Store a final answer; forget a retryable one (too many, busy, failed)."""
        if status in RETRYABLE:
            self.release()
        else:
            self.store(response)

    def _mine(self) -> Any:
        return IdempotencyRecord.objects.filter(
            pk=self.record_id, state="in_flight", locked_until=self.locked_until
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """The work was done before; ``response`` is what was answered then."""

    response: dict[str, Any]


def once(*, client: str, actor: Actor, key: str, fingerprint: str) -> Fresh | Replay:
    """Begin (client, actor, key), or return what it answered before.

    ``fingerprint`` is :func:`fingerprint` of the request. Raises IdempotencyMismatch (422) when
    the key came with another one, IdempotencyInFlight (409) while the first attempt runs, Invalid
    for an empty or overlong key. ValueError for an actor that nothing tells from others.
    """
    if not key or len(key) > _LONGEST_KEY:
        raise Invalid(code="idempotency_key_invalid", detail=f"key of {len(key)} characters")
    return _begin(client, _scope(actor), key, fingerprint)


def fingerprint(*parts: str | bytes) -> str:
    """Return the SHA-256, in hex, of method, path, body or whatever else makes the request."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def new_form_token() -> str:
    """Return a token for the hidden field of a form that must have effect once."""
    return f"{int(clock.now().timestamp()):x}-{secrets.token_urlsafe(18)}"


def form_once(token: str) -> Fresh | Replay:
    """Begin the one submission of a form, or return what the first one answered.

    The token is unguessable, so it needs no person; whoever signs in halfway still gets the first
    result. Other content with the same token replays too: the first submission stands. Raises
    FormExpired, IdempotencyInFlight.
    """
    stamp, _, rest = token.partition("-")
    try:
        made = dt.datetime.fromtimestamp(int(stamp, 16), tz=dt.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise FormExpired(detail="malformed form token") from error
    age = clock.now() - made
    if not dt.timedelta(minutes=-5) <= age < FORM_LIFE or not 20 <= len(rest) <= 60:
        raise FormExpired(detail=f"form token made {made}")
    return _begin("form", "", token, "")


def forget_old() -> int:
    """Delete records older than KEPT. Returns how many. Safe at any time."""
    deleted, _ = IdempotencyRecord.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    return deleted


def _scope(actor: Actor) -> str:
    who = actor.id or actor.visitor or actor.label
    if not who:
        raise ValueError("an idempotency key needs an actor that can be told from others")
    scope = f"{actor.kind}:{who}"
    return scope if len(scope) <= 80 else hashlib.sha256(scope.encode()).hexdigest()


def _begin(client: str, scope: str, key: str, print_: str) -> Fresh | Replay:
    while True:
        now = clock.now()
        until = now + dt.timedelta(seconds=LOCK_SECONDS)
        with connection.cursor() as cursor:
            # A lapsed lock is taken over; the fencing value is locked_until.
            cursor.execute(
                "INSERT INTO kernel_idempotencyrecord AS r"
                " (client, actor, key, fingerprint, state, created_at, locked_until)"
                " VALUES (%s, %s, %s, %s, 'in_flight', %s, %s)"
                " ON CONFLICT (client, actor, key) DO UPDATE"
                " SET locked_until = excluded.locked_until"
                " WHERE r.state = 'in_flight' AND r.locked_until <= %s"
                "   AND r.fingerprint = excluded.fingerprint"
                " RETURNING id",
                [client, scope, key, print_, now, until, now],
            )
            row = cursor.fetchone()
        if row is not None:
            return Fresh(record_id=row[0], locked_until=until)
        known = IdempotencyRecord.objects.filter(client=client, actor=scope, key=key).first()
        if known is None:
            continue  # released between the two statements
        if known.fingerprint != print_:
            raise IdempotencyMismatch(detail=f"{client} {scope} {key}")
        if known.state != "done":
            raise IdempotencyInFlight(detail=f"{client} {scope} {key}", retry_after=1)
        return Replay(response=known.response or {})
