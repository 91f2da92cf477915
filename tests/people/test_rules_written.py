"""Addresses as a parcel of their country bears them."""

from __future__ import annotations

import pytest

from banyan.people.rules.countries import country_name, place_told
from banyan.people.rules.written import written_address

WHO = {"recipient": "Cy", "phone": "+861380000"}


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (
            {
                "country": "CN",
                "level1": "浙江省",
                "level2": "杭州市",
                "level3": "西湖区",
                "street": "龙井路 1 号",
            },
            ["浙江省杭州市西湖区龙井路 1 号", "China"],
        ),
        (
            {"country": "CN", "level1": "Zhejiang", "level2": "Hangzhou", "street": "Lake Road 1"},
            ["Zhejiang Hangzhou Lake Road 1", "China"],
        ),
        (
            {
                "country": "TW",
                "postcode": "106",
                "level1": "台北市",
                "level2": "大安區",
                "street": "和平東路",
            },
            ["106 台北市大安區和平東路", "Taiwan"],
        ),
        (
            {
                "country": "US",
                "street": "1 Main St",
                "level2": "Oakland",
                "level1": "CA",
                "postcode": "94601",
            },
            ["1 Main St", "Oakland, CA 94601", "United States"],
        ),
        (
            {"country": "DE", "street": "Uferstr. 1", "postcode": "10115", "level2": "Berlin"},
            ["Uferstr. 1", "10115 Berlin", "Germany"],
        ),
    ],
)
def test_each_country_writes_in_its_own_order(address: dict[str, str], lines: list[str]) -> None:
    assert written_address(WHO | address, "en") == ["Cy", "+861380000", *lines]


def test_what_is_empty_leaves_no_line() -> None:
    assert written_address({"country": "FR"}, "zh-hans") == ["法国"]
    assert written_address({}, "en") == []


def test_a_code_that_is_no_country_stays_what_it_is() -> None:
    assert country_name("XX", "en") == "XX"
    assert (place_told("*"), place_told("ES:35")) == ("Everywhere", "Spain: 35")
