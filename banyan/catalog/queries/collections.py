"""What is in a collection: looked up when asked, so it is never stale."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from operator import and_, or_

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from banyan.kernel import clock

from ..access import visible_products
from ..models import Category, Collection, Product, Shop, Variant
from ..rules import Condition


def products_in(collection: Collection) -> QuerySet[Product]:
    """Return the goods of a collection that are on sale, in its order."""
    rows = visible_products().filter(shop_id=collection.shop_id).select_related("shop")
    if collection.kind == "manual":
        mine = rows.filter(pk__in=collection.items.values("product_id"))
        places = collection.items.filter(product_id=OuterRef("pk")).values("position")
        return mine.annotate(place=places[:1]).order_by("place", "id")
    tests = [_test(Condition.read(one)) for one in collection.conditions]
    if not tests:
        return rows.none()
    rows = rows.filter(reduce(and_ if collection.match == "all" else or_, tests))
    if collection.sort == "newest":
        return rows.order_by("-published_at", "-id")
    least = Min("variants__price_amount", filter=Q(variants__is_active=True))
    order = F("least").asc() if collection.sort == "price_up" else F("least").desc()
    return rows.annotate(least=least).order_by(order, "id")


def _test(condition: Condition) -> Q:
    value = condition.value
    active = Variant.objects.filter(product_id=OuterRef("pk"), is_active=True)
    if condition.field == "category":
        here = Category.objects.filter(Q(slug=value) | Q(parent__slug=value))
        return Q(category__in=here)
    if condition.field == "tag":
        return Q(tags__contains=[value])
    if condition.field == "vendor":
        return Q(vendor__iexact=value)
    if condition.field == "price_from":
        return Q(Exists(active.filter(price_amount__gte=int(value))))
    if condition.field == "price_to":
        return Q(Exists(active.filter(price_amount__lte=int(value))))
    if condition.field == "newer_than":
        return Q(published_at__gte=clock.now() - dt.timedelta(days=int(value)))
    if condition.field == "in_stock":
        promised = F("stock__allocated") + F("stock__reserved") + F("stock__held")
        return Q(Exists(active.filter(stock__on_hand__gt=promised)))
    code, _equals, wanted = value.partition("=")
    kept: object = {"yes": True, "no": False}.get(wanted, wanted)
    either = Q(attributes__contains={code: wanted})
    return either if kept == wanted else either | Q(attributes__contains={code: kept})


def shown_collections(shop: Shop) -> list[Collection]:
    """Return the collections that a shop shows, by name. One statement."""
    return list(Collection.objects.filter(shop=shop, is_shown=True).order_by("title", "id"))
