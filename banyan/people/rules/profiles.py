"""Profiles: who sees the birthday, what consent is asked for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

AUDIENCES: dict[str, Any] = {
    "private": pgettext_lazy("who sees it", "Only me"),
    "friends": pgettext_lazy("who sees it", "My friends"),
    "everybody": pgettext_lazy("who sees it", "Everybody"),
}

# Purposes of consent: nothing is assumed; a purpose without a row is a no.
PURPOSES: dict[str, Any] = {
    "personal_feed": _("Use what I like and buy to choose what I am shown"),
    "share_credit": _("Recognise this device, so that people who shared with me get their credit"),
    "news_email": _("Send me news by e-mail"),
    "news_sms": _("Send me news by text message"),
    "contacts": _("Compare my address book with members who want to be found, as keyed digests"),
    "findable_by_contact": _("Let people find me who have my e-mail address or telephone number"),
    "honours": _("Show my marks of honour on my page and where I earned them"),
}
MINIMUM_AGE = 14


def birthday_problem(birthday: dt.date | None, today: dt.date) -> Any:
    """Return why a birthday cannot be right (a lazy text), or None."""
    if birthday is None:
        return None
    if birthday > today or birthday.year < today.year - 120:
        return _("This date cannot be a birthday.")
    youngest = today.year - MINIMUM_AGE, today.month, today.day
    if (birthday.year, birthday.month, birthday.day) > youngest:
        return _("Members are at least 14 years old.")
    return None
