"""Back office of payments: money that came, goes back, or goes out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.labels import word
from banyan.kernel.office import (
    Act,
    Ask,
    Cell,
    Errand,
    OfficeAdmin,
    Panel,
    Text,
    link_to,
    money_of,
)

from . import actions, providers
from .models import Intent, Payout, ProviderMessage, Refund
from .queries import destination_text, destinations_for
from .rules import NEEDS_A_PERSON, TO_WALLET
from .stories import outcome_text

DESK = ("support", "finance")
PROVIDERS = frozenset({"provider"})
KINDS = {
    "payment.succeeded": gettext_lazy("Payment arrived"),
    "payment.failed": gettext_lazy("Payment declined"),
    "payment.cancelled": gettext_lazy("Payment given up"),
    "payment.disputed": gettext_lazy("Payment disputed"),
    "refund.succeeded": gettext_lazy("Refund sent"),
    "refund.failed": gettext_lazy("Refund failed"),
    "payout.paid": gettext_lazy("Payout arrived"),
    "payout.failed": gettext_lazy("Payout failed"),
    "other": gettext_lazy("Something else"),
}


class PaymentsAdmin(OfficeAdmin):
    """A table of payments: providers under their own names."""

    coded = PROVIDERS

    def word_of(self, name: str, value: str) -> Text:
        """Return a provider's label, what became of a message, and other codes as everywhere."""
        if name == "provider":
            return providers.label_of(value)
        if name == "outcome":
            return outcome_text(value)
        return super().word_of(name, value)


@admin.register(Intent)
class IntentAdmin(PaymentsAdmin):
    """Payments, with every attempt."""

    place, singular, plural = "payments", gettext_lazy("Payment"), gettext_lazy("Payments")
    roles = DESK
    list_display = ("created_at", money_of(), "state", "provider", "provider_ref", "description")
    list_filter = ("state", "provider", "currency")
    search_fields = ("=provider_ref", "=attempts__provider_ref", "description")
    search_help_text = gettext_lazy("Provider's reference")
    ordering = ("-id",)
    facts = (
        money_of(), "state", "provider", "provider_ref", "description", "created_at",
        "expires_at", "captured_at", "failure",
    )  # fmt: skip

    def panels(self, request: HttpRequest, row: Intent) -> list[Panel]:
        """Return attempts, messages and refunds."""
        return [
            Panel(
                _("Attempts"),
                (_("Started"), _("Reference"), _("Outcome"), _("Why")),
                [
                    (
                        Cell(f"{each.started_at:%Y-%m-%d %H:%M:%S}"),
                        Cell(each.provider_ref),
                        Cell(word(each.outcome) if each.outcome else _("open")),
                        Cell(each.failure),
                    )
                    for each in row.attempts.order_by("id")
                ],
            ),
            Panel(
                _("Messages of the provider"),
                (_("Received"), _("Kind"), _("Outcome")),
                [
                    (
                        Cell(
                            f"{each.received_at:%Y-%m-%d %H:%M:%S}",
                            link_to(each).url,
                        ),
                        Cell(KINDS.get(each.kind, each.kind)),
                        Cell(outcome_text(each.outcome)),
                    )
                    for each in row.providermessage_set.order_by("id")
                ],
            ),
            Panel(
                _("Refunds"),
                (_("Asked"), _("Amount"), _("State")),
                [
                    (
                        Cell(f"{each.created_at:%Y-%m-%d %H:%M}", link_to(each).url),
                        Cell(money_of()(each), number=True),
                        Cell(word(each.state)),
                    )
                    for each in row.refunds.order_by("id")
                ],
            ),
        ]


class NeedsPerson(admin.SimpleListFilter):
    """Messages that a person has to look at."""

    title = gettext_lazy("needs")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the one choice."""
        return [("person", _("A person"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter by outcome."""
        waiting = queryset.filter(outcome__in=NEEDS_A_PERSON, looked_at=None)
        return waiting if self.value() else queryset


def _look(errand: Errand) -> None:
    actions.look_at_message(actor=errand.actor, message_id=errand.row.pk, reason=errand.reason)


@admin.register(ProviderMessage)
class MessageAdmin(PaymentsAdmin):
    """What providers told us, and what became of it."""

    words = KINDS
    place, singular = "webhooks", gettext_lazy("Provider message")
    plural = gettext_lazy("Provider messages")
    roles = DESK
    list_display = ("received_at", "provider", "kind", "outcome", "repeats", "provider_ref")
    list_filter = (NeedsPerson, "outcome", "kind", "provider")
    search_fields = ("=provider_ref", "=message_id", "=reference")
    ordering = ("-id",)
    facts = (
        "received_at", "handled_at", "provider", "kind", "outcome", "looked_at", "repeats",
        "reference", "provider_ref", "message_id", "payment",
    )  # fmt: skip
    acts = (
        Act(
            "look",
            gettext_lazy("It is looked into"),
            _look,
            gettext_lazy("It waits no more on the desk. Say what came of it."),
            gettext_lazy("Noted."),
            DESK,
            offered=lambda row: row.outcome in NEEDS_A_PERSON and row.looked_at is None,
        ),
    )

    @admin.display(description=gettext_lazy("Payment"))
    def payment(self, row: ProviderMessage) -> Cell:
        """Return the payment it is about."""
        return link_to(row.intent, _("to the payment"))


def _send_again(errand: Errand) -> None:
    actions.redirect_refund(
        actor=errand.actor,
        refund_id=errand.row.pk,
        destination=errand.answers["destination"],
        reason=errand.reason,
    )


def _destination_help(row: Refund) -> str:
    return TO_WALLET if destinations_for(row.intent).wallet else ""


@admin.register(Refund)
class RefundAdmin(PaymentsAdmin):
    """Every refund as the provider knows it; failed ones first.

    The refund of an order is sent again from the order's own refund, so that both agree.
    """

    place, singular = "payment-refunds", gettext_lazy("Refund at the provider")
    plural = gettext_lazy("Refunds at the provider")
    roles = DESK
    list_display = ("created_at", money_of(), "state", "goes_to", "provider_ref", "due_by")
    list_filter = ("state", "subject_kind", "currency")
    search_fields = ("=provider_ref",)
    search_help_text = gettext_lazy("Provider's reference")
    list_select_related = ("intent",)
    ordering = ()
    facts = (
        money_of(), "state", "goes_to", "provider_ref", "failure", "reason", "created_at",
        "due_by", "settled_at", "payment",
    )  # fmt: skip
    acts = (
        Act(
            "send-again",
            gettext_lazy("Send again"),
            _send_again,
            gettext_lazy("The provider is asked once more, with the destination you name."),
            gettext_lazy("It is on its way again."),
            DESK,
            asks=(
                Ask(
                    "destination",
                    gettext_lazy("Destination"),
                    gettext_lazy("Empty: the way it was paid. wallet: the member's credit here."),
                    initial=_destination_help,
                ),
            ),
            offered=lambda row: row.state == "failed" and row.subject_kind != "order_refund",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        """Return failed ones first, then the newest."""
        found: QuerySet[Refund] = super().get_queryset(request)
        first = Case(When(state="failed", then=Value(0)), default=Value(1))
        return found.order_by(first, "-id")

    @admin.display(description=gettext_lazy("Goes to"))
    def goes_to(self, row: Refund) -> str:
        """Return where the money goes."""
        return destination_text(row.destination)

    @admin.display(description=gettext_lazy("Payment"))
    def payment(self, row: Refund) -> Cell:
        """Return the payment it gives back."""
        return link_to(row.intent, row.intent.description or _("to the payment"))


@admin.register(Payout)
class PayoutAdmin(PaymentsAdmin):
    """Money that goes out, as the provider knows it."""

    place, singular = "provider-payouts", gettext_lazy("Payout at the provider")
    plural = gettext_lazy("Payouts at the provider")
    roles = ("finance",)
    list_display = ("created_at", money_of(), "state", "account", "provider_ref", "failure")
    list_filter = ("state", "provider", "currency")
    search_fields = ("=provider_ref",)
    ordering = ("-id",)
    facts = (
        money_of(), "state", "account", "provider", "provider_ref", "failure", "created_at",
        "settled_at",
    )  # fmt: skip

    def panels(self, request: HttpRequest, row: Payout) -> list[Panel]:
        """Return what was taken back of a part that was passed on, or was not to be had."""
        if not row.payment_ref:
            return []
        return [
            Panel(
                _("Taken back"),
                (_("Asked"), _("Amount"), _("State"), _("Why")),
                [
                    (
                        Cell(f"{each.created_at:%Y-%m-%d %H:%M}"),
                        Cell(money_of()(each), number=True),
                        Cell(word(each.state)),
                        Cell(each.failure),
                    )
                    for each in row.returns.order_by("id")
                ],
            )
        ]

    @admin.display(description=gettext_lazy("To"))
    def account(self, row: Payout) -> str:
        """Return whom it goes to."""
        return str(row.destination.get("name") or row.destination.get("account", ""))
