"""Checkout in one page: what, where to, how to reach you, pay."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from banyan.kernel.ids import new_code
from banyan.kernel.problems import IdempotencyMismatch, Problem
from banyan.kernel.remembered import get
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.orders.queries import cart_wanted
from banyan.payments import actions as payments
from banyan.payments.models import Intent
from banyan.payments.problems import (
    PaymentClosed,
    PaymentInReview,
    ProviderRefused,
    ProviderUnreachable,
)
from banyan.payments.providers import enabled

from ...cookies import CART, keep_cart_count, read_signed
from ...http import actor, private
from ...payments.device import Way, payer_context, way_to_pay
from ...payments.going import Payer, go
from ..standing.age import age_of, gate
from . import form_tokens
from .checkout_page import draw, draw_currencies
from .checkout_values import check_quantity, contact_of, given, wanted_lines, wishes_of
from .coupon_choices import count_typed
from .way_back import keep


@require_http_methods(["GET", "HEAD", "POST"])
@private
def checkout(request: HttpRequest) -> HttpResponse:
    """Show the checkout; on POST place the order and go to the payment page.

    "Apply" and a changed country only price and draw again. A refusal keeps everything typed.
    """
    who = actor(request)
    lines = wanted_lines(request)
    values = given(request, who)
    places = request.method == "POST" and "again" not in request.POST
    if values.get("coupon"):
        count_typed(request)
    if not places:
        return _quoted(request, lines, values) if lines else redirect("cart")
    opening = None
    if way_to_pay(request, _provider(values)) == Way.HERE:
        opening = payments.Opening(
            return_url=lambda token: _return_url(request, token),
            locale=get_language() or "en",
            context=lambda provider: payer_context(request, provider),
        )
    try:
        check_quantity(request)
        placed = _place(request, lines, values, opening)
    except IdempotencyMismatch as problem:
        return _used(request, lines, values, problem)
    except Problem as problem:
        return _quoted(request, lines, values, problem)
    response = keep(request, go_to_payment(request, placed, opening), placed)
    if "variant" not in values:
        keep_cart_count(response, 0)
    return response


def _used(
    request: HttpRequest,
    lines: list[orders.WantedLine],
    values: dict[str, str],
    problem: IdempotencyMismatch,
) -> HttpResponse:
    """Say that this form's order exists and that nothing new was ordered; show the way to it.

    The form comes back with a new token, so that pressing again orders what it says now.
    """
    known = orders.placed_before(_placement_key(values))
    earlier = known[0] if known else None
    if not lines:
        if earlier is None:
            return redirect("cart")
        messages.warning(request, str(problem.message))
        return redirect("purchase", earlier.access_token)
    return _quoted(request, lines, values | {"token": ""}, problem, earlier)


def _quoted(
    request: HttpRequest,
    lines: list[orders.WantedLine],
    values: dict[str, str],
    problem: Problem | None = None,
    earlier: Checkout | None = None,
) -> HttpResponse:
    """Draw the page with today's prices, or the one that splits what has no common currency."""
    try:
        quote = orders.quote(
            actor=actor(request),
            lines=lines,
            coupon_code=values.get("coupon", ""),
            wishes=wishes_of(values),
            contact=contact_of(values),
        )
    except Problem as refused:
        if refused.code == "mixed_currencies":
            return draw_currencies(request, refused)
        if refused.code != "currency_not_offered":
            raise
        return _quoted(request, lines, values | {"currency": ""}, refused, earlier)
    if quote.min_age > age_of(request):
        return gate(request, min_age=quote.min_age)
    return draw(request, quote, values, problem, earlier)


def _placement_key(values: dict[str, str]) -> str:
    return f"{form_tokens.KEY}{values.get('token', '')}"[:80]


def _place(
    request: HttpRequest,
    lines: list[orders.WantedLine],
    values: dict[str, str],
    opening: payments.Opening | None,
) -> Checkout:
    """Place what the form says; of a cart that has changed since, what the form bought then."""
    if "variant" in values:
        return _placed(request, lines, values, opening)
    mismatch = IdempotencyMismatch()
    if lines:
        token = read_signed(request, CART)
        try:
            return _placed(request, lines, values, opening, cart_token=token)
        except IdempotencyMismatch as problem:
            mismatch = problem
    known = orders.placed_before(_placement_key(values))
    if known is None:
        raise mismatch
    before = [orders.WantedLine(variant, n) for variant, n in known[1].items()]
    placed = _placed(request, before, values, opening)
    leave_cart(request, known[1])
    return placed


def _placed(
    request: HttpRequest,
    lines: list[orders.WantedLine],
    values: dict[str, str],
    opening: payments.Opening | None,
    cart_token: str | None = None,
) -> Checkout:
    return orders.place(
        actor=actor(request),
        lines=lines,
        contact=orders.Contact(values.get("email", ""), values.get("contact_phone", "")),
        address=values,
        placement_key=_placement_key(values)
        if values.get("token")
        else form_tokens.KEY + new_code(120),
        provider=_provider(values),
        coupon_code=values.get("coupon", ""),
        confirmed_age=age_of(request),
        wishes=wishes_of(values),
        agreement=values.get("agreed", ""),
        opening=opening,
        cart_token=cart_token,
    )


def _provider(values: dict[str, str]) -> str:
    """Return the chosen way to pay, else the operator's first. Opening an intent checks it."""
    names = [provider.name for provider in enabled()]
    chosen = values.get("provider", "")
    return chosen if chosen in names else names[0]


def leave_cart(request: HttpRequest, bought: Mapping[int, int]) -> None:
    """Empty a cart that holds exactly what an order bought: it was filled for that order again."""
    who, token = actor(request), read_signed(request, CART)
    held = {line.variant_id: line.quantity for line in cart_wanted(actor=who, token=token)}
    if held == dict(bought):
        orders.empty_cart(actor=who, token=token, variant_ids=list(bought))


def go_to_payment(
    request: HttpRequest, placed: Checkout, opening: payments.Opening | None = None
) -> HttpResponse:
    """Send the buyer to the provider's page; to the order's page when there is no way there."""
    if placed.state != "placed" or not placed.intent_id:
        return redirect("purchase", placed.access_token)
    try:
        if opening is not None and opening.attempt is not None:
            url = payments.start_opened(actor=actor(request), opening=opening)
        else:
            url = go(request, Payer(get(Intent, placed.intent_id)))
    except (PaymentClosed, PaymentInReview, ProviderRefused, ProviderUnreachable) as problem:
        # The order exists: its own page says how it stands and offers to pay again.
        if isinstance(problem, PaymentClosed):
            # Perhaps it was paid in time, and nobody has told us yet.
            payments.expire_intent(actor=actor(request), intent_id=placed.intent_id)
            ended = orders.expire_checkout(actor=actor(request), checkout_id=placed.pk)
            if ended.state == "paid":
                return redirect("purchase", placed.access_token)
        messages.error(request, str(problem.message))
        return redirect("purchase", placed.access_token)
    return redirect(url)


def _return_url(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("payment_return", args=[token]))
