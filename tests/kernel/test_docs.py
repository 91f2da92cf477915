"""What the explanations say about the kernel is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from banyan.config.lock_order import LOCK_ORDER
from banyan.kernel import events, idempotency, relay

EXPLANATION = Path(__file__).resolve().parents[2] / "docs" / "explanation"


def _text(name: str) -> str:
    return (EXPLANATION / name).read_text()


def test_the_table_of_events_lists_all_that_run_inside_a_transaction() -> None:
    listed = set(re.findall(r"^\| `([a-z_.]+)` \|", _text("events.md"), re.MULTILINE))
    assert listed == set(events.inline_handlers)


def test_the_numbers_of_the_relay_are_true() -> None:
    text = _text("events.md")
    assert f"up to {relay.PUBLISH_BATCH:,} waiting" in text
    assert f"at most {relay.DELIVER_BATCH} events" in text
    assert f"rests for {relay.IDLE_SECONDS * 1000:.0f} ms" in text
    assert relay.TRIES == 5
    assert "tried five times" in text


def test_the_lock_order_is_told_in_order() -> None:
    kinds = ", ".join(kind for kind, _ in LOCK_ORDER)
    assert f"earliest first: {kinds}." in _text("locking.md")


def test_the_answers_that_are_not_stored_are_told() -> None:
    told = "308, 401, 408, 425, 429 and 5xx"
    assert told in _text("idempotency.md")
    client_side = {status for status in idempotency.RETRYABLE if status < 500}
    assert client_side == {308, 401, 408, 425, 429}
