"""Buying: what it would cost, placing it, paying for it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from ninja import Path, Router, Status

from banyan.catalog.rules import Place
from banyan.entitlements.actions import count_typed_code
from banyan.entitlements.rights import HeldPrice
from banyan.entitlements.rules import why
from banyan.kernel.http import whole_address_of
from banyan.kernel.problems import Invalid
from banyan.orders import actions as orders
from banyan.orders.access import get_checkout_for_buyer, visible_checkouts
from banyan.orders.actions import Quote, WantedLine
from banyan.orders.models import Checkout, Order
from banyan.orders.queries import cart_wanted, orders_of
from banyan.payments import actions as payments
from banyan.payments import providers
from banyan.payments.access import get_intent_of
from banyan.payments.models import Intent
from banyan.payments.providers.base import AsksWhoPays
from banyan.payments.queries import lane_in, methods_for
from banyan.sales.queries import SalePrice

from .checkout_bodies import (
    CheckoutAnswer,
    CheckoutBody,
    CouponNotUsed,
    CouponUsed,
    Delivery,
    DeviceBody,
    LineBody,
    Method,
    OrderRef,
    OwnPrice,
    PaymentAnswer,
    PlaceBody,
    PointsOffered,
    PurchaseBody,
    QuoteAnswer,
    QuoteBody,
    QuoteLine,
    SaleLeftOut,
    Way,
)
from .gate import ANYONE, ANYONE_WRITES, READ, Caller, caller_of, keyed
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .prices import price_step
from .schemas import (
    Id,
    Money,
    minor,
)

router = Router(tags=["checkout"])


def wanted_lines(caller: Caller, lines: list[LineBody] | None) -> list[WantedLine]:
    """Return what is to be bought: the lines of the body, else the cart's."""
    if lines is not None:
        return [
            WantedLine(one.variant_id, one.quantity, one.via or "", one.touch, one.offer)
            for one in lines
        ]
    return cart_wanted(actor=caller.actor, token=caller.cart_token)


def wishes_of(body: PurchaseBody, to: PlaceBody | None = None) -> orders.Wishes:
    """Return what the body wishes for."""
    return orders.Wishes(
        to=Place(to.country, to.level1.strip(), to.postcode) if to else None,
        currency=body.currency or "",
        methods={one.shop_id: one.method_id for one in body.delivery},
        coupons_off=frozenset(body.coupons_off),
        use_points=body.use_points,
    )


def _quote(caller: Caller, quote: Quote) -> QuoteAnswer:
    priced, currency = quote.priced, quote.currency

    def money(amount: int) -> Money:
        return Money.at(amount, currency)

    problem, left_out, beyond = quote.coupons.problem, quote.left_out(), quote.beyond_sale()
    return QuoteAnswer(
        lines=[
            QuoteLine(
                variant_id=line.key,
                shop_id=line.shop_id,
                quantity=line.quantity,
                unit=money(line.unit_amount),
                goods=money(line.goods),
                discount=money(line.discount),
                shipping=money(line.shipping),
                tax=money(line.tax),
                price=[price_step(step, currency) for step in line.steps],
                left_out=_own_price(left_out.get(line.key)),
                sale_left_out=_sale(beyond.get(line.key), currency),
            )
            for line in priced.lines
        ],
        goods=money(priced.goods()),
        discount=money(priced.discount()),
        shipping=money(priced.shipping()),
        tax=money(priced.tax()),
        included_tax=money(priced.included_tax()),
        total=money(priced.total()),
        currencies=quote.currencies,
        delivery=[
            Delivery(
                shop_id=shop_id,
                ways=[
                    Way(
                        method_id=way.id,
                        name=way.name,
                        amount=money(quote.charge(shop_id, way)),
                        days=list(way.days) if way.days else None,
                        chosen=way == found.chosen,
                    )
                    for way in found.methods
                ],
            )
            for shop_id, found in quote.carriage.items()
        ],
        agreement=quote.agreement.text(),
        coupon_problem=problem.code if problem else None,
        coupons=[
            CouponUsed(
                id=one.candidate.key,
                code=one.candidate.code,
                title=one.candidate.title,
                terms=one.candidate.terms.sentences(currency),
                funded_by=one.candidate.funded_by,
                amount=money(one.amount),
            )
            for one in quote.coupons.best.applied
        ],
        coupons_not_used=[
            CouponNotUsed(
                id=one.candidate.key,
                code=one.candidate.code,
                title=one.candidate.title,
                terms=one.candidate.terms.sentences(one.candidate.currency),
                reason=one.miss.code,
                message=why(one.miss, one.candidate.currency),
            )
            for one in quote.coupons.best.refused
        ],
        savings=money(quote.coupons.best.savings),
        points=[
            PointsOffered(
                shop_id=one.purse.shop_id,
                points=one.points,
                amount=money(one.amount),
                used=quote.points.wanted,
            )
            for one in quote.points.offered
        ],
        unavailable=quote.unavailable,
        methods=[
            Method(
                provider=one.provider,
                label=str(one.label),
                balance=Money.of(one.balance) if one.balance else None,
            )
            for one in methods_for(amount=quote.total, account_id=caller.actor.id)
        ],
    )


def _own_price(held: HeldPrice | None) -> OwnPrice | None:
    if held is None:
        return None
    return OwnPrice(
        title=held.title,
        price=Money.at(held.amount, held.currency),
        quantity=held.quantity,
        expires_at=held.expires_at,
    )


def _sale(sale: SalePrice | None, currency: str) -> SaleLeftOut | None:
    if sale is None:
        return None
    price = Money.at(sale.amount, currency)
    return SaleLeftOut(title=sale.title, price=price, quantity=sale.most)


def _checkout(checkout: Checkout, found: list[Order]) -> CheckoutAnswer:
    def money(amount: int) -> Money:
        return Money.at(amount, checkout.currency)

    return CheckoutAnswer(
        id=checkout.pk,
        number=checkout.number,
        state=checkout.state,
        goods=money(checkout.goods_amount),
        discount=money(checkout.discount_amount),
        shipping=money(checkout.shipping_amount),
        tax=money(checkout.tax_amount),
        total=money(checkout.total_amount),
        orders=[
            OrderRef(
                id=order.pk,
                number=order.number,
                shop_id=order.shop_id,
                state=order.state,
                total=money(order.total_amount),
            )
            for order in found
        ],
        access_token=checkout.access_token,
        created_at=checkout.created_at,
        expires_at=checkout.expires_at,
        paid_at=checkout.paid_at,
    )


def _one(checkout: Checkout) -> CheckoutAnswer:
    return _checkout(checkout, orders_of([checkout.pk]).get(checkout.pk, []))


def _priced(
    caller: Caller, lines: list[WantedLine], body: PurchaseBody, wishes: orders.Wishes
) -> Quote:
    """Price with the best legal set of coupons; a typed code counts against whoever types it."""
    if body.coupon:
        who = f"account:{caller.actor.id}" if caller.actor.id else f"address:{caller.address}"
        count_typed_code(who=who)
    known = body.contact if body.contact.email or body.contact.phone else None
    return orders.quote(
        actor=caller.actor,
        lines=lines,
        coupon_code=body.coupon,
        wishes=wishes,
        contact=orders.Contact(known.email, known.phone) if known else None,
    )


@router.post("/checkouts/quote", auth=ANYONE, response={200: QuoteAnswer})
def quote_checkout(request: HttpRequest, body: QuoteBody) -> Any:
    """Price a purchase from zero; changes nothing. For the lines given, else for the cart."""
    caller = caller_of(request)
    lines = wanted_lines(caller, body.lines)
    return _quote(caller, _priced(caller, lines, body, wishes_of(body, body.to)))


@router.post("/checkouts", auth=ANYONE_WRITES, response={201: CheckoutAnswer})
@keyed
def place_checkout(request: HttpRequest, body: CheckoutBody) -> Any:
    """Place a purchase: stock is reserved for 15 minutes, and who brought the buyer is frozen."""
    caller = caller_of(request)
    lines = wanted_lines(caller, body.lines)
    agreed = body.agreed_total
    at = body.address
    # Of what is not sent the country is enough, for the tax; without it, each shop's own.
    to = PlaceBody(country=at.country, level1=at.level1, postcode=at.postcode) if at else None
    wishes = wishes_of(body, to)
    if agreed is not None or body.coupon:
        quoted = _priced(caller, lines, body, wishes)
        if agreed is not None:
            minor(agreed, quoted.currency, "agreed_total")
    placed = orders.place(
        actor=caller.actor,
        lines=lines,
        contact=orders.Contact(body.contact.email, body.contact.phone),
        address=at.model_dump() if at else {},
        placement_key=caller.key,
        provider=body.provider,
        coupon_code=body.coupon,
        wishes=wishes,
        agreed_total=agreed.amount if agreed else None,
        agreement=body.agreement,
        cart_token=caller.cart_token if body.lines is None else None,
        confirmed_age=body.confirmed_age,
    )
    return Status(201, _one(placed))


@router.get("/checkouts", auth=READ, response=Page[CheckoutAnswer])
def list_checkouts(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List one's own purchases, newest first."""
    rows = visible_checkouts(caller_of(request).actor)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: limit + 1])
    parts = orders_of([row.pk for row in found])
    return page_of(
        found, limit, lambda row: row.pk, lambda row: _checkout(row, parts.get(row.pk, []))
    )


def _bought(request: HttpRequest, checkout_id: int) -> Checkout:
    caller = caller_of(request)
    return get_checkout_for_buyer(caller.actor, checkout_id, caller.access_token)


@router.get("/checkouts/{checkout_id}", auth=ANYONE, response=CheckoutAnswer)
def read_checkout(request: HttpRequest, checkout_id: Path[Id]) -> Any:
    """Return a purchase to its buyer: the account, or whoever sends its `Access-Token`."""
    return _one(_bought(request, checkout_id))


@router.post("/checkouts/{checkout_id}/cancel", auth=ANYONE_WRITES, response=CheckoutAnswer)
def cancel_checkout(request: HttpRequest, checkout_id: Path[Id]) -> Any:
    """Give up an unpaid purchase. Repeatable; a paid one is refused."""
    caller = caller_of(request)
    ended = orders.cancel_checkout(
        actor=caller.actor, checkout_id=checkout_id, access_token=caller.access_token
    )
    return _one(ended)


@router.post("/checkouts/{checkout_id}/payment", auth=ANYONE_WRITES, response=PaymentAnswer)
def start_payment(
    request: HttpRequest, checkout_id: Path[Id], device: DeviceBody | None = None
) -> Any:
    """Open the payment at its provider and return the page where the buyer pays. Repeatable."""
    checkout = _bought(request, checkout_id)
    if not checkout.intent_id:
        return _free(checkout)
    intent = get_intent_of("checkout", checkout.pk)
    context = _context(request, intent, device or DeviceBody())
    lane = lane_in(intent, context)
    way_back = reverse("payment_return", args=[intent.token, lane] if lane else [intent.token])
    back = request.build_absolute_uri(way_back)
    url = payments.start_known(
        actor=caller_of(request).actor,
        intent=intent,
        return_url=back,
        locale=get_language() or "en",
        context=context,
    )
    intent.refresh_from_db()
    return _payment(request, intent, "" if url == back else url)


@router.get("/checkouts/{checkout_id}/payment", auth=ANYONE, response=PaymentAnswer)
def read_payment(request: HttpRequest, checkout_id: Path[Id]) -> Any:
    """Return how the payment of a purchase stands."""
    checkout = _bought(request, checkout_id)
    if not checkout.intent_id:
        return _free(checkout)
    intent = get_intent_of("checkout", checkout.pk)
    return _payment(request, intent, intent.pay_url if intent.state == "pending" else "")


def _context(request: HttpRequest, intent: Intent, device: DeviceBody) -> dict[str, str]:
    """Return what the provider is told of the buyer's device, as the pages tell it."""
    adapter = providers.get(intent.provider)
    context: dict[str, str] = {"channel": device.channel}
    if device.channel == "wap" and adapter.capabilities.needs_client_ip:
        behind = bool(settings.SECURE_PROXY_SSL_HEADER)
        context["client_ip"] = whole_address_of(request.META, behind_proxy=behind)
    if device.payer_code:
        if not isinstance(adapter, AsksWhoPays):
            raise Invalid(code="payer_code_not_wanted", detail=intent.provider)
        payments.require_open(intent)  # before the code is used up
        context["payer_ref"] = adapter.payer_of(device.payer_code)
    return context


def _payment(request: HttpRequest, intent: Intent, url: str) -> PaymentAnswer:
    return PaymentAnswer(
        state=intent.state,
        amount=Money.at(intent.amount, intent.currency),
        provider=intent.provider,
        pay_url=request.build_absolute_uri(url) if url else None,
        failure=intent.failure,
        expires_at=intent.expires_at,
    )


def _free(checkout: Checkout) -> PaymentAnswer:
    """Say of a purchase that costs nothing that there is nothing to pay."""
    return PaymentAnswer(
        state="captured" if checkout.state == "paid" else checkout.state,
        amount=Money.at(0, checkout.currency),
        provider=None,
        pay_url=None,
        failure="",
        expires_at=checkout.expires_at,
    )
