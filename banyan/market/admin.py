"""Back office of the market: disputes that wait for a decision, and money in escrow."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.money import Money, format_money, no_amount
from banyan.kernel.office import Act, Ask, Cell, Errand, OfficeAdmin, Panel
from banyan.kernel.problems import Invalid
from banyan.media.queries import pictures
from banyan.orders.actions.proceeds import escrow_balance

from . import actions
from .access import OFFICE
from .models import Dispute, Escrow
from .rules import REASONS

SIDES = {
    "buyer": gettext_lazy("Buyer"),
    "seller": gettext_lazy("Seller"),
    "platform": gettext_lazy("Platform"),
}


def _decide(errand: Errand) -> None:
    currency = errand.row.order.currency
    try:
        amount = Money.parse(errand.answers["amount"], currency).amount
    except (ValueError, ArithmeticError) as error:
        raise Invalid(fields={"amount": no_amount(currency)}) from error
    actions.decide_dispute(
        actor=errand.actor, dispute_id=errand.row.pk, refund_amount=amount, reason=errand.reason
    )


def _claimed(row: Dispute) -> str:
    return str(Money(row.claim_amount, row.order.currency).decimal)


@admin.register(Dispute)
class DisputeAdmin(OfficeAdmin):
    """Disputes; open ones first."""

    place, singular, plural = "disputes", gettext_lazy("Dispute"), gettext_lazy("Disputes")
    roles = OFFICE
    coded = frozenset({"reason"})
    words = {
        "open": gettext_lazy("Waits for a decision"),
        "withdrawn": gettext_lazy("Taken back"),
        "decided": gettext_lazy("Decided"),
        **REASONS,
    }
    list_display = ("number", "shop", "reason", "claim", "state", "opened_at")
    list_filter = ("state", "reason")
    search_fields = ("order__number", "order__shop__name")
    search_help_text = gettext_lazy("Order number or shop")
    list_select_related = ("order__shop",)
    ordering = ("-state", "-id")
    facts = (
        "number", "shop", "reason", "paid", "claim", "state", "back_to_buyer", "decision",
        "opened_at", "ended_at",
    )  # fmt: skip
    acts = (
        Act(
            "decide",
            gettext_lazy("Decide"),
            _decide,
            gettext_lazy("The amount goes back to the buyer, the rest of an escrow to the seller."),
            gettext_lazy("Decided; both sides are told."),
            OFFICE,
            asks=(
                Ask(
                    "amount",
                    gettext_lazy("Back to the buyer"),
                    gettext_lazy("From 0 to what was paid."),
                    initial=_claimed,
                ),
            ),
            offered=lambda row: row.state == "open",
            grave=True,
        ),
    )

    def title_of(self, row: Dispute) -> str:
        """Return which order it is about."""
        return _("Dispute about %(number)s") % {"number": row.order.number}

    @admin.display(description=gettext_lazy("Order"))
    def number(self, row: Dispute) -> str:
        """Return the order's number."""
        return row.order.number

    @admin.display(description=gettext_lazy("Shop"))
    def shop(self, row: Dispute) -> str:
        """Return who sold."""
        return row.order.shop.name

    @admin.display(description=gettext_lazy("Paid and not given back"))
    def paid(self, row: Dispute) -> str:
        """Return the most that can go back."""
        return format_money(
            Money(row.order.total_amount - row.order.refunded_amount, row.order.currency)
        )

    @admin.display(description=gettext_lazy("Asked for"))
    def claim(self, row: Dispute) -> str:
        """Return what the buyer asks for."""
        return format_money(Money(row.claim_amount, row.order.currency))

    @admin.display(description=gettext_lazy("Back to the buyer"))
    def back_to_buyer(self, row: Dispute) -> str:
        """Return what was decided."""
        if row.refund_amount is None:
            return "–"
        return format_money(Money(row.refund_amount, row.order.currency))

    def panels(self, request: HttpRequest, row: Dispute) -> list[Panel]:
        """Return what both sides said and showed; a picture opens."""
        entries = list(row.entries.order_by("id"))
        shown = pictures([entry.image_id for entry in entries], "large")
        return [
            Panel(
                _("What was said"),
                (_("Time"), _("Who"), _("Text"), _("Picture")),
                [
                    (
                        Cell(f"{entry.at:%Y-%m-%d %H:%M}"),
                        Cell(SIDES[entry.side]),
                        Cell(entry.body),
                        Cell(_("Picture"), shown[entry.image_id]["src"])
                        if entry.image_id in shown
                        else Cell("–"),
                    )
                    for entry in entries
                ],
            )
        ]


@admin.register(Escrow)
class EscrowAdmin(OfficeAdmin):
    """Money of orders between members."""

    place, singular, plural = "escrows", gettext_lazy("Escrow"), gettext_lazy("Escrows")
    roles = OFFICE
    words = {
        "held": gettext_lazy("Held"),
        "disputed": gettext_lazy("Frozen by a dispute"),
        "released": gettext_lazy("Released to the seller"),
        "returned": gettext_lazy("Went back to the buyer"),
    }
    list_display = ("number", "state", "release_at", "created_at")
    list_filter = ("state",)
    search_fields = ("order__number",)
    search_help_text = gettext_lazy("Order number")
    list_select_related = ("order",)
    ordering = ("-id",)
    facts = ("number", "held", "state", "release_at", "created_at", "ended_at")

    def title_of(self, row: Escrow) -> str:
        """Return which order it is of."""
        return _("Escrow of %(number)s") % {"number": row.order.number}

    @admin.display(description=gettext_lazy("Order"))
    def number(self, row: Escrow) -> str:
        """Return the order's number."""
        return row.order.number

    @admin.display(description=gettext_lazy("Held"))
    def held(self, row: Escrow) -> str:
        """Return what waits, as the books say."""
        return format_money(Money(escrow_balance(row.order), row.order.currency))
