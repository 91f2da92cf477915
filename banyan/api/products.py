"""Products with their variants, prices, stock and pictures."""

from __future__ import annotations

from itertools import zip_longest
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import File, Path, Router, Status, UploadedFile
from pydantic import Field, StringConstraints

from banyan.catalog import actions as catalog
from banyan.catalog.access import (
    get_product_for_id,
    get_product_for_staff,
    get_shop_for_id,
    get_shop_for_staff,
    products_of,
    visible_products,
)
from banyan.catalog.models import Product, Variant
from banyan.catalog.queries import image_ids_of, variants_of
from banyan.catalog.rules import text_in, typed_text
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.media.actions import claim_staged, stage
from banyan.media.queries import pictures, staged_for

from .gate import ANYONE, WRITE, actor, caller_of
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .reading import check_form
from .schemas import Alt, Answer, Body, Id, IdOut, Moment, Money, MoneyIn, Picture, Token, minor

router = Router(tags=["products"])
Value = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Stock = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class VariantBody(Body):
    """One buyable thing: a value for each option of the product."""

    price: MoneyIn
    compare_at: MoneyIn | None = None
    values: Annotated[list[Value], Field(max_length=3)] = []
    sku: Annotated[str, StringConstraints(max_length=60)] = ""
    on_hand: Annotated[Stock | None, Field(description="null leaves the stock alone.")] = None
    weight_grams: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] = 0


class Text(Body):
    """Title and description in one language."""

    title: Annotated[str, StringConstraints(max_length=160)] = ""
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""


class ProductBody(Body):
    """A product as it shall be. Prices are in the shop's currency.

    ``pictures`` are tokens of uploaded pictures or ids of pictures that the product has, in order;
    null leaves them as they are. ``alts`` say what each of them shows, in that order, for people
    who cannot see it; null or none leaves a picture's text as it is. ``min_age`` is how many years
    a buyer has to have: 0 for everybody, null leaves it as it is. ``kind`` counts when the product
    is made, and stays: goods come in parcels, a voucher is redeemed on site, a digital product is a
    file or a licence key; null is goods. ``attributes`` maps codes to values as text (see
    `/categories/.../attributes`); null or a code that is left out leaves them as they are, an empty
    text takes one away.
    """

    title: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    variants: Annotated[list[VariantBody], Field(min_length=1, max_length=100)]
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    options: Annotated[list[Value], Field(max_length=3)] = []
    language: Annotated[str, StringConstraints(pattern=r"^(en|zh-hans|zh-hant)$")] = "en"
    texts: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^(en|zh-hans|zh-hant)$")], Text],
        Field(max_length=3),
    ] = {}
    category: Annotated[str, StringConstraints(max_length=60)] = ""
    vendor: Annotated[str, StringConstraints(max_length=80)] = ""
    tax_class: Literal["standard", "reduced", "zero"] | None = None
    min_age: Annotated[int, Field(strict=True, ge=0, le=21)] | None = None
    tags: Annotated[
        list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=20)
    ] = []
    kind: Literal["goods", "voucher", "digital"] | None = None
    attributes: (
        Annotated[
            dict[
                Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
                Annotated[str, StringConstraints(max_length=200)],
            ],
            Field(max_length=100),
        ]
        | None
    ) = None
    pictures: Annotated[list[Token], Field(max_length=12)] | None = None
    alts: Annotated[list[Alt | None], Field(max_length=12)] = []


class StockBody(Body):
    """How many there are, promised ones included.

    ``saw`` is the figure that was looked at: 409 stock_changed when it is another by now.
    """

    on_hand: Stock
    saw: Stock | None = None


class VariantAnswer(Answer):
    """A variant; ``free`` can be bought now."""

    id: IdOut
    values: list[str]
    sku: str
    price: Money
    compare_at: Money | None
    free: int


class ProductPicture(Picture):
    """A picture of a product."""

    id: IdOut


class ProductAnswer(Answer):
    """A product in the reader's language.

    ``state`` is draft, active (on sale), archived, or taken_down by the platform. ``kind`` is
    goods, voucher, digital or listing. Who has not ``min_age`` years is not to be shown it.
    """

    id: IdOut
    shop_id: IdOut
    slug: str
    kind: str
    state: str
    min_age: int | None
    title: str
    description: str
    category: str | None
    vendor: str
    tax_class: str
    tags: list[str]
    attributes: Annotated[dict[str, str], Field(description="Values by code, as they are sent.")]
    options: list[str]
    variants: list[VariantAnswer]
    pictures: list[ProductPicture]
    created_at: Moment
    published_at: Moment | None


class PictureAnswer(Answer):
    """An uploaded picture: its ``token`` goes into a product or post within 48 hours."""

    token: str
    thumb_url: str
    width: int
    height: int


def products_answer(products: list[Product]) -> list[ProductAnswer]:
    """Return products as the API shows them; four statements for any number."""
    ids = [product.pk for product in products]
    variants, images = variants_of(ids), image_ids_of(ids)
    shown = pictures([one for some in images.values() for one in some], "large")
    return [
        _product(product, variants.get(product.pk, []), images.get(product.pk, []), shown)
        for product in products
    ]


def _product(
    product: Product, variants: list[Variant], images: list[int], shown: dict[int, dict[str, Any]]
) -> ProductAnswer:
    def text(field: str, default: str) -> str:
        return text_in(product.texts, get_language() or "en", field, default)

    return ProductAnswer(
        id=product.pk,
        shop_id=product.shop_id,
        slug=product.slug,
        kind=product.kind,
        state=product.state,
        min_age=product.min_age,
        title=text("title", product.title),
        description=text("description", product.description),
        category=product.category.slug if product.category else None,
        vendor=product.vendor,
        tax_class=product.tax_class,
        tags=product.tags,
        attributes={code: typed_text(value) for code, value in product.attributes.items()},
        options=product.options,
        variants=[_variant(variant) for variant in variants],
        pictures=[ProductPicture(id=one, **_picture(shown[one])) for one in images if one in shown],
        created_at=product.created_at,
        published_at=product.published_at,
    )


def _picture(shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "url": shown["src"],
        "width": shown["width"],
        "height": shown["height"],
        "alt": shown["alt"],
    }


def _variant(variant: Variant) -> VariantAnswer:
    was, stock = variant.compare_at_amount, variant.stock
    return VariantAnswer(
        id=variant.pk,
        values=variant.values,
        sku=variant.sku,
        price=Money.at(variant.price_amount, variant.currency),
        compare_at=None if was is None else Money.at(was, variant.currency),
        free=max(0, stock.free),
    )


def _shown(product: Product) -> ProductAnswer:
    return products_answer([product])[0]


def _input(
    body: ProductBody,
    currency: str,
    images: list[tuple[int, str | None]],
    *,
    kind: str,
    min_age: int | None = None,
) -> catalog.ProductInput:
    """Return what shall be; ``min_age`` is what it is now."""
    return catalog.ProductInput(
        title=body.title,
        variants=[
            catalog.VariantInput(
                price=minor(one.price, currency, f"variants.{row}.price"),
                values=one.values,
                sku=one.sku,
                compare_at=minor(one.compare_at, currency, f"variants.{row}.compare_at")
                if one.compare_at
                else None,
                on_hand=one.on_hand,
                weight_grams=one.weight_grams,
            )
            for row, one in enumerate(body.variants)
        ],
        description=body.description,
        options=body.options,
        language=body.language,
        texts={code: text.model_dump() for code, text in body.texts.items()},
        category=body.category,
        vendor=body.vendor,
        tax_class=body.tax_class or "",
        min_age=min_age if body.min_age is None else body.min_age or None,
        tags=body.tags,
        kind=kind,
        attributes=body.attributes,
        images=[image_id for image_id, _text in images],
        alts={image_id: text for image_id, text in images if text is not None},
    )


def _images(who: Actor, body: ProductBody, before: list[int]) -> list[tuple[int, str | None]]:
    """Return image ids, each with what was said of it, in order.

    Kept ones are named by id, uploaded ones by token; those of others have no name.
    """
    wanted = body.pictures
    if wanted is None:
        return list(zip_longest(before, body.alts[: len(before)]))
    kept = {str(image_id): image_id for image_id in before}
    staged = [token for token in wanted if token not in kept]
    claim_staged(actor=who, tokens=staged)
    claimed = {row["token"]: row["image_id"] for row in staged_for(who, staged)}
    found = [kept.get(name) or claimed.get(name) for name in wanted]
    said: dict[int, str | None] = {}
    for image_id, text in zip_longest(found, body.alts[: len(found)]):
        if image_id is not None:
            said.setdefault(image_id, text)
    return list(said.items())


@router.post("/pictures", auth=WRITE, response={201: PictureAnswer})
def upload_picture(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """Upload a picture (JPEG, PNG, WebP, AVIF; 15 MB, 40 megapixels) for a product or post."""
    caller = caller_of(request)
    check_form(request)
    staged = stage(actor=caller.actor, data=file, filename=file.name or "")
    [shown] = staged_for(caller.actor, [staged.token])
    answer = PictureAnswer(
        token=staged.token,
        thumb_url=shown["thumb_url"],
        width=shown["width"],
        height=shown["height"],
    )
    return Status(201, answer)


@router.get("/products", auth=ANYONE, response=Page[ProductAnswer])
def list_products(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List what is on sale, newest first."""
    rows = visible_products().select_related("shop", "category").order_by("-id")
    return _page(rows, before, limit)


@router.get("/shops/{shop_id}/products", auth=ANYONE, response=Page[ProductAnswer])
def list_shop_products(
    request: HttpRequest,
    shop_id: Path[Id],
    before: Before = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List a shop's products, newest first; those who work in it see drafts too."""
    who = actor(request)
    return _page(products_of(who, get_shop_for_id(who, shop_id)), before, limit)


def _page(rows: Any, before: int | None, limit: int) -> Page[ProductAnswer]:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: limit + 1])
    answers = {answer.id: answer for answer in products_answer(found)}
    return page_of(found, limit, lambda row: int(row.pk), lambda row: answers[row.pk])


@router.post("/shops/{shop_id}/products", auth=WRITE, response={201: ProductAnswer})
def make_product(request: HttpRequest, shop_id: Path[Id], body: ProductBody) -> Any:
    """Make a product, as a draft. For the shop's managers."""
    who = actor(request)
    shop = get_shop_for_staff(who, shop_id)
    with transaction.atomic():
        images = _images(who, body, [])
        data = _input(body, shop.currency, images, kind=body.kind or "goods")
        made = catalog.create_product(actor=who, shop_id=shop.pk, data=data)
    return Status(201, _shown(made))


@router.get("/products/{product_id}", auth=ANYONE, response=ProductAnswer)
def read_product(request: HttpRequest, product_id: Path[Id]) -> Any:
    """Return a product on sale; those who work in its shop see it in any state."""
    return _shown(get_product_for_id(actor(request), product_id))


@router.put("/products/{product_id}", auth=WRITE, response=ProductAnswer)
def change_product(request: HttpRequest, product_id: Path[Id], body: ProductBody) -> Any:
    """Replace what a product says. Variants are matched by their values; ones left out end."""
    who = actor(request)
    product = get_product_for_staff(who, product_id)
    if body.kind not in (None, product.kind):
        raise Conflict(_("What a product is stays as it was made."), code="kind_fixed")
    with transaction.atomic():
        images = _images(who, body, image_ids_of([product.pk]).get(product.pk, []))
        data = _input(
            body, product.shop.currency, images, kind=product.kind, min_age=product.min_age
        )
        changed = catalog.update_product(actor=who, product_id=product.pk, data=data)
    return _shown(changed)


@router.post("/products/{product_id}/publish", auth=WRITE, response=ProductAnswer)
def publish_product(request: HttpRequest, product_id: Path[Id]) -> Any:
    """Put a product on sale. Repeatable."""
    return _shown(catalog.publish_product(actor=actor(request), product_id=product_id))


@router.post("/products/{product_id}/unpublish", auth=WRITE, response=ProductAnswer)
def unpublish_product(request: HttpRequest, product_id: Path[Id]) -> Any:
    """Take a product off sale, back to draft. Repeatable."""
    return _shown(catalog.unpublish_product(actor=actor(request), product_id=product_id))


@router.post("/products/{product_id}/archive", auth=WRITE, response=ProductAnswer)
def archive_product(request: HttpRequest, product_id: Path[Id]) -> Any:
    """Put a product away. Repeatable."""
    return _shown(catalog.archive_product(actor=actor(request), product_id=product_id))


@router.put("/variants/{variant_id}/stock", auth=WRITE, response=VariantAnswer)
def set_stock(request: HttpRequest, variant_id: Path[Id], body: StockBody) -> Any:
    """Set how many of a variant there are. For those who work in the shop."""
    catalog.set_on_hand(
        actor=actor(request), variant_id=variant_id, on_hand=body.on_hand, saw=body.saw
    )
    return _variant(Variant.objects.select_related("stock").get(pk=variant_id))
