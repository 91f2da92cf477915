"""What the tables of moderation have in common."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from .. import ports
from ..models import Appeal, Case, RightsNotice

MODERATION = ("moderation",)
NAMES = {
    "report": gettext_lazy("Reported"),
    "filter": gettext_lazy("Held by the word filter"),
    "rights": gettext_lazy("Rights holder"),
    "open": gettext_lazy("Waits to be looked at"),
    "decided": gettext_lazy("Decided"),
    "upheld": gettext_lazy("Upheld"),
    "dismissed": gettext_lazy("Dismissed"),
    "post": gettext_lazy("A post"),
    "comment": gettext_lazy("Comment"),
    "message": gettext_lazy("A message"),
    "account": gettext_lazy("Member"),
    "group": gettext_lazy("Group"),
    "product": gettext_lazy("Product"),
}


def found_of(row: Case | RightsNotice) -> ports.Found | None:
    """Return what a row is about, if it still is."""
    known = ports.subject(row.subject_kind)
    return known.find(row.subject_id) if known else None


def is_open(row: Case | Appeal) -> bool:
    """Tell whether it still waits."""
    return row.state == "open"
