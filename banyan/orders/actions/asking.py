"""The buyer's side of a return: ask, send, withdraw; and the clock's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Variant
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, IdempotencyMismatch, Invalid
from banyan.kernel.states import transition
from banyan.kernel.sweeps import MOST, PIECE, sweep
from banyan.media.actions import claim_staged

from ..access import get_order_for_buyer, get_return_for_buyer
from ..events import OrderReturnMoved
from ..models import Order, OrderLine, OrderRefund, Return, ReturnLine, ReturnPhoto, ShipmentLine
from ..queries import terms_of
from ..rules.answering import ANSWER_TIME
from ..states import RETURN
from . import units as unit
from .exchanging import give_up_replacements, replacement_locks

MOST_PHOTOS = 6
REASONS = (
    "changed_mind",
    "wrong_size",
    "damaged",
    "wrong_item",
    "not_as_described",
    "other",
)
AT_FAULT = {"damaged", "wrong_item", "not_as_described"}
"""Reasons for which the shop bears the shipping, until it has seen the goods."""
RETURNABLE = {"paid", "shipped", "received"}


def ask_return(
    *,
    actor: Actor,
    order_id: int,
    units: unit.Units,
    reason: str,
    key: str,
    text: str = "",
    exchange: Mapping[int, int] | None = None,
    photos: Sequence[str] = (),
    access_token: str = "",
) -> Return:
    """The buyer asks to send ``units`` (line id -> number) back, for money.

    With ``exchange`` (line id -> variant id, for each of the lines) for another variant of the
    same product at the same price instead. ``photos`` are tokens of staged uploads. Never more
    than was sent; within the shop's days after receipt. Locks order. Emits order.return_moved.
    Repeatable by ``key``. Raises Conflict ``return_too_late``, ``return_too_many``.
    """
    order = get_order_for_buyer(actor, order_id, access_token)
    _check_words(reason, text, photos)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk)])
        order.refresh_from_db()
        before = Return.objects.filter(key=key).first()
        if before is not None:
            return _same(before, order, units)
        check_window(order)
        lines = {x.pk: x for x in _sent_lines(order)}
        wanted = unit.check_units(units, lines.values())
        if not wanted.keys() <= {x.pk for x in returnable(order)}:
            raise _too_late()
        variants = _variants(lines, wanted, exchange) if exchange is not None else {}
        unit.claim_returned(wanted)
        now = clock.now()
        made = Return.objects.create(
            order=order,
            number=f"{order.number}-R{order.returns.count() + 1}",
            wish="refund" if exchange is None else "exchange",
            reason=reason,
            text=text.strip(),
            at_fault=reason in AT_FAULT,
            key=key,
            created_at=now,
            due_by=now + ANSWER_TIME,
        )
        ReturnLine.objects.bulk_create(
            ReturnLine(of=made, line_id=line_id, quantity=n, variant=variants.get(line_id))
            for line_id, n in wanted.items()
        )
        ReturnPhoto.objects.bulk_create(
            ReturnPhoto(of=made, image=image, position=position)
            for position, image in enumerate(claim_staged(actor=actor, tokens=photos))
        )
        tell(actor, made)
    return made


def _check_words(reason: str, text: str, photos: Sequence[str]) -> None:
    fields = {}
    if reason not in REASONS:
        fields["reason"] = _("Choose a reason.")
    if len(text.strip()) > 1000:
        fields["text"] = _("At most 1000 letters.")
    if len(photos) > MOST_PHOTOS:
        fields["photos"] = _("At most six pictures.")
    if fields:
        raise Invalid(fields=fields)


def _same(before: Return, order: Order, units: unit.Units) -> Return:
    asked = dict(before.lines.values_list("line_id", "quantity"))
    if before.order_id != order.pk or asked != {key: n for key, n in units.items() if n}:
        raise IdempotencyMismatch(detail=f"return key {before.key}")
    return before


def can_return(order: Order) -> bool:
    """Tell whether something of an order may be sent back now."""
    return any(x.shipped_quantity > x.returned_quantity for x in returnable(order))


def returnable(order: Order) -> list[OrderLine]:
    """Return the lines of what was sent that may be sent back now.

    Until the shop's days after receipt. Nobody confirms a piece that was sent in exchange: its days
    begin when it is taken as received, so long after its last parcel as for any other.
    """
    if order.state not in RETURNABLE:
        return []
    lines = _sent_lines(order)
    if order.received_at is None:
        return lines
    terms, now = terms_of(order.shop_id), clock.now()
    days = dt.timedelta(days=terms.return_days)
    sent = _sent_at([line.pk for line in lines if line.replaces_id])
    came = {pk: at + dt.timedelta(days=terms.confirm_days) for pk, at in sent.items()}
    first = order.received_at
    return [line for line in lines if now < max(first, came.get(line.pk, first)) + days]


def _sent_lines(order: Order) -> list[OrderLine]:
    return [line for line in unit.parcel_lines(order) if line.shipped_quantity]


def _sent_at(line_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """Return when the last parcel of each line left."""
    if not line_ids:
        return {}
    rows = ShipmentLine.objects.filter(line__in=line_ids).values_list("line_id")
    return dict(rows.annotate(last=Max("shipment__shipped_at")))


def check_window(order: Order) -> None:
    """Refuse what was never sent, and what arrived too long ago."""
    if order.state not in RETURNABLE or not _sent_lines(order):
        raise Conflict(_("Nothing of this order can be sent back."), code="not_returnable")
    if not returnable(order):
        raise _too_late()


def _too_late() -> Conflict:
    return Conflict(_("The time to send it back is over."), code="return_too_late")


def _variants(
    lines: Mapping[int, OrderLine], wanted: unit.Units, exchange: Mapping[int, int]
) -> dict[int, Variant]:
    """Return what is wished for by line; Invalid unless it is of the same product and price.

    Or when the platform has taken the product down: then nobody is sent another piece.
    """
    found = Variant.objects.select_related("product").in_bulk(list(exchange.values()))
    chosen: dict[int, Variant] = {}
    for line_id in wanted:
        old, new = lines[line_id].variant, found.get(exchange.get(line_id, 0))
        same = (
            new is not None
            and new.is_active
            and new.pk != old.pk
            and new.product_id == old.product_id
            and (new.price_amount, new.currency) == (old.price_amount, old.currency)
        )
        if new is None or not same:
            told = _("Choose another kind of the same goods at the same price.")
            raise Invalid(fields={"exchange": told}, code="exchange_not_equal")
        if new.product.state == "taken_down":
            told = _("These goods are not sent any more. You can send them back for money.")
            raise Invalid(fields={"exchange": told}, code="exchange_gone")
        chosen[line_id] = new
    return chosen


def send_return(
    *, actor: Actor, return_id: int, carrier: str, tracking: str = "", access_token: str = ""
) -> Return:
    """The buyer has sent it. Emits order.return_moved; repeatable with new words until it came."""
    found = get_return_for_buyer(actor, return_id, access_token)
    carrier, tracking = carrier.strip(), tracking.strip()
    if not 1 <= len(carrier) <= 40 or len(tracking) > 60:
        raise Invalid(fields={"carrier": _("Name the carrier.")})
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([LockKey("order", found.order_id)])
        found.refresh_from_db()
        words = {"carrier": carrier, "tracking": tracking}
        if found.state == "sent":
            Return.objects.filter(pk=found.pk).update(**words)
            found.refresh_from_db()
            return found
        check_state(found, "approved")
        transition(RETURN, found, "sent", actor=actor, **words)
        tell(actor, found)
    return found


def withdraw_return(*, actor: Actor, return_id: int, access_token: str = "") -> Return:
    """The buyer keeps the goods after all. Emits order.return_moved; repeatable."""
    found = get_return_for_buyer(actor, return_id, access_token)
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([*replacement_locks(found), LockKey("order", found.order_id)])
        found.refresh_from_db()
        if found.state == "withdrawn":
            return found
        check_state(found, "asked", "approved")
        end(actor, found, "withdrawn")
    return found


def lapse_returns(*, actor: Actor, piece: int = PIECE, most: int = MOST) -> int:
    """End returns that were agreed to and never sent; returns how many."""
    due = Return.objects.filter(state="approved", due_by__lte=clock.now())

    def lapse(return_id: int) -> int:
        return _lapse(actor, Return.objects.select_related("order__checkout").get(pk=return_id))

    return sweep("orders.lapse_returns", due, lapse, by="due_by", piece=piece, most=most)


def _lapse(actor: Actor, found: Return) -> bool:
    with transaction.atomic(), caused_by(found.order.checkout_id):
        locks.take([*replacement_locks(found), LockKey("order", found.order_id)])
        found.refresh_from_db(fields=["state"])
        if found.state != "approved":
            return False
        end(actor, found, "lapsed")
    return True


def end(actor: Actor, found: Return, to: str, reason: str = "") -> None:
    """End a return whose goods stay with the buyer; the caller holds its locks."""
    unit.unclaim_returned(dict(found.lines.values_list("line_id", "quantity")))
    transition(RETURN, found, to, actor=actor, reason=reason, settled_at=clock.now())
    give_up_replacements(found)
    tell(actor, found)


def check_state(found: Return, *states: str) -> None:
    """Refuse an act that does not fit where the return stands: ``return_moved_on``."""
    if found.state not in states:
        raise Conflict(_("This return has moved on meanwhile."), code="return_moved_on")


def check_in_time(found: Return | OrderRefund) -> None:
    """Refuse the shop's answer to a wish whose time is over: ``answer_too_late``."""
    until = found.due_by if isinstance(found, Return) else found.answer_by
    if found.escalated_at is not None or (until is not None and until <= clock.now()):
        raise Conflict(
            _("The time to answer is over: it is decided without the shop."),
            code="answer_too_late",
        )


def tell(actor: Actor, found: Return) -> None:
    """Emit where a return stands now."""
    events.emit(moved(found), actor=actor)


def moved(found: Return) -> OrderReturnMoved:
    """Return the event that says where a return stands."""
    return OrderReturnMoved(
        order_id=found.order_id,
        checkout_id=found.order.checkout_id,
        shop_id=found.order.shop_id,
        return_id=found.pk,
        state=found.state,
    )
