"""Back office of earnings: commissions, paying members and shops out in batches, and circles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.models import AuditEntry
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
    place_of,
)
from banyan.kernel.problems import Invalid
from banyan.orders.admin import story_url
from banyan.payments.models import Payout
from banyan.payments.queries import payouts_to_send
from banyan.people.queries import accounts_called
from banyan.trust.models import Circle
from banyan.trust.queries import people_of

from . import (
    actions,
    balances,  # noqa: F401 - registers on import
)
from .actions.payouts import CAME_BACK, payers
from .models import Commission, PayoutBatch, PayoutItem
from .queries import batch_totals, item_state_text, shop_called
from .queries.circles import rests_on

FINANCE = ("finance",)


def _draft(errand: Errand) -> PayoutBatch:
    if not (only := errand.answers["only"].strip()):
        return actions.draft_batch(actor=errand.actor, reason=errand.reason)
    who = next(iter(accounts_called([only]).values()), None)
    if who is None:
        raise Invalid(fields={"only": _("Nobody has this handle.")})
    return actions.draft_batch(actor=errand.actor, minimum=1, payees=[who], reason=errand.reason)


def _draft_shops(errand: Errand) -> PayoutBatch:
    if not (only := errand.answers["only"].strip()):
        return actions.draft_shop_batch(actor=errand.actor, reason=errand.reason)
    which = shop_called(only)
    if which is None:
        raise Invalid(fields={"only": _("No shop has this address.")})
    return actions.draft_shop_batch(
        actor=errand.actor, minimum=1, shops=[which], reason=errand.reason
    )


def _submit(errand: Errand) -> None:
    actions.submit_batch(
        actor=errand.actor,
        batch_id=errand.row.pk,
        provider=errand.answers["provider"],
        reason=errand.reason,
    )


def _payers(row: PayoutBatch) -> list[tuple[str, Text]]:
    """Return who may pay, for the form; nobody is chosen where there are several."""
    found: list[tuple[str, Text]] = [(each.name, each.label) for each in payers()]
    return found if len(found) == 1 else [("", _("Choose")), *found]


def _bank_list(errand: Errand) -> HttpResponse:
    text = actions.take_bank_list(actor=errand.actor, batch_id=errand.row.pk, reason=errand.reason)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="payouts-{errand.row.pk}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _cancel(errand: Errand) -> None:
    actions.cancel_batch(actor=errand.actor, batch_id=errand.row.pk, reason=errand.reason)


def _again(errand: Errand) -> PayoutBatch:
    return actions.draft_again(actor=errand.actor, batch_id=errand.row.pk, reason=errand.reason)


class CameBack(admin.SimpleListFilter):
    """Batches with a payout that came back."""

    title = gettext_lazy("payouts")
    parameter_name = "came"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the one choice."""
        return [("back", _("Some came back"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter by the state of the items."""
        back = queryset.filter(items__state__in=CAME_BACK).distinct()
        return back if self.value() else queryset


@admin.register(PayoutBatch)
class PayoutBatchAdmin(OfficeAdmin):
    """Runs of payouts: drafted by one, looked at, sent by the same or another."""

    words = {
        "draft": gettext_lazy("Waits for approval"),
        "submitted": gettext_lazy("On its way"),
        "settled": gettext_lazy("Done"),
        "cancelled": gettext_lazy("Dropped"),
    }
    place, singular, plural = "payouts", gettext_lazy("Payout batch"), gettext_lazy("Payouts")
    roles = FINANCE
    list_display = ("created_at", "state", "totals", "payees", "submitted_at")
    list_filter = ("state", CameBack)
    ordering = ("-id",)
    facts = ("state", "totals", "payees", "prepared", "approved", "submitted_at")
    list_acts = (
        Act(
            "draft",
            gettext_lazy("Prepare a batch"),
            _draft,
            gettext_lazy(
                "Lists every member with at least 10.00 payable. No money moves before it is "
                "approved."
            ),
            gettext_lazy("Look through it, then approve it."),
            FINANCE,
            (
                Ask(
                    "only",
                    gettext_lazy("Only for"),
                    gettext_lazy(
                        "A handle, to pay out one who leaves, whatever the amount. Nothing: "
                        "everybody."
                    ),
                ),
            ),
        ),
        Act(
            "draft-shops",
            gettext_lazy("Prepare a batch for shops"),
            _draft_shops,
            gettext_lazy(
                "Lists every shop with at least 10.00 of orders that are over and cannot be sent "
                "back any more. No money moves before it is approved."
            ),
            gettext_lazy("Look through it, then approve it."),
            FINANCE,
            (
                Ask(
                    "only",
                    gettext_lazy("Only for"),
                    gettext_lazy(
                        "A shop's address, like blue-cup, to pay out one whose owner leaves, "
                        "whatever the amount. Nothing: every shop."
                    ),
                ),
            ),
        ),
    )
    acts = (
        Act(
            "approve",
            gettext_lazy("Approve and send"),
            _submit,
            gettext_lazy(
                "Every payee of this batch is paid through the provider, or by hand: then you send "
                "the money yourself and say so for each. It cannot be undone."
            ),
            gettext_lazy("The batch is on its way."),
            FINANCE,
            (Ask("provider", gettext_lazy("Who pays"), choices=_payers),),
            offered=lambda row: row.state == "draft",
        ),
        Act(
            "bank-list",
            gettext_lazy("List for the bank"),
            _bank_list,
            gettext_lazy(
                "A CSV file with name, account and amount of each payout that is to be sent by "
                "hand. It holds people's accounts: delete it when you are done."
            ),
            gettext_lazy("The list was taken."),
            FINANCE,
            offered=lambda row: bool(payouts_to_send("payout_batch", row.pk)),
        ),
        Act(
            "cancel",
            gettext_lazy("Drop the draft"),
            _cancel,
            gettext_lazy("Nothing was moved; what is payable stays payable."),
            gettext_lazy("The draft is dropped."),
            FINANCE,
            offered=lambda row: row.state == "draft",
            grave=True,
        ),
        Act(
            "again",
            gettext_lazy("Prepare failed ones again"),
            _again,
            gettext_lazy("A new draft for those whose payout came back."),
            gettext_lazy("Look through it, then approve it."),
            FINANCE,
            offered=lambda row: row.items.filter(state__in=CAME_BACK).exists(),
        ),
    )

    def title_of(self, row: PayoutBatch) -> str:
        """Return the day it was prepared."""
        return _("Payout batch of %(day)s") % {"day": f"{row.created_at:%Y-%m-%d %H:%M}"}

    @admin.display(description=gettext_lazy("Amount"))
    def totals(self, row: PayoutBatch) -> str:
        """Return the sum per currency."""
        sums = batch_totals(row).amounts
        return ", ".join(format_money(money) for money in sums) or "–"

    @admin.display(description=gettext_lazy("Payees"))
    def payees(self, row: PayoutBatch) -> int:
        """Return how many members or shops it pays."""
        return batch_totals(row).payees

    @admin.display(description=gettext_lazy("Prepared by"))
    def prepared(self, row: PayoutBatch) -> str:
        """Return who drafted it, when and why."""
        return _told(row, "payout_batch.draft")

    @admin.display(description=gettext_lazy("Approved by"))
    def approved(self, row: PayoutBatch) -> str:
        """Return who sent it, when and why."""
        return _told(row, "payout_batch.submit")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutBatch]:
        """Return the batches with their items, so that a list of any length costs the same."""
        found: QuerySet[PayoutBatch] = super().get_queryset(request)
        return found.prefetch_related("items")

    def panels(self, request: HttpRequest, row: PayoutBatch) -> list[Panel]:
        """Return who gets what, and what became of it."""
        items = list(
            row.items.select_related("payee", "shop").order_by(
                "payee__handle", "shop__slug", "currency"
            )
        )
        payouts = Payout.objects.in_bulk([item.payout_id for item in items if item.payout_id])
        rows = []
        for item in items:
            payout = payouts.get(item.payout_id or 0)
            rows.append(
                (
                    _payee(item),
                    Cell(format_money(Money(item.amount, item.currency)), number=True),
                    Cell(item_state_text(item.state, item.reason)),
                    Cell(payout.provider_ref or _("to the payout"), place_of(Payout, payout.pk))
                    if payout
                    else Cell("–"),
                    Cell(payout.failure if payout and payout.failure else "–"),
                )
            )
        headings = (_("Payee"), _("Amount"), _("State"), _("Provider's reference"), _("Why"))
        return [Panel(_("Who gets what"), headings, rows)]


def _payee(item: PayoutItem) -> Cell:
    """Return who gets it, with the way to their page."""
    if item.shop is not None:
        return link_to(item.shop, item.shop.name)
    assert item.payee is not None
    return Cell(f"@{item.payee.handle}", f"/@{item.payee.handle}")


def _told(row: PayoutBatch, action: str) -> str:
    entry = (
        AuditEntry.objects.filter(subject_kind="payout_batch", subject_id=row.pk, action=action)
        .order_by("id")
        .first()
    )
    if entry is None:
        return "–"
    return f"{entry.actor_label}, {entry.at:%Y-%m-%d %H:%M}: {entry.reason}"


def _hold(errand: Errand) -> None:
    actions.hold_fraud(actor=errand.actor, commission_id=errand.row.pk, reason=errand.reason)


def _release(errand: Errand) -> None:
    actions.release_fraud(actor=errand.actor, commission_id=errand.row.pk, reason=errand.reason)


INVESTIGATORS = ("finance", "moderation")


@admin.register(Commission)
class CommissionAdmin(OfficeAdmin):
    """What sharers earn, order by order."""

    words = {
        "quoted": gettext_lazy("Waits for payment"),
        "pending": gettext_lazy("Waits for the parcel"),
        "held": gettext_lazy("Held"),
        "held_fraud": gettext_lazy("Held for suspicion"),
        "payable": gettext_lazy("Payable"),
        "paid": gettext_lazy("Paid out"),
        "reversed": gettext_lazy("Taken back"),
        "expired": gettext_lazy("Never paid"),
        "rejected": gettext_lazy("Not earned"),
    }
    place, singular, plural = "commissions", gettext_lazy("Commission"), gettext_lazy("Commissions")
    roles = ("finance", "moderation", "support")
    list_display = ("order_number", "payee_handle", money_of(), "state", "hold_until", "level")
    list_filter = ("state", "currency", "level")
    list_select_related = ("order", "payee")
    search_fields = ("=id", "order__number", "payee__handle")
    search_help_text = gettext_lazy("Commission, order number or handle")
    ordering = ("-id",)
    facts = (
        "story", "payee_handle", money_of(),
        money_of("reversed_amount", gettext_lazy("Taken back by refunds")), "state", "reason",
        "hold_until", "level", "why",
    )  # fmt: skip
    acts = (
        Act(
            "hold",
            gettext_lazy("Hold for suspicion"),
            _hold,
            gettext_lazy("It is not paid before somebody has looked into it; the payee sees that."),
            gettext_lazy("It is held."),
            INVESTIGATORS,
            offered=lambda row: row.state in {"pending", "held"},
            grave=True,
        ),
        Act(
            "release",
            gettext_lazy("End the hold"),
            _release,
            gettext_lazy("The return window decides again."),
            gettext_lazy("The hold has ended."),
            INVESTIGATORS,
            offered=lambda row: row.state == "held_fraud",
        ),
    )

    def title_of(self, row: Commission) -> str:
        """Return payee and order."""
        return f"@{row.payee.handle}, {row.order.number}"

    @admin.display(description=gettext_lazy("Order"), ordering="order__number")
    def order_number(self, row: Commission) -> str:
        """Return the order's number."""
        return row.order.number

    @admin.display(description=gettext_lazy("Order"))
    def story(self, row: Commission) -> Cell:
        """Return the way to the order's whole story."""

        return Cell(row.order.number, story_url(row.order.number))

    @admin.display(description=gettext_lazy("Payee"), ordering="payee__handle")
    def payee_handle(self, row: Commission) -> str:
        """Return who earns it."""
        return f"@{row.payee.handle}"

    @admin.display(description=gettext_lazy("Explanation"))
    def why(self, row: Commission) -> Cell:
        """Return the way to path, rule and arithmetic."""
        return Cell(_("Path, rule and arithmetic"), f"/earnings/{row.pk}")


def _confirm(errand: Errand) -> None:
    actions.confirm_circle(actor=errand.actor, circle_id=errand.row.pk, reason=errand.reason)


def _clear(errand: Errand) -> None:
    actions.clear_circle(actor=errand.actor, circle_id=errand.row.pk, reason=errand.reason)


@admin.register(Circle)
class CircleAdmin(OfficeAdmin):
    """People who buy through each other in a circle, and the earnings that this rests on."""

    words = {
        "open": gettext_lazy("Waits for a look"),
        "confirmed": gettext_lazy("It is one"),
        "cleared": gettext_lazy("Nothing wrong"),
        "strong": gettext_lazy("Strong: what is earned in it is held"),
        "usual": gettext_lazy("Usual: it is shown, and nothing is held"),
    }
    coded = frozenset({"strength"})
    place, singular, plural = "circles", gettext_lazy("Circle"), gettext_lazy("Circles")
    roles = INVESTIGATORS
    list_display = ("found_at", "people", "strength", "rounds", "from_inside", "state", "last_seen")
    list_filter = ("state", "strength")
    ordering = ("-id",)
    facts = ("people", "strength", "state", "rounds", "from_inside", "found_at", "last_seen")
    acts = (
        Act(
            "confirm",
            gettext_lazy("It is one"),
            _confirm,
            gettext_lazy("What is held stays held, and so does what they earn in it from now on."),
            gettext_lazy("It stays held."),
            INVESTIGATORS,
            offered=lambda row: row.state == "open",
            grave=True,
        ),
        Act(
            "clear",
            gettext_lazy("Nothing is wrong"),
            _clear,
            gettext_lazy(
                "What is held for it alone goes on, and these people are not shown as a circle "
                "again."
            ),
            gettext_lazy("It is let go."),
            INVESTIGATORS,
            offered=lambda row: row.state != "cleared",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Circle]:
        """Return the circles with who is in them: the same statements for any number."""
        found: QuerySet[Circle] = super().get_queryset(request)
        return found.prefetch_related("members__account")

    def title_of(self, row: Circle) -> str:
        """Return who is in it."""
        return self.people(row)

    @admin.display(description=gettext_lazy("Members"))
    def people(self, row: Circle) -> str:
        """Return the handles."""
        return ", ".join(f"@{one.handle}" for one in people_of(row))

    @admin.display(description=gettext_lazy("Earned inside"), ordering="inside")
    def from_inside(self, row: Circle) -> str:
        """Return how much of what they earn comes from each other: of whoever has least."""
        return f"{row.inside} %"

    def panels(self, request: HttpRequest, row: Circle) -> list[Panel]:
        """Return each earning that it rests on: who bought, who earned, where it stands."""
        found = rests_on(row)
        rows = [
            (
                Cell(f"{one.created_at:%Y-%m-%d %H:%M}"),
                Cell(one.order.number, story_url(one.order.number)),
                Cell(buyer),
                Cell(f"@{one.payee.handle}", f"/@{one.payee.handle}"),
                Cell(format_money(Money(one.amount, one.currency)), number=True),
                Cell(str(CommissionAdmin.words[one.state]), place_of(Commission, one.pk)),
            )
            for one, buyer in found
        ]
        headings = (
            _("Time"), _("Order"), _("Buyer"), _("Who earns by it"), _("Amount"), _("State"),
        )  # fmt: skip
        return [Panel(_("What it rests on"), headings, rows)]
