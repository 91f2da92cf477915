"""Money back from an order: given by the shop, or as an answer to what the buyer asked for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from banyan.catalog.access import MANAGERS
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import IdempotencyMismatch, Invalid, NotFound, Problem
from banyan.orders import actions as orders
from banyan.orders.actions.refundable import refundable_lines
from banyan.orders.models import Order, OrderRefund
from banyan.orders.rules import refund_by_rate

from ...http import actor, number, pressed, private, signed_in
from ..room import refusal_of
from ..typed import Typed
from .one import order_of, order_page


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
    shop, found = order_of(request, shop_slug, order_id, MANAGERS)
    key = f"studio:{found.pk}:{request.POST.get('key') or new_code(80)}"[:80]
    done = OrderRefund.objects.filter(order=found, key=key).first()
    if done is not None and not is_same_refund(request.POST, found, done):
        return order_page(request, shop, found, IdempotencyMismatch(detail=key))
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
            return order_page(request, shop, found, refusal_of(problem))
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
    shop, found = order_of(request, shop_slug, order_id, MANAGERS)
    do = pressed(request, "grant", "refuse")
    asked = found.refunds.filter(pk=number(request.POST, "request") or 0)
    pending = asked.first()
    if pending is None:
        raise NotFound()
    try:
        if do == "grant":
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
        return order_page(request, shop, found, _as_answer(refusal_of(problem)))
    return redirect("studio_order", shop.slug, found.pk)


def _as_answer(problem: Problem) -> Problem:
    """Name the field of the answer form, because the refund form has a reason too."""
    if "reason" in problem.fields:
        problem.fields = {"answer_reason": problem.fields["reason"]}
    return problem
