"""Who is signed in, read with what every page of theirs is drawn with."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from banyan.notify.access import preference_of
from banyan.notify.queries import MOST, reader, unread_count
from banyan.people.models import Account


class Accounts(AuthenticationBackend):  # type: ignore[misc]  # an untyped base
    """The sign-in library's own; the statement that reads an account tells its bell and zone."""

    def get_user(self, user_id: Any) -> Account | None:
        """Return the account of a session; None when it is gone or suspended."""
        found = reader(int(user_id))
        return found if found is not None and self.user_can_authenticate(found) else None


def unread_text(request: HttpRequest) -> str:
    """Return how much of what a member was told is unread, "99+" for many, empty for nothing."""
    user = request.user
    if not user.is_authenticated:
        return ""
    known = getattr(user, "unread", None)
    unread = unread_count(user.pk) if known is None else known
    return f"{MOST}+" if unread >= MOST else str(unread or "")


def chosen_zone(request: HttpRequest) -> str:
    """Return the name of the time zone that a member has chosen; empty for none and for guests."""
    user = request.user
    if not user.is_authenticated:
        return ""
    if hasattr(user, "chosen_zone"):
        return user.chosen_zone or ""
    chosen = preference_of(user.pk)
    return "" if chosen._state.adding else chosen.time_zone
