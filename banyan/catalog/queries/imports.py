"""What a product file would do to a shop, worked out without writing anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Problem
from banyan.media.models import Image
from banyan.media.queries import images_behind

from ..models import Product, Shop, Variant
from ..ports import check_publishing
from ..rules import IN_PARCELS
from ..rules.product_csv import PictureRow, ProductRow, Sheet, VariantRow
from ..rules.product_csv.prose import settled
from ..rules.product_csv.reading import MOST_PICTURES, MOST_VARIANTS
from .categories import CategoryNames

COLUMNS = {
    "sku": "sku",
    "price": "price_amount",
    "compare_at": "compare_at_amount",
    "grams": "weight_grams",
}


@dataclass(slots=True)
class VariantPlan:
    """A variant to make (``known`` None) or to change by ``columns``; ``on_hand`` None: leave."""

    row: VariantRow
    known: Variant | None
    columns: dict[str, Any]
    on_hand: int | None = None
    position: int = 0


@dataclass(slots=True)
class PicturePlan:
    """A picture to add: ``image`` when it is here already, else it is waited for."""

    row: PictureRow
    digest: str
    image: Image | None


@dataclass(slots=True)
class ProductPlan:
    """A product to make (``known`` None) or to change. ``retired`` are variants to stop selling,
    ``order`` new places by variant id, ``state`` the state it shall have (None: as it is)."""

    row: ProductRow
    known: Product | None
    columns: dict[str, Any]
    state: str | None = None
    variants: list[VariantPlan] = field(default_factory=list)
    retired: list[int] = field(default_factory=list)
    order: dict[int, int] = field(default_factory=dict)
    pictures: list[PicturePlan] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Return new, changed or same."""
        if self.known is None:
            return "new"
        touched = any(
            plan.known is None or plan.columns or plan.on_hand is not None for plan in self.variants
        )
        rest = self.columns or self.state or self.retired or self.order or self.pictures
        return "changed" if touched or rest else "same"


@dataclass(slots=True)
class Plan:
    """What a file would do. ``stock_differs`` counts known variants whose figure is another;
    ``unknown_types`` are words that name no category here, ``renamed`` handles that need another
    address."""

    sheet: Sheet
    products: list[ProductPlan] = field(default_factory=list)
    stock_differs: int = 0
    unknown_types: dict[str, None] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """Return how many products are new, changed or same."""
        return sum(1 for product in self.products if product.kind == kind)

    def total(self) -> dict[str, int]:
        """Return the figures that are shown before and kept after."""
        variants = [v for product in self.products for v in product.variants]
        return {
            "rows": self.sheet.rows,
            "new": self.count("new"),
            "changed": self.count("changed"),
            "same": self.count("same"),
            "new_variants": sum(1 for v in variants if v.known is None),
            "changed_variants": sum(1 for v in variants if v.known is not None and v.columns),
            "retired_variants": sum(len(product.retired) for product in self.products),
            "stock_set": sum(1 for v in variants if v.on_hand is not None and v.known is not None),
            "pictures": sum(len(product.pictures) for product in self.products),
        }

    @property
    def renamed(self) -> list[tuple[str, str]]:
        """Handles that cannot be an address here, each with the address they get."""
        rows = (product.row for product in self.products)
        return [(row.handle, row.slug) for row in rows if row.handle.lower() != row.slug]


def plan_import(*, actor: Actor, shop: Shop, sheet: Sheet, set_stock: bool) -> Plan:
    """Work out what ``sheet`` would do to ``shop``; adds to its faults what the shop refuses.

    Products are known by their address in the shop, variants by their values, else their SKU. A
    column that the file lacks stays as it is; so do variants and pictures that it does not name.
    What may not be on sale (``ports.check_publishing``) and what the platform has taken down are
    faults. Seven statements for any number of rows, and those of that check for each category and
    for each thing without a parcel that comes on sale.
    """
    plan = Plan(sheet)
    known = _known(shop, (row.slug for row in sheet.products))
    planner = _Planner(actor, shop, plan, set_stock)
    for row in sheet.products:
        plan.products.append(planner.product(row, known.get(row.slug)))
    sheet.faults.sort(key=lambda fault: fault.line)
    return plan


def _known(shop: Shop, slugs: Iterable[str]) -> dict[str, Product]:
    rows = Product.objects.filter(shop=shop, slug__in=list(slugs)).prefetch_related(
        Prefetch("variants", queryset=Variant.objects.select_related("stock")),
        "images",
        "wanted_pictures",
    )
    return {row.slug: row for row in rows}


class _Planner:
    def __init__(self, actor: Actor, shop: Shop, plan: Plan, set_stock: bool) -> None:
        self.actor = actor
        self.shop = shop
        self.plan = plan
        self.sheet = plan.sheet
        self.set_stock = set_stock
        self.categories = CategoryNames()
        self.images = images_behind(p.source for row in self.sheet.products for p in row.pictures)
        self.refusals: dict[tuple[int | None, int | None], Problem | None] = {}

    def product(self, row: ProductRow, known: Product | None) -> ProductPlan:
        made = ProductPlan(row, known, self._columns(row, known))
        wanted = row.given.get("state") or ("draft" if known is None else known.state)
        if known is not None and known.state == "taken_down":
            # Only the platform lets it come back; the file may say that it is put away.
            if wanted == "active":
                self._fault_of_state(row, "taken_down")
            wanted = known.state
        made.state = wanted if known is None or wanted != known.state else None
        if wanted == "active":
            self._may_be_on_sale(made)
        self._variants(made)
        self._pictures(made)
        return made

    def _fault_of_state(self, row: ProductRow, code: str, **words: str) -> None:
        key = "status" if "status" in self.sheet.header.names else "published"
        self.sheet.fault(row.line, key, row.given.get("state", ""), code, **words)

    def _may_be_on_sale(self, made: ProductPlan) -> None:
        """Ask as ``publish_product`` does, of what comes on sale or changes its category on it."""
        known = made.known
        if known is not None and made.state is None and "category_id" not in made.columns:
            return
        category_id = made.columns.get("category_id", known.category_id if known else None)
        # What is sent is judged by its category alone, the rest by how it is handed over, too.
        handed_over = known if known is not None and known.kind not in IN_PARCELS else None
        key = category_id, None if handed_over is None else handed_over.pk
        if key not in self.refusals:
            self.refusals[key] = self._refusal(category_id, handed_over)
        refused = self.refusals[key]
        if refused is not None:
            self._fault_of_state(made.row, "not_for_sale", why=str(refused.message))

    def _refusal(self, category_id: int | None, handed_over: Product | None) -> Problem | None:
        asked = Product(shop=self.shop, category_id=category_id)
        if handed_over is not None:
            asked.pk, asked.kind = handed_over.pk, handed_over.kind
        try:
            check_publishing(asked)
        except Problem as problem:
            return problem
        return None

    def _columns(self, row: ProductRow, known: Product | None) -> dict[str, Any]:
        given: dict[str, Any] = {
            key: row.given[key] for key in ("title", "description", "vendor") if key in row.given
        }
        if "tags" in row.given:
            given["tags"] = row.given["tags"]
        if row.options is not None:
            given["options"] = list(row.options)
        texts = [row.given[key] for key in ("type", "category") if row.given.get(key)]
        category = self.categories.find(*texts)
        if texts and category is None:
            self.plan.unknown_types[texts[0]] = None
        elif "type" in row.given or "category" in row.given:
            given["category_id"] = category.pk if category else None
        if known is None:
            return given
        return {key: value for key, value in given.items() if not _same(known, key, value)}

    def _variants(self, made: ProductPlan) -> None:
        row, known = made.row, made.known
        rest = {tuple(map(str.strip, v.values)): v for v in known.variants.all()} if known else {}
        options = row.options if row.options is not None else tuple(known.options if known else ())
        found = self._matched(made, rest)
        for variant_row, variant in found:
            made.variants.append(self._variant(variant_row, variant, len(options)))
        named = {variant.pk for _row, variant in found if variant is not None}
        others = [v for v in rest.values() if v.pk not in named]
        made.retired = [v.pk for v in others if v.is_active and len(v.values) != len(options)]
        self._check_skus(made, others)
        kept = [v for v in others if v.is_active and v.pk not in made.retired]
        if len(kept) + len(made.variants) > MOST_VARIANTS:
            self.sheet.fault(row.line, "handle", row.handle, "too_many_variants")
        if not kept and not made.variants:
            self.sheet.fault(row.line, "price", "", "price_missing")
        _place(made, [v for v in rest.values() if v.pk in named], kept)

    def _matched(
        self, made: ProductPlan, rest: dict[tuple[str, ...], Variant]
    ) -> list[tuple[VariantRow, Variant | None]]:
        """Pair the file's variants with the known ones: by values first, then by SKU."""
        rows = made.row.variants
        taken: set[int] = set()
        pairs: list[tuple[VariantRow, Variant | None]] = []
        by_sku = {v.sku: v for v in rest.values() if v.sku}
        active = [v for v in rest.values() if v.is_active]
        for row in rows:
            variant = rest.get(row.values) if row.values is not None else None
            if variant is not None:
                taken.add(variant.pk)
            pairs.append((row, variant))
        for place, (row, variant) in enumerate(pairs):
            if variant is not None:
                continue
            found = by_sku.get(row.given.get("sku", ""))
            if row.values is None and found is None and len(active) == 1 and len(rows) == 1:
                found = active[0]
            if found is not None and found.pk not in taken:
                taken.add(found.pk)
                pairs[place] = (row, found)
            elif row.values is None and (made.known is not None or len(rows) > 1):
                sku = row.given.get("sku", "")
                self.sheet.fault(row.line, "sku", sku, "variant_unclear")
        return pairs

    def _variant(self, row: VariantRow, known: Variant | None, options: int) -> VariantPlan:
        columns = {COLUMNS[key]: row.given[key] for key in COLUMNS if key in row.given}
        if row.values is not None:
            columns["values"] = list(row.values)
        quantity = row.given.get("quantity")
        if known is None:
            if "price" not in row.given:
                self.sheet.fault(row.line, "price", "", "price_missing")
            columns.setdefault("values", [""] * options)
            return VariantPlan(row, None, columns, quantity or 0)
        columns["is_active"] = True
        self._check_former(row, known)
        changed = {
            key: value
            for key, value in columns.items()
            if getattr(known, key) != value
            and not (key == "values" and [v.strip() for v in known.values] == value)
        }
        return VariantPlan(row, known, changed, self._count(row, known, quantity))

    def _check_former(self, row: VariantRow, known: Variant) -> None:
        """Hold the price of the file against the former price of the shop, and the reverse."""
        if ("price" in row.given) == ("compare_at" in row.given):
            return
        price = row.given.get("price", known.price_amount)
        former = row.given.get("compare_at", known.compare_at_amount)
        if price and former and former <= price:
            key = "price" if "price" in row.given else "compare_at"
            self.sheet.fault(row.line, key, "", "compare_at")

    def _count(self, row: VariantRow, known: Variant, quantity: int | None) -> int | None:
        stock = known.stock
        if quantity is None or quantity == stock.on_hand:
            return None
        self.plan.stock_differs += 1
        if not self.set_stock:
            return None
        promised = stock.least
        if quantity < promised:
            words = {"promised": str(promised)}
            self.sheet.fault(row.line, "quantity", str(quantity), "stock_promised", **words)
        return quantity

    def _check_skus(self, made: ProductPlan, others: list[Variant]) -> None:
        skus = {v.sku for v in others if v.sku}
        for plan in made.variants:
            sku = plan.row.given.get("sku") or (plan.known.sku if plan.known else "")
            if sku and sku in skus:
                self.sheet.fault(plan.row.line, "sku", sku, "sku_twice")

    def _pictures(self, made: ProductPlan) -> None:
        known = made.known
        here = {row.image_id for row in known.images.all()} if known else set()
        wanted = {row.digest: row for row in known.wanted_pictures.all()} if known else {}
        for row in made.row.pictures:
            digest = hashlib.sha256(row.source.encode()).hexdigest()
            if digest in wanted:
                continue
            image = self.images.get(row.source)
            if image is not None and image.pk in here:
                continue
            # Only one's own pictures are taken over; others' are fetched or sent like any other.
            mine = image is not None and image.owner_id == self.actor.id
            made.pictures.append(PicturePlan(row, digest, image if mine else None))
        waiting = sum(1 for row in wanted.values() if row.state != "taken")
        if made.pictures and len(here) + waiting + len(made.pictures) > MOST_PICTURES:
            row = made.pictures[-1].row
            self.sheet.fault(row.line, "picture", row.source, "too_many_pictures")


def _place(made: ProductPlan, named: list[Variant], kept: list[Variant]) -> None:
    """Keep the places where the file's order is that of the shop; else number anew by the file."""
    known = [plan.known.pk for plan in made.variants if plan.known is not None]
    settled_first = all(plan.known is not None for plan in made.variants[: len(known)])
    if settled_first and known == [variant.pk for variant in named]:
        start = max((v.position for v in [*named, *kept]), default=-1) + 1
        for place, plan in enumerate(made.variants[len(known) :], start=start):
            plan.position = place
        return
    for place, plan in enumerate(made.variants):
        plan.position = place
        if plan.known is not None:
            made.order[plan.known.pk] = place
    for place, variant in enumerate(kept, start=len(made.variants)):
        made.order[variant.pk] = place


def _same(known: Product, key: str, value: Any) -> bool:
    current = getattr(known, key)
    if key == "description":
        return bool(settled(current) == value)
    if key == "tags":
        written = [str(tag).replace(",", "，") for tag in current]
        return bool(written == [tag.replace(",", "，") for tag in value])
    return bool(current == value)
