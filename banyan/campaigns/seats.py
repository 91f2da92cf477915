"""What becomes of a payment that finds its place given away: its buyer says so when they join."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

IF_FULL = "if_full"
"""Under which name the choice is asked for, sent along and kept with the place."""
REFUND, OTHER, OWN = "refund", "other", "own"


def choices() -> Mapping[str, str]:
    """Return what can be chosen, in words; what nobody chose is the first."""
    return {
        REFUND: _("all my money back"),
        OTHER: _("a place in another group, for no more money"),
        OWN: _("a group of my own"),
    }


def choice_of(given: object) -> str:
    """Return what was chosen; whatever is no choice puts nobody anywhere."""
    return str(given) if given in (OTHER, OWN) else REFUND
