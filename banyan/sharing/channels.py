"""Where a request comes from, by its headers: which app, and whether a person may be there.

A channel decides which words a page may use and nothing else: never price, never access. "group" is
no app: it is what was seen within a group of this site.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

WEB, CHAT, GROUP = "web", "chat", "group"
_APPS: tuple[tuple[str, str], ...] = (
    # Order matters: WeChat for enterprises and QQ's browser also name their relatives.
    ("DingTalk", "dingtalk"),
    ("MicroMessenger", "wechat"),
    ("Weibo", "weibo"),
    ("__weibo__", "weibo"),
    ("AlipayClient", "alipay"),
    ("BytedanceWebview", "douyin"),
    ("aweme", "douyin"),
    ("xhsdiscover", "xhs"),
    (" QQ/", "qq"),
    ("Qzone/", "qq"),
    ("Instagram", "instagram"),
    ("FBAN", "facebook"),
    ("FBAV", "facebook"),
    (" Line/", "line"),
    ("Twitter", "x"),
    ("Telegram", "telegram"),
)
CHANNELS: tuple[str, ...] = (*dict.fromkeys(channel for _, channel in _APPS), WEB, CHAT, GROUP)

_SITES = {
    "weixin.qq.com": "wechat",
    "wx.qq.com": "wechat",
    "weibo.com": "weibo",
    "weibo.cn": "weibo",
    "qzone.qq.com": "qq",
    "douyin.com": "douyin",
    "xiaohongshu.com": "xhs",
    "instagram.com": "instagram",
    "facebook.com": "facebook",
    "t.co": "x",
    "x.com": "x",
    "t.me": "telegram",
}

RESTRICTED = frozenset({"wechat", "weibo", "qq", "douyin", "xhs"})
"""Apps whose rules forbid sharing for a reward: their visitors get the neutral page and card."""

OPEN = frozenset(CHANNELS) - RESTRICTED
"""Channels where a mechanic that rewards sharing may be played."""

HUMAN_VERDICTS = frozenset({"unknown", "human"})
"""Touches that may be a person: opened, and (human) proven to have run the page."""

_PREVIEWS = re.compile(
    r"facebookexternalhit|facebot|whatsapp/|twitterbot|telegrambot|slackbot|discordbot|linkedinbot"
    r"|skypeuripreview|embedly|iframely|redditbot|vkshare|pinterest(?:bot)?/|line-poker|snap url"
    r"|mastodon/|viber|google-pagerenderer|bitlybot|flipboardproxy|outbrain|kakaotalk-scrap",
    re.IGNORECASE,
)
_BOTS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|sogou web|yandex(?!search)|headless|phantomjs|lighthouse"
    r"|^(?:$|curl|wget|python|go-http|java/|libwww|ruby|php|axios|node|okhttp|apache-httpclient"
    r"|postman|httpie|scrapy|perl)",
    re.IGNORECASE,
)


def channel_of(user_agent: str, referrer: str = "") -> str:
    """Return the app of a User-Agent, one of CHANNELS.

    A plain browser is "web", or with a ``referrer`` (URL) the network whose site led here.
    """
    for mark, channel in _APPS:
        if mark in user_agent:
            return channel
    return _site_of(referrer)


def _site_of(referrer: str) -> str:
    try:
        host = urlsplit(referrer).hostname or ""
    except ValueError:
        return WEB
    parts = host.split(".")
    names = (".".join(parts[i:]) for i in range(len(parts)))
    return next((_SITES[name] for name in names if name in _SITES), WEB)


def channel_through(place: str, link_channel: str, app: str) -> str:
    """Return the channel of a touch: that of the ``place`` a link was made for, else the app."""
    return link_channel if place else app


def is_restricted(channel: str) -> bool:
    """Tell whether pages in this channel must be neutral: price and buy, nothing about earning."""
    return channel in RESTRICTED


def verdict_of(user_agent: str) -> str:
    """Return "preview", "bot", or "unknown" (a person until shown otherwise)."""
    if _PREVIEWS.search(user_agent):
        return "preview"
    if _BOTS.search(user_agent):
        return "bot"
    return "unknown"


def is_prefetch(purpose: str) -> bool:
    """Tell whether a Sec-Purpose, Purpose or X-Moz header says that nobody looks at it yet."""
    return "prefetch" in purpose or "prerender" in purpose or "preview" in purpose
