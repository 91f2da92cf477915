"""Back office of the catalogue: shops that wait, sell, or were stopped."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.models import StateChange
from banyan.kernel.office import Act, Cell, Errand, OfficeAdmin, Panel

from . import actions
from .models import Shop
from .states import SHOP

MODERATION = ("moderation",)


def _approve(errand: Errand) -> None:
    actions.approve_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


def _refuse(errand: Errand) -> None:
    actions.refuse_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


def _suspend(errand: Errand) -> None:
    actions.suspend_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


def _reopen(errand: Errand) -> None:
    actions.reopen_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


@admin.register(Shop)
class ShopAdmin(OfficeAdmin):
    """Shops; those that wait for approval first."""

    place, singular, plural = "shops", gettext_lazy("Shop"), gettext_lazy("Shops")
    roles = ("moderation", "support", "finance")
    words = {
        "pending": gettext_lazy("Waits for approval"),
        "open": gettext_lazy("Open"),
        "suspended": gettext_lazy("Suspended"),
        "refused": gettext_lazy("Turned down"),
        "closed": gettext_lazy("Closed"),
    }
    list_display = ("name", "owner_handle", "state", "country", "currency", "created_at")
    list_filter = ("state", "country")
    list_select_related = ("owner",)
    search_fields = ("name", "slug", "owner__handle")
    search_help_text = gettext_lazy("Name, address or owner's handle")
    ordering = ("-id",)
    facts = (
        "owner_handle", "state", "created_at", "country", "currency", "about",
        "shipping_amount", "free_shipping_from", "timezone", "slug",
    )  # fmt: skip
    acts = (
        Act(
            "approve",
            gettext_lazy("Approve"),
            _approve,
            gettext_lazy("The shop opens at once, and its owner is told."),
            gettext_lazy("The shop is open."),
            MODERATION,
            offered=lambda row: row.state == "pending",
        ),
        Act(
            "refuse",
            gettext_lazy("Turn down"),
            _refuse,
            gettext_lazy("The owner reads your reason, and may ask again."),
            gettext_lazy("The shop was turned down."),
            MODERATION,
            offered=lambda row: row.state == "pending",
            grave=True,
        ),
        Act(
            "suspend",
            gettext_lazy("Suspend"),
            _suspend,
            gettext_lazy("The shop leaves every page; what was sold is still delivered."),
            gettext_lazy("The shop is suspended."),
            MODERATION,
            offered=lambda row: row.state == "open",
            grave=True,
        ),
        Act(
            "reopen",
            gettext_lazy("Open again"),
            _reopen,
            gettext_lazy("The suspension ends, and the owner is told."),
            gettext_lazy("The shop is open."),
            MODERATION,
            offered=lambda row: row.state == "suspended",
        ),
    )

    def title_of(self, row: Shop) -> str:
        """Return its name."""
        return row.name

    @admin.display(description=gettext_lazy("Owner"), ordering="owner__handle")
    def owner_handle(self, row: Shop) -> str:
        """Return who owns it."""
        return f"@{row.owner.handle}"

    def panels(self, request: HttpRequest, row: Shop) -> list[Panel]:
        """Return what is prepared for sale, and what was decided so far."""
        goods = row.products.order_by("-id")[:20]
        moves = StateChange.objects.filter(machine=SHOP.name, subject_id=row.pk).order_by("id")
        return [
            Panel(
                _("Goods"),
                (_("Title"), _("State")),
                [(Cell(each.title), Cell(each.state)) for each in goods],
            ),
            Panel(
                _("History"),
                (_("Time"), _("State"), _("Who"), _("Reason")),
                [
                    (
                        Cell(f"{each.at:%Y-%m-%d %H:%M}"),
                        Cell(each.target),
                        Cell(each.actor_label or each.actor_kind),
                        Cell(each.reason),
                    )
                    for each in moves
                ],
            ),
        ]
