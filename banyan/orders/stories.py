"""What orders know of the story of one order, and how an order is found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from banyan.kernel import clock
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from banyan.kernel.stories import Chapter, Part, moves_of, who_moved
from banyan.people.queries import TAIL, phone_ends_with

from .models import Order, OrderLine, OrderNote, OrderRefund, Shipment
from .states import CHECKOUT, ORDER, REFUND

MOST = 50


def find_orders(text: str) -> list[Order]:
    """Return orders by number, purchase number, e-mail or end of the phone. One query.

    Newest first, at most 50. Digits are a phone's end from four on, and may be a number too.
    """
    text = text.strip()
    if not text:
        return []
    # Each way by its own index, then put together: one condition with "or" would read every order.
    ways = [Q(number=text.upper()), Q(checkout__number=text.upper())]
    if "@" in text:
        ways += [Q(checkout__contact_email__iexact=text), Q(checkout__buyer__email__iexact=text)]
    digits = re.sub(r"[\s+()-]", "", text)
    if digits.isdigit() and len(digits) >= TAIL:
        courier = KeyTextTransform("phone", "checkout__address")
        ways += [
            phone_ends_with(digits, F("checkout__contact_phone")),
            phone_ends_with(digits, courier),
            phone_ends_with(digits, F("checkout__buyer__phone")),
        ]
    first, *others = (Order.objects.filter(way).order_by().values("pk") for way in ways)
    return list(_for_lists().filter(pk__in=first.union(*others)).order_by("-pk")[:MOST])


def orders_by(
    *,
    checkout_ids: Sequence[int] = (),
    order_refund_ids: Sequence[int] = (),
    link_ids: Sequence[int] = (),
    order_ids: Sequence[int] = (),
) -> list[Order]:
    """Return the orders of purchases, refunds, share links or ids; newest first. One query."""
    wanted = Q(pk__in=list(order_ids)) | Q(checkout_id__in=list(checkout_ids))
    wanted |= Q(refunds__pk__in=list(order_refund_ids)) | Q(lines__link_id__in=list(link_ids))
    return list(_for_lists().filter(wanted).distinct().order_by("-pk")[:MOST])


def _for_lists() -> QuerySet[Order]:
    return Order.objects.select_related("shop", "checkout__buyer")


def order_for_story(number: str) -> Order | None:
    """Return the order of a number with its purchase, shop and buyer. One query."""
    return _for_lists().filter(number=number).first()


def story_of(
    order: Order, lines: Sequence[OrderLine], refunds: Sequence[OrderRefund]
) -> list[Chapter]:
    """Return placement, prices, moves, parcels, messages and refunds of one order. 3 queries."""
    told = [_placed(order), *(_price(order, line) for line in lines)]
    moves = moves_of(
        {
            CHECKOUT.name: [order.checkout_id],
            ORDER.name: [order.pk],
            REFUND.name: [refund.pk for refund in refunds],
        }
    )
    by_id = {refund.pk: refund for refund in refunds}
    for move in moves:
        if move.machine == REFUND.name:
            told.append(_refund_move(by_id[move.subject_id], move.target, move))
        elif move.machine == ORDER.name:
            told.append(
                Chapter(
                    move.at,
                    "order",
                    _order_text(move.target),
                    move.pk,
                    who=who_moved(move),
                    detail=move.reason,
                    tone="bad" if move.target in {"expired", "cancelled"} else "",
                )
            )
    told += [_asked(refund) for refund in refunds if refund.requested_by == "buyer"]
    told += [
        Chapter(
            parcel.shipped_at,
            "parcel",
            _("Parcel handed over"),
            parcel.pk,
            detail=parcel.carrier,
            ref=parcel.tracking,
        )
        for parcel in Shipment.objects.filter(order=order)
    ]
    told += [
        Chapter(
            note.created_at,
            "message",
            _note_text(note.author_kind),
            note.pk,
            who=f"@{note.author.handle}" if note.author else _("guest"),
            detail=note.body,
        )
        for note in OrderNote.objects.filter(order=order).select_related("author")
    ]
    return told


def _placed(order: Order) -> Chapter:
    checkout = order.checkout
    buyer = f"@{checkout.buyer.handle}" if checkout.buyer else _("guest")
    return Chapter(
        order.created_at,
        "order",
        _("Order placed"),
        order.pk,
        who=buyer,
        amount=Money(order.total_amount, order.currency),
        detail=_("reserved until %(time)s") % {"time": clock.told(checkout.expires_at, "%H:%M:%S")},
        ref=order.number,
        row=("order", order.pk),
    )


def _price(order: Order, line: OrderLine) -> Chapter:
    steps = tuple(
        Part(
            _step_text(step["step"]),
            Money(int(step["amount"]), line.currency),
            str(step.get("note", "")),
        )
        for step in line.price
    )
    paid = line.paid_amount
    path = " → ".join(f"@{step['handle']}" for step in line.path)
    return Chapter(
        order.created_at,
        "price",
        _("Price of %(quantity)d × %(title)s") % {"quantity": line.quantity, "title": line.title},
        line.pk,
        amount=Money(paid, line.currency),
        detail=_("came through %(path)s") % {"path": path} if path else "",
        parts=steps,
    )


def _step_text(step: str) -> str:
    known = {
        "list": _("Goods"),
        "sale": _("Goods in a sale"),
        "coupon": _("Coupon"),
        "points": _("Points"),
        "shipping": _("Shipping"),
    }
    return known.get(step, step)


def _order_text(state: str) -> str:
    known = {
        "paid": _("The order is paid"),
        "shipped": _("The order is on its way"),
        "received": _("The order has arrived"),
        "expired": _("The reservation ran out, unpaid"),
        "cancelled": _("The buyer gave the order up"),
        "closed": _("The order is closed: refunded in full"),
    }
    return known.get(state, state)


def _note_text(author_kind: str) -> str:
    known = {
        "buyer": _("The buyer wrote"),
        "shop": _("The shop wrote"),
        "support": _("Support wrote"),
    }
    return known.get(author_kind, author_kind)


def _asked(refund: OrderRefund) -> Chapter:
    return Chapter(
        refund.created_at,
        "refund",
        _("The buyer asked for money back"),
        refund.pk,
        amount=Money(refund.amount, refund.currency),
        detail=refund.reason,
        row=("order_refund", refund.pk),
    )


def _refund_move(refund: OrderRefund, target: str, move: StateChange) -> Chapter:
    known = {
        "refused": _("The refund was turned down"),
        "withdrawn": _("What was asked for was paid back otherwise"),
        "processing": _("Refund granted"),
        "succeeded": _("The refund is done"),
        "failed": _("The refund waits for another destination"),
    }
    again = target == "processing" and move.source == "failed"
    return Chapter(
        move.at,
        "refund",
        _("The refund is sent again") if again else known.get(target, target),
        move.pk,
        who=who_moved(move),
        amount=Money(refund.amount, refund.currency),
        detail=move.reason,
        row=("order_refund", refund.pk),
        tone={"failed": "bad", "refused": "bad", "succeeded": "good"}.get(target, ""),
    )
