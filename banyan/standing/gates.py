"""What standing answers the catalogue: may this shop open, this be sold, this shop campaign?"""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Product, Shop
from banyan.catalog.queries import above
from banyan.kernel import clock
from banyan.kernel.problems import Conflict

from .models import GuardedCategory, Permit
from .queries import standing_of
from .rules import day_at


def _granted(shop: Shop) -> QuerySet[Permit]:
    """Return what a shop has shown that was granted and holds today."""
    today = day_at(clock.now(), shop.timezone)
    valid = Q(valid_until=None) | Q(valid_until__gte=today)
    return Permit.objects.filter(valid, shop=shop, state="granted")


def may_open(shop: Shop) -> None:
    """Refuse to open a shop without a licence, where one is asked for (``licence_missing``)."""
    if settings.SHOP_LICENCE and not _granted(shop).filter(category=None).exists():
        raise Conflict(
            _("It has shown no business licence yet that somebody looked at and granted."),
            code="licence_missing",
        )


def may_publish(product: Product) -> None:
    """Refuse guarded goods to a shop without a permit (Conflict ``permit_missing``).

    A guard holds for what stands below its category, too; each asks for a permit of its own.
    """
    if product.category is None:
        return
    guards = list(GuardedCategory.objects.filter(category_id__in=above(product.category)))
    if not guards:
        return
    shown = set(_granted(product.shop).values_list("category_id", flat=True))
    for guard in guards:
        if guard.category_id not in shown:
            raise Conflict(
                _("Goods of this category need a permit, which your shop has not shown yet."),
                code="permit_missing",
                extra={"why": guard.why},
            )


def may_campaign(shop_id: int) -> None:
    """Refuse a campaign to a shop below the bar (Conflict ``below_the_bar``), with the facts."""
    standing = standing_of(shop_id)
    if standing.verdict.state != "below":
        return
    facts = standing.facts
    raise Conflict(
        _("Campaigns are for shops that keep their word. Your standing page shows what is amiss."),
        code="below_the_bar",
        extra={
            "orders": facts.orders,
            "over": {kind: len(facts.of(kind)) for kind in standing.verdict.over},
        },
    )
