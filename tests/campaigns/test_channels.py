"""Under which real browsers a campaign's page is neutral, and which campaigns a channel refuses."""

from __future__ import annotations

import pytest

from banyan.campaigns.policy.channels import neutral
from banyan.sharing.channels import CHANNELS, OPEN, RESTRICTED, channel_of

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 13; M2012K11AC Build/TKQ1.220829.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0.5304.141 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36"
AGENTS = {
    f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.42(0x18002a2e) NetType/WIFI Language/zh_CN": "wechat",
    f"{ANDROID} XWEB/5169 MMWEBSDK/20230805 MMWEBID/2585 MicroMessenger/8.0.42.2460(0x28002A58) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64": "wechat",
    f"{ANDROID} XWEB/5169 MMWEBSDK/20230805 MicroMessenger/8.0.42.2460(0x28002A58) WeChat/arm64 Weixin miniProgram/wx0123456789abcdef": "wechat",
    f"{WINDOWS} NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x6309092b) XWEB/8555 Flue": "wechat",
    f"{IPHONE} Mobile/15E148 wxwork/4.1.10 MicroMessenger/7.0.1 Language/zh ColorScheme/Light": "wechat",
    f"{IPHONE} Mobile/15E148 Weibo (iPhone14,5__weibo__13.9.2__iphone__os17.0)": "weibo",
    f"{ANDROID} Weibo (Xiaomi-M2012K11AC__weibo__13.9.2__android__android13)": "weibo",
    f"{ANDROID} V1_AND_SQ_8.9.28_3700_YYB_D A_8092800 QQ/8.9.28.10155 NetType/WIFI WebP/0.3.0": "qq",
    f"{IPHONE} Mobile/15E148 QQ/8.9.35.614 V1_IPH_SQ_8.9.35_1_APP_A Pixel/1170 Core/WKWebView": "qq",
    f"{IPHONE} Mobile/15E148 Qzone/V1_IPH_QZ_8.12.5_0_APP_A": "qq",
    f"{ANDROID} AliApp(DingTalk/7.0.50) com.alibaba.android.rimet/31020330": "dingtalk",
    f"{IPHONE} Mobile/21A329 AliApp(DingTalk/7.0.50) com.laiwang.DingTalk/32430102": "dingtalk",
    f"{ANDROID} NebulaSDK/1.8.100112 Nebula AlipayDefined(nt:WIFI,ws:393) AliApp(AP/10.5.16.8000) AlipayClient/10.5.16.8000 Language/zh-Hans": "alipay",
    f"{IPHONE} Version/17.0 Mobile/15E148 Safari/604.1": "web",
    "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36": "web",
    f"{WINDOWS} Edg/107.0.1418.42": "web",
    "Mozilla/5.0 (Linux; U; Android 12; zh-cn) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 MQQBrowser/13.1 Mobile Safari/537.36": "web",
}  # fmt: skip


@pytest.mark.parametrize(("agent", "channel"), AGENTS.items())
def test_a_page_is_neutral_where_a_rewarding_mechanic_may_not_be_played(
    agent: str, channel: str
) -> None:
    assert channel_of(agent) == channel
    assert neutral(OPEN, channel_of(agent)) is (channel in {"wechat", "weibo", "qq"})
    assert not neutral(CHANNELS, channel), "where nothing is rewarded, nothing is hidden"


def test_who_comes_from_a_restricted_site_gets_the_neutral_page_in_any_browser() -> None:
    safari = f"{IPHONE} Version/17.0 Mobile/15E148 Safari/604.1"
    assert neutral(OPEN, channel_of(safari, "https://weibo.com/u/1"))
    assert not neutral(OPEN, channel_of(safari, "https://example.org/"))
    assert OPEN | RESTRICTED == set(CHANNELS)
    assert not OPEN & RESTRICTED
