"""What becomes of disputes, and what that writes on the balance.

https://docs.stripe.com/disputes, https://docs.stripe.com/api/disputes/object ("zero, one, or two
balance transactions"), https://docs.stripe.com/reports/reporting-categories (dispute,
dispute_reversal).
"""

from __future__ import annotations

from . import objects
from .store import Store, Thing

FEE = 1500  # invented: what is kept for each, whoever wins
_CLOSED = ("won", "lost", "warning_closed")


def withdraw(store: Store, dispute: Thing) -> None:
    """Take the disputed amount and a fee."""
    _move(store, dispute, category="dispute", amount=-dispute["amount"], fee=FEE)


def go_on(store: Store, dispute: Thing, status: str) -> None:
    """Bring a dispute to a status, with the events of it."""
    was, dispute["status"] = dispute["status"], status
    if was.startswith("warning_") and not status.startswith("warning_"):
        dispute["is_charge_refundable"] = False
        withdraw(store, dispute)
        objects.event(store, "charge.dispute.funds_withdrawn", dispute)
    if status == "won":
        dispute["is_charge_refundable"] = True
        _move(store, dispute, category="dispute_reversal", amount=dispute["amount"], fee=0)
        objects.event(store, "charge.dispute.funds_reinstated", dispute)
    kind = "closed" if status in _CLOSED else "updated"
    objects.event(store, f"charge.dispute.{kind}", dispute)


def _move(store: Store, dispute: Thing, *, category: str, amount: int, fee: int) -> None:
    made = objects.booked(
        store, dispute, kind="adjustment", category=category, amount=amount, fee=fee
    )
    dispute["balance_transactions"].append(dict(made))
