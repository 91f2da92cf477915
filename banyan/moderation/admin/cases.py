"""Cases: what waits for moderators."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.digits import whole
from banyan.kernel.labels import word
from banyan.kernel.models import AuditEntry
from banyan.kernel.office import Act, Ask, Cell, Errand, OfficeAdmin, Panel
from banyan.kernel.problems import Invalid

from .. import actions, ports
from ..models import Case, Decision
from ..rules.reasons import LONGEST_DAYS, REASONS, VERDICTS
from .words import MODERATION, NAMES, found_of, is_open


def _label(row: Case) -> str:
    found = found_of(row)
    return found.label if found else _("It is gone")


def _hideable(row: Case) -> bool:
    known = ports.subject(row.subject_kind)
    return is_open(row) and known is not None and known.hide is not None


def _has_author(row: Case) -> bool:
    return is_open(row) and row.author_id is not None


def _reason_of(row: Case) -> str:
    first = row.said.order_by("id").first()
    return first.reason if first else "other"


REASON = Ask(
    "code",
    gettext_lazy("Reason"),
    choices=lambda row: list(REASONS.items()),
    initial=lambda row: _reason_of(row),
)
CONTENT = Ask(
    "content",
    gettext_lazy("What it is about"),
    choices=lambda row: (
        [("keep", gettext_lazy("Stays")), ("hide", gettext_lazy("Is hidden"))]
        if _hideable(row)
        else [("keep", gettext_lazy("Stays"))]
    ),
    initial=lambda row: "hide" if _hideable(row) else "keep",
)
DAYS = Ask(
    "days", gettext_lazy("For how many days"), gettext_lazy("Nothing: until somebody lifts it.")
)


def _decide(verdict: str) -> Callable[[Errand], None]:
    def run(errand: Errand) -> None:
        actions.decide_case(
            actor=errand.actor,
            case_id=errand.row.pk,
            verdict=verdict,
            reason=errand.answers.get("code", "other"),
            words=errand.reason,
            hidden=errand.answers.get("content") == "hide",
            days=_days(errand.answers.get("days", "")),
        )

    return run


def _days(typed: str) -> int | None:
    if not typed:
        return None
    days = whole(typed, most=LONGEST_DAYS)
    if not days:
        raise Invalid(fields={"days": _("Give a whole number of days, or nothing for good.")})
    return days


def _take(errand: Errand) -> None:
    actions.take_case(actor=errand.actor, case_id=errand.row.pk, reason=errand.reason)


def _note(errand: Errand) -> None:
    actions.add_note(actor=errand.actor, case_id=errand.row.pk, body=errand.reason)


def _block_pictures(errand: Errand) -> None:
    found = found_of(errand.row)
    blocked = actions.block_pictures(
        actor=errand.actor, image_ids=found.images if found else [], reason=errand.reason
    )
    if not blocked:
        raise Invalid(_("These pictures are on the list."), code="picture_listed")


def _has_pictures(row: Case) -> bool:
    found = found_of(row)
    return bool(found and found.images)


@admin.register(Case)
class CaseAdmin(OfficeAdmin):
    """What waits for moderators; open ones first, the most reported before."""

    place, singular, plural = "cases", gettext_lazy("Case"), gettext_lazy("Cases")
    roles = MODERATION
    words = NAMES
    list_display = ("label", "subject_kind", "source", "reports", "state", "taken_by", "opened_at")
    list_filter = ("state", "subject_kind", "source")
    list_select_related = ("author", "assignee")
    search_fields = ("author__handle", "=subject_id")
    search_help_text = gettext_lazy("Handle of the author")
    ordering = ("-state", "-reports", "id")
    facts = (
        "label", "text", "page", "author", "subject_kind", "source", "state", "taken_by",
        "opened_at", "decided_at",
    )  # fmt: skip
    acts = (
        Act(
            "take", gettext_lazy("I look at it"), _take,
            gettext_lazy("Others see that you are at it."), gettext_lazy("It is yours."),
            MODERATION, offered=is_open,
        ),
        Act(
            "note", gettext_lazy("Write a note"), _note,
            gettext_lazy("Only moderators read it."), gettext_lazy("Written down."), MODERATION,
        ),
        Act(
            "dismiss", gettext_lazy("Nothing is wrong"), _decide("dismiss"),
            gettext_lazy("It stays; what the filter held can be seen. The log keeps the reason."),
            gettext_lazy("Decided."), MODERATION, offered=is_open,
        ),
        Act(
            "hide", gettext_lazy("Hide it"), _decide("hide"),
            gettext_lazy("It leaves every page. Its author reads your reason and can appeal."),
            gettext_lazy("Decided."), MODERATION, asks=(REASON,), offered=_hideable, grave=True,
        ),
        Act(
            "warn", gettext_lazy("Warn the author"), _decide("warn"),
            gettext_lazy("The author reads your reason and can appeal."),
            gettext_lazy("Decided."), MODERATION, asks=(REASON, CONTENT), offered=_has_author,
        ),
        Act(
            "limit", gettext_lazy("Limit the author"), _decide("limit"),
            gettext_lazy("No posts, comments or messages to strangers for a time."),
            gettext_lazy("Decided."), MODERATION, asks=(REASON, CONTENT, DAYS),
            offered=_has_author, grave=True,
        ),
        Act(
            "suspend", gettext_lazy("Suspend the author"), _decide("suspend"),
            gettext_lazy("Nobody sees the account or signs in to it; open sessions end."),
            gettext_lazy("Decided."), MODERATION, asks=(REASON, CONTENT, DAYS),
            offered=_has_author, grave=True,
        ),
        Act(
            "block-pictures", gettext_lazy("Never take its pictures again"), _block_pictures,
            gettext_lazy("The same files, and what looks the same, are refused from now on."),
            gettext_lazy("They are on the list."), MODERATION, offered=_has_pictures,
        ),
    )  # fmt: skip

    def title_of(self, row: Case) -> str:
        """Return what it is about."""
        return _label(row)

    @admin.display(description=gettext_lazy("What it is about"))
    def label(self, row: Case) -> str:
        """Return what it is about."""
        return _label(row)

    @admin.display(description=gettext_lazy("What it says"))
    def text(self, row: Case) -> str:
        """Return its words."""
        found = found_of(row)
        return found.text if found else ""

    @admin.display(description=gettext_lazy("On which page"))
    def page(self, row: Case) -> Cell:
        """Return the way to it."""
        found = found_of(row)
        return Cell(found.url, found.url) if found and found.url else Cell("–")

    @admin.display(description=gettext_lazy("Taken by"))
    def taken_by(self, row: Case) -> str:
        """Return who looks at it."""
        return f"@{row.assignee.handle}" if row.assignee else "–"

    def panels(self, request: HttpRequest, row: Case) -> list[Panel]:
        """Return what reporters said, the notes, and what was decided about the author before."""
        said = row.said.select_related("reporter").order_by("id")[:50]
        notes = row.notes.select_related("author").order_by("id")
        before = Decision.objects.filter(case__author_id=row.author_id or 0).order_by("-id")[:20]
        log = AuditEntry.objects.filter(
            subject_kind=row.subject_kind, subject_id=row.subject_id
        ).order_by("-id")[:20]
        return [
            Panel(
                _("Reports"),
                (_("Time"), _("Who"), _("Reason"), _("Their words")),
                [
                    (
                        Cell(f"{one.created_at:%Y-%m-%d %H:%M}"),
                        Cell(f"@{one.reporter.handle}" if one.reporter else "–"),
                        Cell(REASONS[one.reason]),
                        Cell(one.note),
                    )
                    for one in said
                ],
                _("The author never learns who reported it."),
            ),
            Panel(
                _("Notes"),
                (_("Time"), _("Who"), _("Note")),
                [
                    (
                        Cell(f"{one.created_at:%Y-%m-%d %H:%M}"),
                        Cell(f"@{one.author.handle}" if one.author else "–"),
                        Cell(one.body),
                    )
                    for one in notes
                ],
            ),
            Panel(
                _("Decided about this author before"),
                (_("Time"), _("Decision"), _("Reason"), _("Words")),
                [
                    (
                        Cell(f"{one.created_at:%Y-%m-%d}"),
                        Cell(VERDICTS[one.verdict]),
                        Cell(REASONS[one.reason]),
                        Cell(one.words),
                    )
                    for one in before
                ],
            ),
            Panel(
                _("Audit log"),
                (_("Time"), _("Who"), _("What"), _("Reason")),
                [
                    (
                        Cell(f"{one.at:%Y-%m-%d %H:%M}"),
                        Cell(one.actor_label),
                        Cell(word(one.action)),
                        Cell(one.reason),
                    )
                    for one in log
                ],
            ),
        ]
