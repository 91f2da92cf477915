"""Why somebody reports, and what may be decided, in plain words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REASONS = {
    "spam": _("It is advertising or spam"),
    "harassment": _("It insults or harasses somebody"),
    "hate": _("It attacks people for who they are"),
    "violence": _("It threatens or glorifies violence"),
    "sexual": _("It is sexual"),
    "self_harm": _("Somebody may hurt themselves"),
    "fraud": _("It is a fraud"),
    "false": _("It is not true and may do harm"),
    "private": _("It shows something private"),
    "rights": _("It uses somebody else's work"),
    "illegal": _("It is against the law"),
    "other": _("Something else"),
}

DISMISS, HIDE, WARN, LIMIT, SUSPEND = "dismiss", "hide", "warn", "limit", "suspend"

VERDICTS = {
    DISMISS: _("Nothing is wrong"),
    HIDE: _("Hidden"),
    WARN: _("Warned"),
    LIMIT: _("Limited"),
    SUSPEND: _("Suspended"),
}

AGAINST_PERSON = frozenset({LIMIT, SUSPEND})
"""Verdicts that last: they end at a day, or when somebody lifts them."""

LONGEST_DAYS = 3_650
