"""Notices of rights holders."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.utils.translation import gettext_lazy

from banyan.kernel.office import Act, Cell, Errand, OfficeAdmin

from .. import actions
from ..models import RightsNotice
from .words import MODERATION, found_of


def _act_on_notice(taken_down: bool) -> Callable[[Errand], None]:
    def run(errand: Errand) -> None:
        actions.decide_notice(
            actor=errand.actor,
            notice_id=errand.row.pk,
            taken_down=taken_down,
            reason=errand.reason,
        )

    return run


def _settle(restored: bool) -> Callable[[Errand], None]:
    def run(errand: Errand) -> None:
        actions.settle_notice(
            actor=errand.actor, notice_id=errand.row.pk, restored=restored, reason=errand.reason
        )

    return run


def _pending(row: RightsNotice) -> bool:
    return row.state in {"taken_down", "countered"}


NOTICE_STATES = {
    "filed": gettext_lazy("Waits to be looked at"),
    "taken_down": gettext_lazy("Hidden, the author may answer"),
    "refused": gettext_lazy("Turned down"),
    "countered": gettext_lazy("Answered, comes back unless there is a court"),
    "restored": gettext_lazy("Can be seen again"),
    "stays_down": gettext_lazy("Stays hidden"),
}


@admin.register(RightsNotice)
class RightsNoticeAdmin(OfficeAdmin):
    """Notices of rights holders; those that wait first."""

    place = "rights"
    singular = gettext_lazy("Notice of a rights holder")
    plural = gettext_lazy("Notices of rights holders")
    roles = MODERATION
    words = NOTICE_STATES
    list_display = ("about", "claimant_name", "state", "filed_on", "due_day")
    list_filter = ("state",)
    search_fields = ("claimant", "label")
    search_help_text = gettext_lazy("Rights holder, or what it is about")
    ordering = ("-id",)
    facts = (
        "about", "claimant_name", "email", "postal", "work_text", "claim", "state", "reply",
        "filed_on", "due_day",
    )  # fmt: skip
    acts = (
        Act(
            "take-down", gettext_lazy("Hide it until it is settled"), _act_on_notice(True),
            gettext_lazy("Its author reads the notice and may answer within the wait."),
            gettext_lazy("It is hidden."), MODERATION,
            offered=lambda row: row.state == "filed", grave=True,
        ),
        Act(
            "refuse", gettext_lazy("Turn the notice down"), _act_on_notice(False),
            gettext_lazy("It is incomplete or cannot be right. The rights holder reads why."),
            gettext_lazy("Turned down."), MODERATION, offered=lambda row: row.state == "filed",
        ),
        Act(
            "restore", gettext_lazy("Bring it back now"), _settle(True),
            gettext_lazy("The rights holder took the notice back, or a court said so."),
            gettext_lazy("It can be seen again."), MODERATION, offered=_pending,
        ),
        Act(
            "keep-down", gettext_lazy("It stays hidden"), _settle(False),
            gettext_lazy("The rights holder showed that a court has it."),
            gettext_lazy("It stays hidden."), MODERATION, offered=_pending,
        ),
    )  # fmt: skip

    def title_of(self, row: RightsNotice) -> str:
        """Return what it is about."""
        return row.label

    @admin.display(description=gettext_lazy("What it is about"))
    def about(self, row: RightsNotice) -> Cell:
        """Return what it is about, and the way to it."""
        found = found_of(row)
        return Cell(row.label, found.url if found else "")

    @admin.display(description=gettext_lazy("Rights holder"))
    def claimant_name(self, row: RightsNotice) -> str:
        """Return who says so."""
        return row.claimant

    @admin.display(description=gettext_lazy("Postal address"))
    def postal(self, row: RightsNotice) -> str:
        """Return where they live."""
        return row.address

    @admin.display(description=gettext_lazy("The work"))
    def work_text(self, row: RightsNotice) -> str:
        """Return what they have the rights of."""
        return row.work

    @admin.display(description=gettext_lazy("The claim"))
    def claim(self, row: RightsNotice) -> str:
        """Return how it is infringed."""
        return row.words

    @admin.display(description=gettext_lazy("The author's answer"))
    def reply(self, row: RightsNotice) -> str:
        """Return the counter-notice."""
        return f"{row.counter_name}: {row.counter}" if row.counter else "–"

    @admin.display(description=gettext_lazy("Came in"))
    def filed_on(self, row: RightsNotice) -> str:
        """Return when it came in."""
        return f"{row.filed_at:%Y-%m-%d %H:%M}"

    @admin.display(description=gettext_lazy("Next step on"))
    def due_day(self, row: RightsNotice) -> str:
        """Return when the next step comes by itself."""
        return f"{row.due_at:%Y-%m-%d}" if row.due_at else "–"
