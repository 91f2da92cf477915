"""Products and their variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from banyan.kernel.states import transition
from banyan.media.actions import set_alts
from banyan.moderation.actions import check_names

from ..access import MANAGERS, get_product_for_staff, get_shop_for_staff
from ..events import ProductPublished, ProductWithdrawn
from ..models import Category, Product, ProductImage, Shop, Stock, StockMovement, Variant
from ..ports import check_counting, check_publishing
from ..rules import KINDS, TAX_CLASSES, check_values, clean_tags, slugify
from ..states import PRODUCT
from .acts import note_act
from .attributes import clean_attributes
from .prices import record_prices
from .stock import stock_changed, stock_locks
from .words import index_products

LARGEST_PRICE = 10**11


@dataclass(frozen=True, slots=True)
class VariantInput:
    """One variant as entered: ``price`` and ``compare_at`` in minor units of the shop's currency.

    ``on_hand`` None leaves the stock of an existing variant alone (0 for a new one); ``saw`` is the
    figure that was looked at, as in ``stock.set_on_hand``.
    """

    price: int
    values: Sequence[str] = ()
    sku: str = ""
    compare_at: int | None = None
    on_hand: int | None = None
    saw: int | None = None
    weight_grams: int = 0


@dataclass(frozen=True, slots=True)
class ProductInput:
    """A product as entered. ``images`` are image ids, in order; ``slug`` empty means: make one.

    ``alts`` say what a picture shows, by image id; the others keep their text. ``kind`` counts when
    the product is made (``rules.KINDS``); it stays for good, because orders were placed by it.
    ``tax_class`` empty leaves that of an existing product alone. ``attributes`` maps codes to
    typed values ("yes" or "no" for yes-no); None leaves all as they are.
    """

    title: str
    variants: Sequence[VariantInput]
    description: str = ""
    options: Sequence[str] = ()
    slug: str = ""
    language: str = "en"
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    category: str = ""
    vendor: str = ""
    tags: Sequence[str] = ()
    images: Sequence[int] = ()
    alts: Mapping[int, str] = field(default_factory=dict)
    tax_class: str = ""
    attributes: Mapping[str, str] | None = None
    kind: str = "goods"
    min_age: int | None = None


_REASONS = {
    "options": _("Up to three options, each with its own name."),
    "no_variants": _("Add at least one variant with a price."),
    "variant_values": _("Give every variant a value for every option."),
    "variant_twice": _("Two variants are the same."),
}


def _check(actor: Actor, data: ProductInput) -> None:
    fields: dict[str, Any] = {}
    if not 1 <= len(data.title.strip()) <= 160:
        fields["title"] = _("Give the product a title of 1 to 160 letters.")
    if data.kind not in KINDS:
        fields["kind"] = _("Choose one of these.")
    if data.min_age is not None and not 1 <= data.min_age <= 21:
        fields["min_age"] = _("Enter an age from 1 to 21, or nothing.")
    if len(data.description) > 20_000:
        fields["description"] = _("At most 20,000 letters.")
    wrong = check_values(data.options, [v.values for v in data.variants])
    if wrong:
        fields["variants"] = _REASONS[wrong]
    if len(data.variants) > 100:
        fields["variants"] = _("At most 100 variants.")
    for variant in data.variants:
        if not 0 < variant.price <= LARGEST_PRICE:
            fields["price"] = _("Enter a price above zero.")
        if variant.compare_at is not None and variant.compare_at <= variant.price:
            fields["compare_at"] = _("The former price must be higher than the price.")
        if variant.on_hand is not None and not 0 <= variant.on_hand <= 1_000_000:
            fields["on_hand"] = _("Enter a number from 0 to 1,000,000.")
    skus = [sku for v in data.variants if (sku := _sku(v))]
    if len(set(skus)) != len(skus):
        fields["sku"] = _("Two variants have the same SKU.")
    if len(data.images) > 12:
        fields["images"] = _("At most 12 pictures.")
    if data.tax_class and data.tax_class not in TAX_CLASSES:
        fields["tax_class"] = _("Choose standard, reduced or zero.")
    if data.kind not in KINDS:
        fields["kind"] = _("Choose a kind of the list.")
    if data.category and not Category.objects.filter(slug=data.category).exists():
        fields["category"] = _("Choose a category of the list.")
    if fields:
        raise Invalid(fields=fields)
    other = [text for texts in data.texts.values() for text in texts.values()]
    check_names(
        actor=actor,
        title=data.title,
        description="\n".join([data.description, *other]),
        vendor=data.vendor,
        tags="\n".join(data.tags),
        options="\n".join([*data.options, *(text for v in data.variants for text in v.values)]),
        pictures="\n".join(data.alts.values()),
        **{f"attribute_{code}": text for code, text in (data.attributes or {}).items()},
    )


def _check_member(shop: Shop, kind: str, data: ProductInput) -> None:
    """Let a member's little shop, which nobody approved, hold single second-hand things alone."""
    if shop.kind == "member" and not (
        kind == "listing"
        and len(data.variants) == 1
        and all(given.on_hand in (None, 0, 1) for given in data.variants)
    ):
        raise not_a_merchant()


def not_a_merchant() -> Conflict:
    """Return the refusal of what only an approved shop may do."""
    return Conflict(
        _("Members sell single things. Open a shop to sell anything else."), code="not_a_merchant"
    )


def create_product(*, actor: Actor, shop_id: int, data: ProductInput) -> Product:
    """Create a draft product with its variants and stock."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    _check(actor, data)
    _check_member(shop, data.kind, data)
    slug = slugify(data.slug or data.title, fallback=f"p-{new_code(30).lower()}")
    with transaction.atomic():
        now = clock.now()
        product = _insert(
            shop, slug, kind=data.kind, created_at=now, updated_at=now, **_columns(data, {})
        )
        _write_variants(product, shop, data)
        set_pictures_of(product, data.images)
        set_alts(_alts(data))
        index_products([product])
        note_act(actor, shop.pk, "product.create", product.title)
    return product


def _insert(shop: Shop, slug: str, **columns: Any) -> Product:
    """Write the row at its address, or at one of its own where another product has that."""
    if not _is_taken(shop, slug):
        try:
            with transaction.atomic():
                return Product.objects.create(shop=shop, slug=slug, **columns)
        except IntegrityError as error:
            if "product_slug_once" not in str(error):
                raise
    slug = f"{slug[:90]}-{new_code(30).lower()}"
    return Product.objects.create(shop=shop, slug=slug, **columns)


def _is_taken(shop: Shop, slug: str) -> bool:
    return Product.objects.filter(shop=shop, slug=slug).exists()


def update_product(*, actor: Actor, product_id: int, data: ProductInput) -> Product:
    """Replace what the product says. Variants are matched by their values; ones that are no
    longer named become inactive, because orders point to them.

    Locks stock, and the product last. What is on sale has to be fit for its new category, too:
    raises what ``ports.check_publishing`` raises, and of new figures of stock ``check_counting``.
    """
    product = get_product_for_staff(actor, product_id)
    _check(actor, data)
    _check_member(product.shop, product.kind, data)
    with transaction.atomic():
        locks.take(stock_locks(product.variants.values_list("id", flat=True)))
        _lock(product)
        before = product.category_id
        columns = _columns(data, product.attributes) | {"updated_at": clock.now()}
        for name, value in columns.items():
            setattr(product, name, value)
        if product.state == "active" and product.category_id != before:
            check_publishing(product)
        # Nothing else: its state and its ratings are others' to write.
        product.save(update_fields=list(columns))
        prices = _prices(product)
        _write_variants(product, product.shop, data)
        set_pictures_of(product, data.images)
        set_alts(_alts(data))
        index_products([product])
        change = _price_changes(prices, _prices(product))
        note_act(actor, product.shop_id, "product.change", product.title, change=change)
    return product


def _prices(product: Product) -> dict[str, Money]:
    """Return what each kind on sale costs, by its name."""
    rows = product.variants.filter(is_active=True).order_by("position", "id")
    return {" / ".join(one.values): Money(one.price_amount, one.currency) for one in rows}


def _price_changes(before: Mapping[str, Money], after: Mapping[str, Money]) -> str:
    """Return from what to what prices went, in the shop's currency; empty for none."""
    return "; ".join(
        f"{name} {before[name].decimal} → {price.decimal}".strip()
        for name, price in after.items()
        if name in before and before[name] != price
    )


def _alts(data: ProductInput) -> dict[int, str]:
    """Return the texts of the product's own pictures; nobody describes those of others here."""
    return {image_id: text for image_id, text in data.alts.items() if image_id in data.images}


def _columns(data: ProductInput, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns; ``attributes`` are those that the product has."""
    category = Category.objects.filter(slug=data.category).first() if data.category else None
    if data.attributes is not None:
        attributes = clean_attributes(category, data.attributes, before=attributes)
    taxed = {"tax_class": data.tax_class} if data.tax_class else {}
    return taxed | {
        "title": data.title.strip(),
        "description": data.description.strip(),
        "language": data.language,
        "texts": data.texts,
        "options": list(data.options),
        "vendor": data.vendor.strip()[:80],
        "tags": clean_tags(data.tags),
        "min_age": data.min_age,
        "category": category,
        "attributes": dict(attributes),
    }


def _write_variants(product: Product, shop: Shop, data: ProductInput) -> None:
    existing = {tuple(v.values): v for v in product.variants.all()}
    _free_skus(existing, data)
    for position, given in enumerate(data.variants):
        columns = {
            "sku": _sku(given),
            "price_amount": given.price,
            "compare_at_amount": given.compare_at,
            "currency": shop.currency,
            "weight_grams": given.weight_grams,
            "position": position,
            "is_active": True,
        }
        variant = existing.pop(tuple(given.values), None)
        if variant is None:
            variant = Variant.objects.create(product=product, values=list(given.values), **columns)
            stock = Stock.objects.create(variant=variant)
        else:
            Variant.objects.filter(pk=variant.pk).update(**columns)
            stock = Stock.objects.get(variant=variant)
            if given.on_hand is not None and given.saw not in (None, stock.on_hand):
                raise stock_changed(stock.on_hand)
        if given.on_hand is not None and given.on_hand != stock.on_hand:
            check_counting(variant.pk)
            _count(stock, given.on_hand)
    gone = [variant.pk for variant in existing.values()]
    Variant.objects.filter(pk__in=gone).update(is_active=False)
    record_prices(product.variants.values_list("id", flat=True))


def _free_skus(existing: Mapping[tuple[str, ...], Variant], data: ProductInput) -> None:
    """Empty the SKUs of what is written anew, so that rows can swap them.

    What ends keeps its own, by which it is found and packed, unless another variant takes it.
    """
    named = {tuple(given.values) for given in data.variants}
    taken = {_sku(given) for given in data.variants} - {""}
    freed = [one.pk for key, one in existing.items() if key in named or one.sku in taken]
    Variant.objects.filter(pk__in=freed).exclude(sku="").update(sku="")


def _sku(given: VariantInput) -> str:
    """Return an SKU as it is kept."""
    return given.sku.strip()[:60]


def _count(stock: Stock, on_hand: int) -> None:
    try:
        with transaction.atomic():
            Stock.objects.filter(pk=stock.pk).update(on_hand=on_hand)
    except IntegrityError as error:
        raise Conflict(
            _("Some of these are already sold or reserved."), code="stock_already_promised"
        ) from error
    StockMovement.objects.create(
        stock=stock, kind="count", on_hand=on_hand - stock.on_hand, at=clock.now()
    )


def set_pictures_of(product: Product, images: Sequence[int]) -> None:
    """Replace the pictures, in the given order; inside the caller's transaction."""
    product.images.all().delete()
    ProductImage.objects.bulk_create(
        ProductImage(product=product, image_id=image_id, position=position)
        for position, image_id in enumerate(images)
    )


def set_pictures(*, actor: Actor, product_id: int, images: Sequence[int]) -> Product:
    """Replace the pictures of a product, in the given order."""
    product = get_product_for_staff(actor, product_id)
    with transaction.atomic():
        set_pictures_of(product, images)
    return product


def publish_product(*, actor: Actor, product_id: int) -> Product:
    """Put a draft on sale. Emits product.published; repeatable.

    Raises Conflict ``no_variants``, ``taken_down``, and what ``ports.check_publishing`` raises.
    """
    product = get_product_for_staff(actor, product_id)
    if product.state == "active":
        return product
    if not product.variants.filter(is_active=True).exists():
        raise Conflict(_REASONS["no_variants"], code="no_variants")
    with transaction.atomic():
        _lock(product)
        if product.state == "active":
            return product
        _check_not_taken_down(product)
        check_publishing(product)
        transition(PRODUCT, product, "active", actor=actor, published_at=clock.now())
        events.emit(ProductPublished(product_id=product.pk, shop_id=product.shop_id), actor=actor)
        note_act(actor, product.shop_id, "product.publish", product.title)
    return product


def _lock(product: Product) -> None:
    """Hold the row and read it again: nobody moves it, or puts it elsewhere, until the commit."""
    held = Product.objects.select_for_update(no_key=True)
    with locks.in_time():
        product.refresh_from_db(fields=["state", "category", "attributes"], from_queryset=held)


def _withdraw(actor: Actor, product_id: int, to: str) -> Product:
    product = get_product_for_staff(actor, product_id)
    if product.state == to:
        return product
    _check_not_taken_down(product)
    with transaction.atomic():
        transition(PRODUCT, product, to, actor=actor)
        events.emit(ProductWithdrawn(product_id=product.pk, shop_id=product.shop_id), actor=actor)
        note_act(actor, product.shop_id, "product.withdraw", product.title)
    return product


def _check_not_taken_down(product: Product) -> None:
    if product.state == "taken_down":
        raise Conflict(_("The platform has taken this down."), code="taken_down")


def unpublish_product(*, actor: Actor, product_id: int) -> Product:
    """Take a product off sale, back to draft. Emits product.withdrawn."""
    return _withdraw(actor, product_id, "draft")


def archive_product(*, actor: Actor, product_id: int) -> Product:
    """Put a product away. Emits product.withdrawn."""
    return _withdraw(actor, product_id, "archived")


def take_down_product(*, actor: Actor, product_id: int, reason: str) -> Product:
    """Take a product off every page, whoever sells it. For moderation. Emits product.withdrawn.

    Inside the caller's transaction; repeatable.
    """
    product = _by_platform(actor, product_id)
    if product.state == "taken_down":
        return product
    transition(PRODUCT, product, "taken_down", actor=actor, reason=reason)
    events.emit(ProductWithdrawn(product_id=product.pk, shop_id=product.shop_id), actor=actor)
    return product


def let_back_product(*, actor: Actor, product_id: int, reason: str) -> Product:
    """Let a product that was taken down be a draft again. For moderation."""
    product = _by_platform(actor, product_id)
    transition(PRODUCT, product, "draft", actor=actor, reason=reason)
    return product


def put_back_product(*, actor: Actor, product_id: int, reason: str) -> Product:
    """Undo a takedown that was a mistake: on sale again if it was. Emits product.published then.

    What was a draft or put away is a draft, and so is what may not come on sale any more
    (``ports.check_publishing``). For moderation; inside the caller's transaction. Repeatable.
    """
    product = _by_platform(actor, product_id)
    if product.state != "taken_down":
        return product
    downs = StateChange.objects.filter(machine=PRODUCT.name, subject_id=product.pk)
    before = downs.filter(target="taken_down").order_by("id").last()
    transition(PRODUCT, product, "draft", actor=actor, reason=reason)
    if before is None or before.source != "active" or not _may_be_on_sale(product):
        return product
    transition(PRODUCT, product, "active", actor=actor, reason=reason)
    events.emit(ProductPublished(product_id=product.pk, shop_id=product.shop_id), actor=actor)
    return product


def _may_be_on_sale(product: Product) -> bool:
    try:
        check_publishing(product)
    except Problem:
        return False
    return True


def _by_platform(actor: Actor, product_id: int) -> Product:
    if actor.kind != "system" and not actor.has_role("moderation"):
        raise Forbidden()
    product = Product.objects.select_for_update(no_key=True).filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    return product


def rate_product(*, actor: Actor, product_id: int, stars: int) -> None:
    """Add a verified rating of 1 to 5 stars to a product's sum; inside the caller's transaction."""
    Product.objects.filter(pk=product_id).update(ratings=F("ratings") + 1, stars=F("stars") + stars)


def unrate_product(*, actor: Actor, product_id: int, stars: int) -> None:
    """Take a rating out of a product's sum again; inside the caller's transaction."""
    Product.objects.filter(pk=product_id).update(ratings=F("ratings") - 1, stars=F("stars") - stars)
