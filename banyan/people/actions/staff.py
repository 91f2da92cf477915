"""Staff roles: support, finance, moderation, owner."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound

from ..models import Account, StaffRole

ROLES = ("support", "finance", "moderation", "owner")


def give_role(*, actor: Actor, account_id: int, role: str, reason: str = "") -> None:
    """Give a staff role; owners and the system may. Opens the desk. Repeatable, logged."""
    _may(actor, role)
    with transaction.atomic():
        if not Account.objects.filter(pk=account_id, is_active=True).update(is_staff=True):
            raise NotFound()
        _row, created = StaffRole.objects.get_or_create(account_id=account_id, role=role)
        if created:
            _log(actor, "staff.give_role", account_id, role, reason)


def take_role(*, actor: Actor, account_id: int, role: str, reason: str = "") -> None:
    """Take a staff role back; the last owner stays. Without a role the desk closes. Logged."""
    _may(actor, role)
    with transaction.atomic():
        # All owners at once, so that two of them cannot dismiss each other at the same moment.
        owners = list(StaffRole.objects.select_for_update().filter(role="owner").order_by("id"))
        if role == "owner" and {row.account_id for row in owners} == {account_id}:
            raise Conflict(_("Somebody has to stay the owner."), code="last_owner")
        deleted, _rows = StaffRole.objects.filter(account_id=account_id, role=role).delete()
        if not deleted:
            return
        if not StaffRole.objects.filter(account_id=account_id).exists():
            Account.objects.filter(pk=account_id).update(is_staff=False)
        _log(actor, "staff.take_role", account_id, role, reason)


def _may(actor: Actor, role: str) -> None:
    if role not in ROLES:
        raise Invalid(fields={"role": _("Choose one of these.")})
    if actor.kind != "system" and not actor.has_role("owner"):
        raise Forbidden()


def _log(actor: Actor, action: str, account_id: int, role: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="account",
        subject_id=account_id,
        reason=reason,
        detail={"role": role},
    )
