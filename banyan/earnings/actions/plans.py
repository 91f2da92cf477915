"""Commission plans: what a shop pays, version by version."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_product_for_staff, get_shop_for_staff
from banyan.kernel import audit, clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound

from .. import rules
from ..models import Plan, PlanVersion
from ..plans import terms_of
from ..problems import PlanRefused
from ..rules import Terms


def set_plan(
    *,
    actor: Actor,
    shop_id: int,
    rate_bps: int,
    product_id: int | None = None,
    levels: int = 1,
    direct_bps: int = 10000,
    hold_days: int = 7,
) -> PlanVersion:
    """Set what a shop (or one product of it) pays from the next order on.

    Orders already placed keep the version they were placed under. The same terms again return
    the version there is. Raises PlanRefused (see ``problems.PLAN_REASONS``), NotFound for those
    who do not manage the shop, Conflict ``not_a_merchant``: what members sell second-hand is paid
    to them out of an escrow, so there would be nothing to pay from. Written to the audit log.
    """
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    if shop.kind != "merchant":
        raise Conflict(_("Only shops of merchants pay commissions."), code="not_a_merchant")
    product = None if product_id is None else get_product_for_staff(actor, product_id)
    if product is not None and product.shop_id != shop.pk:
        raise NotFound(detail=f"product {product_id} is not of shop {shop_id}")
    terms = Terms(rate_bps, levels, direct_bps if levels > 1 else 10000, hold_days)
    reason = rules.refusal(terms)
    if reason:
        raise PlanRefused(reason)
    now = clock.now()
    with transaction.atomic():
        Plan.objects.bulk_create(
            [Plan(shop=shop, product=product, created_at=now)], ignore_conflicts=True
        )
        plan = Plan.objects.select_for_update().get(shop=shop, product=product)
        latest = plan.versions.order_by("-number").first()
        if latest is not None and terms_of(latest) == terms:
            return latest
        version = PlanVersion.objects.create(
            plan=plan,
            number=latest.number + 1 if latest else 1,
            rate_bps=terms.rate_bps,
            levels=terms.levels,
            direct_bps=terms.direct_bps,
            hold_days=terms.hold_days,
            created_at=now,
        )
        audit.record(
            actor=actor,
            action="plan.set",
            subject_kind="plan",
            subject_id=plan.pk,
            subject_label=shop.name,
            detail={"version": version.number, "rate_bps": rate_bps, "levels": levels},
        )
    return version
