"""The only way to earnings that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from banyan.catalog.models import ShopStaff
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, NotFound
from banyan.ledger.models import Account

from .models import Commission, PayoutBatch
from .owing import BOOK

READERS = ("support", "finance", "moderation")


def visible_commissions(viewer: Actor) -> QuerySet[Commission]:
    """Return what the viewer earned and what their shops owe; everything for platform staff."""
    commissions = Commission.objects.select_related(
        "order__shop",
        "order__checkout",
        "line",
        "payee",
        "link",
        "plan_version__plan",
        "payout_item",
    )
    if viewer.kind == "system" or viewer.has_role(*READERS):
        return commissions
    if viewer.id is None:
        return commissions.none()
    shops = ShopStaff.objects.filter(account_id=viewer.id).values("shop_id")
    return commissions.filter(Q(payee_id=viewer.id) | Q(order__shop_id__in=shops))


def get_commission_for(actor: Actor, commission_id: int) -> Commission:
    """Return a commission for its payee, those who work in its shop, and platform staff."""
    commission = visible_commissions(actor).filter(pk=commission_id).first()
    if commission is None:
        raise NotFound(detail=f"commission {commission_id}")
    return commission


def require_role(actor: Actor, *roles: str) -> None:
    """Refuse everybody but the system itself and staff with one of ``roles``."""
    if actor.kind != "system" and not actor.has_role(*roles):
        raise Forbidden(detail=f"needs one of {roles}")


def balances() -> QuerySet[Account]:
    """Return what members can be paid out and shops are owed, or owe: their ledger accounts."""
    return Account.objects.filter(kind__in=("earner_payable", BOOK))


def get_balance_for(actor: Actor, book_id: int) -> Account:
    """Return what a member or a shop has, for finance."""
    found = balances().filter(pk=book_id).first()
    if found is None or (actor.kind != "system" and not actor.has_role("finance")):
        raise NotFound(detail=f"balance {book_id}")
    return found


def get_batch_for(actor: Actor, batch_id: int) -> PayoutBatch:
    """Return a payout batch for finance."""
    if actor.kind != "system" and not actor.has_role("finance"):
        raise NotFound(detail=f"batch {batch_id}")
    batch = PayoutBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(detail=f"batch {batch_id}")
    return batch
