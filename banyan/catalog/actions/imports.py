"""Taking in a product file: kept, looked at, then written in one transaction or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition_all
from banyan.moderation.actions import check_names

from ..access import MANAGERS, get_import_for_staff, get_shop_for_staff
from ..events import ProductPublished, ProductWithdrawn
from ..models import Product, ProductImage, ProductImport, Shop, Stock, Variant, WantedPicture
from ..queries.imports import Plan, ProductPlan, VariantPlan, plan_import
from ..rules.product_csv import MOST_BYTES, Fault, read_sheet
from ..states import PRODUCT
from .acts import note_act
from .fetching import is_address
from .prices import record_prices
from .products import not_a_merchant
from .stock import count_all, stock_locks
from .words import index_products

KEPT = dt.timedelta(days=2)
MOST_WAITING = 5
PIECE = 1000


class ImportRefused(Invalid):
    """Rows of the file are not acceptable; ``faults`` names every one. Nothing was written."""

    code = "import_refused"
    message = _("Nothing was imported: some rows need a correction.")

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(extra={"faults": [_plain(fault) for fault in self.faults[:100]]})


def _plain(fault: Fault) -> dict[str, Any]:
    return {
        "line": fault.line,
        "column": fault.column,
        "value": fault.shown,
        "code": fault.code,
        "reason": fault.reason,
    }


def keep_product_file(
    *, actor: Actor, shop_id: int, data: bytes, name: str, language: str = "en"
) -> ProductImport:
    """Keep a product file that somebody wants to look at before it is taken in.

    ``language`` is that of new products. Raises FileRefused (422) when the file as a whole cannot
    be read; faults of single rows do not keep it out. Somebody's oldest files of the shop that
    were never taken in go when there are more than five. Conflict ``not_a_merchant`` for a
    member's little shop, which nobody approved.
    """
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    if shop.kind != "merchant":
        raise not_a_merchant()
    read_sheet(data[: MOST_BYTES + 1], shop.currency)
    with transaction.atomic():
        kept = ProductImport.objects.create(
            token=new_code(120),
            shop=shop,
            account_id=actor.id,
            name=name[:120],
            language=language,
            content=data,
            created_at=clock.now(),
        )
        waiting = ProductImport.objects.filter(shop=shop, account=kept.account, done_at=None)
        old = list(waiting.order_by("-id").values_list("id", flat=True)[MOST_WAITING:])
        ProductImport.objects.filter(pk__in=old).delete()
    return kept


def look_at(*, actor: Actor, kept: ProductImport, set_stock: bool) -> Plan:
    """Return what a kept file would do now, its faults included. Writes nothing."""
    sheet = read_sheet(bytes(kept.content), kept.shop.currency)
    return plan_import(actor=actor, shop=kept.shop, sheet=sheet, set_stock=set_stock)


def take_in_products(*, actor: Actor, token: str, set_stock: bool) -> ProductImport:
    """Write what a kept file says: everything in one transaction, or nothing.

    Repeatable: a file that was taken in is returned as it was. Takes the locks of the stock of
    every known variant. Raises ImportRefused with all faults, Conflict when the shop changed
    underneath. Emits product.published and product.withdrawn.
    """
    found = get_import_for_staff(actor, token)
    try:
        with transaction.atomic():
            # One file at a time for a shop, so that two never make the same product.
            shop = Shop.objects.select_for_update(no_key=True).get(pk=found.shop_id)
            kept = ProductImport.objects.select_for_update().filter(pk=found.pk).first()
            if kept is None:
                raise NotFound()
            if kept.done_at is not None:
                return kept
            sheet = read_sheet(bytes(kept.content), shop.currency)
            slugs = [row.slug for row in sheet.products]
            variants = Variant.objects.filter(product__shop=shop, product__slug__in=slugs)
            locks.take(stock_locks(variants.values_list("id", flat=True)))
            plan = plan_import(actor=actor, shop=shop, sheet=sheet, set_stock=set_stock)
            if sheet.faults:
                raise ImportRefused(sheet.faults)
            # Counted before it is written: afterwards nothing is new any more.
            kept.result = plan.total() | {"unused": list(sheet.header.unused)}
            _Writer(actor, shop, kept, plan).write()
            kept.content, kept.done_at = b"", clock.now()
            kept.save(update_fields=["content", "done_at", "result"])
            note_act(actor, shop.pk, "goods.import", shop.name)
    except IntegrityError as error:
        raise Conflict(detail=str(error)) from error
    return kept


def sweep_product_files(*, actor: Actor) -> int:
    """Remove files that nobody took in within two days. Returns how many. Repeatable."""
    old = ProductImport.objects.filter(done_at=None, created_at__lt=clock.now() - KEPT)
    return old.delete()[0]


class _Writer:
    """Writes a plan in pieces of a thousand rows, inside the caller's transaction."""

    def __init__(self, actor: Actor, shop: Shop, kept: ProductImport, plan: Plan) -> None:
        self.actor = actor
        self.shop = shop
        self.kept = kept
        self.plan = plan
        self.now = clock.now()

    def write(self) -> None:
        plans = [plan for plan in self.plan.products if plan.kind != "same"]
        said = [str(text) for plan in plans for text in plan.columns.values()]
        said += [str(v.columns.get("values", "")) for plan in plans for v in plan.variants]
        said += [picture.row.alt for plan in plans for picture in plan.pictures]
        check_names(actor=self.actor, file="\n".join(said))
        self._products(plans)
        self._variants(plans)
        self._pictures(plans)
        self._states(plans)
        index_products([_known(plan) for plan in plans if plan.columns])

    def _products(self, plans: Sequence[ProductPlan]) -> None:
        fresh = [plan for plan in plans if plan.known is None]
        made = [
            Product(
                shop=self.shop,
                slug=plan.row.slug,
                language=self.kept.language,
                created_at=self.now,
                updated_at=self.now,
                **plan.columns,
            )
            for plan in fresh
        ]
        Product.objects.bulk_create(made, batch_size=PIECE)
        changed = []
        for plan in plans:
            if plan.known is not None and plan.columns:
                changed.append(_with(plan.known, plan.columns | {"updated_at": self.now}))
        for plan, product in zip(fresh, made, strict=True):
            plan.known = product
        names = {name for plan in plans for name in plan.columns} | {"updated_at"}
        Product.objects.bulk_update(changed, sorted(names), batch_size=PIECE)

    def _variants(self, plans: Sequence[ProductPlan]) -> None:
        retired = [pk for plan in plans for pk in plan.retired]
        Variant.objects.filter(pk__in=retired).update(is_active=False)
        fresh = [(plan, v) for plan in plans for v in plan.variants if v.known is None]
        changed = [v for plan in plans for v in plan.variants if v.known is not None and v.columns]
        self._change(changed)
        made = [self._new_variant(plan, v) for plan, v in fresh]
        Variant.objects.bulk_create(made, batch_size=PIECE)
        Stock.objects.bulk_create((Stock(variant=one) for one in made), batch_size=PIECE)
        places = [
            Variant(pk=pk, position=place) for plan in plans for pk, place in plan.order.items()
        ]
        Variant.objects.bulk_update(places, ["position"], batch_size=PIECE)
        counted = {
            v.known.pk: v.on_hand
            for plan in plans
            for v in plan.variants
            if v.known is not None and v.on_hand is not None
        }
        counted |= {one.pk: v.on_hand or 0 for (_plan, v), one in zip(fresh, made, strict=True)}
        count_all(counted, reference=f"import {self.kept.pk}")
        record_prices([_known(v).pk for v in changed] + [one.pk for one in made])

    def _change(self, plans: Sequence[VariantPlan]) -> None:
        renamed = [_known(v).pk for v in plans if "sku" in v.columns]
        # Emptied first: two variants may trade their SKUs, and each row is checked by itself.
        Variant.objects.filter(pk__in=renamed).update(sku="")
        names = {name for v in plans for name in v.columns}
        changed = [_with(_known(v), v.columns) for v in plans]
        if names:
            Variant.objects.bulk_update(changed, sorted(names), batch_size=PIECE)

    def _new_variant(self, plan: ProductPlan, variant: VariantPlan) -> Variant:
        return Variant(
            product=_known(plan),
            currency=self.shop.currency,
            position=variant.position,
            **variant.columns,
        )

    def _pictures(self, plans: Sequence[ProductPlan]) -> None:
        here, wanted = [], []
        for plan in plans:
            for picture in plan.pictures:
                row, product = picture.row, _known(plan)
                place = row.position - 1
                if picture.image is not None:
                    image = picture.image
                    here.append(ProductImage(product=product, image=image, position=place))
                    continue
                wanted.append(
                    WantedPicture(
                        product=product,
                        file=self.kept,
                        source=row.source,
                        digest=picture.digest,
                        position=place,
                        alt=row.alt,
                        line=row.line,
                        next_try_at=self.now if is_address(row.source) else None,
                    )
                )
        ProductImage.objects.bulk_create(here, batch_size=PIECE)
        WantedPicture.objects.bulk_create(wanted, batch_size=PIECE)

    def _states(self, plans: Iterable[ProductPlan]) -> None:
        """Move products step by step: what is put away comes back as a draft first."""
        moves: dict[tuple[str, str], list[Product]] = {}
        for plan in plans:
            product = _known(plan)
            if plan.state and plan.state != product.state:
                moves.setdefault((product.state, plan.state), []).append(product)
        for (source, to), products in moves.items():
            if not PRODUCT.allows(source, to):
                transition_all(PRODUCT, products, "draft", actor=self.actor)
            if to == "active":
                transition_all(PRODUCT, products, to, actor=self.actor, published_at=clock.now())
                self._emit(ProductPublished, products)
            else:
                if products[0].state != to:
                    transition_all(PRODUCT, products, to, actor=self.actor)
                self._emit(ProductWithdrawn, products if source == "active" else [])

    def _emit(
        self, kind: type[ProductPublished | ProductWithdrawn], products: Sequence[Product]
    ) -> None:
        happened = [kind(product_id=p.pk, shop_id=self.shop.pk) for p in products]
        events.emit_all(happened, actor=self.actor)


def _known(plan: Any) -> Any:
    """Return the row of a plan, which is there by now."""
    assert plan.known is not None
    return plan.known


def _with(row: Any, columns: dict[str, Any]) -> Any:
    for name, value in columns.items():
        setattr(row, name, value)
    return row
