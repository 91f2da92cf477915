"""Back office of payments: money that came, goes back, or goes out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.labels import word
from banyan.kernel.money import Money, format_money
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

from . import actions, ports, providers
from .destinations import shown
from .models import Chargeback, Intent, Payout, ProviderMessage, Refund
from .queries import chargebacks_of, destination_text, destinations_for, waiting_by_hand
from .rules import CHARGEBACK_ANSWER, NEEDS_A_PERSON, TO_WALLET
from .stories import outcome_text

DESK = ("support", "finance")
PROVIDERS = frozenset({"provider"})
KINDS = {
    "payment.succeeded": gettext_lazy("Payment arrived"),
    "payment.failed": gettext_lazy("Payment declined"),
    "payment.cancelled": gettext_lazy("Payment given up"),
    "payment.disputed": gettext_lazy("Payment disputed"),
    "chargeback.changed": gettext_lazy("Taken back by the payer's bank"),
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
            Panel(
                _("Chargebacks"),
                (_("Opened on"), _("Amount"), _("State")),
                [
                    (
                        Cell(f"{each.opened_at:%Y-%m-%d %H:%M}", link_to(each).url),
                        Cell(money_of()(each), number=True),
                        Cell(word(each.state)),
                    )
                    for each in chargebacks_of(row.pk)
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


@admin.register(Chargeback)
class ChargebackAdmin(PaymentsAdmin):
    """What payers' banks take back, answered at the provider; open ones first, by their day."""

    coded = PROVIDERS | {"reason"}
    place, singular = "chargebacks", gettext_lazy("Chargeback")
    plural = gettext_lazy("Chargebacks")
    roles = DESK
    list_display = ("opened_at", money_of(), "state", "due_by", "taken", "reason", "provider_ref")
    list_filter = ("state", "provider", "currency")
    search_fields = ("=provider_ref", "=intent__provider_ref")
    search_help_text = gettext_lazy("Provider's reference")
    list_select_related = ("intent",)
    ordering = ()
    facts = (
        money_of(), "state", "due_by", "taken", "covered", "fee", "reason", "provider",
        "provider_ref", "opened_at", "closed_at", "payment",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chargeback]:
        """Return those that can be answered first, the most urgent before the others."""
        found: QuerySet[Chargeback] = super().get_queryset(request)
        first = Case(When(state__in=CHARGEBACK_ANSWER, then=Value(0)), default=Value(1))
        return found.order_by(first, F("due_by").asc(nulls_last=True), "-id")

    def panels(self, request: HttpRequest, row: Chargeback) -> list[Panel]:
        """Return what moved for it."""
        return [
            Panel(
                _("What moved"),
                (_("At"), _("Taken"), _("Fee"), _("Provider's reference")),
                [
                    (
                        Cell(f"{each.at:%Y-%m-%d %H:%M}"),
                        Cell(format_money(Money(each.amount, row.currency)), number=True),
                        Cell(
                            format_money(Money(each.fee_amount, each.fee_currency))
                            if each.fee_currency
                            else "–",
                            number=True,
                        ),
                        Cell(each.provider_ref),
                    )
                    for each in row.moves.order_by("at", "id")
                ],
            )
        ]

    @admin.display(description=gettext_lazy("Taken"))
    def taken(self, row: Chargeback) -> str:
        """Return what is out now."""
        return format_money(Money(row.taken_amount, row.currency))

    @admin.display(description=gettext_lazy("Of that promised back before"))
    def covered(self, row: Chargeback) -> str:
        """Return what we had promised back and not sent."""
        return format_money(Money(row.covered_amount, row.currency))

    @admin.display(description=gettext_lazy("Fee"))
    def fee(self, row: Chargeback) -> str:
        """Return what the provider keeps for it."""
        if not row.fee_currency:
            return "–"
        return format_money(Money(row.fee_amount, row.fee_currency))

    @admin.display(description=gettext_lazy("Payment"))
    def payment(self, row: Chargeback) -> Cell:
        """Return the payment it takes back."""
        return link_to(row.intent, row.intent.description or _("to the payment"))


def _part_again(errand: Errand) -> None:
    ports.pass_on_again(actor=errand.actor, part=errand.row, reason=errand.reason)


def _sent(errand: Errand) -> None:
    actions.say_sent(
        actor=errand.actor,
        payout_id=errand.row.pk,
        bank_ref=errand.answers["bank_ref"],
        reason=errand.reason,
    )


def _not_sent(errand: Errand) -> None:
    actions.say_not_sent(actor=errand.actor, payout_id=errand.row.pk, reason=errand.reason)


def _returned(errand: Errand) -> None:
    actions.say_returned(actor=errand.actor, payout_id=errand.row.pk, reason=errand.reason)


def _left_by_hand(row: Payout) -> bool:
    return row.state == "paid" and providers.is_by_hand(row.provider)


def _waits_by_hand(row: Payout) -> bool:
    return row.state in ("requested", "submitted") and providers.is_by_hand(row.provider)


class ByHand(admin.SimpleListFilter):
    """Payouts that a person has yet to send."""

    title = gettext_lazy("by hand")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the one choice."""
        return [("hand", _("Waits to be sent by hand"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter by who sends it, and by the state."""
        waiting = waiting_by_hand().values("pk")
        return queryset.filter(pk__in=waiting) if self.value() else queryset


@admin.register(Payout)
class PayoutAdmin(PaymentsAdmin):
    """Money that goes out, as the provider knows it."""

    words = {"returned": gettext_lazy("Came back from the bank")}
    place, singular = "provider-payouts", gettext_lazy("Payout at the provider")
    plural = gettext_lazy("Payouts at the provider")
    roles = ("finance",)
    list_display = ("created_at", money_of(), "state", "account", "provider_ref", "failure")
    list_filter = (ByHand, "state", "provider", "currency")
    search_fields = ("=provider_ref",)
    ordering = ("-id",)
    facts = (
        money_of(), "state", "account", "provider", "provider_ref", "failure", "created_at",
        "settled_at", "next_attempt_at",
    )  # fmt: skip
    acts = (
        Act(
            "pass-on-again",
            gettext_lazy("Pass on again"),
            _part_again,
            gettext_lazy("The shop's account gets what it is due for the order by now."),
            gettext_lazy("It is on its way again."),
            ("finance",),
            offered=ports.can_pass_on_again,
        ),
        Act(
            "sent",
            gettext_lazy("It was sent"),
            _sent,
            gettext_lazy(
                "You have sent the money by bank or wallet app, and it has left. The payee is "
                "paid. If their bank sends it back one day, say so then."
            ),
            gettext_lazy("It is paid."),
            ("finance",),
            (
                Ask(
                    "bank_ref",
                    gettext_lazy("The bank's reference"),
                    gettext_lazy("The number under which the bank or the app knows it."),
                ),
            ),
            offered=_waits_by_hand,
        ),
        Act(
            "not-sent",
            gettext_lazy("It could not be sent"),
            _not_sent,
            gettext_lazy("The money is payable again, and goes into the next batch."),
            gettext_lazy("It is payable again."),
            ("finance",),
            offered=_waits_by_hand,
            grave=True,
        ),
        Act(
            "returned",
            gettext_lazy("It came back"),
            _returned,
            gettext_lazy(
                "The payee's bank has sent it back, and you have it. It is payable again, and "
                "the payee is told."
            ),
            gettext_lazy("It is payable again."),
            ("finance",),
            offered=_left_by_hand,
            grave=True,
        ),
    )

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

    @admin.display(description=gettext_lazy("Paid to"))
    def account(self, row: Payout) -> str:
        """Return whom it goes to; by hand, of the account only its last four signs."""
        return shown(row.destination)
