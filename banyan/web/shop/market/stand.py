"""The storefront that a product page was reached from: its offer, its price, who is credited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest

from banyan.catalog.models import Product, Variant
from banyan.groups.access import reads_inside, visible_groups
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.people.access import blocked_between
from banyan.storefronts.access import live_offers
from banyan.storefronts.models import Offer, Storefront
from banyan.storefronts.queries import sellable
from banyan.web.ui import addresses

from ...http import actor, number


@dataclass(slots=True)
class Stand:
    """An offer of a storefront that a product is looked at through; empty without one.

    ``prices`` is variant id -> the page's own price in minor units, for pooled offers.
    ``page_url`` is where the page is, empty where its reader is not shown it.
    """

    offer: Offer | None = None
    prices: dict[int, int] = field(default_factory=dict)
    page_url: str = ""

    @property
    def offer_id(self) -> str:
        """The offer to carry on, as text; empty without."""
        return str(self.offer.pk) if self.offer else ""

    @property
    def code(self) -> str:
        """The share code of the storefront's owner, where they may be credited."""
        if self.offer is None or self.offer.kind == "own" or self.offer.storefront.link is None:
            return ""
        return self.offer.storefront.link.code

    def variants(self, found: Sequence[Variant]) -> list[Variant]:
        """Return what can be bought here: all that is on sale, or what the page has a price for."""
        return [variant for variant in found if not self.prices or variant.pk in self.prices]

    def units(self, found: Sequence[Variant]) -> dict[int, Money]:
        """Return what a unit of each costs here; empty where the shop's own prices hold."""
        if not self.prices:
            return {}
        return {one.pk: Money(self.prices[one.pk], one.currency) for one in found}


def stand_of(request: HttpRequest, product: Product) -> Stand:
    """Read ``offer`` of the address. Four statements at most, none without it.

    An offer that is gone, or of something else, is none: the shop's own price is shown.
    """
    offer_id = number(request.GET, "offer")
    if not offer_id:
        return Stand()
    rows = live_offers().select_related("storefront__owner", "storefront__link")
    found = sellable(rows.filter(pk=offer_id, product=product))
    if not found:
        return Stand()
    [shown] = found
    return Stand(shown.offer, shown.prices, _page_url(actor(request), shown.offer.storefront))


def _page_url(who: Actor, page: Storefront) -> str:
    """Return where a page is; an address from a group's goes to people who know nothing of it."""
    if page.group_id is None:
        apart = who.id is not None and blocked_between(page.owner_id, who.id)
        return "" if apart else addresses.url("storefront", page.owner.handle)
    group = visible_groups(who).filter(pk=page.group_id).first()
    inside = group is not None and reads_inside(who, group)
    return addresses.url("group_shop", group.slug) if group is not None and inside else ""


def least(prices: dict[int, int], currency: str) -> Money | None:
    """Return the lowest of a page's own prices."""
    return Money(min(prices.values()), currency) if prices else None
