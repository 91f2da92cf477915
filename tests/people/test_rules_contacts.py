"""What people type as contact or handle, and what it becomes."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.people.rules import (
    Contact,
    clean_phone,
    handle_problem,
    mask_contact,
    read_contact,
    suggest_handle,
)
from banyan.people.rules.profiles import birthday_problem


@pytest.mark.parametrize(
    ("typed", "region", "read"),
    [
        (" Ana@Example.COM ", "CN", Contact("email", "ana@example.com")),
        ("ana@example.com", "CN", Contact("email", "ana@example.com")),
        ("138 0013 8000", "CN", Contact("sms", "+8613800138000")),
        ("0912-345-678", "TW", Contact("sms", "+886912345678")),
        ("+49 1512 3456789", "CN", Contact("sms", "+4915123456789")),
        ("(415) 555-2671", "US", Contact("sms", "+14155552671")),
        ("ana@", "CN", None),
        ("@", "CN", None),
        ("12345", "CN", None),
        ("hello", "CN", None),
        ("", "CN", None),
        ("<script>@x.y", "CN", None),
        ("a" * 200 + "@example.com", "CN", None),
    ],
)
def test_one_field_takes_an_e_mail_address_or_a_phone_number(
    typed: str, region: str, read: Contact | None
) -> None:
    assert read_contact(typed, region) == read


@given(st.text(max_size=60))
def test_anything_typed_is_read_or_refused_but_never_fails(text: str) -> None:
    contact = read_contact(text)
    assert contact is None or contact.value == contact.value.strip().lower()


def test_a_number_that_is_only_possible_is_still_fit_for_a_courier() -> None:
    assert clean_phone("021 1234 5678") == "+862112345678"
    assert clean_phone("nobody") is None


def test_a_masked_contact_does_not_tell_the_contact() -> None:
    assert mask_contact("ana.long@example.com") == "a•••@example.com"
    assert mask_contact("+8613800138000") == "+86 ••• 000"


@pytest.mark.parametrize("handle", ["ana", "Ana_99", "a" * 30])
def test_a_handle_may_be_plain(handle: str) -> None:
    assert handle_problem(handle) is None


@pytest.mark.parametrize(
    "handle", ["", "an", "9lives", "a b c", "ana-b", "安娜安", "a" * 31, "Admin"]
)
def test_a_handle_may_not_be_short_odd_or_reserved(handle: str) -> None:
    assert handle_problem(handle)


@given(st.integers())
def test_a_suggested_handle_is_a_handle(seed: int) -> None:
    assert handle_problem(suggest_handle(random.Random(seed))) is None


def test_a_birthday_lies_in_a_life_of_somebody_old_enough() -> None:
    today = dt.date(2026, 5, 20)
    assert birthday_problem(None, today) is None
    assert birthday_problem(dt.date(2012, 5, 20), today) is None
    assert birthday_problem(dt.date(2012, 5, 21), today)
    assert birthday_problem(dt.date(2026, 5, 21), today)
    assert birthday_problem(dt.date(1899, 1, 1), today)
