"""Under which real browsers a campaign's page is neutral, and which campaigns a channel refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from banyan.campaigns.policy.channels import neutral
from banyan.sharing.channels import CHANNELS, OPEN, RESTRICTED, channel_of

LINES = (Path(__file__).parent / "user_agents.tsv").read_text().splitlines()
AGENTS = [line.split("\t") for line in LINES]
SAFARI = next(agent for channel, agent in AGENTS if channel == "web")


@pytest.mark.parametrize(("channel", "agent"), AGENTS)
def test_a_page_is_neutral_where_a_rewarding_mechanic_may_not_be_played(
    channel: str, agent: str
) -> None:
    assert channel_of(agent) == channel
    assert neutral(OPEN, channel_of(agent)) is (channel in {"wechat", "weibo", "qq"})
    assert not neutral(CHANNELS, channel), "where nothing is rewarded, nothing is hidden"


def test_who_comes_from_a_restricted_site_gets_the_neutral_page_in_any_browser() -> None:
    assert neutral(OPEN, channel_of(SAFARI, "https://weibo.com/u/1"))
    assert not neutral(OPEN, channel_of(SAFARI, "https://example.org/"))
    assert set(CHANNELS) == {*OPEN, *RESTRICTED}
    assert OPEN.isdisjoint(RESTRICTED)
