"""Back office of what members and shops can be paid out, and of what they owe."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.catalog.models import Shop
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money, format_money, no_amount
from banyan.kernel.office import Act, Ask, Cell, Errand, OfficeAdmin, Panel, money_of, place_of
from banyan.kernel.problems import Invalid
from banyan.ledger.models import Account as Book
from banyan.people.models import Account

from . import access, actions
from .actions.debts import LET_GO, PAID

FINANCE = ("finance",)


def _received(errand: Errand) -> None:
    try:
        amount = Money.parse(errand.answers["amount"], errand.row.currency).amount
    except (ValueError, ArithmeticError) as error:
        raise Invalid(fields={"amount": no_amount(errand.row.currency)}) from error
    actions.receive_debt(
        actor=errand.actor,
        book_id=errand.row.pk,
        amount=amount,
        bank_ref=errand.answers["bank_ref"],
        reason=errand.reason,
        key=errand.token,
    )


def _let_go(errand: Errand) -> None:
    actions.let_debt_go(
        actor=errand.actor, book_id=errand.row.pk, reason=errand.reason, key=errand.token
    )


def _owes(row: Book) -> bool:
    return row.balance < 0


def _debt(row: Book) -> str:
    return str(Money(max(-row.balance, 0), row.currency).decimal)


class Sign(admin.SimpleListFilter):
    """Who owes, and who is owed."""

    title = gettext_lazy("balance")
    parameter_name = "sign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return both."""
        return [("owes", _("Owes us")), ("owed", _("Is owed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter by the sign of the balance."""
        if self.value() == "owes":
            return queryset.filter(balance__lt=0)
        return queryset.filter(balance__gt=0) if self.value() == "owed" else queryset


@admin.register(Book)
class BalanceAdmin(OfficeAdmin):
    """Accounts of members and shops that payouts leave from; what is below zero is owed to us."""

    place, singular, plural = "balances", gettext_lazy("Balance"), gettext_lazy("Balances")
    roles = FINANCE
    coded = frozenset({"kind"})
    words = {
        "earner_payable": gettext_lazy("Earnings of a member"),
        "shop_payable": gettext_lazy("Money of a shop"),
    }
    list_display = ("whose", "kind", money_of("balance", gettext_lazy("Balance")))
    list_filter = (Sign, "kind", "currency")
    search_fields = ("owner_id",)
    search_help_text = gettext_lazy("A handle, a shop's name or its address")
    ordering = ("balance", "id")
    facts = ("owner", "kind", money_of("balance", gettext_lazy("Balance")))
    acts = (
        Act(
            "paid",
            gettext_lazy("They paid it"),
            _received,
            gettext_lazy(
                "What they owed has arrived on your bank account, all or a part. They are told."
            ),
            gettext_lazy("It is booked."),
            FINANCE,
            (
                Ask("amount", gettext_lazy("Amount"), initial=_debt),
                Ask(
                    "bank_ref",
                    gettext_lazy("The bank's reference"),
                    gettext_lazy("The number under which the bank or the app knows it."),
                ),
            ),
            offered=_owes,
        ),
        Act(
            "let-go",
            gettext_lazy("Let it go"),
            _let_go,
            gettext_lazy(
                "They owe nothing any more, and the platform bears it. It cannot be undone."
            ),
            gettext_lazy("They owe nothing any more."),
            FINANCE,
            offered=_owes,
            grave=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        """Return the accounts with the names of those whose they are, by one statement."""
        people = Account.objects.filter(pk=OuterRef("owner_id"))
        shops = Shop.objects.filter(pk=OuterRef("owner_id"))
        return access.balances().annotate(
            handle=Subquery(people.values("handle")),
            shop_name=Subquery(shops.values("name")),
            shop_slug=Subquery(shops.values("slug")),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Book], search_term: str
    ) -> tuple[QuerySet[Book], bool]:
        """Find by handle, a shop's name or its address."""
        term = search_term.strip().removeprefix("@")
        if not term:
            return queryset, False
        member = Q(owner_kind="account", handle__iexact=term)
        shop = Q(shop_slug__iexact=term) | Q(shop_name__icontains=term)
        return queryset.filter(member | (Q(owner_kind="shop") & shop)), False

    def title_of(self, row: Book) -> str:
        """Return whose it is."""
        return self.whose(row)

    @admin.display(description=gettext_lazy("Whose"))
    def whose(self, row: Any) -> str:
        """Return the handle, or the shop's name."""
        return f"@{row.handle}" if row.owner_kind == "account" else str(row.shop_name)

    @admin.display(description=gettext_lazy("Whose"))
    def owner(self, row: Any) -> Cell:
        """Return the way to the member or the shop."""
        model = Account if row.owner_kind == "account" else Shop
        return Cell(self.whose(row), place_of(model, row.owner_id))

    def panels(self, request: HttpRequest, row: Book) -> list[Panel]:
        """Return what was settled before, by whom and why."""
        entries = AuditEntry.objects.filter(
            subject_kind=row.owner_kind, subject_id=row.owner_id, action__in=(PAID, LET_GO)
        )
        rows = [
            (
                Cell(f"{each.at:%Y-%m-%d %H:%M}"),
                Cell(str(self._settled(each)), number=True),
                Cell(each.detail["ref"] or "–"),
                Cell(each.actor_label),
                Cell(each.reason),
            )
            for each in entries.order_by("-id")
            if each.detail["currency"] == row.currency
        ]
        headings = (
            _("Time"), _("Amount"), _("The bank's reference"), _("Who"), _("Reason"),
        )  # fmt: skip
        return [Panel(_("Settled before"), headings, rows)]

    def _settled(self, entry: AuditEntry) -> str:
        return format_money(Money(entry.detail["amount"], entry.detail["currency"]))
