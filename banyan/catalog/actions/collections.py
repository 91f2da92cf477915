"""Collections of a shop's goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.moderation.actions import check_names

from ..access import MANAGERS, get_collection_for_staff, get_shop_for_staff
from ..models import Attribute, Category, Collection, CollectionItem, Product, Shop
from ..rules import MOST_CONDITIONS, Condition, clean_condition, slugify
from .rows import lock_row

MOST_ITEMS = 500
MOST_COLLECTIONS = 200


@dataclass(frozen=True, slots=True)
class CollectionInput:
    """A collection as entered; ``conditions`` only count for one by rules."""

    title: str
    about: str = ""
    kind: str = "manual"
    match: str = "all"
    conditions: Sequence[Condition] = ()
    sort: str = "newest"
    is_shown: bool = True


def _columns(actor: Actor, data: CollectionInput) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if not 1 <= len(data.title.strip()) <= 80:
        fields["title"] = _("Give it a name of 1 to 80 letters.")
    if len(data.about) > 600:
        fields["about"] = _("At most 600 letters.")
    words = {
        "kind": (data.kind, {"manual", "rules"}),
        "match": (data.match, {"all", "any"}),
        "sort": (data.sort, {"newest", "price_up", "price_down"}),
    }
    for name, (value, known) in words.items():
        if value not in known:
            fields[name] = _("Choose one of the list.")
    conditions: list[Condition] = []
    try:
        if data.kind == "rules":
            conditions = [clean_condition(one) for one in data.conditions]
    except ValueError:
        fields["conditions"] = _("A condition cannot be read.")
    if data.kind == "rules" and not 1 <= len(conditions) <= MOST_CONDITIONS:
        fields.setdefault("conditions", _("Give 1 to 10 conditions."))
    if "conditions" not in fields and (unknown := _unknown(conditions)):
        fields["conditions"] = _("There is no category or attribute “%(name)s”.") % {
            "name": unknown
        }
    if fields:
        raise Invalid(fields=fields)
    check_names(actor=actor, title=data.title, about=data.about)
    rules = [one.as_json() for one in conditions]
    return {
        "title": data.title.strip(),
        "about": data.about.strip(),
        "kind": data.kind,
        "match": data.match,
        "conditions": rules,
        "sort": data.sort,
        "is_shown": data.is_shown,
    }


def _unknown(conditions: Sequence[Condition]) -> str:
    """Return the first category or attribute that does not exist: nothing would ever meet it."""
    for one in conditions:
        code = one.value.partition("=")[0]
        if one.field == "category" and not Category.objects.filter(slug=one.value).exists():
            return one.value
        if one.field == "attribute" and not Attribute.objects.filter(code=code).exists():
            return code
    return ""


def make_collection(*, actor: Actor, shop_id: int, data: CollectionInput) -> Collection:
    """Make a collection of a shop that the actor manages. Raises NotFound, Invalid, Conflict."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    columns = _columns(actor, data)
    slug = slugify(data.title, fallback=f"c-{new_code(30).lower()}")[:60]
    with transaction.atomic():
        there = Collection.objects.filter(shop=shop)
        if there.count() >= MOST_COLLECTIONS:
            raise Conflict(_("A shop has at most 200 collections."), code="too_many_collections")
        return _insert(shop, slug, created_at=clock.now(), **columns)


def _insert(shop: Shop, slug: str, **columns: Any) -> Collection:
    """Write the row at its address, or at one of its own where another collection has that."""
    if not _is_taken(shop, slug):
        try:
            with transaction.atomic():
                return Collection.objects.create(shop=shop, slug=slug, **columns)
        except IntegrityError as error:
            if "collection_slug_once" not in str(error):
                raise
    slug = f"{slug[:50]}-{new_code(30).lower()}"[:60]
    return Collection.objects.create(shop=shop, slug=slug, **columns)


def _is_taken(shop: Shop, slug: str) -> bool:
    return Collection.objects.filter(shop=shop, slug=slug).exists()


def change_collection(*, actor: Actor, collection_id: int, data: CollectionInput) -> Collection:
    """Change a collection; its address stays, and so do the items of a manual one."""
    found = get_collection_for_staff(actor, collection_id)
    columns = _columns(actor, data)
    for name, value in columns.items():
        setattr(found, name, value)
    with transaction.atomic():
        lock_row(found)
        found.save(update_fields=list(columns))
    return found


def delete_collection(*, actor: Actor, collection_id: int) -> None:
    """Take a collection away; its goods stay."""
    get_collection_for_staff(actor, collection_id).delete()


def put_in_collection(*, actor: Actor, collection_id: int, product_id: int) -> None:
    """Put a product of the shop at the end of a manual collection. Repeatable."""
    found = _manual(actor, collection_id)
    product = Product.objects.filter(pk=product_id, shop_id=found.shop_id).first()
    if product is None:
        raise NotFound()
    if found.items.exclude(product=product).count() >= MOST_ITEMS:
        raise Conflict(_("A collection has at most 500 things."), code="collection_full")
    last = found.items.aggregate(last=Max("position"))["last"] or 0
    CollectionItem.objects.get_or_create(
        collection=found, product=product, defaults={"position": last + 1}
    )


def take_from_collection(*, actor: Actor, collection_id: int, product_id: int) -> None:
    """Take a product out of a manual collection. Repeatable."""
    _manual(actor, collection_id).items.filter(product_id=product_id).delete()


def move_in_collection(*, actor: Actor, collection_id: int, product_id: int, by: int) -> None:
    """Move a product ``by`` places down (up when negative); past either end it stays there."""
    found = _manual(actor, collection_id)
    with transaction.atomic():
        rows = list(found.items.select_for_update().order_by("position", "id"))
        order = [row.product_id for row in rows]
        if product_id not in order:
            raise NotFound()
        at = order.index(product_id)
        order.insert(max(0, min(len(order) - 1, at + by)), order.pop(at))
        places: Mapping[int, int] = {pk: place for place, pk in enumerate(order, start=1)}
        for row in rows:
            row.position = places[row.product_id]
        CollectionItem.objects.bulk_update(rows, ["position"])


def _manual(actor: Actor, collection_id: int) -> Collection:
    found = get_collection_for_staff(actor, collection_id)
    if found.kind != "manual":
        raise Conflict(_("Rules choose what is in this collection."), code="by_rules")
    return found
