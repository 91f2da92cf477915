"""Back office of orders: refunds, and giving money back on behalf of a shop."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel import clock
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money, format_money, no_amount
from banyan.kernel.office import Act, Ask, Cell, Errand, OfficeAdmin, Panel, money_of
from banyan.kernel.problems import Invalid
from banyan.payments.models import Refund
from banyan.payments.queries import destination_text, destinations_for, is_held
from banyan.payments.rules import TO_WALLET

from . import actions
from .models import Order, OrderLine, OrderRefund
from .states import REFUND

DESK = ("support", "finance")


def _send_again(errand: Errand) -> None:
    answers = errand.answers
    chosen = answers["account"] if answers["where"] == "account" else answers["where"]
    if answers["where"] == "account" and not chosen:
        raise Invalid(fields={"account": _("Say where the money shall go.")})
    actions.retry_refund(
        actor=errand.actor,
        refund_id=errand.row.pk,
        destination="" if chosen == "back" else chosen,
        reason=errand.reason,
    )


def _ways(row: OrderRefund) -> list[tuple[str, str]]:
    """Return where the refund's provider can send it."""
    back = [("back", _("The way it was paid, once more"))]
    sent = Refund.objects.select_related("intent").filter(pk=row.payment_refund_id or 0).first()
    if sent is None:
        return back
    can, others = destinations_for(sent.intent), []
    if can.wallet:
        others.append((TO_WALLET, _("Credit here, for the member who paid")))
    if can.elsewhere:
        others.append(("account", _("The account named below")))
    return others if others and is_held(sent) else back + others


def _first_way(row: OrderRefund) -> str:
    ways = [value for value, _text in _ways(row)]
    return TO_WALLET if TO_WALLET in ways else "account" if "account" in ways else "back"


@admin.register(OrderRefund)
class OrderRefundAdmin(OfficeAdmin):
    """Refunds of orders; failed ones first, then those asked for, then the newest."""

    words = {
        "requested": gettext_lazy("Asked for"),
        "processing": gettext_lazy("On its way"),
        "succeeded": gettext_lazy("Sent back"),
        "failed": gettext_lazy("Failed"),
        "refused": gettext_lazy("Turned down"),
        "buyer": gettext_lazy("Buyer"),
        "member": gettext_lazy("Shop"),
        "staff": gettext_lazy("Staff"),
    }
    place, singular, plural = "refunds", gettext_lazy("Refund"), gettext_lazy("Refunds")
    roles = DESK
    list_display = (
        "number", "shop", money_of(), "state", "goes_to", "provider_reference", "due_by",
    )  # fmt: skip
    list_filter = ("state", "currency", "requested_by")
    search_fields = ("order__number", "order__checkout__number", "order__checkout__contact_email")
    search_help_text = gettext_lazy("Order number or e-mail")
    list_select_related = ("order__shop", "order__checkout")
    ordering = ()
    facts = (
        "order_story", "shop", money_of(), "state", "goes_to", "failure", "provider_reference",
        "reason", "requested_by", "created_at", "answer_by", "escalated_at", "due_by", "settled_at",
    )  # fmt: skip
    acts = (
        Act(
            "send-again",
            gettext_lazy("Send elsewhere"),
            _send_again,
            gettext_lazy("The provider is asked once more; the buyer is told when it is done."),
            gettext_lazy("It is on its way again."),
            DESK,
            asks=(
                Ask("where", gettext_lazy("Destination"), choices=_ways, initial=_first_way),
                Ask(
                    "account",
                    gettext_lazy("Account"),
                    gettext_lazy("Only for an account the buyer has named to you."),
                ),
            ),
            offered=lambda row: row.state == "failed",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderRefund]:
        """Return failed ones first."""
        found: QuerySet[OrderRefund] = super().get_queryset(request)
        rank = Case(
            When(state="failed", then=Value(0)),
            When(state="requested", then=Value(1)),
            default=Value(2),
        )
        sent = Refund.objects.filter(pk=OuterRef("payment_refund_id"))
        return found.annotate(
            provider_ref=Subquery(sent.values("provider_ref")),
            provider_failure=Subquery(sent.values("failure")),
        ).order_by(rank, "-id")

    def title_of(self, row: OrderRefund) -> str:
        """Return amount and order."""
        amount = format_money(Money(row.amount, row.currency))
        return _("Refund of %(amount)s, order %(number)s") % {
            "amount": amount,
            "number": row.order.number,
        }

    @admin.display(description=gettext_lazy("Order"), ordering="order__number")
    def number(self, row: OrderRefund) -> str:
        """Return the order's number."""
        return row.order.number

    @admin.display(description=gettext_lazy("Order"))
    def order_story(self, row: OrderRefund) -> Cell:
        """Return the way to the order's whole story."""
        return Cell(row.order.number, story_url(row.order.number))

    @admin.display(description=gettext_lazy("Shop"), ordering="order__shop__name")
    def shop(self, row: OrderRefund) -> str:
        """Return who sold it."""
        return row.order.shop.name

    @admin.display(description=gettext_lazy("Goes to"))
    def goes_to(self, row: OrderRefund) -> str:
        """Return where the money goes."""
        return destination_text(row.destination)

    @admin.display(description=gettext_lazy("Provider's reference"))
    def provider_reference(self, row: OrderRefund) -> str:
        """Return what the provider calls it."""
        return getattr(row, "provider_ref", "") or "–"

    @admin.display(description=gettext_lazy("Why it failed"))
    def failure(self, row: OrderRefund) -> str:
        """Return the provider's own word."""
        return getattr(row, "provider_failure", "") or "–"

    def panels(self, request: HttpRequest, row: OrderRefund) -> list[Panel]:
        """Return the lines, every state, and what was written about the order."""
        lines = {str(line.pk): line for line in OrderLine.objects.filter(order=row.order)}
        moves = StateChange.objects.filter(machine=REFUND.name, subject_id=row.pk).order_by("id")
        return [
            Panel(
                _("Per line"),
                (_("Line"), _("Amount")),
                [
                    (
                        Cell(lines[part["line"]].title),
                        Cell(format_money(Money(int(part["amount"]), row.currency)), number=True),
                    )
                    for part in row.lines
                    if part["line"] in lines
                ],
            ),
            Panel(
                _("History"),
                (_("Time"), _("State"), _("Who"), _("Reason")),
                [
                    (
                        Cell(clock.told(each.at, "%Y-%m-%d %H:%M:%S")),
                        Cell(each.target),
                        Cell(each.actor_label or each.actor_kind),
                        Cell(each.reason),
                    )
                    for each in moves
                ],
            ),
            Panel(
                _("Messages"),
                (_("Time"), _("Who"), _("Message")),
                [
                    (
                        Cell(clock.told(note.created_at)),
                        Cell(note.author_kind),
                        Cell(note.body),
                    )
                    for note in row.order.notes.order_by("id")
                ],
            ),
        ]


def story_url(number: str) -> str:
    """Return the address of an order's whole story."""
    return reverse("admin:order_story", args=[number])


def _grant(errand: Errand) -> OrderRefund:
    order, typed = errand.row, errand.answers["amount"]
    try:
        amount = Money.parse(typed, order.currency).amount
    except (ValueError, ArithmeticError) as error:
        raise Invalid(fields={"amount": no_amount(order.currency)}) from error
    return actions.grant_refund(
        actor=errand.actor,
        order_id=order.pk,
        amount=amount,
        reason=errand.reason,
        key=f"desk:{order.pk}:{errand.token}"[:80],
    )


def _left(row: Order) -> str:
    return str(Money(row.total_amount - row.refunded_amount, row.currency).decimal)


@admin.register(Order)
class OrderAdmin(OfficeAdmin):
    """Orders; the page of one leads to its whole story."""

    words = {
        "placed": gettext_lazy("Waits for payment"),
        "paid": gettext_lazy("Paid"),
        "shipped": gettext_lazy("On its way"),
        "received": gettext_lazy("Received"),
        "expired": gettext_lazy("Expired"),
        "cancelled": gettext_lazy("Cancelled"),
        "closed": gettext_lazy("Refunded in full"),
    }
    place, singular, plural = "all-orders", gettext_lazy("Order"), gettext_lazy("Orders")
    roles = DESK
    list_display = (
        "number", "shop_name", money_of("total_amount"), "state", "created_at", "paid_at",
    )  # fmt: skip
    list_filter = ("state", "currency")
    search_fields = ("number", "checkout__contact_email")
    list_select_related = ("shop",)
    ordering = ("-id",)
    facts = (
        "story", "shop_name", money_of("total_amount"),
        money_of("refunded_amount", gettext_lazy("Refunded")), "state", "created_at", "paid_at",
    )  # fmt: skip
    acts = (
        Act(
            "refund",
            gettext_lazy("Give money back"),
            _grant,
            gettext_lazy("On behalf of the shop: it pays, and sharers give back their part."),
            gettext_lazy("The money is on its way back."),
            DESK,
            asks=(
                Ask(
                    "amount",
                    gettext_lazy("Amount"),
                    gettext_lazy("At most what is left; it is spread over the lines."),
                    initial=_left,
                ),
            ),
            offered=lambda row: (
                row.state in {"paid", "shipped", "received"}
                and row.refunded_amount < row.total_amount
            ),
        ),
    )

    def title_of(self, row: Order) -> str:
        """Return its number."""
        return _("Order %(number)s") % {"number": row.number}

    @admin.display(description=gettext_lazy("Shop"), ordering="shop__name")
    def shop_name(self, row: Order) -> str:
        """Return who sold it."""
        return row.shop.name

    @admin.display(description=gettext_lazy("Story"))
    def story(self, row: Order) -> Cell:
        """Return the way to everything that happened."""
        return Cell(_("Everything that happened"), story_url(row.number))
