"""What a visitor was about to do: kept on the server, resumed after the sign-in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import LoginRequired

from .. import ports
from ..models import IntendedAction

KEEP = dt.timedelta(days=2)
FRESH = dt.timedelta(hours=1)


def remember_intent(kind: str, payload: Mapping[str, Any]) -> str:
    """Keep an act for after the sign-in; the token travels in the sign-in's address and forms.

    ``payload`` is JSON and goes to the kind's resumer (``ports.register_resume``).
    ImproperlyConfigured for a kind that nobody resumes.
    """
    if ports.resumption(kind) is None:
        raise ImproperlyConfigured(f"nobody resumes acts of the kind {kind}")
    intent = IntendedAction.objects.create(
        token=new_code(100), kind=kind, payload=dict(payload), created_at=clock.now()
    )
    return intent.token


def open_intent(token: str) -> IntendedAction | None:
    """Return an act that still waits (an hour at most), or None."""
    if not token:
        return None
    return IntendedAction.objects.filter(
        token=token, resumed_at=None, created_at__gt=clock.now() - FRESH
    ).first()


def resume_intent(*, actor: Actor, token: str) -> str:
    """Do what was intended, once, as ``actor``; returns the path to show, or an empty text.

    Empty when the act was done already, is too old or unknown. Problems of the act pass through.
    """
    if actor.id is None:
        raise LoginRequired()
    intent = open_intent(token)
    resumption = ports.resumption(intent.kind) if intent else None
    if intent is None or resumption is None:
        return ""
    claimed = IntendedAction.objects.filter(pk=intent.pk, resumed_at=None).update(
        resumed_at=clock.now(), resumed_by_id=actor.id
    )
    return resumption.resume(actor, intent.payload) if claimed else ""


def forget_old_intents() -> int:
    """Delete acts that nobody came back for; returns how many."""
    deleted, _rows = IntendedAction.objects.filter(created_at__lt=clock.now() - KEEP).delete()
    return deleted
