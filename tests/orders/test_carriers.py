"""Carriers by the names that their shops know, and links only where one is published."""

from __future__ import annotations

import pytest

from banyan.orders.rules.carriers import CARRIERS, IN_CHINESE, suggested, tracking_url


def test_a_chinese_shop_chooses_from_chinese_names() -> None:
    assert suggested("en") == list(CARRIERS)
    assert "顺丰速运" in suggested("zh-hans")
    assert "順豐速運" in suggested("zh-hant")
    assert "SF Express" not in suggested("zh-hans")
    assert "DHL" in suggested("zh-hans"), "who has no Chinese name keeps their own"


@pytest.mark.parametrize("names", IN_CHINESE.values(), ids=IN_CHINESE)
def test_whoever_has_a_chinese_name_is_one_of_the_carriers_without_a_link(
    names: dict[str, str],
) -> None:
    assert all(CARRIERS[name] == "" for name in names), "or the Chinese name would lose the link"


def test_a_link_leads_where_the_carrier_says_and_nowhere_else() -> None:
    assert tracking_url(" dhl ", "1 2") == CARRIERS["DHL"].format(number="1%202")
    assert tracking_url("顺丰速运", "SF1") == tracking_url("DHL", "") == ""
