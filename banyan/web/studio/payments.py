"""Asking for a payment by link or code, and the shop's own accounts at the providers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.catalog.access import MANAGERS, works_in
from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, Invalid, NotFound, Problem
from banyan.payments import actions as payments
from banyan.payments import providers
from banyan.payments.access import requests_of
from banyan.payments.models import ConnectedAccount, PaymentRequest
from banyan.payments.providers.base import Splits

from ..http import actor, private, signed_in
from ..once import led_to, name_of
from ..payments.waiting import drawn
from ..shop.orders.payment_request import takes_requests
from .room import older, page, refusal_of, shop_of
from .typed import Typed

MOST_SHOWN = 50
OWNER = ("owner",)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def asked_payments(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List what the shop asked for, newest first; on POST ask for a payment."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _page(request, shop, {"days": "7"})
    try:
        return redirect(led_to(request, name_of(request), lambda: _ask(request, shop)))
    except Problem as problem:
        return _page(request, shop, request.POST, refusal_of(problem))


def _ask(request: HttpRequest, shop: Shop) -> str:
    if not takes_requests(shop):
        raise Conflict(_("Payments can be asked for once the shop is open."), code="shop_not_open")
    typed = Typed(request.POST, shop.currency)
    amount, days = typed.amount("amount"), typed.whole("days")
    typed.check()
    payments.ask_for_payment(
        actor=actor(request),
        payee_kind="shop",
        payee_id=shop.pk,
        amount=Money(amount or 0, shop.currency),
        note=typed.text("note"),
        good_for=dt.timedelta(days=min(days or 0, 365)),
    )
    messages.success(request, _("Send the link, or let the code be scanned."))
    return reverse("studio_payments", args=[shop.slug])


def _page(
    request: HttpRequest, shop: Shop, values: Any, problem: Problem | None = None
) -> HttpResponse:
    found, more = older(request, requests_of("shop", shop.pk), MOST_SHOWN)
    context = {
        "values": values,
        "rows": [_row(request, one) for one in found],
        "more_url": more,
        "accounts": _accounts(shop) if works_in(actor(request), shop.pk, OWNER) else [],
    }
    return page(request, shop, "payments", "studio/payments.html", context, problem)


def _row(request: HttpRequest, asked: PaymentRequest) -> dict[str, Any]:
    url = request.build_absolute_uri(reverse("payment_request", args=[asked.code]))
    is_open = asked.state == "open" and clock.now() < asked.expires_at
    words = {
        "paid": _("Paid"),
        "cancelled": _("Taken back"),
        "open": _("Waiting") if is_open else _("Expired"),
        "expired": _("Expired"),
    }
    left = asked.amount - asked.refunded_amount
    return {
        "asked": asked,
        "amount": Money(asked.amount, asked.currency),
        "state": words[asked.state],
        "is_open": is_open,
        "url": url,
        "qr": drawn(url) if is_open else "",
        "left": Money(left, asked.currency) if asked.state == "paid" and left else None,
    }


def _accounts(shop: Shop) -> list[dict[str, Any]]:
    """Return the providers that pass money on, each with the shop's account there, if any."""
    known = dict(
        ConnectedAccount.objects.filter(owner_kind="shop", owner_id=shop.pk).values_list(
            "provider", "account"
        )
    )
    return [
        {"provider": one.name, "label": one.label, "account": known.get(one.name, "")}
        for one in providers.enabled()
        if isinstance(one, Splits) and one.splits()
    ]


def connected_to(shop: Shop) -> list[str]:
    """Return the names of the providers that pass money on to an account of the shop's own."""
    return [str(one["label"]) for one in _accounts(shop) if one["account"]]


def _mine(shop: Shop, request_id: int) -> PaymentRequest:
    found = requests_of("shop", shop.pk).filter(pk=request_id).first()
    if found is None:
        raise NotFound()
    return found


@require_POST
@private
@signed_in
def take_back(request: HttpRequest, shop_slug: str, request_id: int) -> HttpResponse:
    """Take a request back."""
    shop = shop_of(request, shop_slug, MANAGERS)
    asked = _mine(shop, request_id)
    try:
        payments.cancel_request(actor=actor(request), request_id=asked.pk)
        messages.success(request, _("The request is taken back. It cannot be paid any more."))
    except Problem as problem:
        messages.error(request, str(refusal_of(problem).message))
    return redirect("studio_payments", shop.slug)


@require_POST
@private
@signed_in
def give_back(request: HttpRequest, shop_slug: str, request_id: int) -> HttpResponse:
    """Refund a paid request in full, the way it was paid."""
    shop = shop_of(request, shop_slug, MANAGERS)
    asked = _mine(shop, request_id)
    try:
        payments.refund_request(
            actor=actor(request),
            request_id=asked.pk,
            amount=asked.amount - asked.refunded_amount,
            reason=request.POST.get("reason", ""),
            key=f"payment_request:{asked.pk}:{asked.refunded_amount}",
        )
        messages.success(request, _("The money is on its way back."))
    except Problem as problem:
        shown = refusal_of(problem)
        messages.error(request, str(next(iter(shown.fields.values()), shown.message)))
    return redirect("studio_payments", shop.slug)


@require_POST
@private
@signed_in
def connect(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Connect the shop's own account at a provider, so that its money goes there. For owners."""
    shop = shop_of(request, shop_slug, OWNER)
    typed = Typed(request.POST)
    try:
        if not typed.text("account"):
            raise Invalid(fields={"account": _("Enter the account.")})
        payments.connect_account(
            actor=actor(request),
            owner_kind="shop",
            owner_id=shop.pk,
            provider=typed.text("provider")[:20],
            account=typed.text("account")[:80],
            name=typed.text("name")[:120],
        )
        messages.success(request, _("What the shop earns goes to this account from now on."))
    except Problem as problem:
        if problem.status not in {404, 409, 422, 503}:
            raise
        messages.error(request, str(next(iter(problem.fields.values()), problem.message)))
    return redirect("studio_payments", shop.slug)
