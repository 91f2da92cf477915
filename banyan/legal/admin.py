"""Back office of legal: texts and their versions; who leaves, and which exports wait."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.digits import whole
from banyan.kernel.office import Act, Ask, Errand, OfficeAdmin
from banyan.kernel.problems import Invalid

from . import actions
from .models import Erasure, Export, LegalText
from .rules import KINDS

OWNER = ("owner",)
YES = {"yes": gettext_lazy("Yes"), "no": gettext_lazy("No")}


def _publish(errand: Errand) -> LegalText:
    typed = errand.answers.get("version", "")
    version = whole(typed, most=1_000_000) if typed else None
    if typed and not version:
        raise Invalid(fields={"version": _("There is no such version.")})
    return actions.publish_text(
        actor=errand.actor,
        kind=errand.answers["kind"],
        language=errand.answers["language"],
        body=errand.answers["body"],
        changes=errand.answers["changes"],
        asks=errand.answers["asks"] == "yes",
        version=version,
        reason=errand.reason,
    )


@admin.register(LegalText)
class LegalTextAdmin(OfficeAdmin):
    """Every version of every legal text; what was published never changes."""

    place, singular, plural = "legal", gettext_lazy("Legal text"), gettext_lazy("Legal texts")
    roles = ("support", "moderation")
    words = KINDS
    list_display = ("kind", "number", "language_name", "in_force")
    list_filter = ("kind", "language")
    ordering = ("kind", "-version", "language")
    facts = ("kind", "number", "language_name", "in_force", "what_changed", "text")
    list_acts = (
        Act(
            "publish", gettext_lazy("Publish a version"), _publish,
            gettext_lazy("It is in force at once and never changes. Sample texts are replaced."),
            gettext_lazy("It is published."), OWNER,
            asks=(
                Ask("kind", gettext_lazy("Text"), choices=lambda row: list(KINDS.items())),
                Ask(
                    "language", gettext_lazy("Language"),
                    choices=lambda row: settings.LANGUAGES,
                ),
                Ask(
                    "version", gettext_lazy("Another language of version"),
                    gettext_lazy("Nothing: it is a new version."),
                ),
                Ask("body", gettext_lazy("The whole text"), long=True),
                Ask(
                    "changes", gettext_lazy("What changed, in plain words"), long=True,
                ),
                Ask(
                    "asks", gettext_lazy("Ask everybody to agree again"),
                    choices=lambda row: list(YES.items()), initial=lambda row: "yes",
                ),
            ),
        ),
    )  # fmt: skip

    def title_of(self, row: LegalText) -> str:
        """Return the kind and the version."""
        return f"{KINDS[row.kind]} {row.version}"

    @admin.display(description=gettext_lazy("Version"))
    def number(self, row: LegalText) -> str:
        """Return the version."""
        return str(row.version)

    @admin.display(description=gettext_lazy("Language"))
    def language_name(self, row: LegalText) -> str:
        """Return the language by its own name."""
        return dict(settings.LANGUAGES).get(row.language, row.language)

    @admin.display(description=gettext_lazy("In force from"))
    def in_force(self, row: LegalText) -> str:
        """Return since when it holds."""
        return f"{row.effective_at:%Y-%m-%d}"

    @admin.display(description=gettext_lazy("What changed"))
    def what_changed(self, row: LegalText) -> str:
        """Return what is new in it."""
        return row.changes

    @admin.display(description=gettext_lazy("The whole text"))
    def text(self, row: LegalText) -> str:
        """Return the text."""
        return row.body


@admin.register(Erasure)
class ErasureAdmin(OfficeAdmin):
    """Who leaves, and when."""

    place, singular, plural = "leaving", gettext_lazy("Erasure"), gettext_lazy("Erasures")
    roles = ("support",)
    words = {
        "waiting": gettext_lazy("Closed, can come back"),
        "cancelled": gettext_lazy("Stayed after all"),
        "done": gettext_lazy("Erased"),
    }
    list_display = ("whose", "state", "asked_at", "due_day")
    list_filter = ("state",)
    list_select_related = ("account",)
    ordering = ("-id",)
    facts = ("whose", "state", "asked_at", "due_day", "ended_at")

    def title_of(self, row: Erasure) -> str:
        """Return whose it is."""
        return self.whose(row)

    @admin.display(description=gettext_lazy("Whose"))
    def whose(self, row: Erasure) -> str:
        """Return the member, or the purchase of a guest."""
        return f"@{row.account.handle}" if row.account else str(row.checkout_id)

    @admin.display(description=gettext_lazy("Erased on"))
    def due_day(self, row: Erasure) -> str:
        """Return the day."""
        return f"{row.due_at:%Y-%m-%d}"


@admin.register(Export)
class ExportAdmin(OfficeAdmin):
    """Exports that were asked for; nobody here can open one."""

    place, singular, plural = "exports", gettext_lazy("Export"), gettext_lazy("Exports")
    roles = ("support",)
    words = {
        "asked": gettext_lazy("Being made"),
        "ready": gettext_lazy("Can be fetched"),
        "taken": gettext_lazy("Fetched"),
        "expired": gettext_lazy("Not fetched in time"),
    }
    list_display = ("whose", "state", "asked_at")
    list_filter = ("state",)
    list_select_related = ("account",)
    ordering = ("-id",)
    facts = ("whose", "state", "asked_at", "expires_at")

    def title_of(self, row: Export) -> str:
        """Return whose it is."""
        return self.whose(row)

    @admin.display(description=gettext_lazy("Whose"))
    def whose(self, row: Export) -> str:
        """Return the member, or the purchase of a guest."""
        return f"@{row.account.handle}" if row.account else str(row.checkout_id)
