"""What campaigns tell: ids of rows; amounts in minor units."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class _OfCampaign(Event):
    subject: ClassVar[str] = "campaign_id"
    campaign_id: int
    shop_id: int | None = None


class CampaignPublished(_OfCampaign):
    """A campaign's terms are public and fixed; people can take part from its start on."""

    name: ClassVar[str] = "campaign.published"


class CampaignPaused(_OfCampaign):
    """Nobody can begin, join or help for now; what was promised is kept."""

    name: ClassVar[str] = "campaign.paused"


class CampaignResumed(_OfCampaign):
    """A paused campaign goes on."""

    name: ClassVar[str] = "campaign.resumed"


class CampaignEnded(_OfCampaign):
    """A campaign is over: nothing new begins."""

    name: ClassVar[str] = "campaign.ended"


class _OfInstance(Event):
    subject: ClassVar[str] = "instance_id"
    instance_id: int
    campaign_id: int


class PlayOpened(_OfInstance):
    """Somebody began: a pack, a group, a bargain, a packet."""

    name: ClassVar[str] = "play.opened"
    account_id: int | None = None


class PlayJoined(_OfInstance):
    """Somebody took a place; ``place`` counts from 1."""

    name: ClassVar[str] = "play.joined"
    account_id: int
    place: int


class PlayHelped(_OfInstance):
    """Somebody helped; ``nth`` counts the helps of the instance from 1."""

    name: ClassVar[str] = "play.helped"
    account_id: int
    nth: int


class PlayMoved(_OfInstance):
    """An instance went on to another state of its mechanic."""

    name: ClassVar[str] = "play.moved"
    state: str


class PlayTurned(_OfInstance):
    """Somebody turned the wheel of a campaign; ``turn`` counts all its turns from 0."""

    name: ClassVar[str] = "play.turned"
    turn: int
