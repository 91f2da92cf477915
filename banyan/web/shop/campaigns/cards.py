"""Campaigns as the cards and lines that pages draw: a picture, a title, what it comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from banyan.campaigns.mechanic import Mechanic, mechanic, title_of
from banyan.campaigns.models import Campaign
from banyan.campaigns.queries import Offer, offers_of
from banyan.kernel.money import Money, format_money
from banyan.media.queries import pictures
from banyan.web.ui import addresses

from ..market.cards import product_title, product_url


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """A campaign as shown; ``picture`` of its goods, else of its shop, or None.

    ``price`` is what its goods come down to, ``gain`` the same in words, or what a coupon takes
    off; both are empty where there is neither.
    """

    campaign: Campaign
    mechanic: Mechanic[Any]
    url: str
    picture: Any
    price: Money | None
    otherwise: Money | None
    gain: str
    goods: str = ""
    goods_url: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        return title_of(self.campaign)

    @property
    def line(self) -> str:
        """What it is and comes to, in one line: "Group buy: as low as 79.00"."""
        name = str(self.mechanic.title)
        if not self.gain:
            return name
        return _("%(name)s: %(gain)s") % {"name": name, "gain": self.gain}


def campaign_cards(campaigns: Iterable[Campaign]) -> dict[int, CampaignCard]:
    """Return cards of campaigns (with shop and version loaded) by id; five statements at most."""
    found = list(campaigns)
    offers = offers_of(found)
    covers = {one.pk: _cover(one, offers.get(one.pk)) for one in found}
    shown = pictures(covers.values()) if any(covers.values()) else {}
    return {
        one.pk: _card(one, offers.get(one.pk, Offer()), shown.get(covers[one.pk] or 0))
        for one in found
    }


def _cover(one: Campaign, offer: Offer | None) -> int | None:
    if offer is not None and offer.product is not None:
        return offer.image_id
    return (one.shop.cover_id or one.shop.logo_id) if one.shop else None


def _card(one: Campaign, offer: Offer, picture: Any) -> CampaignCard:
    kind = mechanic(one.mechanic)
    gain = ""
    if offer.price is not None:
        gain = _("as low as %(amount)s") % {"amount": format_money(offer.price)}
    elif offer.off is not None:
        gain = _("up to %(amount)s off") % {"amount": format_money(offer.off)}
    return CampaignCard(
        campaign=one,
        mechanic=kind,
        url=addresses.url("campaign", one.code),
        picture=picture,
        price=offer.price,
        otherwise=offer.otherwise,
        gain=gain,
        goods=product_title(offer.product) if offer.product else "",
        goods_url=product_url(offer.product) if offer.product else "",
    )
