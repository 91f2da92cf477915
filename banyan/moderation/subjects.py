"""What moderation can judge by itself: an account."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.people.access import visible_accounts
from banyan.people.models import Account

from . import ports


def _visible(actor: Actor, subject_id: int) -> bool:
    return subject_id != actor.id and visible_accounts(actor).filter(pk=subject_id).exists()


def _find(subject_id: int) -> ports.Found | None:
    account = Account.objects.select_related("profile").filter(pk=subject_id).first()
    if account is None:
        return None
    return ports.Found(
        author_id=account.pk,
        label=f"@{account.handle}",
        url=reverse("profile", args=[account.handle]),
        text=f"{account.display_name}\n{account.profile.bio}",
        images=[account.avatar_id] if account.avatar_id else [],
    )


def register() -> None:
    """Make accounts known to be reported."""
    ports.register(ports.Subject(kind="account", name=_("Member"), visible=_visible, find=_find))
