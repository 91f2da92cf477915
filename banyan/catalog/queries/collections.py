"""What is in a collection: looked up when asked, so it is never stale."""

from __future__ import annotations

import datetime as dt
import json
from functools import reduce
from operator import and_, or_

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from banyan.kernel import clock

from ..access import visible_products
from ..models import Category, Collection, Product, Shop, Variant
from ..rules import Condition, kept_of
from .categories import below

OF_A_VARIANT = {"price_from", "price_to", "in_stock"}


def products_in(collection: Collection) -> QuerySet[Product]:
    """Return the goods of a collection that are on sale, in its order."""
    rows = visible_products().filter(shop_id=collection.shop_id).select_related("shop")
    if collection.kind == "manual":
        mine = rows.filter(pk__in=collection.items.values("product_id"))
        places = collection.items.filter(product_id=OuterRef("pk")).values("position")
        return mine.annotate(place=places[:1]).order_by("place", "id")
    conditions = [Condition.read(one) for one in collection.conditions]
    tests = [_test(one) for one in conditions if one.field not in OF_A_VARIANT]
    asked = [_of_variant(one) for one in conditions if one.field in OF_A_VARIANT]
    if collection.match == "all" and asked:
        # From, up to and in stock are about one and the same variant.
        asked = [reduce(and_, asked)]
    tests += [Q(Exists(_active().filter(one))) for one in asked]
    if not tests:
        return rows.none()
    rows = rows.filter(reduce(and_ if collection.match == "all" else or_, tests))
    if collection.sort == "newest":
        return rows.order_by("-published_at", "-id")
    least = Min("variants__price_amount", filter=Q(variants__is_active=True))
    order = F("least").asc() if collection.sort == "price_up" else F("least").desc()
    return rows.annotate(least=least).order_by(order, "id")


def _active() -> QuerySet[Variant]:
    return Variant.objects.filter(product_id=OuterRef("pk"), is_active=True)


def _of_variant(condition: Condition) -> Q:
    if condition.field == "in_stock":
        promised = F("stock__allocated") + F("stock__reserved") + F("stock__held")
        return Q(stock__on_hand__gt=promised)
    amount = int(condition.value)
    if condition.field == "price_from":
        return Q(price_amount__gte=amount)
    return Q(price_amount__lte=amount)


def _test(condition: Condition) -> Q:
    value = condition.value
    if condition.field == "category":
        here = Category.objects.filter(slug=value).first()
        return Q(category__in=below(here) if here is not None else [])
    if condition.field == "tag":
        # Whatever its case, as coupons read tags; quoted, so that it is the whole of one.
        return Q(tags__icontains=json.dumps(value, ensure_ascii=False))
    if condition.field == "vendor":
        return Q(vendor__iexact=value)
    if condition.field == "newer_than":
        return Q(published_at__gte=clock.now() - dt.timedelta(days=int(value)))
    code, _equals, wanted = value.partition("=")
    return reduce(or_, (Q(attributes__contains={code: one}) for one in kept_of(wanted)))


def shown_collections(shop: Shop) -> list[Collection]:
    """Return the collections that a shop shows, by name. One statement."""
    return list(Collection.objects.filter(shop=shop, is_shown=True).order_by("title", "id"))
