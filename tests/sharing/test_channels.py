"""User agents, as the apps send them."""

from __future__ import annotations

import pytest

from banyan.sharing.channels import channel_of, is_prefetch, is_restricted, verdict_of

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML) "
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile "
PEOPLE = {
    PHONE + "Mobile/15E148 MicroMessenger/8.0.50(0x18003231) NetType/WIFI": "wechat",
    ANDROID + "MQQBrowser/6.2 TBS/046 MicroMessenger/8.0.49 WeChat/arm64": "wechat",
    PHONE + "Mobile/15E148 Weibo (iPhone15,2__weibo__14.6.0)": "weibo",
    ANDROID + "Safari/537.36 V1_AND_SQ_9.0.70 QQ/9.0.70.17 NetType/WIFI": "qq",
    PHONE + "Mobile/15E148 AliApp(DingTalk/7.5.20) com.laiwang.DingTalk": "dingtalk",
    PHONE + "Mobile/15E148 AlipayClient/10.5.96 Language/zh-Hans": "alipay",
    ANDROID + "aweme_300400 BytedanceWebview/d8a21c6": "douyin",
    PHONE + "Mobile/15E148 xhsdiscover/8.45 NetType/WiFi": "xhs",
    PHONE + "Mobile/15E148 Instagram 336.0.8.31.74 (iPhone14,5)": "instagram",
    PHONE + "Mobile/21F90 [FBAN/FBIOS;FBAV/470.0.0;FBDV/iPhone14,5]": "facebook",
    PHONE + "Safari Line/14.9.0": "line",
    PHONE + "Mobile/15E148 Twitter for iPhone/10.44": "x",
    ANDROID + "Telegram-Android/10.14.5": "telegram",
    PHONE + "Version/17.5 Mobile/15E148 Safari/604.1": "web",
}
ROBOTS = {
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "preview",
    "WhatsApp/2.24.9.78 A": "preview",
    "TelegramBot (like TwitterBot)": "preview",
    "Twitterbot/1.0": "preview",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "preview",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)": "preview",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "bot",
    "Mozilla/5.0 (compatible; Baiduspider/2.0)": "bot",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (compatible; Bytespider)": "bot",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0.0.0 Safari/537.36": "bot",
    "curl/8.7.1": "bot",
    "python-requests/2.32.3": "bot",
    "": "bot",
}


@pytest.mark.parametrize(("agent", "channel"), PEOPLE.items())
def test_the_app_is_known_and_its_reader_may_be_a_person(agent: str, channel: str) -> None:
    assert channel_of(agent) == channel
    assert verdict_of(agent) == "unknown"


@pytest.mark.parametrize(
    ("referrer", "channel"),
    {
        "https://m.weibo.cn/detail/4": "weibo",
        "https://weibo.com/": "weibo",
        "https://mp.weixin.qq.com/s/x": "wechat",
        "https://user.qzone.qq.com/1": "qq",
        "https://t.co/abc": "x",
        "https://notweibo.com/": "web",
        "https://weibo.com.evil.example/": "web",
        "http://[broken": "web",
        "": "web",
    }.items(),
)
def test_a_plain_browser_comes_from_where_it_says(referrer: str, channel: str) -> None:
    safari = PHONE + "Version/17.5 Mobile/15E148 Safari/604.1"
    assert channel_of(safari, referrer) == channel
    assert channel_of(PHONE + "Mobile/15E148 AlipayClient/10.5.96", referrer) == "alipay"


@pytest.mark.parametrize(("agent", "verdict"), ROBOTS.items())
def test_robots_say_so(agent: str, verdict: str) -> None:
    assert verdict_of(agent) == verdict


def test_channels_that_forbid_rewarded_sharing_are_restricted() -> None:
    restricted = {channel for channel in PEOPLE.values() if is_restricted(channel)}

    assert restricted == {"wechat", "weibo", "qq", "douyin", "xhs"}
    assert not is_restricted(channel_of(""))


def test_a_prefetch_is_nobody_looking() -> None:
    assert is_prefetch("prefetch;prerender")
    assert is_prefetch("prefetch;anonymous-client-ip")
    assert is_prefetch("preview")
    assert not is_prefetch("")
