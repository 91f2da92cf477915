"""The shop's orders: the queue, one order, shipping, refunds, messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop
from banyan.catalog.rules import IN_PARCELS
from banyan.earnings.access import visible_commissions
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import IdempotencyMismatch, Invalid, NotFound, Problem
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.orders.access import get_order_for_staff, visible_orders
from banyan.orders.actions.refunds import refundable_lines
from banyan.orders.models import Order, OrderLine, OrderRefund
from banyan.orders.queries import first_images, lines_of, refunds_of
from banyan.orders.rules import refund_by_rate
from banyan.web.ui.shapes import Tab

from ..http import actor, number, private, signed_in
from ..shop.earnings.words import commission_state
from ..shop.orders.explaining import delivery_text, sum_rows
from ..shop.orders.story import faces_of, order_entries, refund_state_text, refund_url, shared_path
from .handing_over import given_rows
from .room import page, refusal_of, shop_of
from .typed import Typed
from .words import order_state, price_rows

PAGE = 30
REFUNDABLE = {"paid", "shipped", "received"}
SHIPPED_TO = {"paid", "shipped", "received", "closed"}


def _filters() -> list[tuple[str, str, list[str]]]:
    return [
        ("", _("All"), []),
        ("paid", _("To ship"), ["paid"]),
        ("asked", _("Refund asked for"), []),
        ("shipped", _("Sent"), ["shipped"]),
        ("received", _("Received"), ["received"]),
        ("closed", _("Refunded"), ["closed"]),
        ("placed", _("Unpaid"), ["placed"]),
        ("ended", _("Ended unpaid"), ["expired", "cancelled"]),
    ]


@require_safe
@private
@signed_in
def queue(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the shop's orders, newest first, by state."""
    shop = shop_of(request, shop_slug)
    mine = visible_orders(actor(request), shop.pk)
    chosen = request.GET.get("state", "")
    rows = _narrowed(mine, chosen)
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("checkout__buyer")[: PAGE + 1])
    url = reverse("studio_orders", args=[shop.slug])
    context = {
        "tabs": [
            Tab(text, f"{url}?state={name}" if name else url, name == chosen)
            for name, text, _states in _filters()
        ],
        "rows": _rows(found[:PAGE]),
        "more_url": f"{url}?state={chosen}&before={found[PAGE - 1].pk}"
        if len(found) > PAGE
        else "",
        "filtered": bool(chosen),
    }
    return page(request, shop, "orders", "studio/orders.html", context)


def _narrowed(rows: QuerySet[Order], chosen: str) -> QuerySet[Order]:
    if chosen == "asked":
        return rows.filter(refunds__state="requested").distinct()
    states = next((states for name, _text, states in _filters() if name == chosen), [])
    return rows.filter(state__in=states) if states else rows


def _rows(found: list[Order]) -> list[dict[str, Any]]:
    lines = lines_of(found)
    asked = set(
        OrderRefund.objects.filter(order__in=found, state="requested").values_list(
            "order_id", flat=True
        )
    )
    return [
        {
            "order": order,
            "state": order_state(order.state),
            "total": Money(order.total_amount, order.currency),
            "titles": ", ".join(f"{line.title} × {line.quantity}" for line in lines[order.pk]),
            "path": shared_path(lines[order.pk]),
            "buyer": order.checkout.address.get("recipient", ""),
            "asked": order.pk in asked,
        }
        for order in found
    ]


def _order_of(
    request: HttpRequest, shop_slug: str, order_id: int, roles: tuple[str, ...] | None = None
) -> tuple[Shop, Order]:
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
    shop, found = _order_of(request, shop_slug, order_id)
    return _page(request, shop, found)


def _page(
    request: HttpRequest, shop: Shop, found: Order, problem: Problem | None = None
) -> HttpResponse:
    refunds = list(refunds_of(found))
    left = Money(found.total_amount - found.refunded_amount, found.currency)
    asked = next((refund for refund in refunds if refund.state == "requested"), None)
    lines = _lines(found, request.POST, problem)
    context = {
        "order": found,
        "state": order_state(found.state),
        "lines": lines,
        "sums": _sums(found, [row["line"] for row in lines]),
        "path": next((line["path"] for line in lines if line["path"]), []),
        "entries": order_entries(found, refunds),
        "left": left,
        "given": given_rows(found, [row["line"] for row in lines]),
        "can_ship": found.state == "paid" and any(row["line"].kind in IN_PARCELS for row in lines),
        "can_refund": found.state in REFUNDABLE and left.amount > 0,
        "asked": asked,
        "asked_amount": Money(asked.amount, asked.currency) if asked else None,
        "refunds": [
            (refund_url(r), Money(r.amount, r.currency), refund_state_text(r.state))
            for r in refunds
        ],
        "address": _address(found),
        "commissions": _commissions(actor(request), found),
        "notes": found.notes.select_related("author").order_by("id"),
        "values": request.POST,
        "key": _form_key(request, problem),
    }
    return page(request, shop, "orders", "studio/order.html", context, problem)


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
        paid = line.paid_amount
        field = f"line_{line.pk}"
        rows.append(
            {
                "line": line,
                "picture": shown.get(images.get(line.product_id, 0)),
                "paid": Money(paid, line.currency),
                "left": Money(paid - line.refunded_amount, line.currency),
                "path": faces_of(line),
                "price": price_rows(line),
                "field": field,
                "value": posted.get(field, ""),
                "error": errors.get(field, ""),
            }
        )
    return rows


def _sums(found: Order, lines: Iterable[OrderLine]) -> list[tuple[Any, ...]]:
    currency = found.currency
    rows = sum_rows(
        goods=found.goods_amount,
        discount=found.discount_amount,
        shipping=found.shipping_amount,
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


def _address(found: Order) -> list[str]:
    """Return where the parcel goes; an unpaid order has no parcel, so nobody needs to know."""
    if found.state not in SHIPPED_TO:
        return []
    order = ("recipient", "phone", "street", "level3", "level2", "level1", "postcode", "country")
    given = found.checkout.address
    return [str(given[name]) for name in order if given.get(name)]


def _commissions(who: Actor, found: Order) -> list[dict[str, Any]]:
    rows = visible_commissions(who).filter(order=found).order_by("line_id", "level")
    return [
        {
            "commission": each,
            "left": Money(each.amount - each.reversed_amount, each.currency),
            "state": commission_state(each.state),
        }
        for each in rows
    ]


@require_POST
@private
@signed_in
def ship(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Send the parcel."""
    shop, found = _order_of(request, shop_slug, order_id)
    try:
        orders.ship(
            actor=actor(request),
            order_id=found.pk,
            carrier=request.POST.get("carrier", ""),
            tracking=request.POST.get("tracking", "").strip(),
        )
    except Problem as problem:
        return _page(request, shop, found, refusal_of(problem))
    messages.success(request, _("It is on its way; the buyer has been told."))
    return redirect("studio_order", shop.slug, found.pk)


@require_POST
@private
@signed_in
def note(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Write to the buyer."""
    shop, found = _order_of(request, shop_slug, order_id)
    try:
        orders.write_note(
            actor=actor(request), order_id=found.pk, body=request.POST.get("body", "")
        )
    except Problem as problem:
        return _page(request, shop, found, refusal_of(problem))
    return redirect("studio_order", shop.slug, found.pk)


def refund_parts(data: Any, found: Order) -> tuple[int, dict[int, int]]:
    """Return (amount, parts by line) of the refund form, exact in minor units.

    Exactly one of the three ways may be filled in: an amount, a percentage of what is left, or
    amounts by line (then the amount is their sum). Raises Invalid with the fields.
    """
    typed = Typed(data, found.currency)
    amount, rate = typed.amount("amount"), typed.rate("percent")
    refundable = refundable_lines(found)
    by_line = {line.key: typed.amount(f"line_{line.key}") for line in refundable}
    parts = {key: part for key, part in by_line.items() if part}
    typed.check()
    if sum([amount is not None, rate is not None, bool(parts)]) != 1:
        told = _("Fill in one of these: an amount, a percentage, or amounts by line.")
        raise Invalid(fields={"amount": told})
    if rate is not None:
        if not 0 < rate <= 10_000:
            raise Invalid(fields={"percent": _("Enter a percentage from 0.01 to 100.")})
        parts = refund_by_rate(refundable, rate)
    return amount if amount is not None else sum(parts.values()), parts


def is_same_refund(data: Any, found: Order, done: OrderRefund) -> bool:
    """Tell whether a form that comes again asks for the refund it has made.

    A percentage was one of what was left then, so it is taken at its word.
    """
    typed = Typed(data, found.currency)
    by_line = {line.pk: typed.amount(f"line_{line.pk}") for line in found.lines.all()}
    parts = {key: part for key, part in by_line.items() if part}
    return (
        typed.amount("amount") in (None, done.amount)
        and parts in ({}, {int(part["line"]): part["amount"] for part in done.lines})
        and data.get("reason", "").strip() == done.reason
        and ("restock" in data) == done.restock
    )


@require_POST
@private
@signed_in
def refund(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Give money back. The form's key makes a second click harmless."""
    shop, found = _order_of(request, shop_slug, order_id, MANAGERS)
    key = f"studio:{found.pk}:{request.POST.get('key') or new_code(80)}"[:80]
    done = OrderRefund.objects.filter(order=found, key=key).first()
    if done is not None and not is_same_refund(request.POST, found, done):
        return _page(request, shop, found, IdempotencyMismatch(detail=key))
    if done is None:
        try:
            amount, parts = refund_parts(request.POST, found)
            done = orders.grant_refund(
                actor=actor(request),
                order_id=found.pk,
                amount=amount,
                lines=parts,
                reason=request.POST.get("reason", ""),
                key=key,
                restock="restock" in request.POST,
            )
        except Problem as problem:
            return _page(request, shop, found, refusal_of(problem))
    _say_granted(request, done)
    return redirect("studio_order", shop.slug, found.pk)


def _say_granted(request: HttpRequest, done: OrderRefund) -> None:
    amount = format_money(Money(done.amount, done.currency))
    messages.success(request, _("%(amount)s is on its way back.") % {"amount": amount})


@require_POST
@private
@signed_in
def answer(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Grant or turn down what the buyer asked for."""
    shop, found = _order_of(request, shop_slug, order_id, MANAGERS)
    asked = found.refunds.filter(pk=number(request.POST, "request") or 0)
    pending = asked.first()
    if pending is None:
        raise NotFound()
    try:
        if request.POST.get("do") == "grant":
            done = orders.grant_refund(
                actor=actor(request),
                order_id=found.pk,
                amount=pending.amount,
                lines={int(part["line"]): int(part["amount"]) for part in pending.lines},
                reason=pending.reason,
                key=pending.key,
                restock="restock" in request.POST,
                request_id=pending.pk,
            )
            _say_granted(request, done)
        else:
            orders.refuse_refund(
                actor=actor(request),
                refund_id=pending.pk,
                reason=request.POST.get("answer_reason", ""),
            )
            messages.success(request, _("The buyer reads your reason."))
    except Problem as problem:
        return _page(request, shop, found, _as_answer(refusal_of(problem)))
    return redirect("studio_order", shop.slug, found.pk)


def _as_answer(problem: Problem) -> Problem:
    """Name the field of the answer form, because the refund form has a reason too."""
    if "reason" in problem.fields:
        problem.fields = {"answer_reason": problem.fields["reason"]}
    return problem
