"""What the catalogue asks of the floors above: may it open, sell this, count it, campaign?"""

from __future__ import annotations

from collections.abc import Callable

from .models import Product, Shop

PublishCheck = Callable[[Product], None]
CampaignCheck = Callable[[int], None]
OpeningCheck = Callable[[Shop], None]
CountCheck = Callable[[int], None]

_publishing: list[PublishCheck] = []
_campaigning: list[CampaignCheck] = []
_opening: list[OpeningCheck] = []
_counting: list[CountCheck] = []


def register_publish_check(check: PublishCheck) -> None:
    """Have ``check(product)`` asked before goods go on sale; it raises a Problem to refuse."""
    if check not in _publishing:
        _publishing.append(check)


def register_campaign_check(check: CampaignCheck) -> None:
    """Have ``check(shop id)`` asked before a campaign is published; it raises a Problem."""
    if check not in _campaigning:
        _campaigning.append(check)


def register_opening_check(check: OpeningCheck) -> None:
    """Have ``check(shop)`` asked before a shop that waits is approved; it raises a Problem."""
    if check not in _opening:
        _opening.append(check)


def register_count_check(check: CountCheck) -> None:
    """Have ``check(variant id)`` asked before somebody counts or carries stock; it refuses by a
    Problem what no person counts."""
    if check not in _counting:
        _counting.append(check)


def check_counting(variant_id: int) -> None:
    """Raise the Problem of the first check that lets nobody count this variant."""
    for check in _counting:
        check(variant_id)


def check_opening(shop: Shop) -> None:
    """Raise the Problem of the first check that refuses to open this shop."""
    for check in _opening:
        check(shop)


def check_publishing(product: Product) -> None:
    """Raise the Problem of the first check that refuses this product."""
    for check in _publishing:
        check(product)


def check_campaigning(shop_id: int) -> None:
    """Raise the Problem of the first check that refuses this shop a campaign."""
    for check in _campaigning:
        check(shop_id)
