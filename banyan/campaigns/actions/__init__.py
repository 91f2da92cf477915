"""Verbs of campaigns: the only writers of their tables."""

from . import giving, keeping, money  # noqa: F401 - their effects are applied
from .buying import lapse_due, settle_orders
from .clockwork import advance, expire_instance
from .drawing import ask_beacons
from .following import clear_place, follow, follow_paid, offer_paid, undo_begun
from .holding import free_places, keep_place
from .outside import accept_outside, refuse_outside, show_outside
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
from .previewing import Screen, Step, open_preview, preview_campaign
from .switching import switch_mechanic
from .warning import warn_of_blocks

__all__ = [
    "CampaignInput",
    "PacketInput",
    "Screen",
    "Step",
    "accept_outside",
    "advance",
    "ask_beacons",
    "begin",
    "change_campaign",
    "clear_place",
    "clone_campaign",
    "discard_campaign",
    "end_campaign",
    "expire_instance",
    "fill_packet",
    "follow",
    "follow_paid",
    "free_places",
    "keep_place",
    "lapse_due",
    "offer_paid",
    "open_preview",
    "pause_campaign",
    "plan_campaign",
    "play",
    "preview_campaign",
    "publish_campaign",
    "refuse_outside",
    "resume_campaign",
    "settle_orders",
    "show_outside",
    "standing_campaign",
    "switch_mechanic",
    "undo_begun",
    "warn_of_blocks",
]
