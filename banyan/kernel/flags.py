"""Switches that operators turn without a release; each process looks at most every 5 seconds."""

from __future__ import annotations

import time

from django.db import transaction

from . import audit
from .actors import Actor
from .models import Flag

CACHE_SECONDS = 5.0

_known: dict[str, tuple[float, bool | None]] = {}


def enabled(name: str, *, default: bool = False) -> bool:
    """Tell whether flag ``name`` is on; ``default`` while nobody has set it."""
    read_at, value = _known.get(name, (0.0, None))
    if name not in _known or time.monotonic() - read_at > CACHE_SECONDS:
        value = Flag.objects.filter(pk=name).values_list("enabled", flat=True).first()
        _known[name] = (time.monotonic(), value)
    return default if value is None else value


def turn(name: str, *, on: bool, actor: Actor, reason: str = "") -> None:
    """Set flag ``name`` and write the audit entry; other processes follow within 5 seconds."""
    with transaction.atomic():
        Flag.objects.update_or_create(name=name, defaults={"enabled": on, "note": reason[:200]})
        audit.record(
            actor=actor,
            action="flag.turn",
            subject_kind="flag",
            subject_id=0,
            subject_label=name,
            reason=reason,
            detail={"on": on},
        )
        transaction.on_commit(forget)
    forget()


def forget() -> None:
    """Read every flag anew at its next use."""
    _known.clear()
