"""The shop's desk of returns: agree or refuse, receive, look at it, pay back or send another."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.catalog.actions import restock
from banyan.catalog.actions.acts import note_act as note_shop_act
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Invalid
from banyan.kernel.states import transition

from ..access import get_return_for_staff
from ..models import AfterSaleTerms, OrderRefund, Return, ReturnLine
from ..queries import terms_of
from ..rules import BOTH, GOODS, returning
from ..states import RETURN
from . import units as unit
from .acts import note_act
from .asking import check_in_time, check_state, end, moved, tell
from .cancelling import bought
from .exchanging import count_root, keep_replacements, replacement_locks, set_aside
from .paying_back import (
    back_to_sales,
    create_refund,
    end_if_paid_back,
    lock_for_refund,
    pay_back,
    take_from_lines,
)
from .pointing import even_out
from .proceeds import take_back_unpaid

TO_SEND = dt.timedelta(days=14)
"""How long an agreed return may take to be sent."""
CONDITIONS = ("as_new", "opened", "used", "damaged", "missing")


@dataclass(frozen=True, slots=True)
class Found:
    """What the shop found of a returned line: so many in order, so many for the shelf again."""

    accepted: int
    restocked: int = 0
    condition: str = "as_new"


_MISSING = Found(0, condition="missing")


def set_terms(
    *,
    actor: Actor,
    shop_id: int,
    confirm_days: int,
    return_days: int,
    return_address: str = "",
    instructions: str = "",
) -> AfterSaleTerms:
    """Write what the shop promises after the sale, for what is sent or asked from now on."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    fields: dict[str, str] = {}
    if not 3 <= confirm_days <= 60:
        fields["confirm_days"] = _("Enter 3 to 60 days.")
    if not 0 <= return_days <= 365:
        fields["return_days"] = _("Enter 0 to 365 days.")
    if len(return_address.strip()) > 400:
        fields["return_address"] = _("At most 400 letters.")
    if len(instructions.strip()) > 600:
        fields["instructions"] = _("At most 600 letters.")
    if fields:
        raise Invalid(fields=fields)
    with transaction.atomic():
        terms, _made = AfterSaleTerms.objects.update_or_create(
            shop=shop,
            defaults={
                "confirm_days": confirm_days,
                "return_days": return_days,
                "return_address": return_address.strip(),
                "instructions": instructions.strip(),
            },
        )
        note_shop_act(actor, shop.pk, "shop.terms", shop.name)
    return terms


def approve_return(
    *,
    actor: Actor,
    return_id: int,
    address: str = "",
    instructions: str = "",
    label: str = "",
) -> Return:
    """The shop agrees: where to send it, how, with which label; empty ones as in its terms.

    Managers; Conflict ``answer_too_late`` once its time is over, as for each answer to a return.
    An exchange's pieces are set aside; SoldOut when there are none (then :func:`offer_money`).
    Locks order, stock. Emits order.return_moved. Repeatable with the same words.
    """
    found = get_return_for_staff(actor, return_id, MANAGERS)
    terms = terms_of(found.order.shop_id)
    address = address.strip() or terms.return_address
    instructions = instructions.strip() or terms.instructions
    _check_answer(address, instructions, label)
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([*replacement_locks(found), LockKey("order", found.order_id)])
        found.refresh_from_db()
        words = (address, instructions, label.strip())
        if found.state == "approved" and words == (found.address, found.instructions, found.label):
            return found
        check_state(found, "asked")
        check_in_time(found)
        set_aside(found)
        agree(actor, found, address, instructions, label=label.strip())
        note_act(actor, found.order, "return.approve", detail={"return": found.number})
        tell(actor, found)
    return found


def agree(
    actor: Actor,
    found: Return,
    address: str,
    instructions: str,
    *,
    label: str = "",
    reason: str = "",
) -> None:
    """Let a return be sent, to ``address`` and in two weeks; the caller holds its locks."""
    transition(
        RETURN,
        found,
        "approved",
        actor=actor,
        reason=reason,
        address=address,
        instructions=instructions,
        label=label,
        due_by=clock.now() + TO_SEND,
    )


def _check_answer(address: str, instructions: str, label: str) -> None:
    fields = {}
    if not 5 <= len(address) <= 400:
        fields["address"] = _("Say where it shall be sent, in 5 to 400 letters.")
    if len(instructions) > 600:
        fields["instructions"] = _("At most 600 letters.")
    if len(label.strip()) > 200:
        fields["label"] = _("At most 200 letters.")
    if fields:
        raise Invalid(fields=fields)


def offer_money(*, actor: Actor, return_id: int) -> Return:
    """The shop has no other piece: the exchange becomes a return for money. Repeatable.

    Emits order.return_moved.
    """
    found = get_return_for_staff(actor, return_id, MANAGERS)
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([LockKey("order", found.order_id)])
        found.refresh_from_db()
        check_state(found, "asked")
        check_in_time(found)
        if found.wish == "exchange":
            found.wish = "refund"
            found.save(update_fields=["wish"])
            found.lines.update(variant=None)
            note_act(actor, found.order, "return.offer_money", detail={"return": found.number})
            events.emit(moved(found).model_copy(update={"offered": True}), actor=actor)
    return found


def refuse_return(*, actor: Actor, return_id: int, reason: str) -> Return:
    """The shop turns a request down, with a reason the buyer reads. Managers; repeatable."""
    found = get_return_for_staff(actor, return_id, MANAGERS)
    reason = reason.strip()
    if not 1 <= len(reason) <= 400:
        raise Invalid(fields={"reason": _("Say why, in 1 to 400 letters.")})
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([*replacement_locks(found), LockKey("order", found.order_id)])
        found.refresh_from_db()
        if found.state == "refused" and found.answer == reason:
            return found
        check_state(found, "asked")
        check_in_time(found)
        Return.objects.filter(pk=found.pk).update(answer=reason)
        found.answer = reason
        end(actor, found, "refused", reason)
        note_act(actor, found.order, "return.refuse", reason=reason)
    return found


def receive_return(*, actor: Actor, return_id: int) -> Return:
    """The parcel has come to the shop; whoever works there may say so. Repeatable."""
    found = get_return_for_staff(actor, return_id)
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([LockKey("order", found.order_id)])
        found.refresh_from_db()
        if found.state == "received":
            return found
        check_state(found, "approved", "sent")
        transition(RETURN, found, "received", actor=actor)
        note_act(actor, found.order, "return.receive", detail={"return": found.number})
        tell(actor, found)
    return found


def settle_return(
    *,
    actor: Actor,
    return_id: int,
    found: Mapping[int, Found],
    at_fault: bool,
    answer: str = "",
) -> Return:
    """The shop has looked at what came: ``found`` by return line id. Managers.

    Repeatable; who found something else than what it was settled by is told that it is.
    Accepted pieces are paid back by line with their part of discount and tax (and shipping, see
    ``returning``), or another piece is sent; restocked ones lie on the shelf. With none accepted
    it is refused, which needs an ``answer``. Locks stock, order, payment, accounts. Posts
    shop_payable -> clearing; emits order.refunded and order.return_moved.
    """
    one = get_return_for_staff(actor, return_id, MANAGERS)
    order = one.order
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order, *replacement_locks(one))
        one.refresh_from_db()
        rows = list(one.lines.select_related("line").order_by("id"))
        if one.state in {"refunded", "exchanged", "refused"} and _is_known(
            one, rows, found, at_fault=at_fault, answer=answer
        ):
            return one
        check_state(one, "received")
        _check_found(rows, found, answer)
        _write_found(rows, found)
        _to_the_shelf(order.number, rows, found)
        keep_replacements(one, {pk: each.accepted for pk, each in found.items()})
        to, refund = "refused", None
        if any(each.accepted for each in found.values()):
            to = "exchanged" if one.wish == "exchange" else "refunded"
            if to == "refunded":
                back_to_sales(actor, order, _shelved(rows, found))
                refund = _pay(actor, one, rows, found, at_fault=at_fault)
        transition(
            RETURN,
            one,
            to,
            actor=actor,
            reason=answer.strip(),
            refund_id=refund.pk if refund else None,
            at_fault=at_fault,
            answer=answer.strip(),
            settled_at=clock.now(),
        )
        note_act(actor, order, "return.settle", reason=answer, detail={"return": one.number})
        tell(actor, one)
    return one


def _is_known(
    one: Return,
    rows: list[ReturnLine],
    found: Mapping[int, Found],
    *,
    at_fault: bool,
    answer: str,
) -> bool:
    written = {
        row.pk: Found(row.accepted_quantity, row.restocked_quantity, row.condition) for row in rows
    }
    same = all(found.get(pk, _MISSING) == each for pk, each in written.items())
    return same and (one.at_fault, one.answer) == (at_fault, answer.strip())


def _check_found(rows: list[ReturnLine], found: Mapping[int, Found], answer: str) -> None:
    known = {row.pk: row.quantity for row in rows}
    for pk, each in found.items():
        if not 0 <= each.accepted <= known.get(pk, -1):
            raise Invalid(fields={"accepted": _("More than what was sent back.")})
        if not 0 <= each.restocked <= each.accepted:
            raise Invalid(fields={"restocked": _("Not more than what is accepted.")})
        if each.condition not in CONDITIONS:
            raise Invalid(fields={"condition": _("Choose a condition.")})
    if len(answer.strip()) > 400:
        raise Invalid(fields={"answer": _("At most 400 letters.")})
    whole = all(found.get(pk, Found(0)).accepted == n for pk, n in known.items())
    if not whole and not answer.strip():
        raise Invalid(fields={"answer": _("Say why not all of it is accepted.")})


def _write_found(rows: list[ReturnLine], found: Mapping[int, Found]) -> None:
    for row in rows:
        each = found.get(row.pk, _MISSING)
        row.accepted_quantity = each.accepted
        row.restocked_quantity = each.restocked
        row.condition = each.condition
        row.save(update_fields=["accepted_quantity", "restocked_quantity", "condition"])


def _shelved(rows: list[ReturnLine], found: Mapping[int, Found]) -> dict[int, int]:
    """Return how many units of which line lie on the shelf again."""
    return {row.line_id: found[row.pk].restocked for row in rows if row.pk in found}


def _to_the_shelf(number: str, rows: list[ReturnLine], found: Mapping[int, Found]) -> None:
    back = [
        (row.line.variant_id, found[row.pk].restocked)
        for row in rows
        if row.pk in found and found[row.pk].restocked
    ]
    if back:
        restock(back, reference=number, shipped=True)


def _pay(
    actor: Actor,
    one: Return,
    rows: list[ReturnLine],
    found: Mapping[int, Found],
    *,
    at_fault: bool,
) -> OrderRefund | None:
    """Pay accepted units back; None when nothing of their price is left."""
    order = one.order
    back: Counter[int] = Counter()
    for row in rows:
        if row.pk in found and found[row.pk].accepted:
            back.update(count_root(row, found[row.pk].accepted))
    lines = bought(list(order.lines.order_by("id")))
    worth = returning.with_shipping if at_fault else returning.without_shipping
    parts = worth(lines, back)
    unit.count_paid_back(back)
    take_back_unpaid(actor=actor, order=order, units=back)
    if not parts:
        if order.state != "closed":  # by a refund that came first
            even_out(actor=actor, order=order)
            end_if_paid_back(actor=actor, order=order)
        return None
    with translation.override(order.checkout.language):
        reason = _("Sent back: %(number)s") % {"number": one.number}
    refund = create_refund(
        order,
        parts,
        reason=reason,
        key=f"return:{one.pk}",
        by="buyer",
        restock=False,
        units=back,
    )
    goods = take_from_lines(order, refund, parts, of=BOTH if at_fault else GOODS)
    pay_back(actor=actor, order=order, refund=refund, goods=goods, units=back)
    return refund
