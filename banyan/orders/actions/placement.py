"""From wanted lines to a placed checkout: one transaction, everything that decides money frozen."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import reserve, reserve_held, sold_out
from banyan.catalog.models import Variant
from banyan.catalog.rules import Place, text_in
from banyan.entitlements.actions import (
    PointsGone,
    RightGone,
    points_locks,
    reserve_coupons,
    reserve_rights,
)
from banyan.entitlements.actions import locks_of as coupon_locks
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, Forbidden, Invalid
from banyan.kernel.remembered import get, insert_together
from banyan.payments.actions import Opening, first_attempt, new_intent
from banyan.payments.models import Attempt
from banyan.people.rules import clean_address, clean_phone
from banyan.sales import actions as sales

from ..events import OrderPlaced
from ..models import Checkout, Order, OrderLine
from ..ports import freeze_terms, seat_locks
from ..reading import known_or_ids, lines_to_pay
from ..rules import WantedLine, line_title, merge
from .agreeing import Offer, read_agreement
from .cart import empty_cart, emptying
from .couponing import Coupons
from .crediting import Credit, confirm_touches, credits_of
from .handover import check_deliverable, needs_parcel
from .payment import mark_paid, paid_locks
from .persons import Contact, person_key, same_person
from .pointing import pay_with_points
from .proceeds import locks_of as proceeds_locks
from .quoting import NO_WISHES, Quote, Wishes
from .repeating import Asked

TRIES = 3
PRICE_HOLDS = 0.2
"""Seconds that a price is taken for today's after it was looked at; see ADR 13."""
MOST_OTHER_ROWS = 3  # the checkout, its intent and attempt; at most an order for each line
RESERVATION = dt.timedelta(minutes=15)
PLAYED = {"instance", "campaign"}
"""Kinds of locks of what is played in: :func:`_seats` takes them before all others."""
_NUMBER_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def place_of(address: Mapping[str, str]) -> Place:
    """Return where an address is, for delivery and tax."""
    return Place(address["country"], address.get("level1", ""), address.get("postcode", ""))


def _quantities(lines: Sequence[WantedLine]) -> dict[int, int]:
    return {line.variant_id: line.quantity for line in merge(lines)}


def place(
    *,
    actor: Actor,
    lines: Sequence[WantedLine],
    contact: Contact,
    address: Mapping[str, Any],
    placement_key: str,
    provider: str,
    coupon_code: str = "",
    wishes: Wishes = NO_WISHES,
    agreed_total: int | None = None,
    agreement: str = "",
    opening: Opening | None = None,
    cart_token: str | None = None,
    confirmed_age: int = 0,
) -> Checkout:
    """Place an order: reserve stock, coupons and rights, freeze price, share path and commission.

    Repeatable by ``placement_key``: the second call returns the first one's checkout, and raises
    IdempotencyMismatch when it asks for something else. It is bought with the best legal set of
    coupons. Locks the coupons and points, and at the end stock, so that buyers of one thing wait
    for little more than each other's commit; who waited longer than ``PRICE_HOLDS`` since the price
    was looked at looks at it again. Emits order.placed per shop. ``wishes``: currency,
    ways of delivery, coupons that shall not be used, points; where to is the address. What the
    buyer agreed to is ``agreement``, the text of a quote's, or its ``agreed_total``. Raises Invalid
    (fields), SoldOut, Forbidden ``age_unconfirmed`` when the buyer's ``confirmed_age`` (years, as
    they say) is too low, and what ``agreeing.Offer.quote`` raises: Conflict ``price_changed`` when
    it is no longer what was agreed to. The payment intent is opened here, with ``opening`` its
    first attempt too; talking to the provider is the caller's next step. What is bought leaves the
    cart of ``cart_token`` (a member's own: any text) unless that is None.
    """
    contact, clean = _check_buyer(actor, contact, address, lines)
    agreed = read_agreement(agreement)
    if agreed is not None:
        agreed_total = agreed.total
    asked = Asked(
        lines=_quantities(lines),
        contact=(contact.email, contact.phone),
        address=clean,
        coupon_code=coupon_code,
        agreed_total=agreed_total,
    )
    known, ids = known_or_ids(placement_key, MOST_OTHER_ROWS + len(lines))
    if known is not None:
        before = asked.again(get(Checkout, known))
        if cart_token is not None:
            empty_cart(actor=actor, token=cart_token, variant_ids=list(asked.lines))
        return before
    offer = Offer(
        actor=actor,
        lines=lines,
        coupon_code=coupon_code,
        # Without a parcel there is no address: the tax is that of where the buyer says to be.
        wishes=replace(wishes, to=place_of(clean)) if clean else wishes,
        contact=contact,
        agreed_total=agreed_total,
        agreement=agreed,
    )
    for _attempt in range(TRIES):
        looked = time.monotonic()
        wanted = offer.quote()
        _check_age(wanted, confirmed_age)
        _check_free(wanted)
        check_deliverable(wanted.variants.values())
        credits = credits_of(actor, wanted)
        try:
            with transaction.atomic():
                locks.take(
                    [
                        *coupon_locks(one.coupon_id for one in wanted.coupons.chosen),
                        *points_locks(wanted.points.purse_ids()),
                        *_seats(wanted),
                    ]
                )
                checkout, attempt = _write(
                    actor=actor,
                    ids=ids,
                    cart_token=cart_token,
                    wanted=wanted,
                    credits=credits,
                    contact=contact,
                    address=clean,
                    placement_key=placement_key,
                    provider=provider,
                    opening=opening,
                )
                if time.monotonic() - looked > PRICE_HOLDS:
                    now = offer.quote(wanted)
                    if (now.priced, now.offers) != (wanted.priced, wanted.offers):
                        raise _PriceMoved
        except (_PriceMoved, PointsGone, RightGone, sales.SaleCapped):
            continue
        except IntegrityError as error:
            if "placement_key" not in str(error):
                raise
            return asked.again(Checkout.objects.get(placement_key=placement_key))
        if opening is not None and attempt is not None:
            opening.intent, opening.attempt = attempt.intent, attempt
        return checkout
    raise Busy(detail="the price moved at every try")


def _seats(wanted: Quote) -> list[LockKey]:
    """Return what is played in by an order that costs nothing: it is paid as it is placed."""
    own = wanted.by_right().values()
    played = {one.instance_id for one in own if one.instance_id}
    if wanted.total.amount or not played:
        return []
    seats = seat_locks(played, [one.right_id for one in own])
    return [*(LockKey("instance", instance_id) for instance_id in played), *seats]


class _PriceMoved(Exception):  # noqa: N818 - not an error, a reason to begin again
    """What was written is not what it costs now."""


def _check_age(wanted: Quote, confirmed_age: int) -> None:
    if wanted.min_age > confirmed_age:
        raise Forbidden(
            _("Some of this is for people of %(age)s years or older.") % {"age": wanted.min_age},
            code="age_unconfirmed",
            extra={"min_age": wanted.min_age},
        )


def _check_free(wanted: Quote) -> None:
    """Refuse at once what is plainly sold out; whether there is enough is decided by the UPDATE."""
    short, kept = [], {*wanted.in_sale(), *wanted.kept()}
    for line in wanted.lines:
        if line.variant_id in kept:
            continue  # its units are kept by the sale, or for the buyer
        if wanted.variants[line.variant_id].stock.free < line.quantity:
            short.append(line.variant_id)
    if short:
        raise sold_out(short)


def _check_buyer(
    actor: Actor, contact: Contact, address: Mapping[str, Any], lines: Sequence[WantedLine]
) -> tuple[Contact, dict[str, str]]:
    clean, fields = clean_address(address)
    if fields and not needs_parcel(line.variant_id for line in lines):
        clean, fields = {}, {}
    email = contact.email.strip()
    phone = contact.phone.strip() or clean.get("phone", "")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            fields["email"] = _("This is not an e-mail address.")
    if phone and phone != clean.get("phone"):
        parsed = clean_phone(phone, clean.get("country", "CN"))
        if parsed is None:
            fields["contact_phone"] = _("This is not a phone number.")
        phone = parsed or ""
    if not email and not phone and actor.id is None and "email" not in fields:
        fields["email"] = _("Give an e-mail address or a phone number, so that we can reach you.")
    if fields:
        raise Invalid(fields=fields)
    return Contact(email, phone), clean


def _number() -> str:
    return "".join(secrets.choice(_NUMBER_LETTERS) for _ in range(8))


def _write(
    *,
    actor: Actor,
    ids: Sequence[int],
    cart_token: str | None,
    wanted: Quote,
    credits: dict[int, Credit],
    contact: Contact,
    address: dict[str, str],
    placement_key: str,
    provider: str,
    opening: Opening | None,
) -> tuple[Checkout, Attempt | None]:
    """Write everything; the first attempt comes along where ``opening`` asks for one."""
    now = clock.now()
    number = _number()
    shop_ids = wanted.shop_ids()
    checkout_id, intent_id, attempt_id, *order_ids = ids
    checkout = Checkout(
        id=checkout_id,
        number=number,
        access_token=new_code(160),
        placement_key=placement_key,
        buyer_id=actor.id,
        visitor=actor.visitor or "",
        contact_email=contact.email,
        contact_phone=contact.phone,
        address=address,
        language=get_language() or "en",
        currency=wanted.currency,
        goods_amount=wanted.priced.goods(),
        discount_amount=wanted.priced.discount(),
        shipping_amount=wanted.priced.shipping(),
        tax_amount=wanted.priced.tax(),
        total_amount=wanted.priced.total(),
        coupon_id=_first_of(wanted.coupons),
        created_at=now,
        expires_at=now + _patience(wanted),
    )
    with caused_by(checkout.pk):
        payment: list[Sequence[Model]] = []
        attempt = None
        if checkout.total_amount:
            intent = new_intent(
                subject_kind="checkout",
                subject_id=checkout.pk,
                provider=provider,
                amount=wanted.total,
                description=number,
                payer_id=actor.id,
                expires_at=checkout.expires_at,
            )
            intent.pk = checkout.intent_id = intent_id
            payment.append([intent])
            if opening is not None:
                attempt = first_attempt(intent, opening)
                attempt.pk = attempt_id
                payment.append([attempt])
        confirm_touches(actor, credits.values())
        orders = _orders(checkout, wanted, dict(zip(shop_ids, order_ids, strict=False)))
        lines = _lines(checkout, orders, wanted, credits)
        freeze_terms(lines)
        placed = [
            OrderPlaced(order_id=order.pk, checkout_id=checkout.pk, shop_id=order.shop_id)
            for order in orders
        ]
        told = [events.stored_of(one, actor=actor) for one in placed]
        beside = []
        if cart_token is not None:
            beside = [emptying(actor=actor, token=cart_token, variant_ids=list(wanted.variants))]
        insert_together(*payment, orders, [checkout], told, lines, beside=beside)
        locks.keep("lines just placed", checkout.pk, lines)
        if wanted.coupons.best.applied:
            reserve_coupons(
                actor=actor,
                given=wanted.coupons.best.applied,
                checkout_id=checkout.pk,
                person_key=person_key(actor, contact),
                same_person=wanted.coupons.person,
            )
        if own := wanted.by_right():
            reserve_rights(actor=actor, rights=own.values(), checkout_id=checkout.pk)
        pay_with_points(actor=actor, points=wanted.points, orders=orders)
        for one in placed:
            events.run_handlers(one, actor)
        keys = [LockKey("stock", variant.stock.pk) for variant in wanted.variants.values()]
        if not checkout.total_amount:
            paying = paid_locks(checkout.pk, lines)
            # Before coupons in the order: a deadline that came just now may have added some.
            locks.check_again(key for key in paying if key.kind in PLAYED)
            keys += paying
            # The buyer owes nothing, and yet a platform's coupon may pay the shops.
            keys += [key for order in orders for key in proceeds_locks(order)]
        persons = _persons(actor, wanted, contact)
        parts = _use_rights(actor, checkout, wanted, persons)
        claimed = [part for part in parts if not part.missing]
        if len(keys) > len(claimed) or len(keys) > 1:
            locks.take(keys)
        # Else all of it was claimed, and the UPDATE that moves it locks the one row it is in.
        _reserve(actor, checkout, wanted, parts, persons)
        if not checkout.total_amount:
            mark_paid(actor=actor, checkout=checkout, lines=lines_to_pay(checkout.pk))
    return checkout, attempt


def _first_of(coupons: Coupons) -> int | None:
    """Return a coupon that is used: it says that there are any, without a read of the others."""
    return next((one.coupon_id for one in coupons.chosen), None)


def _patience(wanted: Quote) -> dt.timedelta:
    """Return how long the order waits for its payment: a sale's units may wait less long."""
    minutes = [sale.minutes for sale in wanted.in_sale().values()]
    return min([RESERVATION, *(dt.timedelta(minutes=n) for n in minutes)])


def _persons(actor: Actor, wanted: Quote, contact: Contact) -> set[str]:
    """Return every key under which the buyer is one person, where a sale wants to know."""
    if not wanted.in_sale():
        return set()
    return {person_key(actor, contact), *(wanted.coupons.person or same_person(actor, contact))}


def _use_rights(
    actor: Actor, checkout: Checkout, wanted: Quote, persons: set[str]
) -> list[sales.Part]:
    """Take what the buyer has claimed in sales."""
    in_sale = wanted.in_sale()
    kept = [
        sales.Wanted(in_sale[one.variant_id].sale_id, one.variant_id, one.quantity)
        for one in wanted.lines
        if one.variant_id in in_sale
    ]
    return sales.use_rights(actor=actor, checkout_id=checkout.pk, wanted=kept, keys=persons)


def _reserve(
    actor: Actor, checkout: Checkout, wanted: Quote, parts: Sequence[sales.Part], persons: set[str]
) -> None:
    """Take free units for the lines; those of sales, and of prices that keep, out of what is held.

    Such a price is the buyer's alone by now: ``reserve_rights`` has taken it.
    """
    in_sale, kept = wanted.in_sale(), wanted.kept()
    mine = [(one.variant_id, one.quantity) for one in wanted.lines if one.variant_id in kept]
    others = [one for one in wanted.lines if one.variant_id not in {*in_sale, *kept}]
    reserve([(one.variant_id, one.quantity) for one in others], reference=checkout.number)
    reserve_held(mine, reference=checkout.number)
    sales.reserve_units(
        actor=actor,
        checkout_id=checkout.pk,
        parts=parts,
        keys=persons,
        reference=checkout.number,
    )


def _orders(checkout: Checkout, wanted: Quote, ids: Mapping[int, int]) -> list[Order]:
    """Return an order per shop, with the id from ``ids``."""
    priced = wanted.priced
    shops = {one.product.shop_id: one.product.shop for one in wanted.variants.values()}
    return [
        Order(
            id=order_id,
            checkout=checkout,
            shop=shops[shop_id],
            number=f"{checkout.number}-{index}",
            currency=checkout.currency,
            goods_amount=priced.goods(shop_id),
            discount_amount=priced.discount(shop_id),
            shipping_amount=priced.shipping(shop_id),
            tax_amount=priced.tax(shop_id),
            total_amount=priced.total(shop_id),
            delivery=_delivery(wanted, shop_id),
            created_at=checkout.created_at,
        )
        for index, (shop_id, order_id) in enumerate(ids.items(), start=1)
    ]


def _delivery(wanted: Quote, shop_id: int) -> dict[str, Any]:
    carriage = wanted.carriage.get(shop_id)
    if carriage is None or carriage.chosen is None:
        return {}
    method = carriage.chosen
    return {"method": str(method.id), "name": method.name, "days": method.days}


def _lines(
    checkout: Checkout, orders: Iterable[Order], wanted: Quote, credits: Mapping[int, Credit]
) -> list[OrderLine]:
    """Return the lines of the orders, in the order of the quote."""
    by_shop = {order.shop_id: order for order in orders}
    own = wanted.by_right()
    lines = []
    for line in wanted.priced.lines:
        variant = wanted.variants[line.key]
        credit = credits.get(line.key)
        offer = wanted.offers.get(line.key)
        right = own.get(line.key)
        lines.append(
            OrderLine(
                order=by_shop[line.shop_id],
                variant=variant,
                product_id=variant.product_id,
                seller_id=line.shop_id,
                storefront_id=offer.storefront_id if offer else line.shop_id,
                title=_title(variant, checkout.language),
                kind=variant.product.kind,
                quantity=line.quantity,
                unit_amount=line.unit_amount,
                supply_amount=wanted.source(line.key, "supply_amount"),
                goods_amount=line.goods,
                discount_amount=line.discount,
                shipping_amount=line.shipping,
                tax_amount=line.tax,
                included_tax_amount=line.included_tax,
                shipping_tax_amount=line.shipping_tax,
                currency=checkout.currency,
                price=line.steps,
                link_id=credit.link.pk if credit else None,
                touch_id=credit.touch_id if credit else None,
                path=credit.path if credit else [],
                offer_id=offer.offer_id if offer else None,
                sale_id=wanted.source(line.key, "sale_id"),
                right_id=right.right_id if right else None,
                campaign_id=right.campaign_id if right else None,
                instance_id=right.instance_id if right else None,
            )
        )
    return lines


def _title(variant: Variant, language: str) -> str:
    product = variant.product
    return line_title(text_in(product.texts, language, "title", product.title), variant.values)
