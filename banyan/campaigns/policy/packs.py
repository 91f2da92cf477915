"""All packs, and which of them a campaign is asked by; those of the house always."""

from __future__ import annotations

from collections.abc import Mapping

from . import cn, eu, house, us
from .channels import CHANNEL_PACKS, OPEN_WEB
from .facts import Facts
from .rules import Pack

NONE = Pack("none", "2026.1", ())
MARKET_PACKS: Mapping[str, Pack] = {pack.name: pack for pack in (cn.PACK, eu.PACK, us.PACK, NONE)}
ALL_PACKS: tuple[Pack, ...] = (
    house.PACK,
    *MARKET_PACKS.values(),
    *CHANNEL_PACKS.values(),
    OPEN_WEB,
)


def packs_for(facts: Facts) -> list[Pack]:
    """Return the pack of the market and those of the channels, each once."""
    channels = dict.fromkeys(facts.channels)
    packs = (CHANNEL_PACKS.get(channel, OPEN_WEB) for channel in channels)
    return list({pack.name: pack for pack in (MARKET_PACKS[facts.market], *packs)}.values())
