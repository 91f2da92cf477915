"""Address forms by country, and one pasted line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.people.rules import ADDRESS_FORMS, address_form, clean_address, parse_address_line
from banyan.people.rules.countries import country_names

CN = {
    "country": "CN",
    "recipient": "张三",
    "phone": "13800138000",
    "level1": "浙江省",
    "level2": "杭州市",
    "level3": "西湖区",
    "street": "文三路90号",
}


def test_each_country_asks_only_for_what_a_parcel_needs() -> None:
    asked = {country: [f.name for f in address_form(country)] for country in ("CN", "US", "DE")}
    assert asked["CN"] == ["recipient", "phone", "level1", "level2", "level3", "street"]
    assert "phone" not in asked["US"]
    assert "level1" not in asked["DE"]


def test_every_field_tells_the_browser_what_to_fill_in() -> None:
    for country in ADDRESS_FORMS:
        assert all(field.autocomplete for field in address_form(country))


def test_a_good_address_keeps_only_the_fields_of_its_country() -> None:
    address, errors = clean_address(CN | {"postcode": "310000", "country": "cn"})
    assert not errors
    assert address == CN | {"phone": "+8613800138000"}


def test_all_faults_are_named_at_once() -> None:
    _address, errors = clean_address({"country": "CN", "phone": "abc", "street": "x" * 201})
    assert set(errors) == {"recipient", "phone", "level1", "level2", "street"}


def test_a_country_without_a_form_is_refused() -> None:
    assert set(clean_address({"country": "XX"})[1]) == {"country"}


@pytest.mark.parametrize(
    ("country", "postcode", "good"),
    [
        ("US", "94110", True),
        ("US", "94110-1234", True),
        ("US", "9411", False),
        ("DE", "10115", True),
        ("DE", "1011", False),
        ("NL", "1012 ab", True),
        ("PL", "00-001", True),
        ("IE", "D02 X285", True),
        ("SE", "114 55", True),
        ("PT", "1100-148", True),
        ("PT", "11-00", False),
    ],
)
def test_postcodes_follow_their_country(country: str, postcode: str, *, good: bool) -> None:
    given_fields = {
        "country": country,
        "recipient": "Ana",
        "street": "Main 1",
        "level2": "Town",
        "level1": "CA",
        "postcode": postcode,
    }
    assert ("postcode" not in clean_address(given_fields)[1]) is good


def test_a_state_may_be_written_out() -> None:
    fields = {
        "country": "US",
        "recipient": "Jane",
        "street": "1 Main St",
        "level2": "San Francisco",
        "level1": "california",
        "postcode": "94110",
    }
    assert clean_address(fields)[0]["level1"] == "CA"
    assert set(clean_address(fields | {"level1": "Bavaria"})[1]) == {"level1"}


@pytest.mark.parametrize(
    ("line", "country", "read"),
    [
        (
            "张三 13800138000 浙江省杭州市西湖区文三路90号",
            "CN",
            {
                "recipient": "张三",
                "phone": "13800138000",
                "level1": "浙江省",
                "level2": "杭州市",
                "level3": "西湖区",
                "street": "文三路90号",
            },
        ),
        (
            "收货人: 李四\n手机号码: 13912345678\n所在地区: 北京市朝阳区三里屯街道\n"
            "详细地址: 工体北路8号院 301",
            "CN",
            {
                "recipient": "李四",
                "phone": "13912345678",
                "level1": "北京市",
                "level2": "北京市",
                "level3": "朝阳区",
                "street": "三里屯街道 工体北路8号院 301",
            },
        ),
        (
            "浙江省义乌市稠城街道 5号, 王五, 138 0013 8000",
            "CN",
            {"recipient": "王五", "level2": "义乌市", "level3": "", "street": "稠城街道 5号"},
        ),
        (
            "王小明 0912-345-678 106 臺北市大安區信義路四段1號",
            "TW",
            {
                "recipient": "王小明",
                "postcode": "106",
                "level1": "台北市",
                "level2": "大安區",
                "street": "信義路四段1號",
            },
        ),
        (
            "Jane Doe, 350 5th Ave Apt 3, New York, NY 10118",
            "US",
            {
                "recipient": "Jane Doe",
                "street": "350 5th Ave Apt 3",
                "level2": "New York",
                "level1": "NY",
                "postcode": "10118",
            },
        ),
        (
            "Max Mustermann, Hauptstr. 5, 10115 Berlin, Deutschland",
            "DE",
            {
                "recipient": "Max Mustermann",
                "street": "Hauptstr. 5",
                "postcode": "10115",
                "level2": "Berlin",
            },
        ),
        (
            "Jan de Vries, Damrak 1, 1012 AB Amsterdam",
            "NL",
            {"postcode": "1012 AB", "level2": "Amsterdam", "street": "Damrak 1"},
        ),
    ],
)
def test_a_pasted_line_is_read(line: str, country: str, read: dict[str, str]) -> None:
    parsed = parse_address_line(line, country)
    assert {name: parsed.fields[name] for name in read} == read
    assert parsed.missing == []
    assert clean_address(parsed.fields)[1] == {}


def test_what_a_line_does_not_say_is_missing_and_not_invented() -> None:
    parsed = parse_address_line("Hauptstr. 5", "DE")
    assert parsed.fields["street"] == "Hauptstr. 5"
    assert parsed.missing == ["recipient", "postcode", "level2"]


@given(st.text(max_size=300), st.sampled_from(sorted(ADDRESS_FORMS)))
def test_any_line_is_read_without_failing(line: str, country: str) -> None:
    parsed = parse_address_line(line, country)
    assert parsed.fields["country"] == country


def test_countries_are_named_in_the_reader_s_language() -> None:
    assert dict(country_names("zh-hans"))["DE"] == "德国"
    assert dict(country_names("en"))["TW"] == "Taiwan"
    assert len(country_names("zh-hant")) == len(ADDRESS_FORMS)
