"""The command that makes the first owner of an installation."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from banyan.kernel.models import AuditEntry
from tests.support.factories import member

pytestmark = pytest.mark.django_db


def staff(*words: str) -> str:
    """Run ``banyan staff`` and return what it printed."""
    out = io.StringIO()
    call_command("staff", *words, stdout=out)
    return out.getvalue().strip()


def test_somebody_becomes_the_first_owner_by_their_address() -> None:
    account = member(handle="dee", email="dee@example.org")

    assert staff("give", "Dee@Example.org", "owner") == "@dee: owner given"

    account.refresh_from_db()
    assert account.is_staff
    assert staff("list") == "@dee  owner"
    entry = AuditEntry.objects.get(action="staff.give_role")
    assert entry.reason == "from the command line"


def test_the_last_owner_stays() -> None:
    member(handle="dee")
    staff("give", "@dee", "owner")

    with pytest.raises(CommandError, match="Somebody has to stay the owner"):
        staff("take", "dee", "owner")

    assert staff() == "@dee  owner"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("give", "nobody@example.org", "owner"), "they have to sign up first"),
        (("give", "nobody@example.org"), "Say who and which role"),
        (("give", "nobody@example.org", "king"), "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], answer: str) -> None:
    with pytest.raises(CommandError, match=answer):
        staff(*words)
