"""The only way to sales that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.catalog.access import MANAGERS, get_shop_for_staff, works_in
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .models import CodeBatch, Sale


def get_sale_for(actor: Actor, sale_id: int) -> Sale:
    """Return a published sale of an open shop; those who manage the shop see drafts too."""
    sale = Sale.objects.select_related("shop").filter(pk=sale_id).first()
    if sale is None:
        raise NotFound()
    public = sale.state != "draft" and sale.shop.state == "open"
    if not public and not works_in(actor, sale.shop_id, MANAGERS):
        raise NotFound()
    return sale


def get_sale_for_staff(actor: Actor, sale_id: int) -> Sale:
    """Return a sale for those who manage its shop."""
    sale = Sale.objects.select_related("shop").filter(pk=sale_id).first()
    if sale is None or not works_in(actor, sale.shop_id, MANAGERS):
        raise NotFound()
    return sale


def get_batch_for_staff(actor: Actor, batch_id: int) -> CodeBatch:
    """Return a batch of F-codes for those who manage its shop."""
    batch = CodeBatch.objects.select_related("item__sale__shop").filter(pk=batch_id).first()
    if batch is None or not works_in(actor, batch.item.sale.shop_id, MANAGERS):
        raise NotFound()
    return batch


def visible_sales(actor: Actor, shop_id: int) -> QuerySet[Sale]:
    """Return a shop's sales for its managers, newest first."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    return Sale.objects.filter(shop=shop).order_by("-id")
