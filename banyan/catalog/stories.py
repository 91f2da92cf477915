"""What happened to the stock of something that was bought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.utils.translation import gettext as _

from banyan.kernel.ids import id_floor, id_time
from banyan.kernel.stories import Chapter

from .models import StockMovement

EARLIER = dt.timedelta(minutes=5)


def story_of(
    *, variant_ids: Collection[int], references: Collection[str], since_id: int
) -> list[Chapter]:
    """Return the movements under ``references``, from shortly before ``since_id``. One query."""
    since = id_floor(id_time(since_id) - EARLIER)
    moved = StockMovement.objects.filter(
        stock__variant_id__in=list(variant_ids), reference__in=list(references), pk__gte=since
    ).order_by("pk")
    return [
        Chapter(each.at, "stock", _text(each), each.pk, detail=_figures(each), ref=each.reference)
        for each in moved
    ]


def _text(moved: StockMovement) -> str:
    known = {
        "reserve": _("Stock reserved"),
        "allocate": _("Stock set aside for the order"),
        "release": _("Stock is free again"),
        "ship": _("Stock left the house"),
        "return": _("Stock came back"),
        "transfer": _("Stock was carried to another place"),
        "cancel": _("Stock set aside is free again"),
    }
    return known.get(moved.kind, moved.kind)


def _figures(moved: StockMovement) -> str:
    figures = (
        (_("on hand"), moved.on_hand),
        (_("allocated"), moved.allocated),
        (_("reserved"), moved.reserved),
        (_("held for a sale"), moved.held),
    )
    return ", ".join(f"{name} {change:+d}" for name, change in figures if change)
