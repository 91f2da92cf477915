"""Back office of people: finding a member, and the roles of staff."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.labels import word
from banyan.kernel.models import AuditEntry
from banyan.kernel.office import Act, Ask, Cell, Errand, OfficeAdmin, Panel

from . import actions
from .actions.staff import ROLES
from .models import Account
from .queries import TAIL, phone_ends_with

OWNER = ("owner",)
ROLE_NAMES = {
    "support": gettext_lazy("Support: orders, refunds, people"),
    "finance": gettext_lazy("Finance: payouts, refunds, books"),
    "moderation": gettext_lazy("Moderation: shops, suspicions"),
    "owner": gettext_lazy("Owner: everything, and roles"),
}


def _give(errand: Errand) -> None:
    actions.give_role(
        actor=errand.actor,
        account_id=errand.row.pk,
        role=errand.answers["role"],
        reason=errand.reason,
    )


def _take(errand: Errand) -> None:
    actions.take_role(
        actor=errand.actor,
        account_id=errand.row.pk,
        role=errand.answers["role"],
        reason=errand.reason,
    )


def _missing(row: Account) -> list[tuple[str, Any]]:
    held = set(row.staff_roles.values_list("role", flat=True))
    return [(role, ROLE_NAMES[role]) for role in ROLES if role not in held]


def _held(row: Account) -> list[tuple[str, Any]]:
    held = set(row.staff_roles.values_list("role", flat=True))
    return [(role, ROLE_NAMES[role]) for role in ROLES if role in held]


@admin.register(Account)
class AccountAdmin(OfficeAdmin):
    """Members, by handle, e-mail or the last digits of the phone."""

    place, singular, plural = "people", gettext_lazy("Member"), gettext_lazy("People")
    roles = ("support", "moderation")
    list_display = ("handle", "display_name", "email", "phone", "is_staff", "created_at")
    list_filter = ("is_staff", "is_active", "is_demo")
    search_fields = ("handle", "email")
    search_help_text = gettext_lazy("Handle, e-mail, or the last four digits of the phone")
    ordering = ("-id",)
    facts = ("display_name", "email", "phone", "is_active", "created_at", "last_login", "is_demo")
    acts = (
        Act(
            "give",
            gettext_lazy("Give a role"),
            _give,
            gettext_lazy("The desk opens to them at once, with this role."),
            gettext_lazy("The role is given."),
            OWNER,
            asks=(Ask("role", gettext_lazy("Role"), choices=_missing),),
            offered=lambda row: row.is_active and bool(_missing(row)),
        ),
        Act(
            "take",
            gettext_lazy("Take a role back"),
            _take,
            gettext_lazy("Without any role the desk closes to them at once."),
            gettext_lazy("The role is taken back."),
            OWNER,
            asks=(Ask("role", gettext_lazy("Role"), choices=_held),),
            offered=lambda row: bool(_held(row)),
            grave=True,
        ),
    )

    def title_of(self, row: Account) -> str:
        """Return the handle."""
        return f"@{row.handle}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Account], search_term: str
    ) -> tuple[QuerySet[Account], bool]:
        """Find by handle or e-mail; digits alone are the end of a phone number."""
        digits = re.sub(r"[\s+()-]", "", search_term)
        if digits.isdigit() and len(digits) >= TAIL:
            return queryset.filter(phone_ends_with(digits)), False
        found: tuple[QuerySet[Account], bool] = super().get_search_results(
            request, queryset, search_term.strip().removeprefix("@")
        )
        return found

    def panels(self, request: HttpRequest, row: Account) -> list[Panel]:
        """Return the roles, and what was written down about the account."""
        entries = AuditEntry.objects.filter(subject_kind="account", subject_id=row.pk)
        return [
            Panel(
                _("Roles"),
                (_("Role"),),
                [(Cell(text),) for _role, text in _held(row)],
            ),
            Panel(
                _("Audit log"),
                (_("Time"), _("Who"), _("What"), _("Reason")),
                [
                    (
                        Cell(f"{each.at:%Y-%m-%d %H:%M}"),
                        Cell(each.actor_label),
                        Cell(f"{word(each.action)} {each.detail.get('role', '')}".strip()),
                        Cell(each.reason),
                    )
                    for each in entries.order_by("-id")[:30]
                ],
            ),
        ]
