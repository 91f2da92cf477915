"""Appeals, and the limits and suspensions that run."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from banyan.kernel.office import Act, Errand, OfficeAdmin

from .. import actions
from ..models import Appeal, Sanction
from ..rules.reasons import VERDICTS
from .words import MODERATION, NAMES, is_open


def _review(upheld: bool) -> Callable[[Errand], None]:
    def run(errand: Errand) -> None:
        actions.review_appeal(
            actor=errand.actor, appeal_id=errand.row.pk, upheld=upheld, reason=errand.reason
        )

    return run


@admin.register(Appeal)
class MemberAppealAdmin(OfficeAdmin):
    """Appeals of members; open ones first."""

    place = "member-appeals"
    singular, plural = gettext_lazy("Appeal of a member"), gettext_lazy("Appeals of members")
    roles = MODERATION
    words = NAMES
    list_display = ("label", "verdict", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("decision__case__author", "decision__by")
    search_fields = ("decision__case__author__handle",)
    search_help_text = gettext_lazy("Handle of the author")
    ordering = ("-state", "id")
    facts = (
        "label", "verdict", "why_decided", "decided_by", "body", "state", "answer", "created_at",
        "decided_at",
    )  # fmt: skip
    acts = (
        Act(
            "uphold", gettext_lazy("Undo the decision"), _review(True),
            gettext_lazy("What was hidden comes back; a limit or suspension ends."),
            gettext_lazy("Undone."), MODERATION, offered=is_open,
        ),
        Act(
            "dismiss", gettext_lazy("Let it stand"), _review(False),
            gettext_lazy("The author reads your reason."), gettext_lazy("It stands."),
            MODERATION, offered=is_open,
        ),
    )  # fmt: skip

    def title_of(self, row: Appeal) -> str:
        """Return what it is about."""
        return row.decision.label

    @admin.display(description=gettext_lazy("What it is about"))
    def label(self, row: Appeal) -> str:
        """Return what it is about."""
        return row.decision.label

    @admin.display(description=gettext_lazy("Decision"))
    def verdict(self, row: Appeal) -> str:
        """Return what was decided."""
        return str(VERDICTS[row.decision.verdict])

    @admin.display(description=gettext_lazy("Why"))
    def why_decided(self, row: Appeal) -> str:
        """Return why it was decided so."""
        return row.decision.words

    @admin.display(description=gettext_lazy("Decided by"))
    def decided_by(self, row: Appeal) -> str:
        """Return who has to leave it to somebody else."""
        return f"@{row.decision.by.handle}" if row.decision.by else "–"

    @admin.display(description=gettext_lazy("Answer"))
    def answer(self, row: Appeal) -> str:
        """Return how it was answered."""
        return row.answer


def _lift(errand: Errand) -> None:
    actions.lift_sanction(actor=errand.actor, sanction_id=errand.row.pk, reason=errand.reason)


@admin.register(Sanction)
class SanctionAdmin(OfficeAdmin):
    """Limits and suspensions; those that run first."""

    place, singular, plural = (
        "sanctions",
        pgettext_lazy("of a member", "Limit"),
        gettext_lazy("Limits"),
    )
    roles = MODERATION
    words = {"limit": VERDICTS["limit"], "suspend": VERDICTS["suspend"]}
    list_display = ("member", "kind", "until_day", "ended_at", "created_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("account__handle",)
    search_help_text = gettext_lazy("Handle")
    ordering = ("-id",)
    facts = ("account", "kind", "until_day", "created_at", "ended_at")
    acts = (
        Act(
            "lift", gettext_lazy("Lift it"), _lift,
            gettext_lazy("It ends at once."), gettext_lazy("Lifted."),
            MODERATION, offered=lambda row: row.ended_at is None,
        ),
    )  # fmt: skip

    def title_of(self, row: Sanction) -> str:
        """Return whose it is."""
        return f"@{row.account.handle}"

    @admin.display(description=gettext_lazy("Member"))
    def member(self, row: Sanction) -> str:
        """Return whose it is."""
        return f"@{row.account.handle}"

    @admin.display(description=gettext_lazy("Until"))
    def until_day(self, row: Sanction) -> str:
        """Return when it ends."""
        return f"{row.until:%Y-%m-%d}" if row.until else str(_("until somebody lifts it"))
