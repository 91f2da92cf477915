"""What happens when a shop does not answer: it is reminded, then the law or the desk decides.

A wish is a return or an exchange that is asked for, or a request for money. Its deadline stands on
its row; the shop's answer and the deadline meet under the order's lock, so that one of them holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.states import transition
from banyan.kernel.sweeps import MOST, PIECE, sweep

from ..events import OrderAnswerDue, OrderUnanswered
from ..models import Order, OrderRefund, Return
from ..queries import terms_of
from ..rules import returning
from ..rules.answering import ANSWER_TIME, REMIND_BEFORE, accepted_by_law
from ..states import REFUND
from .asking import end, moved
from .cancelling import bought
from .exchanging import count_root, replacement_locks
from .returns import agree

RETURN, MONEY = "return", "refund"
"""The kinds of wishes, as events name them."""


def remind_shops(*, actor: Actor) -> int:
    """Have shops reminded of wishes whose time ends within a day; once each. Returns how many.

    What was asked for before wishes had a deadline gets one. Emits order.answer_due.
    """
    now = clock.now()
    late = now + ANSWER_TIME
    Return.objects.filter(state="asked", due_by=None, escalated_at=None).update(due_by=late)
    open_ones = OrderRefund.objects.filter(state="requested", answer_by=None, escalated_at=None)
    open_ones.update(answer_by=late)
    soon = {"reminded_at": None}
    returns = Return.objects.filter(
        state="asked", due_by__gt=now, due_by__lte=now + REMIND_BEFORE, **soon
    )
    money = OrderRefund.objects.filter(
        state="requested", answer_by__gt=now, answer_by__lte=now + REMIND_BEFORE, **soon
    )

    def remind(wish_id: int) -> int:
        return _remind(actor, Return, wish_id)

    def remind_of_money(wish_id: int) -> int:
        return _remind(actor, OrderRefund, wish_id)

    count = sweep("orders.remind_returns", returns, remind, by="due_by")
    return count + sweep("orders.remind_money", money, remind_of_money, by="answer_by")


def _remind(actor: Actor, model: type[Return] | type[OrderRefund], wish_id: int) -> int:
    found = model.objects.select_related("order").get(pk=wish_id)
    with transaction.atomic(), caused_by(found.order.checkout_id):
        if not model.objects.filter(pk=wish_id, reminded_at=None).update(reminded_at=clock.now()):
            return 0
        due = OrderAnswerDue(
            **_ids(found.order), wish=MONEY if model is OrderRefund else RETURN, wish_id=wish_id
        )
        events.emit(due, actor=actor)
    return 1


def answer_overdue(*, actor: Actor, piece: int = PIECE, most: int = MOST) -> int:
    """Decide what its shop did not answer in time; returns how many wishes.

    A return for money within the days that the law gives is agreed to, with what the shop's terms
    say; an exchange, a later return, a request for money, and a return to a shop that names no
    address go to the desk: nobody in the shop answers them any more. Locks stock and order. Emits
    order.return_moved or order.unanswered. Repeatable, and may run beside the shop's answer.
    """
    now = clock.now()
    returns = Return.objects.filter(state="asked", due_by__lte=now)
    money = OrderRefund.objects.filter(state="requested", answer_by__lte=now)
    size = {"piece": piece, "most": most}

    def of_return(wish_id: int) -> int:
        return _answer_return(actor, wish_id)

    def of_money(wish_id: int) -> int:
        return _answer_money(actor, wish_id)

    count = sweep("orders.answer_returns", returns, of_return, by="due_by", **size)
    return count + sweep("orders.answer_money", money, of_money, by="answer_by", **size)


def _answer_return(actor: Actor, return_id: int) -> int:
    found = Return.objects.select_related("order__checkout", "order__shop").get(pk=return_id)
    order = found.order
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([*replacement_locks(found), LockKey("order", order.pk)])
        found.refresh_from_db()
        order.refresh_from_db()
        if found.state != "asked" or not _is_over(found.due_by):
            return 0
        terms = terms_of(order.shop_id)
        if terms.return_address and _by_law(found):
            agree(
                actor, found, terms.return_address, terms.instructions, reason="no answer in time"
            )
            events.emit(moved(found).model_copy(update={"unanswered": True}), actor=actor)
        elif order.refunded_amount == order.total_amount:
            end(actor, found, "refused", _("Everything is paid back already."))
        else:
            found.due_by, found.escalated_at = None, clock.now()
            found.save(update_fields=["due_by", "escalated_at"])
            _escalate(actor, order, RETURN, found.pk, _worth(found))
    return 1


def _by_law(found: Return) -> bool:
    order = found.order
    return found.wish == "refund" and accepted_by_law(
        asked_at=found.created_at,
        received_at=order.received_at,
        days=settings.RETURN_DAYS_BY_LAW,
        seller_is_shop=order.shop.kind != "member",
    )


def _worth(found: Return) -> int:
    """Return what would be paid back for all of it, minor units."""
    back: dict[int, int] = {}
    for row in found.lines.select_related("line"):
        for line_id, n in count_root(row, row.quantity).items():
            back[line_id] = back.get(line_id, 0) + n
    worth = returning.with_shipping if found.at_fault else returning.without_shipping
    return sum(worth(bought(list(found.order.lines.order_by("id"))), back).values())


def _answer_money(actor: Actor, refund_id: int) -> int:
    found = OrderRefund.objects.select_related("order").get(pk=refund_id)
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([LockKey("order", found.order_id)])
        found.refresh_from_db()
        if found.state != "requested" or not _is_over(found.answer_by):
            return 0
        found.answer_by, found.escalated_at = None, clock.now()
        found.save(update_fields=["answer_by", "escalated_at"])
        _escalate(actor, found.order, MONEY, found.pk, found.amount)
    return 1


def _is_over(until: dt.datetime | None) -> bool:
    return until is not None and until <= clock.now()


def _escalate(actor: Actor, order: Order, wish: str, wish_id: int, amount: int) -> None:
    told = OrderUnanswered(
        **_ids(order), wish=wish, wish_id=wish_id, amount=amount, currency=order.currency
    )
    events.emit(told, actor=actor)


def end_escalated(*, actor: Actor, order: Order, to: str, reason: str = "") -> None:
    """End an order's wishes that the desk had: ``refunded``, ``refused`` or ``withdrawn``.

    Inside the action that ends the case; the caller holds the order's lock. The goods of a return
    stay with the buyer, unless the decision says otherwise. Emits order.return_moved.
    """
    for found in _at_desk(Return.objects.filter(order=order, state="asked")):
        Return.objects.filter(pk=found.pk).update(answer=reason[:400])
        end(actor, found, to, reason)
    ended = "refused" if to == "refused" else "withdrawn"
    for asked in _at_desk(OrderRefund.objects.filter(order=order, state="requested")):
        transition(REFUND, asked, ended, actor=actor, reason=reason, settled_at=clock.now())


def _at_desk(rows: Any) -> Iterable[Any]:
    return list(rows.filter(escalated_at__isnull=False).select_related("order__checkout"))


def _ids(order: Order) -> dict[str, Any]:
    return {"order_id": order.pk, "checkout_id": order.checkout_id, "shop_id": order.shop_id}
