"""Apps from which nobody comes any more: they may have blocked this host."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Count, Q

from banyan.kernel import clock
from banyan.kernel.ids import id_floor

from ..channels import HUMAN_VERDICTS
from ..models import Touch

BEFORE, QUIET = dt.timedelta(days=8), dt.timedelta(days=1)
ENOUGH = 50
"""Touches in the week before that make a silent day worth a look."""


def silent_channels() -> list[str]:
    """Return channels that brought people all week and nobody for a day. One statement."""
    now = clock.now()
    rows = Touch.objects.filter(id__gte=id_floor(now - BEFORE), verdict__in=HUMAN_VERDICTS)
    counted = rows.values("channel").annotate(
        before=Count("id", filter=Q(id__lt=id_floor(now - QUIET))),
        lately=Count("id", filter=Q(id__gte=id_floor(now - QUIET))),
    )
    return sorted(counted.filter(before__gte=ENOUGH, lately=0).values_list("channel", flat=True))


def blocked_channels() -> list[str]:
    """Return where this host is blocked: what operators have set, and where nobody comes from."""
    return sorted({*settings.BLOCKED_IN, *silent_channels()})
