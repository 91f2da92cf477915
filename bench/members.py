"""Members who have signed in, made as rows: joining and signing in have their own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from banyan.people.models import Account


def signed_in(count: int, *, name: str) -> list[tuple[Account, str]]:
    """Return ``count`` new members called ``name`` and a number, each with a session's key."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from banyan.kernel import clock
    from banyan.people.models import Account, Profile

    now, numbers = clock.now(), range(count)
    people = Account.objects.bulk_create(
        Account(
            handle=f"{name}{n}", display_name=name, email=f"{name}{n}@example.com", created_at=now
        )
        for n in numbers
    )
    Profile.objects.bulk_create(Profile(account=one) for one in people)
    found = []
    for one in people:
        session = SessionStore()
        session[SESSION_KEY] = str(one.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = one.get_session_auth_hash()
        session.create()
        found.append((one, str(session.session_key)))
    return found
