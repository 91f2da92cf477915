"""Commissions in people's words."""

from __future__ import annotations

from django.utils.translation import gettext as _


def commission_state(state: str) -> tuple[str, str]:
    """Return the text and the tone of a commission's state."""
    known = {
        "quoted": (_("Waiting for the buyer's payment"), ""),
        "pending": (_("Paid; waiting for the parcel to arrive"), ""),
        "held": (_("Held until the return window closes"), "gold"),
        "held_fraud": (_("Held while we look into it"), "bad"),
        "payable": (_("Payable"), "good"),
        "paid": (_("Paid out"), "good"),
        "reversed": (_("Taken back"), "bad"),
        "expired": (_("The order was never paid"), ""),
        "rejected": (_("Not earned"), "bad"),
    }
    return known.get(state, (state, ""))


def journal_kind(kind: str) -> str:
    """Return what a journal of a commission did."""
    known = {
        "commission.earned": _("The order was paid: the shop sets your part aside"),
        "commission.payable": _("The return window closed: held becomes payable"),
        "commission.reversed": _("A refund took its share back"),
        "commission.fee": _("The platform's fee on the margin"),
        "commission.fee_returned": _("A refund brought its share of the fee back"),
    }
    return known.get(kind, kind)


def account_kind(kind: str) -> str:
    """Return what a ledger account is."""
    known = {
        "shop_payable": _("Shop's account"),
        "earner_held": _("Sharer, held"),
        "earner_payable": _("Sharer, payable"),
        "payouts_in_transit": _("Payouts on their way"),
        "platform_fees": _("Platform's fees"),
    }
    return known.get(kind, kind)


def statement_kind(kind: str) -> str:
    """Return what a line of an earner's statement is."""
    known = {
        "commission.payable": _("Earned"),
        "commission.reversed": _("Taken back by a refund"),
        "campaign.perk": _("Earned by a group that you opened"),
        "campaign.perk_back": _("Taken back: an order of your group went back"),
        "payout.requested": _("Paid out to you"),
        "payout.failed": _("A payout came back"),
        "payout.returned": _("Your bank sent a payout back"),
        "debt.paid": _("You paid what you owed"),
        "debt.let_go": _("What you owed was let go"),
    }
    return known.get(kind, kind)


def wallet_kind(kind: str) -> str:
    """Return what a line of a wallet is."""
    known = {
        "wallet.credit": _("Credit given to you"),
        "payment.captured": _("Paid with credit"),
        "refund.succeeded": _("Refunded as credit"),
        "packet.funded": _("Put into a red packet"),
        "packet.share": _("A share of a red packet"),
        "packet.remainder": _("Came back from a red packet"),
    }
    return known.get(kind, kind)
