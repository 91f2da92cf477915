"""What the parts of the demo share: its people, shops and goods, and a till."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, Shop, Variant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.media.actions import intake_worked
from banyan.media.models import Image
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order
from banyan.payments import actions as payments
from banyan.payments.models import Intent, Refund
from banyan.people.models import Account

from . import cast
from .pictures import Studio, Thing
from .wares import Look, Ware

SYSTEM = Actor.system("demo")
GATEWAY = Actor.provider("sandbox")
ADDRESS = {
    "recipient": "Demo Person",
    "phone": "+8613800000000",
    "country": "CN",
    "level1": "浙江省",
    "level2": "杭州市",
    "level3": "西湖区",
    "street": "Demo Road 1",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what is there; ``at`` gives the moment at a part (0 to 1) of the demo's time."""

    tell: Callable[[str], None]
    member: Callable[[str], Actor]
    staff: Mapping[str, Actor]
    shops: Sequence[Shop]
    products: Sequence[Product]
    studio: Studio
    at: Callable[[float], dt.datetime]

    @property
    def today(self) -> dt.datetime:
        """The end of the demo's time."""
        return self.at(1)

    def shop(self, slug: str) -> Shop:
        """Return a shop of the cast."""
        return next(shop for shop in self.shops if shop.slug == slug)

    def owner(self, shop: Shop) -> Actor:
        """Return the owner of a shop of the cast as an actor."""
        handles = {entry[0]: entry[3] for entry in cast.SHOPS}
        return self.member(handles[shop.slug])

    def member_of(self, account_id: int | None) -> Actor:
        """Return somebody who did something of their own before as an actor again."""
        assert account_id is not None
        return Actor(kind="member", id=account_id)

    def goods(self, shop: Shop) -> list[Product]:
        """Return the first goods of a shop, in order."""
        return [product for product in self.products if product.shop_id == shop.pk]

    def picture(self, owner: Actor, look: Look, title: str) -> Image:
        """Return a picture of something, drawn for its owner."""
        drawn = self.studio.take(Thing(look))
        return intake_worked(actor=owner, worked=drawn, alt=f"{title}, drawn")

    def make(self, ware: Ware, *variants: catalog.VariantInput) -> Product:
        """Make something new of its shop, in three languages; it is not on sale yet."""
        shop = self.shop(ware.shop)
        owner = self.owner(shop)
        picture = self.picture(owner, ware.look, ware.names[0])
        words = zip(("zh-hans", "zh-hant"), ware.names[1:], ware.about[1:], strict=True)
        return catalog.create_product(
            actor=owner,
            shop_id=shop.pk,
            data=catalog.ProductInput(
                title=ware.names[0],
                description=ware.about[0],
                texts={
                    language: {"title": title, "description": about}
                    for language, title, about in words
                },
                options=ware.options,
                variants=variants,
                category=ware.category,
                images=[picture.pk],
                kind=ware.kind,
                min_age=ware.min_age,
            ),
        )


def pay(checkout: Checkout) -> None:
    """Let the provider say that a checkout was paid just now."""
    intent = Intent.objects.get(pk=checkout.intent_id or 0)
    payments.capture(
        actor=GATEWAY,
        intent_id=intent.pk,
        paid=payments.Paid(
            provider_ref=f"pay_demo_{intent.pk}",
            money=Money(intent.amount, intent.currency),
            at=clock.now(),
        ),
    )


def give_back(checkout: Checkout, *, failure: str = "") -> None:
    """Let the provider say how the refunds of a checkout went that are on their way."""
    sent = Refund.objects.filter(intent_id=checkout.intent_id or 0)
    for refund in sent.exclude(state__in=["succeeded", "failed"]).order_by("id"):
        payments.settle_refund(
            actor=GATEWAY,
            refund_id=refund.pk,
            sequence=refund.sequence,
            succeeded=not failure,
            provider_ref=f"re_demo_{refund.pk}",
            money=Money(refund.amount, refund.currency),
            failure=failure,
        )


def carry(order: Order, *, until: dt.datetime) -> None:
    """Let what was paid just now be sent in a day and come in four, as far as that is past."""
    paid = clock.now()
    if paid + dt.timedelta(days=1) > until:
        return
    with clock.at(paid + dt.timedelta(days=1)):
        owner = Actor(kind="member", id=order.shop.owner_id)
        orders.ship(actor=owner, order_id=order.pk, carrier="Demo Express")
    if paid + dt.timedelta(days=4) > until:
        return
    with clock.at(paid + dt.timedelta(days=4)):
        orders.confirm_receipt(
            actor=SYSTEM, order_id=order.pk, access_token=order.checkout.access_token
        )


@dataclass(slots=True)
class Till:
    """Takes orders and money; ``name`` keeps its keys apart from those of other tills."""

    name: str
    until: dt.datetime
    number: int = field(default=0)

    def place(
        self,
        actor: Actor,
        *lines: orders.WantedLine,
        address: Mapping[str, str] = ADDRESS,
        age: int = 0,
    ) -> Checkout:
        """Place an order at this moment, each to a phone number of its own."""
        self.number += 1
        phone = f"+86138{sum(map(ord, self.name)) % 10_000:04d}{self.number:04d}"
        return orders.place(
            actor=actor,
            lines=lines,
            contact=orders.Contact(email=f"{self.name}{self.number}@example.com"),
            address={**for_them(actor, address), "phone": phone},
            placement_key=f"demo:{self.name}:{self.number}",
            provider="sandbox",
            confirmed_age=age,
        )

    def take(
        self,
        actor: Actor,
        *lines: orders.WantedLine,
        address: Mapping[str, str] = ADDRESS,
        age: int = 0,
    ) -> Order:
        """Take an order of one shop and its money; nothing is sent yet."""
        checkout = self.place(actor, *lines, address=address, age=age)
        pay(checkout)
        return checkout.orders.select_related("checkout", "shop").get()

    def sell(
        self,
        actor: Actor,
        *lines: orders.WantedLine,
        address: Mapping[str, str] = ADDRESS,
        age: int = 0,
    ) -> Order:
        """Take an order and carry its parcel out, as far as that is past."""
        order = self.take(actor, *lines, address=address, age=age)
        carry(order, until=self.until)
        return order


def for_them(actor: Actor, address: Mapping[str, str] = ADDRESS) -> dict[str, str]:
    """Return an address in a member's own name: one name at one address would be one person."""
    names = Account.objects.filter(pk=actor.id or 0).values_list("display_name", flat=True)
    return {**address, "recipient": names.first() or address["recipient"]}


def first_variant(product: Product) -> Variant:
    """Return the first variant of a product that is sold."""
    return Variant.objects.filter(product=product, is_active=True).order_by("id")[0]


def want(product: Product, quantity: int = 1) -> orders.WantedLine:
    """Return a line for a product's first variant."""
    return orders.WantedLine(first_variant(product).pk, quantity)
