"""The relay publishes gap-free, delivers once, retries, parks and goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

import pytest
from django.db import transaction

from banyan.kernel import clock, events, locks, relay
from banyan.kernel.actors import current_cause
from banyan.kernel.events import Meta
from banyan.kernel.locks import LockKey
from banyan.kernel.models import ConsumerCursor, DeadEvent, Flag, RelayState, StoredEvent

from .probes import TESTER, Probed, emit, listening

pytestmark = pytest.mark.django_db


def test_positions_are_gap_free_and_follow_the_ids_of_a_batch() -> None:
    made = sorted(emit(n) for n in range(5))  # within a millisecond ids may begin anew

    assert relay.publish_once() == 5
    assert relay.publish_once() == 0

    rows = StoredEvent.objects.filter(pk__in=made).order_by("position")
    assert [(row.pk, row.position) for row in rows] == list(zip(made, range(1, 6), strict=True))
    assert RelayState.objects.get().last_position == 5


def test_events_arrive_typed_in_order_with_their_story_and_only_once() -> None:
    seen: list[tuple[Probed, Meta, int | None]] = []
    first, second = emit(7, "a"), emit(8, "b")

    with listening("c", lambda event, meta: seen.append((event, meta, current_cause()))):
        assert relay.drain() == 2
        assert relay.drain() == 0

    assert [(e.probe_id, e.note, m.id, cause) for e, m, cause in seen] == [
        (7, "a", first, first),
        (8, "b", second, second),
    ]
    assert [m.position for _, m, _ in seen] == [1, 2]


def test_the_cursor_passes_events_nobody_asked_for() -> None:
    emit(1)
    relay.publish_once()
    with listening("other"):
        events.consumers["other"] = {}
        assert relay.deliver_once("other") == 0
    assert ConsumerCursor.objects.get(consumer="other").position == 1


def test_a_long_backlog_arrives_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "DELIVER_SECONDS", 60.0)
    seen: list[int] = []
    full, number = relay.DELIVER_BATCH, 2 * relay.DELIVER_BATCH + 2
    with transaction.atomic():
        events.emit_all([Probed(probe_id=n) for n in range(number)], actor=TESTER)
    relay.publish_once()
    with listening("c", lambda event, meta: seen.append(event.probe_id)):
        assert [relay.deliver_once("c") for _ in range(4)] == [full, full, 2, 0]
    assert seen == list(range(number))
    assert ConsumerCursor.objects.get(consumer="c").position == number


def test_only_consumers_that_something_is_for_are_called_and_the_others_move_past_it() -> None:
    with listening("c", lambda event, meta: None):
        events.consumers["deaf"] = {}
        relay.drain()
        emit(1)
        relay.publish_once()

        assert relay._waiting() == ["c"]

        assert ConsumerCursor.objects.get(consumer="deaf").position == 1
        assert ConsumerCursor.objects.get(consumer="c").position == 0
        assert relay.deliver_once("c") == 1
        assert relay._waiting() == []


def test_a_consumer_is_never_moved_past_an_event_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "LOOK_AHEAD", 2)
    with listening("c", lambda event, meta: None):
        events.consumers["deaf"] = {}
        relay.drain()
        for n in range(5):
            emit(n)
        relay.publish_once()
        ConsumerCursor.objects.filter(consumer="c").update(position=3)

        assert relay._waiting() == ["c"], "what lies beyond the look ahead may be for it"

        positions = dict(ConsumerCursor.objects.values_list("consumer", "position"))
        assert (positions["deaf"], positions["c"]) == (2, 3)


def test_a_batch_ends_after_a_handler_that_locked_rows() -> None:
    seen: list[int] = []

    def handle(event: Probed, meta: Meta) -> None:
        locks.take([LockKey("stock", 100 - event.probe_id)])
        seen.append(event.probe_id)

    emit(1)
    emit(2)
    relay.publish_once()
    with listening("c", handle):
        assert relay.deliver_once("c") == 1
        assert relay.deliver_once("c") == 1
    assert seen == [1, 2]


def test_a_failing_event_is_retried_with_pauses_then_parked_and_the_next_one_comes() -> None:
    calls: list[int] = []

    def handle(event: Probed, meta: Meta) -> None:
        calls.append(event.probe_id)
        Flag.objects.create(name=f"effect {event.probe_id}")
        if event.probe_id == 2:
            raise ValueError("does not like two")

    for n in (1, 2, 3):
        emit(n)
    relay.publish_once()
    moment = clock.now()
    with listening("c", handle):
        with clock.at(moment):
            assert relay.deliver_once("c") == 1, "the effects before the failure stay"
            assert relay.deliver_once("c") == 0
            assert calls == [1, 2, 1, 2], "plainly, then with care; no other try within the pause"
        for pause in relay.BACKOFF_SECONDS:
            assert not DeadEvent.objects.exists()
            moment += dt.timedelta(seconds=pause)
            with clock.at(moment):
                relay.deliver_once("c")
        relay.deliver_once("c")

    assert calls == [1, 2, 1, 2, 2, 2, 2, 2, 3]
    dead = DeadEvent.objects.get()
    assert "does not like two" in dead.error
    assert dead.event.subject_id == 2
    assert set(Flag.objects.values_list("name", flat=True)) == {"effect 1", "effect 3"}
    cursor = ConsumerCursor.objects.get(consumer="c")
    assert (cursor.position, cursor.failures) == (3, 0)


def test_a_parked_event_can_be_handled_again_once() -> None:
    broken = True
    done: list[int] = []

    def handle(event: Probed, meta: Meta) -> None:
        if broken:
            raise ValueError("still broken")
        done.append(event.probe_id)

    emit(5)
    relay.publish_once()
    with listening("c", handle):
        moment = clock.now()
        for _ in range(relay.TRIES):
            with clock.at(moment):
                relay.deliver_once("c")
            moment += dt.timedelta(minutes=1)
        dead = DeadEvent.objects.get()
        with pytest.raises(ValueError, match="still broken"):
            relay.retry_dead(dead.pk)
        dead.refresh_from_db()
        assert dead.resolved_at is None

        broken = False
        relay.retry_dead(dead.pk)
        relay.retry_dead(dead.pk)

    dead.refresh_from_db()
    assert dead.resolved_at is not None
    assert done == [5]


def test_drain_raises_what_a_handler_raises() -> None:
    def handle(event: Probed, meta: Meta) -> None:
        raise ValueError("loud")

    emit(1)
    with listening("c", handle), pytest.raises(ValueError, match="loud"):
        relay.drain()
    assert not DeadEvent.objects.exists()


def test_events_of_a_handler_are_delivered_by_the_same_drain() -> None:
    seen: list[int] = []

    def handle(event: Probed, meta: Meta) -> None:
        seen.append(event.probe_id)
        if event.probe_id < 3:
            with transaction.atomic():
                emit(event.probe_id + 1)

    emit(1)
    with listening("c", handle):
        assert relay.drain() == 3
    assert seen == [1, 2, 3]
    assert len(set(StoredEvent.objects.values_list("cause_id", flat=True)) - {None}) == 1


def test_lag_counts_what_is_left() -> None:
    emit(1)
    with listening("c", lambda event, meta: None):
        assert relay.lag() == {"unpublished": 1, "c": 0}
        relay.publish_once()
        assert relay.lag() == {"unpublished": 0, "c": 1}
        relay.drain()
        assert relay.lag() == {"unpublished": 0, "c": 0}


def noting(seen: list[list[int]]) -> events.Together[Probed]:
    """Return a handler of several events that notes which came at once, and leaves a trace."""

    def handle(probed: Sequence[events.Happened[Probed]]) -> None:
        seen.append([event.probe_id for event, _meta in probed])
        for event, _meta in probed:
            Flag.objects.create(name=f"effect {event.probe_id}")
            if event.probe_id < 0:
                raise ValueError("does not like it")

    return events.Together(handle)


def effects() -> list[str]:
    return [*Flag.objects.order_by("name").values_list("name", flat=True)]


def test_events_are_handed_on_together_in_order_and_no_more_than_so_many() -> None:
    seen: list[list[int]] = []
    for n in range(relay.TOGETHER + 2):
        emit(n)
    with listening("c", noting(seen)):
        assert relay.drain() == relay.TOGETHER + 2
    assert seen == [[*range(relay.TOGETHER)], [relay.TOGETHER, relay.TOGETHER + 1]]
    assert len(effects()) == relay.TOGETHER + 2


def test_each_of_several_events_brings_its_own_story() -> None:
    causes: list[tuple[int, int | None]] = []

    def handle(probed: Sequence[events.Happened[Probed]]) -> None:
        causes.extend((meta.cause, current_cause()) for _event, meta in probed)

    made = [emit(1), emit(2)]
    with listening("c", events.Together(handle)):
        relay.drain()
    assert causes == [(made[0], None), (made[1], None)]


def test_an_event_with_an_ordinary_handler_parts_those_that_come_together() -> None:
    seen: list[list[int]] = []
    order: list[object] = []

    class Tapped(Probed):
        """Something was tapped."""

        name: ClassVar[str] = "test.tapped"

    emit(1)
    emit(2)
    with transaction.atomic():
        events.emit(Tapped(probe_id=3), actor=TESTER)
    emit(4)
    try:
        with listening("c", noting(seen)):
            events.subscribe(Tapped, consumer="c")(lambda event, meta: order.append(list(seen)))
            relay.drain()
    finally:
        del events.registry["test.tapped"]
    assert seen == [[1, 2], [4]]
    assert order == [[[1, 2]]], "what came before was handled before it"


def test_where_one_of_several_fails_they_are_handled_one_by_one_and_only_it_is_parked() -> None:
    seen: list[list[int]] = []
    for n in (1, 2, -3, 4):
        emit(n)
    relay.publish_once()
    moment = clock.now()
    with listening("c", noting(seen)), clock.at(moment):
        assert relay.deliver_once("c") == 2
        assert seen == [[1, 2, -3, 4], [1], [2], [-3]], "at once, then one by one"
        assert effects() == ["effect 1", "effect 2"], "what the failing call did is undone"
        for pause in relay.BACKOFF_SECONDS:
            moment += dt.timedelta(seconds=pause)
            with clock.at(moment):
                relay.deliver_once("c")
        relay.deliver_once("c")
    assert effects() == ["effect 1", "effect 2", "effect 4"]
    assert DeadEvent.objects.get().event.payload["probe_id"] == -3


def test_events_that_a_sieve_leaves_out_are_passed_without_a_call() -> None:
    seen: list[int] = []
    asked: list[list[int]] = []

    def odd(probed: Sequence[Probed]) -> list[Probed]:
        asked.append([event.probe_id for event in probed])
        return [event for event in probed if event.probe_id % 2]

    for n in range(5):
        emit(n)
    relay.publish_once()
    with listening("c"):
        events.subscribe(Probed, consumer="c", sieve=odd)(
            lambda event, meta: seen.append(event.probe_id)
        )
        assert relay.deliver_once("c") == 5
        assert relay.deliver_once("c") == 0
    assert (asked, seen) == ([[0, 1, 2, 3, 4]], [1, 3])
    assert ConsumerCursor.objects.get(consumer="c").position == 5


def test_a_sieve_that_fails_costs_nobody_an_event() -> None:
    seen: list[int] = []

    def broken(probed: Sequence[Probed]) -> list[Probed]:
        raise ValueError("no")

    emit(1)
    relay.publish_once()
    with listening("c"):
        events.subscribe(Probed, consumer="c", sieve=broken)(
            lambda event, meta: seen.append(event.probe_id)
        )
        assert relay.deliver_once("c") == 1
    assert seen == [1]


@pytest.mark.parametrize("way", ["alone", "sieved", "together"])
def test_an_event_that_cannot_be_read_any_more_is_parked_and_holds_up_nobody(way: str) -> None:
    def handle(event: Probed, meta: Meta) -> None:
        Flag.objects.create(name=f"effect {event.probe_id}")

    def handle_all(probed: Sequence[events.Happened[Probed]]) -> None:
        for event, meta in probed:
            handle(event, meta)

    emit(1)
    StoredEvent.objects.filter(pk=emit(2)).update(payload={"probe_id": "none of today's"})
    emit(3)
    relay.publish_once()
    moment = clock.now()
    with listening("c"):
        if way == "together":
            events.subscribe_together(Probed, consumer="c")(handle_all)
        else:
            everything = (lambda probed: probed) if way == "sieved" else None
            events.subscribe(Probed, consumer="c", sieve=everything)(handle)
        for pause in (0.0, *relay.BACKOFF_SECONDS, 0.0):
            moment += dt.timedelta(seconds=pause)
            with clock.at(moment):
                relay.deliver_once("c")
    assert effects() == ["effect 1", "effect 3"]
    assert DeadEvent.objects.count() == 1
