"""Disputes: asking for a decision, and the one page that both sides see."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.kernel.money import Money, no_amount
from banyan.kernel.problems import Invalid, Problem
from banyan.market import actions as market
from banyan.market.access import get_dispute_for, side_of
from banyan.market.models import Dispute
from banyan.market.queries import Moment, escrow_for, timeline
from banyan.market.rules import REASONS
from banyan.media.queries import pictures, staged_for
from banyan.orders.access import get_order_for_buyer
from banyan.orders.actions.proceeds import escrow_balance
from banyan.orders.models import Order
from banyan.web.ui.shapes import Entry

from ...http import actor, link_token, private
from ...media.uploads import staged_tokens
from ..orders.story import state_text


def dispute_url(dispute: Dispute, token: str = "") -> str:
    """Return the address of a dispute's page, for a guest with the order's token."""
    url = reverse("dispute", args=[dispute.pk])
    return f"{url}?o={token}" if token else url


def dispute_state_text(state: str) -> str:
    """Return what a dispute's state means to both sides."""
    texts = {
        "open": _("The platform will decide"),
        "withdrawn": _("Taken back by the buyer"),
        "decided": _("Decided"),
    }
    return texts.get(state, state)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def dispute_ask(request: HttpRequest, token: str, order_id: int) -> HttpResponse:
    """Ask the platform to decide about an order."""
    who = actor(request)
    order = get_order_for_buyer(who, order_id, token)
    if request.method != "POST":
        return _ask_page(request, order, token, [])
    try:
        tokens = staged_tokens(request, "picture")
    except Invalid as problem:
        return _ask_page(request, order, token, problem.extra.get("tokens", []), problem)
    try:
        dispute = market.open_dispute(
            actor=who,
            order_id=order.pk,
            reason=request.POST.get("reason", ""),
            claim_amount=_amount(request.POST.get("amount", ""), order.currency),
            body=request.POST.get("body", ""),
            access_token=token,
            picture=tokens[0] if tokens else "",
        )
    except Problem as problem:
        if problem.status not in {409, 422}:
            raise
        return _ask_page(request, order, token, tokens, problem)
    return redirect(dispute_url(dispute, token))


def _amount(text: str, currency: str) -> int:
    try:
        return Money.parse(text, currency).amount
    except (ValueError, ArithmeticError) as error:
        raise Invalid(fields={"amount": no_amount(currency)}) from error


def _ask_page(
    request: HttpRequest,
    order: Order,
    token: str,
    tokens: list[str],
    problem: Problem | None = None,
) -> HttpResponse:
    left = Money(order.total_amount - order.refunded_amount, order.currency)
    # What was said to have arrived is not proposed as missing.
    likely = "not_as_described" if order.state in {"received", "closed"} else "not_arrived"
    chosen = request.POST.get("reason") or likely
    context = {
        "nav": "orders",
        "order": order,
        "token": token,
        "left": left,
        "amount": request.POST.get("amount", str(left.decimal)),
        "body": request.POST.get("body", ""),
        "reasons": [
            {"value": value, "text": text, "checked": value == chosen}
            for value, text in REASONS.items()
        ],
        "staged": staged_for(actor(request), tokens),
        "problem": problem,
        "errors": problem.fields if problem else {},
        "in_escrow": order.shop.kind == "member",
    }
    status = problem.status if problem else 200
    return render(request, "shop/trade/dispute_ask.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def dispute(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Show the one timeline to both sides; POST adds what somebody says or shows."""
    who, token = actor(request), link_token(request)
    found = get_dispute_for(who, dispute_id, token)
    if request.method != "POST":
        return _page(request, found, token, [])
    try:
        tokens = staged_tokens(request, "picture")
    except Invalid as problem:
        return _page(request, found, token, problem.extra.get("tokens", []), problem)
    try:
        market.answer_dispute(
            actor=who,
            dispute_id=found.pk,
            body=request.POST.get("body", ""),
            access_token=token,
            picture=tokens[0] if tokens else "",
        )
    except Problem as problem:
        if problem.status not in {409, 422}:
            raise
        return _page(request, found, token, tokens, problem)
    return redirect(dispute_url(found, token))


@require_POST
@private
def dispute_withdraw(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """The buyer takes the complaint back."""
    token = link_token(request)
    found = market.withdraw_dispute(actor=actor(request), dispute_id=dispute_id, access_token=token)
    messages.success(request, _("You took the complaint back."))
    return redirect(dispute_url(found, token))


def _page(
    request: HttpRequest,
    found: Dispute,
    token: str,
    tokens: list[str],
    problem: Problem | None = None,
) -> HttpResponse:
    who, order = actor(request), found.order
    moments = timeline(found)
    shown = pictures([m.entry.image_id for m in moments if m.entry and m.entry.image_id])
    escrow = escrow_for(order)
    side = side_of(who, found)
    context = {
        "nav": "orders",
        "dispute": found,
        "order": order,
        "token": token,
        "state": dispute_state_text(found.state),
        "reason": REASONS[found.reason],
        "claim": Money(found.claim_amount, order.currency),
        "refund": _money(found.refund_amount, order.currency),
        "frozen": Money(escrow_balance(order), order.currency)
        if escrow is not None and escrow.state == "disputed"
        else None,
        "entries": [_entry(moment) for moment in moments],
        "shown": [
            (_side(m.entry.side), shown[m.entry.image_id])
            for m in moments
            if m.entry and m.entry.image_id in shown
        ],
        "side": side,
        "may_withdraw": side == "buyer" and found.state == "open",
        "open": found.state == "open",
        "body": request.POST.get("body", ""),
        "staged": staged_for(who, tokens),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = problem.status if problem else 200
    return render(request, "shop/trade/dispute.html", context, status=status)


def _money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)


def _side(side: str) -> str:
    return {"buyer": _("Buyer"), "seller": _("Seller"), "platform": _("Platform")}[side]


def _entry(moment: Moment) -> Entry:
    if moment.entry is not None:
        return Entry(text=_side(moment.entry.side), time=moment.at, detail=moment.entry.body)
    if moment.aspect == "escrow":
        return Entry(text=_escrow_text(moment.what), time=moment.at, state="good")
    placed = moment.what == "placed"
    return Entry(
        text=_("Order placed") if placed else state_text(moment.what), time=moment.at, state="good"
    )


def _escrow_text(state: str) -> str:
    texts = {
        "held": _("The money is held as before"),
        "disputed": _("The money is frozen until the decision"),
        "released": _("The rest went to the seller"),
        "returned": _("Everything went back to the buyer"),
    }
    return texts.get(state, state)


def open_dispute_url(order: Order, disputes: list[Dispute], token: str) -> tuple[str, str]:
    """Return (where to complain, where the complaint stands) of an order; empty where neither."""
    latest: Any = disputes[0] if disputes else None
    where = dispute_url(latest, token) if latest is not None else ""
    waiting = latest is not None and latest.state == "open"
    can = order.state in {"paid", "shipped", "received"} and not waiting
    return (reverse("dispute_ask", args=[token, order.pk]) if can else "", where)
