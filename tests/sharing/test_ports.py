"""Ports: filled at start-up, or the start fails by name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor
from banyan.sharing import ports
from banyan.sharing.checks import ports_are_filled
from banyan.sharing.models import Link


def test_every_port_is_filled_by_the_floors_above() -> None:
    assert ports_are_filled() == []


def test_a_missing_port_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ports._resolvers, "post")
    monkeypatch.setattr(ports, "_disclosure", [])

    messages = [str(message.msg) for message in ports_are_filled()]

    assert messages == [
        "Sharing has no target resolver for post.",
        "Sharing has no disclosure line.",
    ]
    with pytest.raises(ImproperlyConfigured):
        ports.card("post", 1)
    with pytest.raises(ImproperlyConfigured):
        ports.disclosure_line(Link(), viewer=Actor.guest())
    assert ports.covering("unheard", [1], product_id=1, shop_id=1) == set()
