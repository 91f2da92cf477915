"""Back office of coupons: those that the platform gives and pays for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.digits import whole
from banyan.kernel.money import Money, format_money, no_amount
from banyan.kernel.office import Act, Ask, Errand, OfficeAdmin
from banyan.kernel.problems import Invalid

from . import actions
from .models import Coupon
from .rules import FreeShipping

FINANCE = ("finance",)
_STACKING = (
    ("platform", _("With shops' coupons and free shipping; one such coupon per order")),
    ("shipping", _("With all others; one shipping coupon per shop")),
    ("exclusive", _("Alone: no other coupon with it")),
)
_REACHES = (
    ("code", _("Whoever types its code")),
    ("auto", _("Everybody, without a code")),
    ("claim", _("Members who take it by its code, and keep it")),
)


def _amount(errand: Errand, faults: dict[str, Any], name: str) -> int | None:
    text = errand.answers[name]
    try:
        return Money.parse(text, errand.answers["currency"]).amount if text else None
    except ValueError:
        faults[name] = no_amount(errand.answers["currency"])
        return None


def _percent(errand: Errand, faults: dict[str, Any]) -> int | None:
    text = errand.answers["percent_bps"].removesuffix("%")
    try:
        bps = Decimal(text) * 100 if text else None
    except ArithmeticError:
        bps = Decimal("NaN")
    if bps is None:
        return None
    if not bps.is_finite() or bps != bps.to_integral_value():
        faults["percent_bps"] = _("Enter a percentage with at most two decimals.")
        return None
    return int(bps)


def _moment(errand: Errand, faults: dict[str, Any], name: str) -> dt.datetime | None:
    text = errand.answers[name]
    try:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) if text else None
    except ValueError:
        faults[name] = _("Enter a date and a time.")
        return None
    if moment is not None and not clock.within(moment, clock.EARLIEST, clock.LATEST):
        faults[name] = _("Choose a year from 1970 to 2199.")
        return None
    return moment


def _shipping(most: int | None) -> dict[str, Any]:
    return {"code": FreeShipping.code, "args": {} if most is None else {"most": most}}


def _make(errand: Errand) -> Coupon:
    answers, faults = errand.answers, dict[str, Any]()
    if len(answers["currency"]) != 3 or not answers["currency"].isupper():
        raise Invalid(fields={"currency": _("Enter a currency such as CNY.")})
    found: dict[str, Any] = {
        name: _amount(errand, faults, name) for name in ("amount_off", "min_spend", "budget")
    }
    found["percent_bps"] = _percent(errand, faults)
    found |= {name: _moment(errand, faults, name) for name in ("starts_at", "ends_at")}
    found |= {name: whole(answers[name]) or 0 for name in ("cap", "per_person")}
    if Coupon.objects.filter(shop=None, title=answers["title"], is_active=True).exists():
        faults["title"] = _("There is one of this name already.")  # or the button, pressed twice
    if faults:
        raise Invalid(fields=faults)
    found["min_spend"] = found["min_spend"] or 0
    ships = answers["stacking"] == "shipping"
    return actions.create_coupon(
        actor=errand.actor,
        shop_id=None,
        title=answers["title"],
        code=answers["code"],
        benefits=[_shipping(found.pop("amount_off"))] if ships else [],
        stacking=answers["stacking"],
        reach=answers["reach"],
        currency=answers["currency"],
        reason=errand.reason,
        **found,
    )


def _pause(errand: Errand) -> None:
    actions.pause_coupon(actor=errand.actor, coupon_id=errand.row.pk, reason=errand.reason)


def _resume(errand: Errand) -> None:
    actions.resume_coupon(actor=errand.actor, coupon_id=errand.row.pk, reason=errand.reason)


def _says(text: str) -> Callable[[Any], str]:
    return lambda row: text


_UTC = _("Such as 2026-12-31 23:59, in UTC; may be empty.")


@admin.register(Coupon)
class CouponAdmin(OfficeAdmin):
    """Coupons of the platform; those of shops are their own business."""

    place, singular, plural = "coupons", _("Coupon"), _("Coupons")
    roles = FINANCE
    list_display = ("its_name", "its_code", "gives", "uses", "spent", "is_running")
    search_fields = ("title", "code")
    search_help_text = _("Name or code")
    ordering = ("-id",)
    facts = (
        "its_name", "its_code", "gives", "uses", "spent", "budget_of", "begins", "ends",
        "is_running",
    )  # fmt: skip
    list_acts = (
        Act(
            "add",
            _("Make a coupon"),
            _make,
            _("The platform bears what it takes off: shops get what the buyer did not pay."),
            _("The coupon can be used now."),
            FINANCE,
            (
                Ask("title", _("Name")),
                Ask("code", _("Coupon code"), _("Empty: one that nobody can guess.")),
                Ask("currency", _("Currency"), initial=_says("CNY")),
                Ask("amount_off", _("Amount off"), _("Of a shipping coupon, at most; or empty.")),
                Ask("percent_bps", _("Percent off"), _("Instead of an amount.")),
                Ask("min_spend", _("From a goods total of"), _("May be empty.")),
                Ask(
                    "stacking",
                    _("What it goes together with"),
                    choices=lambda row: _STACKING,
                    initial=_says("platform"),
                ),
                Ask(
                    "reach",
                    _("Who gets it"),
                    choices=lambda row: _REACHES,
                    initial=_says("code"),
                ),
                Ask("cap", _("How often in all"), initial=_says("100")),
                Ask("per_person", _("How often per person"), initial=_says("1")),
                Ask("budget", _("How much money in all"), _("May be empty.")),
                Ask("starts_at", _("From when"), _UTC),
                Ask("ends_at", _("Until when"), _UTC),
            ),
        ),
    )
    acts = (
        Act(
            "pause",
            _("Stop the coupon"),
            _pause,
            _("Nobody can use it for now, held ones too; placed orders keep their price."),
            _("The coupon is stopped."),
            FINANCE,
            offered=lambda row: row.is_active,
            grave=True,
        ),
        Act(
            "resume",
            _("Let it run again"),
            _resume,
            _("Who has it, or types its code, can use it again."),
            _("The coupon can be used now."),
            FINANCE,
            offered=lambda row: not row.is_active,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        """Return the platform's."""
        found: QuerySet[Coupon] = super().get_queryset(request)
        return found.filter(shop=None)

    def title_of(self, row: Coupon) -> str:
        """Return its name."""
        return row.title

    @admin.display(description=_("Name"), ordering="title")
    def its_name(self, row: Coupon) -> str:
        """Return its name."""
        return row.title

    @admin.display(description=_("Coupon code"), ordering="code")
    def its_code(self, row: Coupon) -> str:
        """Return its code."""
        return row.code

    @admin.display(description=_("What it gives"))
    def gives(self, row: Coupon) -> str:
        """Return its terms in words."""
        return " · ".join(row.terms.sentences(row.currency))

    @admin.display(description=_("Uses"), ordering="taken")
    def uses(self, row: Coupon) -> str:
        """Return how many uses are promised or made, of how many."""
        return f"{row.taken} / {row.cap}"

    @admin.display(description=_("Taken off so far"), ordering="budget_used")
    def spent(self, row: Coupon) -> str:
        """Return what its uses take off."""
        return format_money(Money(row.budget_used, row.currency))

    @admin.display(description=_("How much money in all"))
    def budget_of(self, row: Coupon) -> str:
        """Return what its uses may take off."""
        return "" if row.budget is None else format_money(Money(row.budget, row.currency))

    @admin.display(description=_("From when"))
    def begins(self, row: Coupon) -> dt.datetime | None:
        """Return from when on it is good."""
        return row.starts_at

    @admin.display(description=_("Until when"))
    def ends(self, row: Coupon) -> dt.datetime | None:
        """Return until when it is good."""
        return row.ends_at

    @admin.display(description=_("Running"), boolean=True, ordering="is_active")
    def is_running(self, row: Coupon) -> bool:
        """Tell whether it was not stopped."""
        return row.is_active
