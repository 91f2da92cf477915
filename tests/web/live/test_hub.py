"""Who is woken, what is replayed, and what is bounded."""

from __future__ import annotations

import time
from collections import deque

import pytest

from banyan.web.live import hub as hubs
from banyan.web.live.hub import Full, Hub, Stream


def stream(*topics: str, person: str = "p") -> Stream:
    return Stream(frozenset(topics), person)


def joined(hub: Hub, *topics: str, after: int | None = None, issued: float | None = None) -> Stream:
    one = stream(*topics, person=f"p{len(hub.streams)}")
    hub.join(one, after=after, issued=time.time() + 1 if issued is None else issued)
    return one


def test_a_notice_wakes_its_topic_and_no_other() -> None:
    hub = Hub()
    mine, other = joined(hub, "shop:1", "tree:4"), joined(hub, "shop:2")
    hub.hear("7 shop:1=order.paid,order.placed tree:3=order.paid")
    assert mine.flag.is_set()
    assert not other.flag.is_set()
    assert mine.take() == {"shop:1": ["order.paid", "order.placed"]}
    assert mine.position == 7
    assert not mine.flag.is_set()


def test_a_notice_without_topics_wakes_nobody_and_a_general_one_everybody() -> None:
    hub = Hub()
    one = joined(hub, "shop:1")
    hub.hear("8")
    assert not one.flag.is_set()
    for general in ("9 *", "nonsense"):
        hub.hear(general)
        assert one.flag.is_set()
        assert one.take() is None


def test_who_comes_back_hears_what_came_after_and_not_before() -> None:
    hub = Hub()
    hub.begin_at(10)
    hub.hear("11 shop:1=order.placed")
    hub.hear("12 shop:1=order.paid")
    assert joined(hub, "shop:1", after=11).take() == {"shop:1": ["order.paid"]}
    assert not joined(hub, "shop:1", after=12).flag.is_set()
    assert not joined(hub, "shop:2", after=10).flag.is_set()


@pytest.mark.parametrize("after", [9, 13, 10**18])
def test_who_was_away_too_long_or_claims_the_future_looks_at_everything(after: int) -> None:
    hub = Hub()
    hub.begin_at(10)
    hub.hear("12 shop:9=order.paid")
    assert joined(hub, "shop:1", after=after).take() is None


def test_the_window_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "REMEMBERED", 3)
    hub = Hub()
    hub._latest = deque(maxlen=3)
    hub.begin_at(0)
    for position in range(1, 6):
        hub.hear(f"{position} shop:1=order.paid")
    assert joined(hub, "shop:1", after=1).take() is None
    assert joined(hub, "shop:1", after=2).take() == {"shop:1": ["order.paid"]}


def test_a_fresh_page_hears_what_happened_while_it_was_made() -> None:
    hub = Hub()
    hub.hear("3 shop:1=order.paid")
    assert joined(hub, "shop:1", issued=time.time() - 5).take() == {"shop:1": ["order.paid"]}
    assert not joined(hub, "shop:1", issued=time.time() + 5).flag.is_set()


def test_a_reader_that_does_not_read_costs_a_bounded_set() -> None:
    hub = Hub()
    slow = joined(hub, "shop:1")
    for n in range(5_000):
        hub.hear(f"{n + 1} shop:1=kind.{n}")
    assert sum(map(len, slow.pending.values())) <= hubs.MOST_PENDING
    assert slow.take() is None


def test_a_person_has_so_many_streams_and_gets_one_back_by_leaving() -> None:
    hub = Hub()
    own = [stream("shop:1", person="ana") for _ in range(hubs.MOST_PER_PERSON)]
    for one in own:
        hub.join(one, after=None, issued=time.time())
    with pytest.raises(Full) as refused:
        hub.join(stream("shop:1", person="ana"), after=None, issued=0)
    assert refused.value.yours
    hub.join(stream("shop:1", person="ben"), after=None, issued=time.time())
    hub.leave(own[0])
    hub.join(stream("shop:1", person="ana"), after=None, issued=time.time())


def test_the_process_has_so_many_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "MOST_STREAMS", 1)
    hub = Hub()
    joined(hub, "shop:1")
    with pytest.raises(Full) as refused:
        joined(hub, "shop:1")
    assert not refused.value.yours


def test_leaving_leaves_nothing_behind() -> None:
    hub = Hub()
    one = joined(hub, "shop:1")
    hub.leave(one)
    assert (hub.streams, hub._by_topic, hub._by_person) == (set(), {}, {})
    hub.hear("1 shop:1=order.paid")
    assert not one.flag.is_set()
