"""What share links to campaigns and plays lead to, told to the sharing package at start-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.urls import reverse

from banyan.campaigns.access import seen_by, visible_to_all
from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.models import Campaign, Instance
from banyan.chat.ports import Card
from banyan.kernel.actors import Actor
from banyan.sharing.ports import TargetCard

from .cards import CampaignCard, campaign_cards


def campaign_targets(target_ids: Collection[int]) -> dict[int, TargetCard]:
    """Describe published campaigns of open shops."""
    rows = visible_to_all().filter(pk__in=target_ids)
    return {pk: _told(card, card.url) for pk, card in campaign_cards(rows).items()}


def play_targets(target_ids: Collection[int]) -> dict[int, TargetCard]:
    """Describe plays; what a chat room was given is for that room only."""
    rows = Instance.objects.filter(
        pk__in=target_ids, place="", campaign__in=visible_to_all().values("pk")
    ).select_related("campaign__shop", "campaign__version")
    found = list(rows)
    cards = campaign_cards(one.campaign for one in found)
    return {
        one.pk: _told(cards[one.campaign_id], reverse("play", args=[one.code])) for one in found
    }


def play_cards(viewer: Actor, ids: Collection[int]) -> Mapping[int, Card]:
    """Draw plays as cards in the chat, those of rooms for who is in them. Three statements."""
    plays = Instance.objects.filter(pk__in=ids, campaign__in=visible_to_all().values("pk"))
    rows = seen_by(viewer, plays).select_related("campaign", "owner")
    found = {}
    for one in rows:
        title, stands = mechanic(one.campaign.mechanic).card(one)
        found[one.pk] = Card(reverse("play", args=[one.code]), title, stands)
    return found


def campaigns_covering(
    target_ids: Collection[int], *, product_id: int, shop_id: int
) -> Iterable[int]:
    """Return which campaigns lead to goods of the shop: its own."""
    rows = Campaign.objects.filter(pk__in=target_ids, shop_id=shop_id)
    return set(rows.values_list("pk", flat=True))


def plays_covering(target_ids: Collection[int], *, product_id: int, shop_id: int) -> Iterable[int]:
    """Return which plays lead to goods of the shop: those of its own campaigns."""
    rows = Instance.objects.filter(pk__in=target_ids, campaign__shop_id=shop_id)
    return set(rows.values_list("pk", flat=True))


def _told(card: CampaignCard, url: str) -> TargetCard:
    # A card travels into any app, so that it never asks anybody to share or help.
    pitch = "" if card.mechanic.by_sharing else str(card.mechanic.pitch)
    return TargetCard(
        url=url,
        title=card.title,
        description=card.campaign.about or pitch,
        image=card.picture["src"] if card.picture else "",
        price=card.gain,
    )
