"""Members who have signed in, made as rows: joining and signing in have their own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from banyan.people.models import Account


def signed_in(count: int, *, name: str) -> list[tuple[Account, str]]:
    """Return ``count`` new members called ``name`` and a number, each with a session's key."""
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
    return [(one, signed_in_again(one)) for one in people]


def signed_in_again(account: Account) -> str:
    """Return the key of a new session of an account."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    return str(session.session_key)
