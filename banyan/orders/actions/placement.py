"""From wanted lines to a placed checkout: one transaction, everything that decides money frozen."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import reserve, stock_locks
from banyan.catalog.models import Variant
from banyan.catalog.queries import buyable_variants
from banyan.catalog.rules import text_in
from banyan.entitlements.actions import CouponRefused, find_coupon, reserve_coupon
from banyan.entitlements.models import Coupon
from banyan.entitlements.rules import benefit, refusal
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, Invalid, SoldOut
from banyan.kernel.remembered import change, insert
from banyan.payments.actions import open_intent
from banyan.people.models import Account
from banyan.people.rules import clean_address, clean_phone
from banyan.sharing import queries as sharing
from banyan.sharing.actions import confirm_touch
from banyan.sharing.models import Link

from ..events import OrderPlaced
from ..models import Checkout, Order, OrderLine
from ..reading import checkout_of_key
from ..rules import CouponTerms, LineInput, Priced, ShopTerms, price
from .cart import MOST_LINES, MOST_OF_ONE
from .payment import mark_paid
from .repeating import Asked

RESERVATION = dt.timedelta(minutes=15)
_NUMBER_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A variant that somebody wants, and the share code it was reached through, if any."""

    variant_id: int
    quantity: int = 1
    via: str = ""
    touch_id: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How the buyer is reached: an e-mail address, a phone number, or both."""

    email: str = ""
    phone: str = ""


@dataclass(slots=True)
class Quote:
    """What a purchase would cost now, with everything placement needs."""

    lines: list[WantedLine]
    variants: dict[int, Variant]
    priced: Priced
    currency: str
    coupon: Coupon | None = None
    coupon_problem: CouponRefused | None = None
    unavailable: list[int] = field(default_factory=list)

    @property
    def total(self) -> Money:
        """What is to be paid."""
        return Money(self.priced.total(), self.currency)

    def shop_ids(self) -> list[int]:
        """Return the shops, in order of first appearance."""
        return list(dict.fromkeys(v.product.shop_id for v in self.variants.values()))


def quote(*, actor: Actor, lines: Sequence[WantedLine], coupon_code: str = "") -> Quote:
    """Price ``lines`` from zero with today's prices; five statements at most, for any length.

    A coupon that does not apply is named in ``coupon_problem`` and leaves the price alone.
    Lines no longer on sale are left out and named in ``unavailable``. Raises Invalid for
    quantities out of range, currencies that differ, or nothing to buy.
    """
    _check_lines(lines)
    found = {
        variant.pk: variant
        for variant in buyable_variants(sorted({line.variant_id for line in lines}))
    }
    unavailable = [line.variant_id for line in lines if line.variant_id not in found]
    wanted = _merge([line for line in lines if line.variant_id in found])
    if not wanted:
        raise SoldOut(_("This is no longer on sale."), code="not_on_sale")
    variants = {line.variant_id: found[line.variant_id] for line in wanted}
    currencies = {variant.currency for variant in variants.values()}
    if len(currencies) > 1:
        raise Invalid(_("One order has one currency."), code="mixed_currencies")
    currency = currencies.pop()
    inputs = [
        LineInput(
            line.variant_id,
            variants[line.variant_id].product.shop_id,
            variants[line.variant_id].price_amount,
            line.quantity,
        )
        for line in wanted
    ]
    shops = {v.product.shop_id: v.product.shop for v in variants.values()}
    terms = [ShopTerms(s.pk, s.shipping_amount, s.free_shipping_from) for s in shops.values()]
    result = Quote(wanted, variants, price(inputs, terms), currency, unavailable=unavailable)
    if coupon_code.strip():
        _apply_coupon(result, coupon_code, inputs, terms)
    return result


def _apply_coupon(
    result: Quote, code: str, inputs: list[LineInput], terms: list[ShopTerms]
) -> None:
    try:
        coupon = find_coupon(code)
        goods = result.priced.goods(coupon.shop_id)
        if not goods:
            raise CouponRefused("coupon_min_spend")
        why = refusal(coupon, goods_amount=goods, currency=result.currency, at=clock.now())
        if why:
            raise CouponRefused(why)
    except CouponRefused as problem:
        result.coupon_problem = problem
        return
    result.coupon = coupon
    result.priced = price(
        inputs, terms, CouponTerms(coupon.shop_id, coupon.code, benefit(coupon, goods))
    )


def _check_lines(lines: Sequence[WantedLine]) -> None:
    if not lines:
        raise Invalid(_("There is nothing to buy."), code="nothing_to_buy")
    if len(lines) > MOST_LINES:
        raise Invalid(_("At most 100 different things in one order."), code="cart_full")
    if any(not 1 <= line.quantity <= MOST_OF_ONE for line in lines):
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")}, code="quantity")


def _merge(lines: Sequence[WantedLine]) -> list[WantedLine]:
    merged: dict[int, WantedLine] = {}
    for line in lines:
        before = merged.get(line.variant_id)
        if before is None:
            merged[line.variant_id] = line
        else:
            merged[line.variant_id] = WantedLine(
                line.variant_id,
                before.quantity + line.quantity,
                before.via or line.via,
                before.touch_id or line.touch_id,
            )
    return list(merged.values())


def _quantities(lines: Sequence[WantedLine]) -> dict[int, int]:
    return {line.variant_id: line.quantity for line in _merge(lines)}


def place(
    *,
    actor: Actor,
    lines: Sequence[WantedLine],
    contact: Contact,
    address: Mapping[str, Any],
    placement_key: str,
    provider: str,
    coupon_code: str = "",
    agreed_total: int | None = None,
) -> Checkout:
    """Place an order: reserve stock and coupon, freeze price, share path and commission terms.

    Repeatable by ``placement_key``: the second call returns the first one's checkout, and raises
    IdempotencyMismatch when it asks for something else. Locks stock and coupon rows. Emits
    order.placed per shop. Raises Invalid (fields), SoldOut, CouponRefused, and Conflict
    ``price_changed`` when the total is no longer ``agreed_total``. The payment intent is opened
    here; talking to the provider is the caller's next step.
    """
    contact, clean = _check_buyer(actor, contact, address)
    asked = Asked(
        lines=_quantities(lines),
        contact=(contact.email, contact.phone),
        address=clean,
        coupon_code=coupon_code,
        agreed_total=agreed_total,
    )
    before = checkout_of_key.first(placement_key)
    if before is not None:
        return asked.again(before)
    wanted = _agreed_quote(actor, lines, coupon_code, agreed_total)
    credits = _credits(actor, wanted)
    try:
        with transaction.atomic():
            keys = stock_locks(wanted.variants)
            if wanted.coupon is not None:
                keys.append(LockKey("entitlement", wanted.coupon.pk))
            locks.take(keys)
            wanted = _agreed_quote(actor, lines, coupon_code, agreed_total)
            return _write(
                actor=actor,
                wanted=wanted,
                credits=credits,
                contact=contact,
                address=clean,
                placement_key=placement_key,
                provider=provider,
            )
    except IntegrityError as error:
        if "placement_key" not in str(error):
            raise
        return asked.again(Checkout.objects.get(placement_key=placement_key))


def _agreed_quote(
    actor: Actor, lines: Sequence[WantedLine], coupon_code: str, agreed_total: int | None
) -> Quote:
    """Price everything, and refuse what is not exactly what the buyer agreed to."""
    wanted = quote(actor=actor, lines=lines, coupon_code=coupon_code)
    if wanted.unavailable:
        raise SoldOut(_("Something in this order is no longer on sale."), code="not_on_sale")
    if wanted.coupon_problem is not None:
        raise wanted.coupon_problem
    _check_agreed(wanted, agreed_total)
    return wanted


def _check_agreed(now: Quote, agreed_total: int | None) -> None:
    if agreed_total is not None and now.total.amount != agreed_total:
        raise Conflict(
            _("The price has changed. Please look at it again."),
            code="price_changed",
            extra={"total": now.total.amount, "currency": now.currency},
        )


def _check_buyer(
    actor: Actor, contact: Contact, address: Mapping[str, Any]
) -> tuple[Contact, dict[str, str]]:
    clean, fields = clean_address(address)
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


@dataclass(frozen=True, slots=True)
class Credit:
    """The share link that brought a line, the touch it rests on, and everybody on the way."""

    link: Link
    touch_id: int | None
    path: list[dict[str, str]]
    proven: bool


def _credits(actor: Actor, wanted: Quote) -> dict[int, Credit]:
    """Return, per variant, who brought it. Asked once per shop and code, not once per line."""
    now = clock.now()
    known: dict[tuple[str, int | None, int], Credit | None] = {}
    found: dict[int, Credit] = {}
    for line in wanted.lines:
        product = wanted.variants[line.variant_id].product
        question = (line.via, line.touch_id, product.shop_id)
        if question not in known:
            known[question] = _credit(
                sharing.attribute(
                    visitor=actor.visitor,
                    account_id=actor.id,
                    via_code=line.via or None,
                    product_id=product.pk,
                    shop_id=product.shop_id,
                    at=now,
                    touch_id=line.touch_id,
                )
            )
        credit = known[question]
        if credit is not None:
            found[line.variant_id] = credit
    return found


def _credit(found: sharing.Attribution | None) -> Credit | None:
    if found is None:
        return None
    path = [
        {
            "link": str(step.link_id),
            "owner": str(step.owner_id),
            "handle": step.handle,
            "name": step.display_name,
            "at": step.at.isoformat(),
        }
        for step in sharing.path_of(found.link)
    ]
    return Credit(found.link, found.touch_id, path, found.proven)


def _confirm_touches(actor: Actor, credits: Iterable[Credit]) -> None:
    """A checkout proves a person as well as the page's own note does, and it may come first."""
    unproven = {each.touch_id for each in credits if each.touch_id and not each.proven}
    for touch_id in sorted(unproven):
        confirm_touch(actor=actor, touch_id=touch_id)


def _number() -> str:
    return "".join(secrets.choice(_NUMBER_LETTERS) for _ in range(8))


def _write(
    *,
    actor: Actor,
    wanted: Quote,
    credits: dict[int, Credit],
    contact: Contact,
    address: dict[str, str],
    placement_key: str,
    provider: str,
) -> Checkout:
    now = clock.now()
    number = _number()
    checkout = Checkout(
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
        total_amount=wanted.priced.total(),
        coupon=wanted.coupon,
        created_at=now,
        expires_at=now + RESERVATION,
    )
    insert(checkout)
    with caused_by(checkout.pk):
        reserve([(line.variant_id, line.quantity) for line in wanted.lines], reference=number)
        if wanted.coupon is not None:
            reserve_coupon(
                coupon=wanted.coupon,
                checkout_id=checkout.pk,
                person_key=person_key(actor, contact),
                same_person=_same_person(actor, contact),
                amount=checkout.discount_amount,
            )
        orders = _write_orders(checkout, wanted, credits)
        _confirm_touches(actor, credits.values())
        if checkout.total_amount:
            intent = open_intent(
                actor=actor,
                subject_kind="checkout",
                subject_id=checkout.pk,
                provider=provider,
                amount=wanted.total,
                description=number,
                payer_id=actor.id,
                expires_at=checkout.expires_at,
            )
            checkout.intent_id = intent.pk
            change(checkout, {}, {"intent_id": intent.pk})
        for order in orders:
            events.emit(
                OrderPlaced(order_id=order.pk, checkout_id=checkout.pk, shop_id=order.shop_id),
                actor=actor,
            )
        if not checkout.total_amount:
            mark_paid(actor=actor, checkout=checkout)
    return checkout


def person_key(actor: Actor, contact: Contact) -> str:
    """Return what counts as one person for per-person limits: the account, else the contact."""
    if actor.id is not None:
        return f"account:{actor.id}"
    return f"contact:{(contact.email or contact.phone).lower()}"


def _same_person(actor: Actor, contact: Contact) -> set[str]:
    """Return every key under which this person may have bought before.

    A guest is known by either contact and by the account that has proven it; a member also by
    what they bought as a guest. Neither signing in nor out brings a used coupon back.
    """
    found = Account.objects.filter(pk=actor.id or 0)
    if actor.id is None:
        found = Account.objects.filter(
            Q(email__iexact=contact.email or "-") | Q(phone=contact.phone or "-")
        )
    known = {contact.email, contact.phone}
    keys = set()
    for account_id, email, phone in found.values_list("id", "email", "phone"):
        keys.add(f"account:{account_id}")
        known |= {email or "", phone or ""}
    return keys | {f"contact:{one.lower()}" for one in known if one}


def _write_orders(checkout: Checkout, wanted: Quote, credits: dict[int, Credit]) -> list[Order]:
    priced = wanted.priced
    orders = [
        Order(
            checkout=checkout,
            shop_id=shop_id,
            number=f"{checkout.number}-{index}",
            currency=checkout.currency,
            goods_amount=priced.goods(shop_id),
            discount_amount=priced.discount(shop_id),
            shipping_amount=priced.shipping(shop_id),
            total_amount=priced.total(shop_id),
            created_at=checkout.created_at,
        )
        for index, shop_id in enumerate(wanted.shop_ids(), start=1)
    ]
    insert(*orders)
    by_shop = {order.shop_id: order for order in orders}
    lines = []
    for line in priced.lines:
        variant = wanted.variants[line.key]
        credit = credits.get(line.key)
        lines.append(
            OrderLine(
                order=by_shop[line.shop_id],
                variant=variant,
                product_id=variant.product_id,
                seller_id=line.shop_id,
                storefront_id=line.shop_id,
                title=_title(variant, checkout.language),
                quantity=line.quantity,
                unit_amount=line.unit_amount,
                goods_amount=line.goods,
                discount_amount=line.discount,
                shipping_amount=line.shipping,
                currency=checkout.currency,
                price=line.steps,
                link_id=credit.link.pk if credit else None,
                touch_id=credit.touch_id if credit else None,
                path=credit.path if credit else [],
            )
        )
    insert(*lines)
    return orders


def _title(variant: Variant, language: str) -> str:
    product = variant.product
    title = text_in(product.texts, language, "title", product.title)
    values = " / ".join(variant.values)
    return f"{title} ({values})" if values else title
