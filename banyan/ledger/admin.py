"""Back office of the ledger: the journals, and the proof that they add up."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.labels import word
from banyan.kernel.money import Money, format_money
from banyan.kernel.office import Act, Cell, Errand, OfficeAdmin, Panel, Text

from . import proof
from .models import Journal
from .stories import account_text, journal_text

FINANCE = ("finance",)


def _prove(errand: Errand) -> None:
    proof.prove(actor=errand.actor, reason=errand.reason)


@admin.register(Journal)
class JournalAdmin(OfficeAdmin):
    """Every booking; each sums to zero."""

    place, singular, plural = "books", gettext_lazy("Journal"), gettext_lazy("Books")
    roles = (*FINANCE, "support")
    list_display = ("occurred_at", "what", "memo", "subject", "actor_kind")
    list_filter = ("kind",)
    search_fields = ("=subject_id", "=cause_id", "memo", "=key")
    ordering = ("-id",)
    facts = ("occurred_at", "what", "memo", "subject", "key", "actor_kind", "cause_id")
    list_acts = (
        Act(
            "prove",
            gettext_lazy("Recount the books"),
            _prove,
            gettext_lazy("Every balance is recounted from the postings alone. Nothing changes."),
            gettext_lazy("Recounted; the result is on the desk's home."),
            FINANCE,
        ),
    )

    def word_of(self, name: str, value: str) -> Text:
        """Return what a kind of journal did; the other codes as everywhere."""
        return journal_text(value) if name == "kind" else super().word_of(name, value)

    def title_of(self, row: Journal) -> str:
        """Return what it did."""
        return journal_text(row.kind)

    @admin.display(description=gettext_lazy("What"), ordering="kind")
    def what(self, row: Journal) -> str:
        """Return what it did, in words."""
        return journal_text(row.kind)

    @admin.display(description=gettext_lazy("Subject"))
    def subject(self, row: Journal) -> str:
        """Return what it is about."""
        return f"{word(row.subject_kind)} {row.subject_id}"

    def panels(self, request: HttpRequest, row: Journal) -> list[Panel]:
        """Return the postings and their sum."""
        postings = list(row.posting_set.select_related("account").order_by("id"))
        rows = [
            (
                Cell(account_text(each.account)),
                Cell(format_money(Money(each.amount, each.currency)), number=True),
            )
            for each in postings
        ]
        for currency in sorted({each.currency for each in postings}):
            total = sum(each.amount for each in postings if each.currency == currency)
            rows.append((Cell(_("Sum")), Cell(format_money(Money(total, currency)), number=True)))
        return [Panel(_("Postings"), (_("Account"), _("Amount")), rows)]
