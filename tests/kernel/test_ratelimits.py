"""Limits per key and window; flags; audit."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.kernel import audit, clock, flags
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.models import AuditEntry, Flag, RateBucket
from banyan.kernel.problems import TooMany
from banyan.kernel.ratelimits import hit

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 1, 12, 0, 10, tzinfo=dt.UTC)
STAFF = Actor(kind="staff", id=9, roles=frozenset({"owner"}), label="Olga")


def test_the_limit_holds_until_the_window_ends() -> None:
    with clock.at(NOON):
        assert [hit("a", 3, 60) for _ in range(3)] == [2, 1, 0]
        with pytest.raises(TooMany) as refused:
            hit("a", 3, 60)
        assert (refused.value.status, refused.value.retry_after) == (429, 50)
        assert hit("b", 3, 60) == 2, "another key has its own window"
    with clock.at(NOON + dt.timedelta(seconds=49)), pytest.raises(TooMany):
        hit("a", 3, 60)
    with clock.at(NOON + dt.timedelta(seconds=50)):
        assert hit("a", 3, 60) == 2
    assert RateBucket.objects.count() == 2


def test_what_weighs_more_counts_as_much_and_never_passes_the_limit() -> None:
    with clock.at(NOON):
        with pytest.raises(TooMany):
            hit("a", 10, 60, weight=11)
        assert hit("a", 10, 60, weight=7) == 3
        with pytest.raises(TooMany):
            hit("a", 10, 60, weight=4)
        assert hit("a", 10, 60, weight=3) == 0
    with clock.at(NOON + dt.timedelta(seconds=50)):
        assert hit("a", 10, 60, weight=4) == 6


def test_a_clock_behind_does_not_open_a_window_again() -> None:
    with clock.at(NOON):
        hit("a", 2, 60)
    with clock.at(NOON - dt.timedelta(seconds=30)):
        assert hit("a", 2, 60) == 0
        with pytest.raises(TooMany):
            hit("a", 2, 60)


def test_a_limit_of_nothing_lets_nothing_through() -> None:
    with pytest.raises(TooMany):
        hit("a", 0, 60)


def test_long_keys_are_told_apart() -> None:
    assert hit("x" * 500 + "1", 1, 60) == 0
    assert hit("x" * 500 + "2", 1, 60) == 0


@pytest.mark.parametrize("seconds", [0, -5, 86_401])
def test_absurd_windows_are_programming_errors(seconds: int) -> None:
    with pytest.raises(ValueError, match="between a second and a day"):
        hit("a", 1, seconds)


def test_flags_are_off_until_turned_and_each_turn_is_on_record() -> None:
    flags.forget()
    assert not flags.enabled("fast_lane")
    assert flags.enabled("unset", default=True)
    flags.turn("fast_lane", on=True, actor=STAFF, reason="trial")
    assert flags.enabled("fast_lane")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_label, entry.detail) == (
        "flag.turn",
        "fast_lane",
        {"on": True},
    )
    flags.forget()


def test_flags_are_read_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    flags.forget()
    assert not flags.enabled("elsewhere")
    Flag.objects.create(name="elsewhere", enabled=True)
    assert not flags.enabled("elsewhere"), "within five seconds nobody asks the database"
    monkeypatch.setattr(flags, "CACHE_SECONDS", -1.0)
    assert flags.enabled("elsewhere")
    flags.forget()


def test_audit_entries_keep_names_reason_and_story() -> None:
    with caused_by(77):
        entry = audit.record(
            actor=STAFF,
            action="shop.approve",
            subject_kind="shop",
            subject_id=5,
            subject_label="Clay & Co",
            reason="papers seen",
            detail={"before": "pending"},
        )
    entry.refresh_from_db()
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("staff", 9, "Olga")
    assert (entry.cause_id, entry.reason, entry.detail) == (
        77,
        "papers seen",
        {"before": "pending"},
    )
