"""Back office of groups: what is there, who answers for it, and hiding one."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.office import Act, Ask, Cell, Errand, OfficeAdmin, Panel
from banyan.kernel.problems import Invalid
from banyan.people.models import Account

from . import actions
from .access import MEMBER, OFFICE
from .models import Group, Membership
from .queries import RANKS

SEEN = {0: gettext_lazy("Public"), 1: gettext_lazy("Private"), 2: gettext_lazy("Secret")}


def _hide(errand: Errand) -> None:
    actions.hide_group(actor=errand.actor, group_id=errand.row.pk, reason=errand.reason)


def _show(errand: Errand) -> None:
    actions.show_group(actor=errand.actor, group_id=errand.row.pk, reason=errand.reason)


def _verify(errand: Errand) -> None:
    actions.verify_group(actor=errand.actor, group_id=errand.row.pk, reason=errand.reason)


def _appoint(errand: Errand) -> None:
    handle = errand.answers["handle"].strip().removeprefix("@")
    found = Account.objects.filter(handle__iexact=handle).first()
    if found is None:
        raise Invalid(fields={"handle": _("Nobody has this handle.")})
    actions.appoint_owner(
        actor=errand.actor, group_id=errand.row.pk, account_id=found.pk, reason=errand.reason
    )


@admin.register(Group)
class GroupAdmin(OfficeAdmin):
    """Groups, the newest first."""

    place, singular, plural = "groups", gettext_lazy("Group"), gettext_lazy("Groups")
    roles = OFFICE
    words = {
        "interest": gettext_lazy("Interest"),
        "organisation": gettext_lazy("Organisation"),
        "open": gettext_lazy("Anybody may join"),
        "request": gettext_lazy("Joining is asked for"),
        "invitation": gettext_lazy("By invitation"),
    }
    coded = frozenset({"kind", "policy"})
    list_display = ("name", "slug", "kind", "seen", "members", "hidden_at", "created_at")
    list_filter = ("kind", "policy")
    search_fields = ("name", "slug")
    search_help_text = gettext_lazy("Name or address")
    ordering = ("-id",)
    facts = (
        "name", "slug", "about", "kind", "domain", "verified_at", "policy", "seen", "members",
        "owners", "created_at", "hidden_at", "closed_at",
    )  # fmt: skip
    acts = (
        Act(
            "hide",
            gettext_lazy("Hide"),
            _hide,
            gettext_lazy("Nobody sees the group, nor what was only for its members."),
            gettext_lazy("It is hidden."),
            OFFICE,
            offered=lambda row: row.hidden_at is None and row.closed_at is None,
            grave=True,
        ),
        Act(
            "show",
            gettext_lazy("Show again"),
            _show,
            gettext_lazy("Everybody sees it as before."),
            gettext_lazy("It is shown again."),
            OFFICE,
            offered=lambda row: row.hidden_at is not None,
        ),
        Act(
            "verify",
            gettext_lazy("Verify the organisation"),
            _verify,
            gettext_lazy("The platform vouches that it is the organisation it says it is."),
            gettext_lazy("It is verified."),
            OFFICE,
            offered=lambda row: row.verified_at is None and row.closed_at is None,
        ),
        Act(
            "appoint",
            gettext_lazy("Appoint an owner"),
            _appoint,
            gettext_lazy("For a group whose owners are gone: a member becomes owner too."),
            gettext_lazy("They are an owner now."),
            OFFICE,
            asks=(
                Ask(
                    "handle",
                    gettext_lazy("Handle"),
                    gettext_lazy("Of a member of the group."),
                ),
            ),
            offered=lambda row: row.hidden_at is None and row.closed_at is None,
        ),
    )

    def title_of(self, row: Group) -> str:
        """Return its name."""
        return row.name

    @admin.display(description=gettext_lazy("Seen by others"))
    def seen(self, row: Group) -> str:
        """Return who knows of it."""
        return str(SEEN[row.visibility])

    def panels(self, request: HttpRequest, row: Group) -> list[Panel]:
        """Return who leads it."""
        leaders = Membership.objects.filter(group=row, state=MEMBER).exclude(role="member")
        return [
            Panel(
                _("Who answers for it"),
                (_("Member"), _("Role"), _("Since")),
                [
                    (
                        Cell(f"@{one.account.handle}"),
                        Cell(one.role),
                        Cell(f"{one.created_at:%Y-%m-%d}"),
                    )
                    for one in leaders.select_related("account").order_by(RANKS, "id")[:30]
                ],
            )
        ]
