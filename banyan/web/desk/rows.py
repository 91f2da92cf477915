"""Where the desk shows the row that a chapter of a story is about."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from banyan.earnings.models import Commission, PayoutBatch
from banyan.kernel.models import AuditEntry
from banyan.kernel.office import place_of
from banyan.ledger.models import Journal
from banyan.notify.models import Message
from banyan.orders.models import Order, OrderRefund
from banyan.payments.models import Intent, ProviderMessage, Refund

TABLES: dict[str, type[Model]] = {
    "order": Order,
    "order_refund": OrderRefund,
    "payment": Intent,
    "provider_message": ProviderMessage,
    "payment_refund": Refund,
    "commission": Commission,
    "payout_batch": PayoutBatch,
    "journal": Journal,
    "audit": AuditEntry,
    "message": Message,
}


def address_of(request: HttpRequest, row: tuple[str, int] | None) -> str:
    """Return the address of a row's page, where there is one and the actor may look."""
    model = TABLES.get(row[0]) if row else None
    if row is None or model is None:
        return ""
    if not admin.site.get_model_admin(model).has_view_permission(request):
        return ""
    return place_of(model, row[1])
