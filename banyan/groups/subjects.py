"""Groups as something that can be reported, and that moderation hides."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.moderation import ports

from .access import MEMBER, visible_groups
from .actions.groups import set_hidden
from .models import Group, Membership


def _sees(actor: Actor, subject_id: int) -> bool:
    return visible_groups(actor).filter(pk=subject_id).exists()


def _find(subject_id: int) -> ports.Found | None:
    group = Group.objects.filter(pk=subject_id).first()
    if group is None:
        return None
    owners = Membership.objects.filter(group=group, role="owner", state=MEMBER).order_by("id")
    return ports.Found(
        author_id=owners.values_list("account_id", flat=True).first(),
        label=group.name,
        url=reverse("group", args=[group.slug]),
        text="\n".join(filter(None, (group.name, group.about, group.rules))),
        images=[group.cover_id] if group.cover_id else [],
    )


def _hide(*, actor: Actor, subject_id: int, reason: str) -> None:
    set_hidden(actor=actor, group_id=subject_id, hidden=True)


def _restore(*, actor: Actor, subject_id: int, reason: str) -> None:
    set_hidden(actor=actor, group_id=subject_id, hidden=False)


def register() -> None:
    """Let groups be reported."""
    ports.register(ports.Subject("group", _("Group"), _sees, _find, hide=_hide, restore=_restore))
