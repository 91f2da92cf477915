"""What a race is about: a fresh product with a few units, and a member's link to it."""

from __future__ import annotations

from dataclasses import dataclass

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop
from banyan.earnings import actions as earnings
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.media.actions import intake_pil
from banyan.people.models import Account
from banyan.sharing import actions as sharing

from ..drawings import draw

SHOP = "race-day"
PRICE = 1_000


@dataclass(frozen=True, slots=True)
class Sale:
    """A product on sale: its ids, its units, and the path of the link that leads to it."""

    shop_id: int
    product_id: int
    variant_id: int
    units: int
    link: str


def stage(*, merchant: Account, sharer: Account, units: int) -> Sale:
    """Put ``units`` of a new product on sale and share it; public actions only."""
    seller, member = _member(merchant), _member(sharer)
    mine = Shop.objects.filter(slug__startswith=SHOP, owner=merchant, state="open")
    shop = mine.first() or _open_shop(seller)
    picture = intake_pil(
        actor=seller, image=draw("cup", 7, size=(960, 1200), family="clay"), alt="A cup, drawn"
    )
    product = catalog.create_product(
        actor=seller,
        shop_id=shop.pk,
        data=catalog.ProductInput(
            title=f"Race cup {clock.now():%H:%M:%S}",
            slug=f"race-{new_code(40).lower()}",
            description="A demo product. Nothing is ever shipped.",
            variants=[catalog.VariantInput(price=PRICE, on_hand=units)],
            images=[picture.pk],
        ),
    )
    catalog.publish_product(actor=seller, product_id=product.pk)
    link = sharing.share(actor=member, target_kind="product", target_id=product.pk, via=None)
    variant = product.variants.get()
    return Sale(shop.pk, product.pk, variant.pk, units, f"/s/{link.code}")


def _open_shop(seller: Actor) -> Shop:
    # Somebody else may have taken the plain address.
    taken = Shop.objects.filter(slug__iexact=SHOP).exists()
    shop = catalog.open_shop(
        actor=seller,
        name="Race Day",
        slug=f"{SHOP}-{new_code(40).lower()}" if taken else SHOP,
        about="Where the demo's races are run.",
    )
    earnings.set_plan(actor=seller, shop_id=shop.pk, rate_bps=500, levels=1, direct_bps=10_000)
    return shop


def _member(account: Account) -> Actor:
    return Actor(kind="member", id=account.pk, label=f"@{account.handle}")
