"""Apps with rules of their own about what may be shared in them, and who gets the neutral page."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.sharing.channels import RESTRICTED

from .facts import Facts
from .rules import HOUSE, Pack, Rule, Source

WECHAT_LINKS = Source("微信外部链接内容管理规范", "1.2, 诱导分享", "2019-10-28")
WECHAT_GROUPS = Source("微信外部链接内容管理规范", "违规拼团", "2019-10-28")


def neutral(mechanic_channels: Collection[str], channel: str) -> bool:
    """Tell whether a page seen in ``channel`` shows price and buying alone: no help, no earning.

    ``mechanic_channels`` are the channels where a mechanic may be played. Never asked about price
    or access: those are the same everywhere.
    """
    return channel not in mechanic_channels


def _reward_for_sharing(facts: Facts) -> str | None:
    if not (facts.rewards and facts.by_sharing):
        return None
    return _("WeChat forbids links that reward sharing or friends' help. Leave this channel out.")


def _odds_by_sharing(facts: Facts) -> str | None:
    if not facts.share_raises_odds:
        return None
    return _("WeChat forbids links that say that sharing raises one's chance.")


def _sharing_needed(facts: Facts) -> str | None:
    if not facts.share_needed:
        return None
    return _("In this channel nobody may have to share in order to take part.")


def _group_buying(facts: Facts) -> str | None:
    if facts.mechanic != "group_buy":
        return None
    return _("WeChat forbids group buying with unclear rules or by luck, and any in Moments.")


def _restricted_reward(facts: Facts) -> str | None:
    if not (facts.rewards and (facts.by_sharing or facts.share_raises_odds)):
        return None
    return _("This app does not want rewarded sharing. Leave this channel out.")


def _restricted(name: str) -> Pack:
    return Pack(
        name,
        "2026.1",
        (
            Rule(
                f"{name}.reward_for_sharing",
                "block",
                HOUSE,
                _restricted_reward,
                gettext_lazy(
                    "Sharing must not be rewarded where an app forbids it or may do so tomorrow."
                ),
            ),
            Rule(
                f"{name}.sharing_needed",
                "block",
                HOUSE,
                _sharing_needed,
                gettext_lazy("Taking part must not need sharing."),
            ),
        ),
    )


WECHAT = Pack(
    "wechat",
    "2026.1",
    (
        Rule(
            "wechat.reward_for_sharing",
            "block",
            WECHAT_LINKS,
            _reward_for_sharing,
            gettext_lazy(
                "Sharing in WeChat is not rewarded, nor being helped by friends: 助力, 砍价, 集赞."
            ),
        ),
        Rule(
            "wechat.odds_by_sharing",
            "block",
            WECHAT_LINKS,
            _odds_by_sharing,
            gettext_lazy("Sharing in WeChat must not be said to raise the chance of winning."),
        ),
        Rule(
            "wechat.sharing_needed",
            "block",
            WECHAT_LINKS,
            _sharing_needed,
            gettext_lazy("Taking part must not need sharing."),
        ),
        Rule(
            "wechat.group_buying",
            "warn",
            WECHAT_GROUPS,
            _group_buying,
            gettext_lazy(
                "Group buying needs clear rules and no luck in WeChat, and is not for Moments."
            ),
        ),
    ),
)
OPEN_WEB = Pack("open web", "2026.1", ())
CHANNEL_PACKS = {name: _restricted(name) for name in sorted(RESTRICTED)} | {"wechat": WECHAT}
"""Channel -> pack; every other channel is the open web."""
