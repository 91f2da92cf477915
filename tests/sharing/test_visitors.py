"""The visitor cookie: ours or nothing, and only with consent where that is needed."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from django.test import override_settings

from banyan.kernel import keyrings
from banyan.sharing.visitors import (
    cookie_header,
    may_identify,
    new_visitor,
    read_visitor,
    sign_visitor,
)


def test_a_signed_visitor_is_read_back() -> None:
    visitor = new_visitor()

    assert read_visitor(sign_visitor(visitor)) == visitor


def test_a_cookie_is_the_id_and_its_keyed_blake2b() -> None:
    key = keyrings.keys(keyrings.Ring.COOKIES)[0]
    for visitor in ("a" * 16, "b" * 16, "a" * 16):
        mac = blake2b(visitor.encode(), key=key, digest_size=16, person=b"banyan visitor")
        assert sign_visitor(visitor) == f"{visitor}.{mac.hexdigest()}"


def test_ids_do_not_repeat_across_lots() -> None:
    drawn = [new_visitor() for _ in range(2_000)]

    assert len(set(drawn)) == 2_000
    assert {len(visitor) for visitor in drawn} == {16}


def test_what_we_did_not_sign_is_nobody() -> None:
    cookie = sign_visitor(new_visitor())
    other = sign_visitor(new_visitor())
    swapped = cookie[:17] + other[17:]

    for forged in ("", "x", swapped, cookie[:-1], cookie + "a", cookie.replace(".", "-"), "é" * 39):
        assert read_visitor(forged) is None


def test_a_retired_secret_is_still_read_and_a_foreign_one_is_not() -> None:
    with override_settings(SECRET_KEY="old"):
        visitor = new_visitor()
        cookie = sign_visitor(visitor)

    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert read_visitor(cookie) == visitor
        assert sign_visitor(visitor) != cookie
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]):
        assert read_visitor(cookie) is None


@pytest.mark.parametrize(
    ("mode", "consent", "allowed"),
    [
        ("none", None, True),
        ("none", "no", True),
        ("notice", None, True),
        ("notice", "no", False),
        ("opt_in", None, False),
        ("opt_in", "no", False),
        ("opt_in", "yes", True),
    ],
)
def test_consent_decides_by_the_market(mode: str, consent: str | None, allowed: bool) -> None:
    with override_settings(CONSENT_MODE=mode):
        assert may_identify(consent) is allowed


def test_the_cookie_is_first_party_and_out_of_reach_of_scripts() -> None:
    header = cookie_header("a" * 16, secure=True)

    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert header.endswith("; Secure")
    assert "Secure" not in cookie_header("a" * 16, secure=False)
