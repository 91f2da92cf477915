"""Verbs of campaigns: the only writers of their tables."""

from . import money  # noqa: F401 - its effects are applied
from .buying import lapse_due, settle_orders
from .clockwork import advance, expire_instance
from .following import follow, follow_paid
from .packets import PacketInput, fill_packet
from .planning import (
    CampaignInput,
    change_campaign,
    clone_campaign,
    discard_campaign,
    end_campaign,
    pause_campaign,
    plan_campaign,
    publish_campaign,
    resume_campaign,
    standing_campaign,
)
from .playing import begin, play
from .previewing import Step, preview_campaign
from .switching import switch_mechanic

__all__ = [
    "CampaignInput",
    "PacketInput",
    "Step",
    "advance",
    "begin",
    "change_campaign",
    "clone_campaign",
    "discard_campaign",
    "end_campaign",
    "expire_instance",
    "fill_packet",
    "follow",
    "follow_paid",
    "lapse_due",
    "pause_campaign",
    "plan_campaign",
    "play",
    "preview_campaign",
    "publish_campaign",
    "resume_campaign",
    "settle_orders",
    "standing_campaign",
    "switch_mechanic",
]
