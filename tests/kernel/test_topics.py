"""What the relay's notice says, and that it always fits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import connection

from banyan.kernel import relay, topics
from banyan.kernel.models import RelayState
from banyan.kernel.rings import Ring, derive

from .probes import Probed, emit


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "_sources", {})


def notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    real = relay._notices

    def listening(before: int, last: int) -> list[str]:
        made = real(before, last)
        sent.extend(made)
        return made

    monkeypatch.setattr(relay, "_notices", listening)
    return sent


@pytest.mark.django_db
def test_a_notice_names_topics_once_with_the_kinds(
    announced: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.announce(Probed, lambda event: [f"shop:{event.probe_id}", "tree:9"])
    sent = notices(monkeypatch)
    for number in (1, 2, 1):
        emit(number)
    assert relay.publish_once() == 3
    last = RelayState.objects.get().last_position
    name = Probed.name
    assert sent == [f"{last} shop:1={name} shop:2={name} tree:9={name}"]


@pytest.mark.django_db
def test_a_full_batch_is_a_backlog_and_tells_everybody_without_asking(
    announced: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def source(event: Probed) -> Iterator[str]:
        asked.append(event.probe_id)
        yield "tree:9"

    topics.announce(Probed, source)
    monkeypatch.setattr(relay, "PUBLISH_BATCH", 2)
    sent = notices(monkeypatch)
    for number in (1, 2, 3):
        emit(number)
    assert [relay.publish_once(), relay.publish_once()] == [2, 1]
    last = RelayState.objects.get().last_position
    assert sent == [f"{last - 1} *", f"{last} tree:9={Probed.name}"]
    assert asked == [3]


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [ValueError("odd"), KeyError("gone"), None])
def test_a_source_that_fails_tells_everybody_and_stops_nothing(
    announced: None, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    def fail(event: Probed) -> Iterator[str]:
        if fault is not None:
            raise fault
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        yield "shop:1"

    topics.announce(Probed, fail)
    sent = notices(monkeypatch)
    emit(1)
    assert relay.publish_once() == 1
    assert sent[0].endswith(" *")
    assert relay.publish_once() == 0


@pytest.mark.django_db
def test_more_than_a_notice_holds_goes_in_parts_and_then_to_everybody(
    announced: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {f"shop:{10**18 + n}": ["order.paid"] for n in range(500)}
    parts = topics.payloads(many, before=7, last=9)
    assert 1 < len(parts) <= topics.MOST_PAYLOADS
    assert all(len(part) < 8_000 for part in parts)
    assert [part.split()[0] for part in parts] == ["7"] * (len(parts) - 1) + ["9"]
    assert sum(part.count("=") for part in parts) == 500
    crowd = {f"shop:{n}": ["order.paid"] for n in range(10**18, 10**18 + 5_000)}
    assert topics.payloads(crowd, before=7, last=9) == ["9 *"]
    topics.announce(Probed, lambda event: crowd)
    emit(1)
    assert relay.publish_once() == 1


def test_keys_are_those_of_rfc_5869() -> None:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=b"banyan", info=b"ring:cookies")
    assert derive(Ring.COOKIES, "secret") == hkdf.derive(b"secret")
