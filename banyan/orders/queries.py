"""Reads for pages and API, each with a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import get_language

from banyan.catalog.access import visible_products
from banyan.catalog.queries import pictures_of, shown_pictures_of
from banyan.catalog.rules import IN_PARCELS, text_in
from banyan.entitlements.rights import units_kept
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from banyan.payments.models import Intent, Refund
from banyan.payments.queries import open_chargebacks
from banyan.storefronts.access import live_offers
from banyan.storefronts.queries import Taken, taken_offers

from .models import (
    AfterSaleTerms,
    Cart,
    CartItem,
    Checkout,
    LegalEntity,
    Order,
    OrderLine,
    OrderRefund,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
)
from .ports import argued_about, holds_on
from .rules import WantedLine
from .states import CAN_SEND, OPEN_RETURN


@dataclass(slots=True)
class CartLine:
    """An item of a cart as shown; ``problem`` is empty, "gone" or "short"."""

    item_id: int
    variant_id: int
    product_id: int
    shop_id: int
    shop_name: str
    shop_slug: str
    product_slug: str
    title: str
    choice: str
    quantity: int
    unit: Money
    total: Money
    free: int
    via: str
    touch_id: int | None
    offer_id: int | None
    image_id: int | None
    problem: str = ""
    picture: Any = field(default=None)


def find_cart(*, actor: Actor, token: str) -> Cart | None:
    """Return the actor's cart if there is one; reading makes none."""
    if actor.id is not None:
        return Cart.objects.filter(account_id=actor.id).first()
    return Cart.objects.filter(token=token, account=None).first() if token else None


def first_images(product_ids: Iterable[int]) -> dict[int, int]:
    """Return the first picture's image id of each product, in one statement."""
    first: dict[int, int] = {}
    for picture in pictures_of(sorted(set(product_ids))):
        first.setdefault(picture.product_id, picture.image_id)
    return first


def shown_images(product_ids: Iterable[int]) -> dict[int, int]:
    """Return the same of what may be seen by whoever looks on, in one statement.

    For pages of what somebody has bought: they ask nobody's age, and what was taken down for what
    its picture shows is not shown there either.
    """
    first: dict[int, int] = {}
    for picture in shown_pictures_of(sorted(set(product_ids))):
        first.setdefault(picture.product_id, picture.image_id)
    return first


def cart_wanted(*, actor: Actor, token: str) -> list[WantedLine]:
    """Return what of the cart is on sale, oldest first, to be bought. One statement."""
    if actor.id is None and not token:
        return []
    whose = Q(cart__account_id=actor.id) if actor.id else Q(cart__token=token, cart__account=None)
    holds = Q(offer_id=None) | Q(offer_id__in=live_offers().values("id"))
    rows = CartItem.objects.filter(whose, holds, variant__is_active=True)
    rows = rows.filter(variant__product__in=visible_products()).order_by("added_at", "id")
    return [
        WantedLine(variant_id, quantity, via or "", touch_id, offer_id)
        for variant_id, quantity, via, touch_id, offer_id in rows.values_list(
            "variant_id", "quantity", "link__code", "touch_id", "offer_id"
        )
    ]


def cart_lines(*, actor: Actor, token: str) -> list[CartLine]:
    """Return the cart, oldest first; three statements for any length, five with offers."""
    cart = find_cart(actor=actor, token=token)
    if cart is None:
        return []
    items = list(
        CartItem.objects.filter(cart=cart)
        .select_related("variant__product__shop", "variant__stock", "link")
        .annotate(kept=units_kept(OuterRef("variant"), actor.id or 0, clock.now()))
        .order_by("added_at", "id")
    )
    images = first_images(item.variant.product_id for item in items)
    offers = taken_offers(
        {
            item.variant_id: (item.offer_id, item.variant.product_id)
            for item in items
            if item.offer_id
        }
    )
    return [_cart_line(item, images, offers.get(item.variant_id)) for item in items]


def _cart_line(item: CartItem, images: dict[int, int], offer: Taken | None) -> CartLine:
    variant = item.variant
    product, shop, stock = variant.product, variant.product.shop, variant.stock
    free = stock.free + item.kept  # type: ignore[attr-defined]  # annotated
    on_sale = variant.is_active and product.state == "active" and shop.state == "open"
    on_sale = on_sale and (not item.offer_id or offer is not None)
    amount = variant.price_amount if offer is None or offer.amount is None else offer.amount
    unit = Money(amount, variant.currency)
    # As on its card: not of what asks for an age, nor of what the platform took down.
    is_pictured = not product.min_age and product.state != "taken_down"
    return CartLine(
        item_id=item.pk,
        variant_id=variant.pk,
        product_id=product.pk,
        shop_id=shop.pk,
        shop_name=shop.name,
        shop_slug=shop.slug,
        product_slug=product.slug,
        title=text_in(product.texts, get_language() or "en", "title", product.title),
        choice=" / ".join(variant.values),
        quantity=item.quantity,
        unit=unit,
        total=unit * item.quantity,
        free=max(free, 0),
        via=item.link.code if item.link else "",
        touch_id=item.touch_id,
        offer_id=item.offer_id,
        image_id=images.get(product.pk) if is_pictured else None,
        problem="gone" if not on_sale else "short" if free < item.quantity else "",
    )


def waiting_with(key_prefix: str, quantities: Mapping[int, int]) -> Checkout | None:
    """Return the newest unpaid checkout placed under ``key_prefix`` that holds exactly these goods.

    ``quantities`` is variant id -> how many. One whose reservation has run out waits no more. One
    statement, two when there is one.
    """
    open_now = Q(order__checkout__state="placed", order__checkout__expires_at__gt=clock.now())
    rows = OrderLine.objects.filter(
        open_now, order__checkout__placement_key__startswith=key_prefix
    ).values_list("order__checkout_id", "variant_id", "quantity")
    held: dict[int, dict[int, int]] = {}
    for checkout_id, variant_id, quantity in rows:
        held.setdefault(checkout_id, {})[variant_id] = quantity
    same = [checkout_id for checkout_id, goods in held.items() if goods == dict(quantities)]
    return Checkout.objects.get(pk=max(same)) if same else None


def last_bought(actor: Actor) -> tuple[dict[str, str], str]:
    """Return where to the actor's last paid checkout went, and the provider that it was paid by.

    Empty where nothing was bought, or nothing was sent. One statement.
    """
    provider = Intent.objects.filter(pk=OuterRef("intent_id")).values("provider")[:1]
    paid = Checkout.objects.filter(buyer_id=actor.id or 0, paid_at__isnull=False)
    rows = paid.annotate(by=Subquery(provider)).order_by("-id").values_list("address", "by")
    address, by = rows.first() or ({}, "")
    return {name: str(text) for name, text in address.items()}, by or ""


def last_placed(key_prefix: str) -> int:
    """Return the id of the newest checkout placed under ``key_prefix``, 0 without. One query."""
    # Few rows by an index; asking for the newest would tempt the planner through the whole table.
    found = Checkout.objects.filter(placement_key__startswith=key_prefix)
    return max(found.values_list("id", flat=True), default=0)


def lines_of(orders: Iterable[Order]) -> dict[int, list[OrderLine]]:
    """Return the lines of orders, by order id, in one statement."""
    found: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    rows = OrderLine.objects.filter(order_id__in=found).select_related("variant__product__shop")
    for line in rows.order_by("id"):
        found[line.order_id].append(line)
    return found


def lines_to_send(orders: Iterable[Order]) -> dict[int, list[OrderLine]]:
    """Return what of orders is left to go into parcels and may leave now, by order id.

    Nothing of what is not paid, of what waits, nor of what is set aside for an exchange before the
    shop has seen what came back. Two statements, three where something waits for others.
    """
    found = lines_left(orders)
    held = holds_on(line for lines in found.values() for line in lines)
    return {pk: [line for line in lines if line.pk not in held] for pk, lines in found.items()}


def lines_left(orders: Iterable[Order]) -> dict[int, list[OrderLine]]:
    """Return what ``lines_to_send`` does and what waits besides. One statement."""
    found: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    rows = OrderLine.objects.filter(sendable(), order_id__in=found, order__state__in=CAN_SEND)
    for line in rows.select_related("variant__product__shop").order_by("id"):
        found[line.order_id].append(line)
    return found


def sendable() -> Q:
    """Return the condition that lines meet of which units are left to go into a parcel."""
    left = Q(quantity__gt=F("shipped_quantity") + F("cancelled_quantity"))
    set_aside = ReturnLine.objects.filter(replacement=OuterRef("pk"), of__state__in=OPEN_RETURN)
    return left & Q(kind__in=IN_PARCELS) & ~Q(Exists(set_aside))


def units_by_storefront(product_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """Return how many units of products each place sold and did not take back. One statement.

    By (product id, storefront id); only what was paid counts, and what was sent in exchange is what
    was sold before.
    """
    sold = OrderLine.objects.filter(order__paid_at__isnull=False, replaces=None)
    rows = (
        sold.filter(product_id__in=set(product_ids))
        .exclude(storefront_id=None)
        .values_list("product_id", "storefront_id")
        .annotate(units=Sum(F("quantity") - F("refunded_quantity")))
    )
    return {(product, place): int(units) for product, place, units in rows if place is not None}


def orders_of(checkout_ids: Iterable[int]) -> dict[int, list[Order]]:
    """Return the orders of purchases, by purchase, oldest first. One statement."""
    found: dict[int, list[Order]] = {}
    for order in Order.objects.filter(checkout_id__in=list(checkout_ids)).order_by("id"):
        found.setdefault(order.checkout_id, []).append(order)
    return found


def shipments_of(order_ids: Iterable[int]) -> dict[int, list[Shipment]]:
    """Return the parcels of orders with their lines, oldest first. Three statements."""
    rows = Shipment.objects.filter(order_id__in=list(order_ids)).order_by("id")
    found: dict[int, list[Shipment]] = {}
    for parcel in rows.prefetch_related("lines__line"):
        found.setdefault(parcel.order_id, []).append(parcel)
    return found


def terms_of(shop_id: int) -> AfterSaleTerms:
    """Return what a shop promises after the sale: its own words, else the defaults."""
    own = AfterSaleTerms.objects.filter(shop_id=shop_id).first()
    return own or AfterSaleTerms(shop_id=shop_id)


def still_returnable() -> Q:
    """Return the condition that orders meet whose time to send goods back is not over.

    By the shop's days after receipt, as ``actions.asking.returnable`` counts them, and no fewer
    than the law's; what is sent in exchange has its own, and before it is sent it is not over.
    """
    now, day = clock.now(), Value(dt.timedelta(days=1))
    least = {"return_days": settings.RETURN_DAYS_BY_LAW, "confirm_days": 0}

    def since(shop: str, *names: str) -> ExpressionWrapper[Any]:
        """Return the moment so many of the shop's days ago."""
        own, usual = AfterSaleTerms.objects.filter(shop_id=OuterRef(shop)), AfterSaleTerms()
        days = [
            Greatest(Coalesce(Subquery(own.values(name)), getattr(usual, name)), least[name])
            for name in names
        ]
        span = ExpressionWrapper(sum(days[1:], days[0]) * day, output_field=DurationField())
        return ExpressionWrapper(
            Value(now, output_field=DateTimeField()) - span, output_field=DateTimeField()
        )

    swapped = OrderLine.objects.filter(order_id=OuterRef("pk"), replaces__isnull=False)
    came = ShipmentLine.objects.filter(
        line__order_id=OuterRef("pk"),
        line__replaces__isnull=False,
        shipment__shipped_at__gt=since("line__order__shop_id", "confirm_days", "return_days"),
    )
    unsent = swapped.filter(quantity__gt=F("shipped_quantity") + F("cancelled_quantity"))
    return (
        Q(received_at__gt=since("shop_id", "return_days"))
        | Q(Exists(came), received_at__isnull=False)
        | Q(Exists(unsent), received_at__isnull=False)
    )


def is_asked_back(order_id: int) -> bool:
    """Tell whether an answer to a request for money, a return or a dispute of an order is open.

    Or what the payer's bank decides about its payment.
    """
    asked = OrderRefund.objects.filter(order_id=order_id, state="requested").exists()
    coming = Return.objects.filter(order_id=order_id, state__in=OPEN_RETURN).exists()
    claimed = open_chargebacks().filter(intent_id=OuterRef("checkout__intent_id"))
    argued = Order.objects.filter(argued_about() | Exists(claimed), pk=order_id)
    return asked or coming or argued.exists()


def entity_of(shop_id: int) -> LegalEntity | None:
    """Return who sells in a shop, in law; None before it has said so. One statement."""
    return LegalEntity.objects.filter(shop_id=shop_id, is_current=True).first()


def refunds_by_order(order_ids: Iterable[int]) -> dict[int, list[OrderRefund]]:
    """Return the refunds of orders, by order, newest first. One statement."""
    found: dict[int, list[OrderRefund]] = {}
    for refund in OrderRefund.objects.filter(order_id__in=list(order_ids)).order_by("-id"):
        found.setdefault(refund.order_id, []).append(refund)
    return found


def state_history(machine: str, subject_id: int) -> QuerySet[StateChange]:
    """Return the recorded moves of one row, oldest first."""
    return StateChange.objects.filter(machine=machine, subject_id=subject_id).order_by("id")


def refunds_of(order: Order) -> QuerySet[OrderRefund]:
    """Return an order's refunds, newest first."""
    return order.refunds.order_by("-id")


def refund_reference(refund: OrderRefund) -> str:
    """Return what the provider calls a refund, empty before it was told. One statement."""
    if refund.payment_refund_id is None:
        return ""
    sent = Refund.objects.filter(pk=refund.payment_refund_id)
    return sent.values_list("provider_ref", flat=True).first() or ""
