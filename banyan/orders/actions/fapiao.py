"""发票: what a buyer asks the shop for, and what the shop answers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid
from banyan.kernel.states import transition

from ..access import get_order_for_buyer, get_order_for_staff
from ..events import OrderFapiaoMoved
from ..models import Fapiao, Order
from ..rules.tax_ids import clean_credit_code
from ..states import FAPIAO
from .acts import note_act

LARGEST_FILE = 2_000_000
KINDS_OF_FILE = {b"%PDF-": "pdf", b"PK\x03\x04": "ofd"}
PAID = {"paid", "shipped", "received"}


def ask_fapiao(
    *,
    actor: Actor,
    order_id: int,
    title_kind: str,
    title: str,
    email: str,
    tax_id: str = "",
    access_token: str = "",
) -> Fapiao:
    """The buyer asks for a 发票 on a person or a company, for what is paid and not paid back.

    Asking again corrects what was asked until it is issued. A company's id has to carry its check
    character. Locks order. Emits order.fapiao_moved. Raises Conflict ``fapiao_issued``,
    ``not_paid``.
    """
    order = get_order_for_buyer(actor, order_id, access_token)
    words = _checked(title_kind, title, tax_id, email)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk)])
        order.refresh_from_db()
        amount = order.total_amount - order.refunded_amount
        if order.state not in PAID or not amount:
            raise Conflict(_("There is nothing to write it for."), code="not_paid")
        words["amount"] = amount
        before = Fapiao.objects.filter(order=order).first()
        if before is None:
            made = Fapiao.objects.create(order=order, created_at=clock.now(), **words)
            _tell(actor, made)
            return made
        if before.state == "issued":
            raise Conflict(_("It is issued already."), code="fapiao_issued")
        if before.state == "asked":
            Fapiao.objects.filter(pk=before.pk).update(**words)
            before.refresh_from_db()
        else:
            transition(FAPIAO, before, "asked", actor=actor, answer="", settled_at=None, **words)
            _tell(actor, before)
    return before


def _checked(title_kind: str, title: str, tax_id: str, email: str) -> dict[str, Any]:
    title, email = title.strip(), email.strip()
    code = clean_credit_code(tax_id) if title_kind == "company" else ""
    fields = {}
    if title_kind not in {"personal", "company"}:
        fields["title_kind"] = _("Choose a person or a company.")
    if not 2 <= len(title) <= 120:
        fields["title"] = _("Enter the title, in 2 to 120 letters.")
    if code is None:
        fields["tax_id"] = _("This is no unified social credit code: check it once more.")
    try:
        validate_email(email)
    except ValidationError:
        fields["email"] = _("This is not an e-mail address.")
    if fields:
        raise Invalid(fields=fields)
    return {"title_kind": title_kind, "title": title, "tax_id": code or "", "email": email}


def withdraw_fapiao(*, actor: Actor, order_id: int, access_token: str = "") -> Fapiao:
    """The buyer needs none after all. Repeatable until it is issued."""
    order = get_order_for_buyer(actor, order_id, access_token)
    with transaction.atomic(), caused_by(order.checkout_id):
        found = _of(order)
        if found.state == "asked":
            transition(FAPIAO, found, "withdrawn", actor=actor, settled_at=clock.now())
        elif found.state == "issued":
            raise Conflict(_("It is issued already."), code="fapiao_issued")
    return found


def issue_fapiao(*, actor: Actor, order_id: int, number: str, file: bytes | None = None) -> Fapiao:
    """The shop has issued it: its number, and the file (PDF or OFD, at most 2 MB) if it has one.

    Whoever works in the shop; written down. Emits order.fapiao_moved. Repeatable. Raises Conflict
    ``fapiao_not_asked``, and ``fapiao_issued`` when it was issued under another number, or without
    this file.
    """
    order = get_order_for_staff(actor, order_id)
    number = number.strip()
    fields = {}
    if not 6 <= len(number) <= 40 or not (number.isascii() and number.isalnum()):
        fields["number"] = _("Enter the number as it is printed, letters and digits only.")
    kind = ""
    if file is not None:
        kind = next((name for magic, name in KINDS_OF_FILE.items() if file.startswith(magic)), "")
        if not kind or len(file) > LARGEST_FILE:
            fields["file"] = _("Choose a PDF or OFD file of at most 2 MB.")
    if fields:
        raise Invalid(fields=fields)
    with transaction.atomic(), caused_by(order.checkout_id):
        found = _of(order)
        if found.state == "issued":
            kept = None if found.file is None else bytes(found.file)
            if found.number != number or file not in (None, kept):
                raise Conflict(_("It is issued already."), code="fapiao_issued")
            return found
        _check_asked(found)
        values: dict[str, Any] = {"number": number, "file": file, "file_kind": kind}
        transition(FAPIAO, found, "issued", actor=actor, settled_at=clock.now(), **values)
        note_act(actor, order, "fapiao.issue", detail={"number": number})
        _tell(actor, found)
    return found


def refuse_fapiao(*, actor: Actor, order_id: int, reason: str) -> Fapiao:
    """The shop cannot issue it as asked; the buyer reads why and may ask again. Repeatable."""
    order = get_order_for_staff(actor, order_id)
    reason = reason.strip()
    if not 1 <= len(reason) <= 200:
        raise Invalid(fields={"reason": _("Say why, in 1 to 200 letters.")})
    with transaction.atomic(), caused_by(order.checkout_id):
        found = _of(order)
        if found.state == "refused" and found.answer == reason:
            return found
        _check_asked(found)
        transition(FAPIAO, found, "refused", actor=actor, answer=reason, settled_at=clock.now())
        note_act(actor, order, "fapiao.refuse", reason=reason)
        _tell(actor, found)
    return found


def _tell(actor: Actor, found: Fapiao) -> None:
    order = found.order
    events.emit(
        OrderFapiaoMoved(
            order_id=order.pk,
            checkout_id=order.checkout_id,
            shop_id=order.shop_id,
            state=found.state,
        ),
        actor=actor,
    )


def _of(order: Order) -> Fapiao:
    locks.take([LockKey("order", order.pk)])
    found = Fapiao.objects.filter(order=order).first()
    if found is None:
        raise Conflict(_("Nobody asked for one."), code="fapiao_not_asked")
    return found


def _check_asked(found: Fapiao) -> None:
    if found.state != "asked":
        raise Conflict(_("Nobody asked for one."), code="fapiao_not_asked")
