"""Which way to pay works in which app: the table of docs/explanation/payments.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils.module_loading import import_string

from banyan.payments.providers import BUILT_IN
from banyan.payments.providers.base import Provider
from banyan.payments.rules import Fate, fate_of, lane_of
from banyan.web.payments.device import Way, way_in

TABLE = {
    "sandbox": {},
    "stripe": {},
    "wechat": {"wechat": Way.ASK, "alipay": Way.ELSEWHERE},
    "alipay": {"wechat": Way.ELSEWHERE},
}
APPS = ("web", "wechat", "alipay", "weibo", "qq", "douyin", "instagram")


def made(name: str) -> Provider:
    provider: Provider = import_string(BUILT_IN[name].replace(":", "."))()
    return provider


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("app", APPS)
def test_where_a_way_to_pay_works(settings: Any, name: str, app: str) -> None:
    settings.WECHAT_APP_SECRET = "set"
    assert way_in(app, made(name)) == TABLE[name].get(app, Way.HERE)


def test_the_documented_table_is_this_one() -> None:
    page = Path(__file__).parents[2] / "docs/explanation/payments.md"
    rows = [line.split("|") for line in page.read_text().splitlines() if line.startswith("| `")]
    told = {row[1].strip(" `"): [cell.strip() for cell in row[2:5]] for row in rows}
    words = {Way.HERE: "here", Way.ASK: "here, after asking who pays", Way.ELSEWHERE: "by link"}
    for name, apps in TABLE.items():
        ways = [words[apps.get(app, Way.HERE)] for app in ("web", "wechat", "alipay")]
        assert told[name] == ways, name


def test_without_the_accounts_secret_nobody_is_asked(settings: Any) -> None:
    settings.WECHAT_APP_SECRET = ""
    assert way_in("wechat", made("wechat")) == Way.HERE


@pytest.mark.parametrize(
    ("context", "by_channel", "lane"),
    [
        ({}, True, ""),
        ({"channel": "web"}, True, ""),
        ({"channel": "native"}, True, ""),
        ({"channel": "wap", "client_ip": "203.0.113.7"}, True, "wap"),
        ({"channel": "wap"}, False, ""),
        ({"channel": "wap", "place": "0123456789abcdef0123"}, True, "wap:0123456789abcdef"),
        ({"channel": "web", "place": "0123456789abcdef0123"}, True, ""),
        ({"channel": "in_app", "payer": "0123456789abcdef0123"}, True, "in_app:0123456789abcdef"),
        ({"channel": "wap", "by": "link"}, True, "link:wap"),
        ({"channel": "web", "by": "link"}, False, "link"),
    ],
)
def test_who_shares_an_attempt(context: dict[str, str], by_channel: bool, lane: str) -> None:
    assert lane_of(context, by_channel=by_channel) == lane


@pytest.mark.parametrize(
    ("state", "outcome", "ref", "fate"),
    [
        ("created", "", "", Fate.WAITING),
        ("pending", "", "a", Fate.WAITING),
        ("failed", "declined", "a", Fate.WAITING),
        ("pending", "mismatch", "a", Fate.REVIEW),
        ("expired", "mismatch", "a", Fate.REVIEW),
        ("captured", "mismatch", "b", Fate.REVIEW),
        ("captured", "captured", "a", Fate.PAID),
        ("captured", "captured", "b", Fate.SECOND),
        ("captured", "", "b", Fate.SPARED),
        ("captured", "cancelled", "b", Fate.SPARED),
        ("captured_unplaced", "captured", "a", Fate.TOO_LATE),
        ("expired", "cancelled", "a", Fate.OVER),
        ("cancelled", "abandoned", "", Fate.OVER),
        ("cancelled", "", "", Fate.OVER),
        ("expired", "", "a", Fate.UNSURE),
    ],
)
def test_what_became_of_a_payer(state: str, outcome: str, ref: str, fate: Fate) -> None:
    assert fate_of(state=state, captured_ref="a", provider_ref=ref, outcome=outcome) == fate
