"""Receipts, invoices and credit notes, with numbers that have no gap per legal entity.

The number is a counter row that is raised in the document's own transaction: who comes second
waits for it, and a document that is rolled back gives its number back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import get_shop_for_staff
from banyan.catalog.models import Shop
from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid
from banyan.people.rules.written import written_address

from .. import drawing
from ..access import get_order_for
from ..models import Document, DocumentFile, LegalEntity, Order, OrderLine, OrderRefund
from ..queries import entity_of
from ..rules.tax_ids import clean_credit_code
from ..states import GRANTED

PREFIX = {"receipt": "R", "invoice": "I", "credit_note": "C"}
PAID = {"paid", "shipped", "received", "closed"}


class NoEntity(Conflict):
    """The shop has not said who it is in law."""

    code = "no_legal_entity"
    message = _("The shop has not yet entered who sells: its legal name and address.")


def set_legal_entity(
    *, actor: Actor, shop_id: int, name: str, address: str, tax_id: str = ""
) -> LegalEntity:
    """Say who sells, for documents from now on. Owner only; audited.

    Another tax id is another entity, which counts from 1; one that comes back counts on, and one
    that the actor sells under in another shop of theirs counts with that. A Chinese shop's id has
    to carry its check character.
    """
    shop = get_shop_for_staff(actor, shop_id, ("owner",))
    name, address, tax_id = name.strip(), address.strip(), "".join(tax_id.split()).upper()
    fields: dict[str, Any] = {}
    if not 2 <= len(name) <= 120:
        fields["legal_name"] = _("Enter the legal name, in 2 to 120 letters.")
    if not 5 <= len(address) <= 300:
        fields["legal_address"] = _("Enter the legal address, in 5 to 300 letters.")
    if len(tax_id) > 40 or not tax_id.isascii():
        fields["tax_id"] = _("At most 40 letters and digits.")
    elif tax_id and shop.country == "CN" and clean_credit_code(tax_id) is None:
        fields["tax_id"] = _("This is no unified social credit code: check it once more.")
    if fields:
        raise Invalid(fields=fields)
    with transaction.atomic():
        held = _hold_shops_of(actor, shop)
        entities = LegalEntity.objects.filter(shop=shop)
        entities.exclude(tax_id=tax_id).update(is_current=False)
        entity, _made = entities.update_or_create(
            shop=shop,
            tax_id=tax_id,
            defaults={"name": name, "address": address, "is_current": True},
            create_defaults={
                "name": name,
                "address": address,
                "is_current": True,
                "counts_with": _same_elsewhere(held, shop.pk, tax_id),
                "created_at": clock.now(),
            },
        )
        audit.record(
            actor=actor,
            action="shop.legal_entity",
            subject_kind="shop",
            subject_id=shop.pk,
            subject_label=name,
        )
    return entity


def _hold_shops_of(actor: Actor, shop: Shop) -> set[int]:
    """Lock a shop and all that the actor owns; return their ids.

    All of them, so that of two shops that name one tax id at once the later finds the first.
    """
    theirs = Shop.objects.filter(staff__account_id=actor.id or 0, staff__role="owner")
    held = set(theirs.values_list("pk", flat=True)) | {shop.pk}
    return set(
        Shop.objects.select_for_update()
        .filter(pk__in=held)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _same_elsewhere(shop_ids: Collection[int], shop_id: int, tax_id: str) -> LegalEntity | None:
    """Return whom a new entity of a tax id counts with: the first one of it in these shops."""
    if not tax_id:
        return None
    others = LegalEntity.objects.filter(shop__in=shop_ids, tax_id=tax_id).exclude(shop=shop_id)
    found = others.select_related("counts_with").order_by("id").first()
    return (found.counts_with or found) if found else None


def issue_document(*, actor: Actor, order_id: int, kind: str, access_token: str = "") -> Document:
    """Write the receipt or the invoice of a paid order, once. Buyer, the shop's staff, support.

    With an invoice, the credit notes of refunds before it. Locks order, then the counters.
    Repeatable. Raises Conflict ``no_legal_entity``, ``not_paid``, ``document_font_missing``.
    """
    order = get_order_for(actor, order_id, access_token)
    if kind not in {"receipt", "invoice"}:
        raise Invalid(code="document_kind")
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk)])
        order.refresh_from_db()
        before = order.documents.filter(kind=kind).first()
        if before is not None:
            return before
        if order.state not in PAID:
            raise Conflict(_("Only what is paid has a receipt."), code="not_paid")
        made = _write(order, kind)
        if kind == "invoice":
            for refund in order.refunds.filter(state__in=GRANTED).order_by("id"):
                _credit(made, refund)
    return made


def credit_refund(*, refund_id: int) -> Document | None:
    """Write the credit note of a granted refund whose order has an invoice; repeatable."""
    refund = OrderRefund.objects.select_related("order__checkout", "order__shop").get(pk=refund_id)
    with transaction.atomic(), caused_by(refund.order.checkout_id):
        locks.take([LockKey("order", refund.order_id)])
        invoice = refund.order.documents.filter(kind="invoice").first()
        before = Document.objects.filter(refund=refund).first()
        if before is not None or invoice is None:
            return before
        return _credit(invoice, refund)


def pdf_of(document: Document) -> DocumentFile:
    """Return the bytes of a document: drawn once, kept for good. Raises NoFont."""
    known = DocumentFile.objects.filter(document=document).first()
    if known is not None:
        return known
    pdf = drawing.draw(document.content, document.language)
    DocumentFile.objects.bulk_create(
        [DocumentFile(document=document, pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest())],
        ignore_conflicts=True,
    )
    return DocumentFile.objects.get(document=document)


def content_hash(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a content in its canonical form."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


_NEXT = """
INSERT INTO orders_documentcounter AS c (entity_id, kind, year, last) VALUES (%s, %s, %s, 1)
ON CONFLICT (entity_id, kind, year) DO UPDATE SET last = c.last + 1
RETURNING last
"""


def _next(entity: LegalEntity, kind: str, year: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [entity.counts_with_id or entity.pk, kind, year])
        (sequence,) = cursor.fetchone()
    return int(sequence)


def _write(order: Order, kind: str) -> Document:
    entity = entity_of(order.shop_id)
    if entity is None:
        raise NoEntity()
    lines = order.lines.filter(replaces=None).order_by("id")
    sums = {
        "goods": order.goods_amount,
        "discount": order.discount_amount,
        "shipping": order.shipping_amount,
        "tax": order.tax_amount,
        "included_tax": sum(line.included_tax_amount for line in lines),
        "total": order.total_amount,
        "refunded": order.refunded_amount if kind == "receipt" else 0,
    }
    return _number(order, entity, kind, lines=[_line(line) for line in lines], sums=sums)


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "title": line.title,
        "seller": _seller(line.seller_id),
        "quantity": line.quantity,
        "goods": line.goods_amount,
        "discount": line.discount_amount,
        "tax": line.tax_amount or line.included_tax_amount,
        "total": line.paid_amount,
    }


def _seller(shop_id: int) -> str:
    entity = entity_of(shop_id)
    return entity.name if entity else Shop.objects.get(pk=shop_id).name


def _credit(invoice: Document, refund: OrderRefund) -> Document:
    """Write a refund as negative lines, by the entity of the invoice."""
    order = refund.order
    bought = {str(line.pk): line for line in order.lines.all()}
    lines: list[dict[str, Any]] = [
        {
            "title": bought[part["line"]].title,
            "seller": _seller(bought[part["line"]].seller_id),
            "quantity": int(part.get("quantity", 0)),
            "goods": None,
            "discount": None,
            "tax": -int(part.get("tax", 0)),
            "total": -int(part["amount"]),
        }
        for part in refund.lines
    ]
    sums = dict.fromkeys(("goods", "discount", "shipping", "tax", "refunded"), 0)
    sums["included_tax"] = sum(line["tax"] for line in lines)
    sums["total"] = -refund.amount
    return _number(
        order,
        invoice.entity,
        "credit_note",
        lines=lines,
        sums=sums,
        refund=refund,
        corrects=invoice,
    )


def _number(
    order: Order,
    entity: LegalEntity,
    kind: str,
    *,
    lines: list[dict[str, Any]],
    sums: dict[str, int],
    refund: OrderRefund | None = None,
    corrects: Document | None = None,
) -> Document:
    now = clock.now()
    today = now.astimezone(ZoneInfo(order.shop.timezone)).date()
    content: dict[str, Any] = {
        "kind": kind,
        "date": today.isoformat(),
        "issued_at": now.isoformat(),
        "order": order.number,
        "currency": order.currency,
        "seller": {"name": entity.name, "address": entity.address, "tax_id": entity.tax_id},
        "buyer": _buyer(order),
        "lines": lines,
        "sums": sums,
        "corrects": corrects.number if corrects else "",
        "note": refund.reason if refund else "",
    }
    language = order.checkout.language
    drawing.check_drawable(content, language)
    sequence = _next(entity, kind, today.year)
    content["number"] = f"{PREFIX[kind]}-{today.year}-{sequence:06}"
    return Document.objects.create(
        entity=entity,
        order=order,
        kind=kind,
        year=today.year,
        sequence=sequence,
        number=content["number"],
        refund=refund,
        corrects=corrects,
        language=language,
        content=content,
        content_hash=content_hash(content),
        issued_at=now,
    )


def _buyer(order: Order) -> list[str]:
    """Return who bought and where to reach them; of a member who gave nothing, the account's."""
    checkout = order.checkout
    place = {name: text for name, text in checkout.address.items() if name != "phone"}
    found = written_address(place, checkout.language)
    contact, buyer = checkout.contact_email or checkout.contact_phone, checkout.buyer
    if buyer is not None:
        found = found or [buyer.display_name]
        contact = contact or buyer.email or ""
    return [*found, contact] if contact else found
