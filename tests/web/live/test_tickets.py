"""A ticket lets a page listen to its own topics, for ten minutes, and nobody else's."""

from __future__ import annotations

import pytest

from banyan.web.live import tickets

KEY, OTHER = b"k" * 32, b"o" * 32
NOW = 1_800_000_000.0


def made(*topics: str) -> str:
    return tickets.issue(topics or ("shop:12",), person="a7", now=NOW, key=KEY)


def test_a_ticket_comes_back_as_it_was_made() -> None:
    found = tickets.read(made("shop:12", "tree:9"), now=NOW, keys=[KEY])
    assert found is not None
    assert (found.topics, found.issued) == (("shop:12", "tree:9"), int(NOW))
    assert "a7" not in made()


def test_a_retired_key_still_opens() -> None:
    assert tickets.read(made(), now=NOW, keys=[OTHER, KEY]) is not None


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "shop:12",
        "shop:12.9999999999.00.00",
        made().replace("shop:12", "shop:13"),
        made().replace(".", "~", 1),
        made() + "0",
        "é" + made(),
        "x" * 5000,
    ],
)
def test_a_changed_ticket_is_none(spoilt: str) -> None:
    assert tickets.read(spoilt, now=NOW, keys=[KEY]) is None


def test_another_key_and_a_late_hour_open_nothing() -> None:
    assert tickets.read(made(), now=NOW, keys=[OTHER]) is None
    assert tickets.read(made(), now=NOW + tickets.LIFETIME, keys=[KEY]) is None
    assert tickets.read(made(), now=NOW + tickets.LIFETIME - 1, keys=[KEY]) is not None


def test_what_is_no_topic_gets_no_ticket() -> None:
    for wrong in ((), ("shop",), ("shop:x",), ("a:1",) * 9, ("shop:1.2",)):
        with pytest.raises(ValueError, match="no topics"):
            tickets.issue(wrong, person="p", now=NOW, key=KEY)
