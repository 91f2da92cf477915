"""The words for why a post is commercial: on cards, pages, in feeds and answers alike."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .rules import Reason


def label(reason: Reason) -> str:
    """Return the short label of a reason in the reader's language; "" for none."""
    if reason == "paid":
        return _("Paid partnership")
    if reason == "sells":
        return _("Sells this")
    if reason == "earns":
        return _("May earn from this")
    return _("Got it as a gift") if reason == "gift" else ""
