"""One order of a shop: what it holds, where it stands, parcels and messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.campaigns.models import Grant
from banyan.campaigns.queries import perks_of
from banyan.catalog.access import MANAGERS, works_in
from banyan.catalog.models import Shop
from banyan.catalog.rules import IN_PARCELS
from banyan.earnings.access import visible_commissions
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.labels import word
from banyan.kernel.money import Money
from banyan.kernel.problems import IdempotencyMismatch, NotFound, Problem
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.orders.access import get_order_for_staff
from banyan.orders.actions.changes import Preview
from banyan.orders.actions.units import parcel_lines
from banyan.orders.models import Fapiao, Order, OrderLine
from banyan.orders.ports import holds_on
from banyan.orders.queries import (
    entity_of,
    first_images,
    lines_left,
    lines_of,
    refunds_of,
)
from banyan.orders.rules.carriers import suggested
from banyan.payments.queries import chargebacks_of
from banyan.payments.rules import CHARGEBACK_ANSWER
from banyan.people.rules.written import written_address

from ...http import actor, private, signed_in
from ...once import led_to, name_of
from ...shop.earnings.words import commission_state
from ...shop.orders.addresses import preview_rows
from ...shop.orders.explaining import delivery_text, sum_rows
from ...shop.orders.return_words import return_state
from ...shop.orders.story import (
    document_rows,
    faces_of,
    hold_text,
    order_entries,
    parcel_rows,
    refund_state_text,
    refund_url,
)
from ..handing_over import given_rows
from ..room import page, refusal_of, shop_of
from ..typed import Typed
from ..words import order_state, price_rows
from .dues import due_rows

REFUNDABLE = {"paid", "shipped", "received"}
SHIPPED_TO = {"paid", "shipped", "received", "closed"}


def order_of(
    request: HttpRequest, shop_slug: str, order_id: int, roles: tuple[str, ...] | None = None
) -> tuple[Shop, Order]:
    """Return the shop and its order for those who may; NotFound for all others."""
    shop = shop_of(request, shop_slug, roles) if roles else shop_of(request, shop_slug)
    order = get_order_for_staff(actor(request), order_id)
    if order.shop_id != shop.pk:
        raise NotFound()
    return shop, order


@require_safe
@private
@signed_in
def order(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Show one order and what there is to do with it."""
    shop, found = order_of(request, shop_slug, order_id)
    return order_page(request, shop, found)


def order_page(
    request: HttpRequest, shop: Shop, found: Order, problem: Problem | None = None
) -> HttpResponse:
    """Draw the page of one order; with ``problem`` it says what is wrong."""
    refunds = list(refunds_of(found))
    left = Money(found.total_amount - found.refunded_amount, found.currency)
    asked = next((refund for refund in refunds if refund.state == "requested"), None)
    lines = _lines(found, request.POST, problem)
    held = holds_on(row["line"] for row in lines) if found.state == "paid" else {}
    context = {
        "order": found,
        "state": order_state(found.state, [row["line"] for row in lines]),
        "lines": lines,
        "sums": _sums(found, [row["line"] for row in lines]),
        "path": next((line["path"] for line in lines if line["path"]), []),
        "entries": order_entries(found, refunds),
        "left": left,
        "given": given_rows(found, [row["line"] for row in lines]),
        "hold": hold_text((row["line"] for row in lines), held),
        "to_ship": _to_ship(found, held, request.POST),
        "carriers": suggested(get_language() or "en"),
        "parcels": parcel_rows(found),
        "returns": [(r, return_state(r.state)) for r in found.returns.order_by("-id")],
        "ship_key": request.POST.get("ship_key") or new_code(80),
        "can_refund": found.state in REFUNDABLE and left.amount > 0,
        "asked": asked,
        "asked_amount": Money(asked.amount, asked.currency) if asked else None,
        "chargebacks": _chargebacks(found),
        "refunds": [
            (refund_url(r), Money(r.amount, r.currency), refund_state_text(r.state))
            for r in refunds
        ],
        "address": address_lines(found),
        "earned": [
            *_commissions(actor(request), found),
            *(_perks(found) if any(row["line"].instance_id for row in lines) else []),
        ],
        "due": due_rows(found) if works_in(actor(request), shop.pk, MANAGERS) else [],
        "notes": found.notes.select_related("author").order_by("id"),
        **_papers(found),
        "can_change": found.state in REFUNDABLE,
        "changes": [
            {
                "at": each.created_at,
                "rows": preview_rows(
                    Preview(each.before, each.after, each.amount, ""), found.currency
                ),
                "reason": each.reason,
            }
            for each in found.changes.order_by("id")
        ],
        "values": request.POST,
        "key": _form_key(request, problem),
    }
    return page(request, shop, "orders", "studio/order.html", context, problem)


def _chargebacks(found: Order) -> list[dict[str, Any]]:
    """Return what the payer's bank asked back of the order's payment, and took of this order."""
    rows = []
    took = {row.chargeback_id: row for row in found.chargebacks.all()}
    for each in chargebacks_of(found.checkout.intent_id):
        mine = took.get(each.pk)
        rows.append(
            {
                "asked": Money(each.amount, each.currency),
                "took": Money(mine.amount if mine else 0, found.currency),
                "state": word(each.state),
                "reason": word(each.reason),
                "due_by": each.due_by if each.state in CHARGEBACK_ANSWER else None,
            }
        )
    return rows


def _papers(found: Order) -> dict[str, Any]:
    asked = Fapiao.objects.defer("file").filter(order=found).exclude(state="withdrawn").first()
    return {
        "documents": document_rows(found),
        "entity": entity_of(found.shop_id),
        "paid": found.state in SHIPPED_TO,
        "fapiao": asked,
        "fapiao_amount": Money(asked.amount, found.currency) if asked else None,
        "fapiao_over": _over(found, asked),
    }


def _over(found: Order, issued: Fapiao | None) -> Money | None:
    """Return what was paid back since a 发票 was issued; None where it is right."""
    if issued is None or issued.state != "issued":
        return None
    over = issued.amount - (found.total_amount - found.refunded_amount)
    return Money(over, found.currency) if over > 0 else None


def _to_ship(found: Order, held: Collection[int], posted: Any) -> list[dict[str, Any]]:
    """Return what is left to ship and may leave, by line, with the number in its field."""
    return [
        {
            "line": line,
            "field": f"unit_{line.pk}",
            "value": posted.get(f"unit_{line.pk}", line.to_ship),
        }
        for line in lines_left([found])[found.pk]
        if line.pk not in held
    ]


def _form_key(request: HttpRequest, problem: Problem | None) -> str:
    """Return the refund form's key; a new one after the old one was found used."""
    used = isinstance(problem, IdempotencyMismatch)
    return (not used and request.POST.get("key")) or new_code(80)


def _lines(found: Order, posted: Any, problem: Problem | None) -> list[dict[str, Any]]:
    lines = lines_of([found])[found.pk]
    images = first_images(line.product_id for line in lines)
    shown = pictures(list(images.values()))
    errors = problem.fields if problem else {}
    rows = []
    for line in lines:
        field = f"line_{line.pk}"
        rows.append(
            {
                "line": line,
                "picture": shown.get(images.get(line.product_id, 0)),
                "total": Money(line.goods_amount - line.discount_amount, line.currency),
                "left": Money(line.paid_amount - line.refunded_amount, line.currency),
                "path": faces_of(line),
                "price": price_rows(line),
                "field": field,
                "value": posted.get(field, ""),
                "error": errors.get(field, ""),
            }
        )
    return rows


def _sums(found: Order, lines: Iterable[OrderLine]) -> list[tuple[Any, ...]]:
    currency, lines = found.currency, list(lines)
    sends = any(line.kind in IN_PARCELS for line in lines)
    rows = sum_rows(
        goods=found.goods_amount,
        discount=found.discount_amount,
        shipping=found.shipping_amount if sends else None,
        tax=found.tax_amount,
        included_tax=sum(line.included_tax_amount for line in lines),
        currency=currency,
    )
    if found.delivery:
        rows.append((_("Sent by"), delivery_text(found)))
    rows.append((_("Total"), Money(found.total_amount, currency), "total"))
    if found.refunded_amount:
        rows.append((_("Refunded"), Money(-found.refunded_amount, currency)))
    return rows


def address_lines(found: Order) -> list[str]:
    """Return where the parcel goes; an unpaid order has no parcel, so nobody needs to know."""
    if found.state not in SHIPPED_TO:
        return []
    return written_address(found.checkout.address, get_language() or "en")


def _commissions(who: Actor, found: Order) -> list[dict[str, Any]]:
    rows = visible_commissions(who).filter(order=found).order_by("line_id", "level")
    return [
        {
            "url": reverse("earning", args=[each.pk]),
            "name": each.payee.display_name,
            "left": Money(each.amount - each.reversed_amount, each.currency),
            "state": commission_state(each.state)[0],
        }
        for each in rows
    ]


def _perks(found: Order) -> list[dict[str, Any]]:
    """Return what who opened a group earns by this order, beside those who shared it."""
    return [
        {
            "url": reverse("play", args=[each.instance.code]),
            "name": each.account.display_name,
            "left": Money(each.cost, found.currency),
            "state": _("%(title)s: opened the group. %(state)s")
            % {"title": each.instance.campaign.title, "state": _perk_state(each)},
        }
        for each in perks_of(found.pk)
    ]


def _perk_state(perk: Grant) -> str:
    state = "payable" if perk.amount else "held" if perk.cost else "reversed"
    return commission_state(state)[0]


@require_POST
@private
@signed_in
def ship(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Send the parcel."""
    shop, found = order_of(request, shop_slug, order_id)
    try:
        orders.ship(
            actor=actor(request),
            order_id=found.pk,
            carrier=request.POST.get("carrier", ""),
            tracking=request.POST.get("tracking", ""),
            units=_chosen(request, found),
            key=request.POST.get("ship_key", "")[:80],
        )
    except Problem as problem:
        return order_page(request, shop, found, refusal_of(problem))
    messages.success(request, _("It is on its way; the buyer has been told."))
    return redirect("studio_order", shop.slug, found.pk)


@require_POST
@private
@signed_in
def parcel(request: HttpRequest, shop_slug: str, order_id: int, shipment_id: int) -> HttpResponse:
    """Put the carrier or the number of a parcel right."""
    shop, found = order_of(request, shop_slug, order_id)
    data = request.POST
    try:
        orders.correct_parcel(
            actor=actor(request),
            order_id=found.pk,
            shipment_id=shipment_id,
            carrier=data.get("parcel_carrier", ""),
            tracking=data.get("parcel_tracking", ""),
        )
    except Problem as problem:
        return order_page(request, shop, found, refusal_of(problem))
    messages.success(request, _("Corrected; the buyer has been told."))
    return redirect("studio_order", shop.slug, found.pk)


def _chosen(request: HttpRequest, found: Order) -> dict[int, int] | None:
    """Return the units of the form by line; None, that is all, where it names none."""
    fields = {line.pk: f"unit_{line.pk}" for line in parcel_lines(found)}
    if not any(name in request.POST for name in fields.values()):
        return None
    typed = Typed(request.POST)
    chosen = {pk: typed.whole(name) or 0 for pk, name in fields.items()}
    typed.check()
    return chosen


@require_POST
@private
@signed_in
def note(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Write to the buyer."""
    shop, found = order_of(request, shop_slug, order_id)

    def write() -> str:
        body = request.POST.get("body", "")
        orders.write_note(actor=actor(request), order_id=found.pk, body=body)
        return reverse("studio_order", args=[shop.slug, found.pk])

    try:
        return redirect(led_to(request, name_of(request), write))
    except Problem as problem:
        return order_page(request, shop, found, refusal_of(problem))
