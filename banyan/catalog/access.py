"""The only way to rows that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, NotFound
from banyan.kernel.remembered import remembered

from .models import (
    Collection,
    PriceList,
    Product,
    ProductImage,
    ProductImport,
    ShippingMethod,
    ShippingZone,
    Shop,
    ShopStaff,
    TaxZone,
    Variant,
)

MANAGERS = ("owner", "manager")
EVERYONE = ("owner", "manager", "clerk")


def works_in(actor: Actor, shop_id: int, roles: tuple[str, ...] = EVERYONE) -> bool:
    """Tell whether the actor works in the shop in one of ``roles``."""
    if actor.kind == "system":
        return True
    if actor.id is None:
        return False
    return ShopStaff.objects.filter(shop_id=shop_id, account_id=actor.id, role__in=roles).exists()


def require_outsider(actor: Actor, shop_id: int) -> None:
    """Refuse whoever works in the shop that a decision is about (Forbidden ``own_shop``)."""
    if actor.kind != "system" and works_in(actor, shop_id):
        raise Forbidden(_("Somebody from outside the shop has to decide this."), code="own_shop")


def get_shop_for_staff(actor: Actor, shop_id: int, roles: tuple[str, ...] = EVERYONE) -> Shop:
    """Return a shop that the actor works in."""
    shop = Shop.objects.filter(pk=shop_id).first()
    if shop is None or not works_in(actor, shop_id, roles):
        raise NotFound()
    return shop


def get_product_for_staff(
    actor: Actor, product_id: int, roles: tuple[str, ...] = MANAGERS
) -> Product:
    """Return a product of a shop that the actor manages."""
    product = Product.objects.select_related("shop").filter(pk=product_id).first()
    if product is None or not works_in(actor, product.shop_id, roles):
        raise NotFound()
    return product


def get_variant_for_staff(
    actor: Actor, variant_id: int, roles: tuple[str, ...] = EVERYONE
) -> Variant:
    """Return a variant of a shop that the actor works in."""
    variant = Variant.objects.select_related("product").filter(pk=variant_id).first()
    if variant is None or not works_in(actor, variant.product.shop_id, roles):
        raise NotFound()
    return variant


def visible_shops() -> QuerySet[Shop]:
    """Return shops that anybody may see."""
    return Shop.objects.filter(state="open")


def visible_products() -> QuerySet[Product]:
    """Return products that anybody may see and buy."""
    return Product.objects.filter(state="active", shop__state="open")


def visible_variants() -> QuerySet[Variant]:
    """Return what anybody may see and buy, by the columns of rows that most readers join anyway."""
    return Variant.objects.filter(
        is_active=True, product__state="active", product__shop__state="open"
    )


def get_shop_for(actor: Actor, slug: str) -> Shop:
    """Return an open shop by its address; its staff see it in any state."""
    shop = Shop.objects.select_related("owner", "cover", "logo").filter(slug__iexact=slug).first()
    if shop is None or (shop.state != "open" and not works_in(actor, shop.pk)):
        raise NotFound()
    return shop


@remembered
def _product_at(shop_slug: str, slug: str) -> QuerySet[Product]:
    pictures = ProductImage.objects.filter(product_id=OuterRef("pk")).order_by("position", "id")
    return (
        Product.objects.select_related("shop")
        .filter(shop__slug__iexact=shop_slug, slug=slug)
        .annotate(image_ids=ArraySubquery(pictures.values("image_id")))
    )


def get_shop_for_id(actor: Actor, shop_id: int) -> Shop:
    """Return an open shop; its staff see it in any state."""
    shop = Shop.objects.filter(pk=shop_id).first()
    if shop is None or (shop.state != "open" and not works_in(actor, shop.pk)):
        raise NotFound()
    return shop


def shops_worked_in(actor: Actor) -> QuerySet[Shop]:
    """Return the shops that the actor works in, oldest first."""
    return Shop.objects.filter(staff__account_id=actor.id or 0).order_by("id")


def get_product_for_id(actor: Actor, product_id: int) -> Product:
    """Return a product on sale; the staff of its shop see it in any state."""
    product = Product.objects.select_related("shop", "category").filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    open_to_all = product.state == "active" and product.shop.state == "open"
    if not open_to_all and not works_in(actor, product.shop_id):
        raise NotFound()
    return product


def products_of(actor: Actor, shop: Shop) -> QuerySet[Product]:
    """Return a shop's products, newest first: all for its staff, else those on sale."""
    rows = Product.objects.filter(shop=shop) if works_in(actor, shop.pk) else visible_products()
    return rows.filter(shop=shop).select_related("shop", "category").order_by("-id")


def get_product_for(actor: Actor, shop_slug: str, slug: str) -> tuple[Product, list[int]]:
    """Return a page's product, with its shop, and the ids of its pictures in order.

    Its staff see drafts too. One statement for the public.
    """
    product = _product_at.first(shop_slug, slug)
    if product is None:
        raise NotFound()
    open_to_all = product.state == "active" and product.shop.state == "open"
    if not open_to_all and not works_in(actor, product.shop_id):
        raise NotFound()
    return product, product.image_ids  # type: ignore[attr-defined]  # annotated above


def get_ended_product(shop_slug: str, slug: str) -> Product | None:
    """Return a product that was on sale to everybody and is not any more; None for all others."""
    product = (
        Product.objects.select_related("shop")
        .filter(shop__slug__iexact=shop_slug, slug=slug, published_at__isnull=False)
        .first()
    )
    if product is None or (product.state == "active" and product.shop.state == "open"):
        return None
    return product


def was_open(slug: str) -> bool:
    """Tell whether there was an open shop at this address that is closed or suspended now."""
    return Shop.objects.filter(slug__iexact=slug, state__in=["closed", "suspended"]).exists()


def get_import_for_staff(actor: Actor, token: str) -> ProductImport:
    """Return a product file that waits in, or went into, a shop that the actor manages."""
    kept = ProductImport.objects.select_related("shop").filter(token=token).first()
    if kept is None or not works_in(actor, kept.shop_id, MANAGERS):
        raise NotFound()
    return kept


def get_shipping_zone_for_staff(actor: Actor, shop_id: int, zone_id: int) -> ShippingZone:
    """Return a shipping zone of a shop that the actor manages."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    found = ShippingZone.objects.filter(shop=shop, pk=zone_id).first()
    if found is None:
        raise NotFound()
    return found


def get_shipping_method_for_staff(actor: Actor, shop_id: int, method_id: int) -> ShippingMethod:
    """Return a way of delivery of a shop that the actor manages."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    found = ShippingMethod.objects.filter(zone__shop=shop, pk=method_id).first()
    if found is None:
        raise NotFound()
    return found


def get_tax_zone_for_staff(actor: Actor, shop_id: int, zone_id: int) -> TaxZone:
    """Return a tax zone of a shop that the actor manages."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    found = TaxZone.objects.filter(shop=shop, pk=zone_id).first()
    if found is None:
        raise NotFound()
    return found


def get_price_list_for_staff(actor: Actor, shop_id: int, list_id: int) -> PriceList:
    """Return a price list of a shop that the actor manages."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    found = PriceList.objects.filter(shop=shop, pk=list_id).first()
    if found is None:
        raise NotFound()
    return found


def get_collection_for_staff(actor: Actor, collection_id: int) -> Collection:
    """Return a collection of a shop that the actor manages."""
    found = Collection.objects.select_related("shop").filter(pk=collection_id).first()
    if found is None or not works_in(actor, found.shop_id, MANAGERS):
        raise NotFound()
    return found


def get_collection_for(actor: Actor, shop_slug: str, slug: str) -> Collection:
    """Return a collection that a shop shows; its staff see those that are not shown too."""
    shop = get_shop_for(actor, shop_slug)
    found = Collection.objects.filter(shop=shop, slug=slug).first()
    if found is None or not (found.is_shown or works_in(actor, shop.pk)):
        raise NotFound()
    found.shop = shop
    return found
