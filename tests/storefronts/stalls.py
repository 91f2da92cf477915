"""Ready-made storefronts and pool goods, made by the public actions."""

from __future__ import annotations

from banyan.catalog.models import Shop, Variant
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.ledger.models import Account as Book
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people.models import Account
from banyan.storefronts import actions as storefronts
from banyan.storefronts.models import Offer, PoolItem, Storefront
from tests.support import factories as make


def page(handle: str = "") -> Storefront:
    """Return a new member's open storefront."""
    owner = make.member(handle)
    return storefronts.open_storefront(
        actor=make.actor(owner), title=f"{owner.display_name}'s corner"
    )


def owner_of(found: Storefront) -> Actor:
    """Return the page's owner as an actor."""
    return make.actor(found.owner)


def supply(
    item: Variant, *, supply: int = 8_000, minimum: int | None = None, open_to: str = "anyone"
) -> PoolItem:
    """Put a product into the pool."""
    shop: Shop = item.product.shop
    return storefronts.offer_to_pool(
        actor=make.actor(shop.owner),
        product_id=item.product_id,
        terms={item.pk: storefronts.Terms(supply, minimum)},
        open_to=open_to,
    )


def listed(on: Storefront, item: PoolItem, price: int) -> Offer:
    """List a pooled product with one variant on a page at ``price``."""
    variant = item.product.variants.get()
    return storefronts.list_from_pool(
        actor=owner_of(on), item_id=item.pk, prices={variant.pk: price}
    )


def place(
    item: Variant,
    offer: Offer,
    *,
    n: int = 1,
    buyer: Account | None = None,
    via: str = "",
    coupon: str = "",
    agreed: int | None = None,
) -> Checkout:
    """Place an order through an offer."""
    return orders.place(
        actor=make.actor(buyer) if buyer else Actor.guest(),
        lines=[orders.WantedLine(item.pk, n, via=via, offer_id=offer.pk)],
        contact=orders.Contact(email=f"{new_code(40)}@example.com"),
        address=make.ADDRESS,
        placement_key=new_code(80),
        provider="sandbox",
        coupon_code=coupon,
        agreed_total=agreed,
    )


def balance(kind: str, owner_id: int) -> int:
    """Return what stands on a ledger account, 0 without one."""
    found = Book.objects.filter(kind=kind, owner_id=owner_id).first()
    return found.balance if found else 0
