"""An order as its buyer sees it: where it stands, what happened, who it came through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.catalog.rules import IN_PARCELS
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money, format_money
from banyan.orders.actions.changes import Preview
from banyan.orders.models import Checkout, Document, Order, OrderLine, OrderRefund
from banyan.orders.ports import Hold
from banyan.orders.queries import shipments_of, state_history
from banyan.orders.rules.carriers import tracking_url
from banyan.orders.states import BANK
from banyan.people.access import hidden_from
from banyan.sharing.models import Touch
from banyan.web.ui.shapes import Entry, Face

from ..people.faces import somebody
from .addresses import preview_rows
from .explaining import step_rows, sum_rows


def state_text(state: str, lines: Collection[OrderLine] = ()) -> str:
    """Return what an order's state means to its buyer; of ``lines`` some may be with them."""
    if state == "paid":
        kinds = {line.kind for line in lines if line.shipped_quantity}
        if kinds.intersection(IN_PARCELS):
            return _("Partly on its way")
        if kinds and any(line.to_ship for line in lines):
            return _("Part of it is here, the rest follows")
        if kinds:
            return _("Handed over")
    texts = {
        "placed": _("Waiting for payment"),
        "paid": _("Paid"),
        "shipped": _("On its way"),
        "received": _("Received"),
        "expired": _("Expired"),
        "cancelled": _("Cancelled"),
        "closed": _("Refunded in full"),
    }
    return texts.get(state, state)


def hold_text(lines: Iterable[OrderLine], held: Mapping[int, Hold]) -> str:
    """Return why a paid order, or which line of it, does not leave yet, and until when at most."""
    left = [line for line in lines if line.to_ship]
    waiting = [line for line in left if line.pk in held]
    if len(waiting) == len(left):
        told = _("It waits: %(reason)s. At the latest on %(until)s it is decided.")
    else:
        told = _("%(goods)s waits: %(reason)s. At the latest on %(until)s it is decided.")
    texts = [told % _hold_words(line, held[line.pk]) for line in waiting]
    return " ".join(dict.fromkeys(texts))


def _hold_words(line: OrderLine, hold: Hold) -> dict[str, Any]:
    return {"goods": line.title, "reason": hold.reason, "until": clock.told(hold.until)}


def refund_state_text(state: str) -> str:
    """Return what a refund's state means to everybody."""
    texts = {
        "requested": _("Asked for; the shop decides"),
        "processing": _("Granted; the money is on its way back"),
        "succeeded": _("The money was sent back"),
        "failed": _("It could not be sent; name another destination"),
        "refused": _("Turned down"),
        "withdrawn": _("Not needed any more: it was paid back otherwise"),
    }
    return texts.get(state, state)


def faces_of(line: OrderLine, hidden: Collection[int] = ()) -> list[Face]:
    """Return the people a line came through, first sharer first; ``hidden`` ones unnamed."""
    return [
        somebody()
        if int(step["owner"]) in hidden
        else Face(
            name=step["name"],
            handle=step["handle"],
            url=reverse("profile", args=[step["handle"]]),
        )
        for step in line.path
    ]


def hidden_on(lines: Iterable[OrderLine], viewer: Actor) -> set[int]:
    """Return the people of the lines' paths whom ``viewer`` may not see (any more). One query."""
    return hidden_from(viewer, {int(step["owner"]) for line in lines for step in line.path})


def shared_path(lines: Iterable[OrderLine], hidden: Collection[int] = ()) -> list[Face]:
    """Return the path of the first line that has one; ``hidden`` people unnamed."""
    for line in lines:
        if line.path:
            return faces_of(line, hidden)
    return []


def path_edges(
    order: Order, lines: Iterable[OrderLine], hidden: Collection[int] = ()
) -> list[tuple[str, str, dt.datetime]]:
    """Return who passed it on to whom, and when, for the first line that has a path.

    The last edge leads to the buyer, who reads it: the moment they opened the link, else when
    they ordered.
    """
    line = next((line for line in lines if line.path), None)
    if line is None:
        return []
    names = [face.name for face in faces_of(line, hidden)]
    times = [dt.datetime.fromisoformat(step["at"]) for step in line.path]
    steps = list(zip(names, times, strict=True))
    edges = [(before[0], after[0], after[1]) for before, after in pairwise(steps)]
    opened = Touch.objects.filter(pk=line.touch_id or 0).values_list("at", flat=True).first()
    return [*edges, (steps[-1][0], _("you"), opened or order.created_at)]


def order_entries(order: Order, refunds: Iterable[OrderRefund], token: str = "") -> list[Entry]:
    """Return what happened to an order, in order of time."""
    entries = [
        Entry(text=_("Order placed"), time=order.created_at, detail=order.number, state="good")
    ]
    for change in state_history("orders.order.state", order.pk):
        bad = change.target in {"expired", "cancelled"}
        entries.append(
            Entry(
                text=state_text(change.target),
                time=change.at,
                state="bad" if bad else "good",
            )
        )
    for row in parcel_rows(order):
        parcel = row["parcel"]
        entries.append(
            Entry(
                text=_("Parcel sent"),
                time=parcel.shipped_at,
                detail=f"{parcel.carrier} {parcel.tracking}".strip(),
                url=row["url"],
                state="good",
            )
        )
    for each in order.changes.order_by("id"):
        shown = Preview(each.before, each.after, each.amount, "")
        rows = preview_rows(shown, order.currency)
        entries.append(
            Entry(
                text=_("The order was changed"),
                time=each.created_at,
                detail=", ".join(f"{name}: {old} → {new}" for name, old, new in rows),
                state="good",
            )
        )
    for refund in refunds:
        amount = Money(refund.amount, refund.currency)
        entries.append(
            Entry(
                text=refund_state_text(refund.state),
                time=refund.settled_at or refund.created_at,
                detail=" · ".join(filter(None, (format_money(amount), refund.reason))),
                url=refund_url(refund, token),
                state="bad" if refund.state in {"failed", "refused"} else "good",
            )
        )
    entries.sort(key=lambda entry: (entry.time is None, entry.time))
    return entries


def parcel_rows(order: Order) -> list[dict[str, Any]]:
    """Return an order's parcels, oldest first, each with its lines and where to follow it."""
    return [
        {
            "parcel": parcel,
            "url": tracking_url(parcel.carrier, parcel.tracking),
            "lines": [(each.line.title, each.quantity) for each in parcel.lines.all()],
        }
        for parcel in shipments_of([order.pk]).get(order.pk, [])
    ]


def document_rows(order: Order, token: str = "") -> list[tuple[Document, str]]:
    """Return an order's documents, oldest first, each with the address of its PDF."""
    tail = f"?o={token}" if token else ""
    found = order.documents.order_by("id")
    return [(each, reverse("document", args=[each.pk]) + tail) for each in found]


def refund_url(refund: OrderRefund, token: str = "") -> str:
    """Return the one page of a refund; a guest's address carries the order's link."""
    url = reverse("refund", args=[refund.pk])
    return f"{url}?o={token}" if token else url


def refund_entries(refund: OrderRefund) -> list[Entry]:
    """Return every state of a refund with its time."""
    began = {"buyer": _("Asked for"), BANK: _("Taken back by the payer's bank")}
    entries = [
        Entry(
            text=began.get(refund.requested_by) or _("Granted by the shop"),
            time=refund.created_at,
            detail=refund.reason,
            state="good",
        )
    ]
    for change in state_history("orders.refund.state", refund.pk):
        entries.append(
            Entry(
                text=refund_state_text(change.target),
                time=change.at,
                detail=change.reason if change.target == "refused" else "",
                state="bad" if change.target in {"failed", "refused"} else "good",
            )
        )
    if refund.escalated_at is not None:
        text = _("Not answered in time; the platform decides")
        entries.append(Entry(text=text, time=refund.escalated_at, state="good"))
    elif refund.state == "requested" and refund.answer_by is not None:
        entries.append(Entry(text=_("The shop answers until"), time=refund.answer_by, state="next"))
    if refund.state in {"requested", "processing"}:
        entries.append(
            Entry(text=_("The money is with you at the latest"), time=refund.due_by, state="next")
        )
    return entries


def receipt_rows(checkout: Checkout, lines: Iterable[OrderLine]) -> list[tuple[Any, ...]]:
    """Return the sums of a receipt; of shipping nothing where nothing is sent."""
    currency, lines = checkout.currency, list(lines)
    sends = any(line.kind in IN_PARCELS for line in lines)
    rows = sum_rows(
        goods=checkout.goods_amount,
        discount=checkout.discount_amount,
        shipping=checkout.shipping_amount if sends else None,
        tax=checkout.tax_amount,
        included_tax=sum(line.included_tax_amount for line in lines),
        currency=currency,
    )
    rows.append((_("Total"), Money(checkout.total_amount, currency), "total"))
    refunded = sum(order.refunded_amount for order in checkout.orders.all())
    if refunded:
        rows.append((_("Refunded"), Money(-refunded, currency)))
    return rows


def price_rows(line: OrderLine) -> list[tuple[Any, ...]]:
    """Return how a line's price came about, step by step, as it was stored at placement."""
    return step_rows(line.price, line.currency)
