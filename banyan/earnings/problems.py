"""What earnings refuses, and the words for every reason code."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Conflict, Invalid

PLAN_REASONS: dict[str, tuple[str, Any]] = {
    "too_many_levels": ("levels", _("At most two people are paid for one sale.")),
    "no_level": ("levels", _("Somebody must be paid: one level or two.")),
    "rate_over_cap": ("rate_bps", _("A commission of more than half of the price is not allowed.")),
    "rate_negative": ("rate_bps", _("A commission cannot be below zero.")),
    "direct_share_too_small": (
        "direct_bps",
        _("Whoever shared directly gets at least 70 percent of the commission."),
    ),
    "direct_share_too_large": ("direct_bps", _("Nobody can get more than the whole commission.")),
    "hold_days_out_of_range": ("hold_days", _("Enter 0 to 90 days.")),
}

REASONS: dict[str, Any] = {
    "self_purchase": _("Nobody earns from their own purchase."),
    "own_shop": _("People who work in a shop do not earn from its sales."),
    "direct_not_verified": _(
        "A second sharer is paid only when the direct sharer has bought something before."
    ),
    "fraud_hold": _("Held while we look into it."),
    "circle_hold": _(
        "Held while we look into it: you and those who bought by your share keep earning by each "
        "other's purchases."
    ),
    "refunded": _("The order was refunded."),
}


class PlanRefused(Invalid):
    """The terms cannot be a plan; ``code`` is a key of PLAN_REASONS."""

    def __init__(self, code: str) -> None:
        field, message = PLAN_REASONS[code]
        super().__init__(message, code=code, fields={field: message})


class PayoutProviderOpen(Invalid):
    """Several providers pay out, and none of them was named, or one that does not."""

    code = "payout_provider_open"
    message = _("Choose who pays.")


class NoPayoutProvider(Conflict):
    """None of the enabled providers pays out."""

    code = "no_payout_provider"
    message = _(
        "No payment provider here pays out. To pay by bank or wallet app, add hand to "
        "BANYAN_PAYMENT_PROVIDERS."
    )


class NothingOwed(Conflict):
    """The account is not below zero (any more)."""

    code = "nothing_owed"
    message = _("Nothing is owed any more.")


class SecondPersonWanted(Conflict):
    """Who prepared a batch does not approve it, where the platform wants two."""

    code = "second_person_wanted"
    message = _("You prepared it. Somebody else of finance approves it.")


class NothingToPay(Conflict):
    """Nobody has enough to be paid out."""

    code = "nothing_to_pay"
    message = _("Nobody has reached the smallest amount that is paid out.")
