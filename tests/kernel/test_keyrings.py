"""Rings are separate and secrets can be rotated."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from django.test import override_settings

from banyan.kernel import keyrings
from banyan.kernel.keyrings import BadSeal, Ring


def test_sign_and_seal_come_back() -> None:
    signed = keyrings.sign(Ring.COOKIES, "visitor:42")
    assert "visitor" in signed
    assert keyrings.unsign(Ring.COOKIES, signed) == "visitor:42"
    sealed = keyrings.seal(Ring.DRAWS, b"seed")
    assert b"seed" not in sealed
    assert keyrings.unseal(Ring.DRAWS, memoryview(sealed)) == b"seed"


def test_one_ring_does_not_open_another() -> None:
    sealed, signed = keyrings.seal(Ring.DRAWS, b"seed"), keyrings.sign(Ring.COOKIES, "v")
    with pytest.raises(BadSeal):
        keyrings.unseal(Ring.WEBHOOKS, sealed)
    with pytest.raises(BadSeal):
        keyrings.unsign(Ring.WEBHOOKS, signed)
    assert len({keyrings.keys(ring)[0] for ring in Ring}) == len(Ring)


def test_changed_values_are_refused() -> None:
    signed = keyrings.sign(Ring.COOKIES, "visitor:42")
    with pytest.raises(BadSeal):
        keyrings.unsign(Ring.COOKIES, signed.replace("42", "43"))
    sealed = keyrings.seal(Ring.DRAWS, b"seed")
    with pytest.raises(BadSeal):
        keyrings.unseal(Ring.DRAWS, sealed[:-2] + b"AA")


def test_old_signatures_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = keyrings.sign(Ring.COOKIES, "v")
    later = time.time() + 2
    monkeypatch.setattr(time, "time", lambda: later)
    assert keyrings.unsign(Ring.COOKIES, signed, max_age=dt.timedelta(minutes=1)) == "v"
    with pytest.raises(BadSeal):
        keyrings.unsign(Ring.COOKIES, signed, max_age=dt.timedelta(seconds=0.5))


def test_rotation_keeps_old_things_open_until_the_old_secret_goes() -> None:
    with override_settings(SECRET_KEY="first", SECRET_KEY_FALLBACKS=[]):
        sealed, signed = keyrings.seal(Ring.DRAWS, b"seed"), keyrings.sign(Ring.COOKIES, "v")
    with override_settings(SECRET_KEY="second", SECRET_KEY_FALLBACKS=["first"]):
        assert keyrings.unseal(Ring.DRAWS, sealed) == b"seed"
        assert keyrings.unsign(Ring.COOKIES, signed) == "v"
        resealed, new = keyrings.reseal(Ring.DRAWS, sealed), keyrings.sign(Ring.COOKIES, "v")
    with override_settings(SECRET_KEY="second", SECRET_KEY_FALLBACKS=[]):
        assert keyrings.unseal(Ring.DRAWS, resealed) == b"seed"
        assert keyrings.unsign(Ring.COOKIES, new) == "v"
        for open_old in (
            lambda: keyrings.unseal(Ring.DRAWS, sealed),
            lambda: keyrings.reseal(Ring.DRAWS, sealed),
            lambda: keyrings.unsign(Ring.COOKIES, signed),
        ):
            with pytest.raises(BadSeal):
                open_old()
