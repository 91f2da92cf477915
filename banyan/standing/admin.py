"""Back office of standing: permits, reports, appeals, takedowns, guarded categories."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.catalog.models import Category
from banyan.kernel.office import READS, Act, Ask, Cell, Errand, OfficeAdmin, Panel
from banyan.kernel.problems import Invalid
from banyan.orders.models import Order

from . import actions
from .models import Appeal, GuardedCategory, Permit, Report, Takedown
from .rules import REASONS
from .serving import picture_answer

MODERATION = ("moderation",)
KINDS = {
    "late": gettext_lazy("Sent late"),
    "refunds": gettext_lazy("Refunded"),
    "disputes": gettext_lazy("Disputed"),
    "complaints": gettext_lazy("Complaint upheld"),
}


def _grant(errand: Errand) -> None:
    actions.decide_permit(
        actor=errand.actor, permit_id=errand.row.pk, granted=True, reason=errand.reason
    )


def _refuse(errand: Errand) -> None:
    actions.decide_permit(
        actor=errand.actor, permit_id=errand.row.pk, granted=False, reason=errand.reason
    )


def _withdraw(errand: Errand) -> None:
    actions.withdraw_permit(actor=errand.actor, permit_id=errand.row.pk, reason=errand.reason)


@admin.register(Permit)
class PermitAdmin(OfficeAdmin):
    """Licences and permits; those that wait first."""

    place, singular, plural = "permits", gettext_lazy("Permit"), gettext_lazy("Permits")
    roles = MODERATION
    words = {
        "asked": gettext_lazy("Waits to be looked at"),
        "granted": gettext_lazy("Granted"),
        "refused": gettext_lazy("Turned down"),
        "withdrawn": gettext_lazy("Withdrawn"),
        "ended": gettext_lazy("No longer valid"),
    }
    list_display = ("shop_name", "what", "number", "state", "valid_until", "asked_at")
    list_filter = ("state",)
    list_select_related = ("shop", "category")
    search_fields = ("shop__name", "number", "holder")
    search_help_text = gettext_lazy("Shop, number or holder")
    ordering = ("state", "-id")
    facts = (
        "shop_name", "what", "number", "holder", "valid_until", "state", "asked_at", "decided_at",
    )  # fmt: skip
    acts = (
        Act(
            "grant",
            gettext_lazy("Grant"),
            _grant,
            gettext_lazy("The shop may sell such goods from now on, and is told."),
            gettext_lazy("Granted."),
            MODERATION,
            offered=lambda row: row.state == "asked",
        ),
        Act(
            "refuse",
            gettext_lazy("Turn down"),
            _refuse,
            gettext_lazy("The shop reads your reason, and may show another one."),
            gettext_lazy("Turned down."),
            MODERATION,
            offered=lambda row: row.state == "asked",
            grave=True,
        ),
        Act(
            "withdraw",
            gettext_lazy("Withdraw"),
            _withdraw,
            gettext_lazy("Nothing new of this kind goes on sale; the shop is told."),
            gettext_lazy("Withdrawn."),
            MODERATION,
            offered=lambda row: row.state == "granted",
            grave=True,
        ),
    )

    def title_of(self, row: Permit) -> str:
        """Return its number."""
        return row.number

    @admin.display(description=gettext_lazy("Shop"))
    def shop_name(self, row: Permit) -> str:
        """Return whose it is."""
        return row.shop.name

    @admin.display(description=gettext_lazy("What"))
    def what(self, row: Permit) -> str:
        """Return what it is for."""
        return row.category.slug if row.category else _("Business licence")

    def panels(self, request: HttpRequest, row: Permit) -> list[Panel]:
        """Return the way to the picture."""
        cell = Cell(_("Open the picture"), reverse("admin:standing_permit_picture", args=[row.pk]))
        return [Panel(_("What was shown"), (_("Picture"),), [(cell,)])]

    def get_urls(self) -> list[URLPattern]:
        """Return the picture's address besides the usual ones."""
        view = self.admin_site.admin_view(self.picture_view)
        shown = path("<path:object_id>/picture/", view, name="standing_permit_picture")
        return [shown, *super().get_urls()]

    def picture_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the picture to whoever may look at the row."""
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        return picture_answer(self._row(request, object_id))


def _uphold_report(errand: Errand) -> None:
    actions.decide_report(
        actor=errand.actor, report_id=errand.row.pk, upheld=True, reason=errand.reason
    )


def _dismiss_report(errand: Errand) -> None:
    actions.decide_report(
        actor=errand.actor, report_id=errand.row.pk, upheld=False, reason=errand.reason
    )


def _take_down(errand: Errand) -> None:
    if errand.answers["code"] not in REASONS:
        raise Invalid(fields={"code": _("Choose one of these.")})
    actions.take_down(
        actor=errand.actor,
        product_id=errand.row.product_id,
        reason=errand.answers["code"],
        words=errand.reason,
    )


@admin.register(Report)
class ReportAdmin(OfficeAdmin):
    """What people say against goods; open ones first."""

    place, singular, plural = "reports", gettext_lazy("Report"), gettext_lazy("Reports")
    roles = MODERATION
    coded = frozenset({"reason"})
    words = {
        "open": gettext_lazy("Waits to be looked at"),
        "upheld": gettext_lazy("Right"),
        "dismissed": gettext_lazy("Dismissed"),
        **REASONS,
    }
    list_display = ("title", "shop_name", "reason", "state", "created_at")
    list_filter = ("state", "reason")
    list_select_related = ("product__shop", "reporter")
    search_fields = ("product__title", "product__shop__name")
    search_help_text = gettext_lazy("Product or shop")
    ordering = ("-state", "-id")
    facts = ("title", "shop_name", "reason", "body", "state", "created_at", "decided_at")
    acts = (
        Act(
            "uphold",
            gettext_lazy("It is right"),
            _uphold_report,
            gettext_lazy("It counts against the shop."),
            gettext_lazy("Noted."),
            MODERATION,
            offered=lambda row: row.state == "open",
        ),
        Act(
            "dismiss",
            gettext_lazy("Dismiss"),
            _dismiss_report,
            gettext_lazy("It does not count."),
            gettext_lazy("Dismissed."),
            MODERATION,
            offered=lambda row: row.state == "open",
        ),
        Act(
            "take-down",
            gettext_lazy("Take the product down"),
            _take_down,
            gettext_lazy(
                "It leaves every page at once; unpaid orders end, unsent ones are refunded, and "
                "whoever has it is warned. Shop and buyers read your reason."
            ),
            gettext_lazy("It is taken down."),
            MODERATION,
            asks=(
                Ask(
                    "code",
                    gettext_lazy("Reason"),
                    choices=lambda row: list(REASONS.items()),
                    initial=lambda row: row.reason,
                ),
            ),
            offered=lambda row: row.product.state != "taken_down",
            grave=True,
        ),
    )

    def title_of(self, row: Report) -> str:
        """Return what it is about."""
        return row.product.title

    @admin.display(description=gettext_lazy("Product"))
    def title(self, row: Report) -> str:
        """Return what it is about."""
        return row.product.title

    @admin.display(description=gettext_lazy("Shop"))
    def shop_name(self, row: Report) -> str:
        """Return who sells it."""
        return row.product.shop.name


def _uphold(errand: Errand) -> None:
    actions.decide_appeal(
        actor=errand.actor, appeal_id=errand.row.pk, upheld=True, reason=errand.reason
    )


def _dismiss(errand: Errand) -> None:
    actions.decide_appeal(
        actor=errand.actor, appeal_id=errand.row.pk, upheld=False, reason=errand.reason
    )


@admin.register(Appeal)
class AppealAdmin(OfficeAdmin):
    """Appeals of shops; open ones first."""

    place, singular, plural = "appeals", gettext_lazy("Appeal"), gettext_lazy("Appeals")
    roles = MODERATION
    words = {
        "open": gettext_lazy("Waits to be looked at"),
        "upheld": gettext_lazy("Upheld"),
        "dismissed": gettext_lazy("Dismissed"),
    }
    list_display = ("shop_name", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("shop",)
    search_fields = ("shop__name",)
    search_help_text = gettext_lazy("Shop")
    ordering = ("-state", "-id")
    facts = ("shop_name", "body", "state", "decision", "created_at", "decided_at")
    acts = (
        Act(
            "uphold",
            gettext_lazy("Uphold"),
            _uphold,
            gettext_lazy("These facts do not count any more; the shop reads your reason."),
            gettext_lazy("Upheld."),
            MODERATION,
            offered=lambda row: row.state == "open",
        ),
        Act(
            "dismiss",
            gettext_lazy("Dismiss"),
            _dismiss,
            gettext_lazy("They go on counting; the shop reads your reason."),
            gettext_lazy("Dismissed."),
            MODERATION,
            offered=lambda row: row.state == "open",
        ),
    )

    def title_of(self, row: Appeal) -> str:
        """Return whose it is."""
        return row.shop.name

    @admin.display(description=gettext_lazy("Shop"))
    def shop_name(self, row: Appeal) -> str:
        """Return whose it is."""
        return row.shop.name

    def panels(self, request: HttpRequest, row: Appeal) -> list[Panel]:
        """Return what the shop wants out of the count."""
        ids = [int(subject) for kind, subject in row.facts if kind != "complaints"]
        numbers = dict(Order.objects.filter(pk__in=ids).values_list("id", "number"))
        return [
            Panel(
                _("What should not count"),
                (_("What"), _("Order")),
                [
                    (Cell(KINDS[kind]), Cell(numbers.get(int(subject), subject)))
                    for kind, subject in row.facts
                ],
            )
        ]


def _lift(errand: Errand) -> None:
    actions.lift_takedown(actor=errand.actor, takedown_id=errand.row.pk, reason=errand.reason)


@admin.register(Takedown)
class TakedownAdmin(OfficeAdmin):
    """What was taken down, and what became of open orders."""

    place, singular, plural = "takedowns", gettext_lazy("Takedown"), gettext_lazy("Takedowns")
    roles = (*MODERATION, "support")
    coded = frozenset({"reason"})
    words = {
        "settling": gettext_lazy("Open orders are being settled"),
        "settled": gettext_lazy("Done"),
        "lifted": gettext_lazy("Lifted"),
        **REASONS,
    }
    list_display = ("title", "reason", "state", "created_at", "settled_at")
    list_filter = ("state", "reason")
    list_select_related = ("product__shop",)
    search_fields = ("product__title", "product__shop__name")
    search_help_text = gettext_lazy("Product or shop")
    ordering = ("-id",)
    facts = (
        "title", "reason", "words", "state", "ended", "refunded", "warned", "created_at",
        "settled_at",
    )  # fmt: skip
    acts = (
        Act(
            "lift",
            gettext_lazy("Lift"),
            _lift,
            gettext_lazy("The shop gets it back as a draft."),
            gettext_lazy("Lifted."),
            MODERATION,
            offered=lambda row: row.state == "settled",
        ),
    )

    def title_of(self, row: Takedown) -> str:
        """Return what was taken down."""
        return row.product.title

    @admin.display(description=gettext_lazy("Product"))
    def title(self, row: Takedown) -> str:
        """Return what was taken down."""
        return row.product.title

    @admin.display(description=gettext_lazy("Unpaid orders ended"))
    def ended(self, row: Takedown) -> str:
        """Return how many."""
        return str(row.result.get("ended", "–"))

    @admin.display(description=gettext_lazy("Orders refunded"))
    def refunded(self, row: Takedown) -> str:
        """Return how many."""
        return str(row.result.get("refunded", "–"))

    @admin.display(description=gettext_lazy("Buyers warned"))
    def warned(self, row: Takedown) -> str:
        """Return how many."""
        return str(row.result.get("warned", "–"))


def _guard(errand: Errand) -> GuardedCategory:
    category = Category.objects.filter(slug=errand.answers["category"].strip()).first()
    if category is None:
        raise Invalid(fields={"category": _("Choose a category of the list.")})
    return actions.guard_category(
        actor=errand.actor,
        category_id=category.pk,
        why=errand.answers["why"],
        reason=errand.reason,
    )


def _unguard(errand: Errand) -> None:
    actions.unguard_category(
        actor=errand.actor, category_id=errand.row.category_id, reason=errand.reason
    )


@admin.register(GuardedCategory)
class GuardedCategoryAdmin(OfficeAdmin):
    """Categories whose goods need a permit."""

    place = "guarded"
    singular, plural = gettext_lazy("Guarded category"), gettext_lazy("Guarded categories")
    roles = MODERATION
    list_display = ("slug", "why")
    list_select_related = ("category",)
    search_fields = ("category__slug", "why")
    search_help_text = gettext_lazy("Category or reason")
    ordering = ("category__slug",)
    facts = ("slug", "why")
    list_acts = (
        Act(
            "guard",
            gettext_lazy("Guard a category"),
            _guard,
            gettext_lazy("From now on its goods go on sale only with a permit."),
            gettext_lazy("Guarded."),
            MODERATION,
            asks=(
                Ask(
                    "category",
                    gettext_lazy("Category"),
                    choices=lambda row: [(c.slug, c.slug) for c in Category.objects.all()],
                ),
                Ask("why", gettext_lazy("Why"), gettext_lazy("The shop reads this.")),
            ),
        ),
    )
    acts = (
        Act(
            "unguard",
            gettext_lazy("Ask for no permit"),
            _unguard,
            gettext_lazy("Its goods go on sale without a permit."),
            gettext_lazy("Guarded no more."),
            MODERATION,
        ),
    )

    def title_of(self, row: GuardedCategory) -> str:
        """Return the category."""
        return row.category.slug

    @admin.display(description=gettext_lazy("Category"))
    def slug(self, row: GuardedCategory) -> str:
        """Return the category."""
        return row.category.slug
