"""Which plan version is in force."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from banyan.kernel.problems import NotFound
from banyan.kernel.remembered import remembered

from .models import PlanVersion
from .rules import Terms


def terms_of(version: PlanVersion) -> Terms:
    """Return the terms of a stored version."""
    return Terms(version.rate_bps, version.levels, version.direct_bps, version.hold_days)


@remembered
def _latest(shop_id: int, product_ids: list[int]) -> QuerySet[PlanVersion]:
    mine = Q(plan__product_id=None) | Q(plan__product_id__in=product_ids)
    versions = PlanVersion.objects.filter(mine, plan__shop_id=shop_id).select_related("plan")
    return versions.order_by("plan_id", "-number").distinct("plan_id")


def current_versions(*, shop_id: int, product_ids: Iterable[int]) -> dict[int, PlanVersion]:
    """Return the version in force per product: its own plan's, else the shop's. One query.

    Products without either are absent: nobody earns from them.
    """
    wanted = set(product_ids)
    latest = _latest(shop_id, sorted(wanted))
    by_product: dict[int | None, PlanVersion] = {v.plan.product_id: v for v in latest}
    general = by_product.get(None)
    chosen = {product: by_product.get(product, general) for product in wanted}
    return {product: version for product, version in chosen.items() if version is not None}


def current_plan(shop_id: int) -> PlanVersion:
    """Return the version of a shop's general plan in force; NotFound when it has none."""
    versions = PlanVersion.objects.filter(plan__shop_id=shop_id, plan__product=None)
    version = versions.order_by("-number").first()
    if version is None:
        raise NotFound()
    return version


def rate_in_force(*, product: str, shop: str) -> Coalesce:
    """Return the rate (basis points) that sharing a product pays now, as an expression.

    ``product`` and ``shop`` name the outer fields with their ids. Null where there is no plan; a
    product's own plan goes before its shop's, as in :func:`current_versions`.
    """
    newest = PlanVersion.objects.order_by("-number").values("rate_bps")
    own = newest.filter(plan__product_id=OuterRef(product), plan__shop_id=OuterRef(shop))
    general = newest.filter(plan__product=None, plan__shop_id=OuterRef(shop))
    return Coalesce(Subquery(own[:1]), Subquery(general[:1]))
