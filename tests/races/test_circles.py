"""Circles that are looked for, held and cleared at the same instant."""

from __future__ import annotations

import pytest

from banyan.earnings import actions
from banyan.earnings.actions import circles
from banyan.earnings.models import Commission
from banyan.trust import actions as trust
from banyan.trust.models import Circle
from tests.earnings import story
from tests.earnings.test_circles import goods, rounds
from tests.support.threads import run_at_once
from tests.support.weakened import between, meet, no_locks

__all__ = ["goods"]

pytestmark = pytest.mark.usefixtures("threaded_db")


def find() -> int:
    return actions.find_circles(actor=story.SYSTEM)


def clear(circle_id: int) -> None:
    actions.clear_circle(actor=story.FINANCE, circle_id=circle_id, reason="fine")


def held() -> int:
    return Commission.objects.filter(state="held_fraud").count()


def _cleared_while_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    rounds(story.variant(shop), 3, story.member(), story.member())
    meanwhile = between(monkeypatch, trust, "note_circle")
    settle = meanwhile(lambda: clear(Circle.objects.get().pk))
    found, cleared = run_at_once(find, settle)
    assert (isinstance(found, int), cleared) == (True, None)
    assert Circle.objects.get().state == "cleared"


def test_nothing_is_held_for_a_circle_that_was_cleared_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _cleared_while_it_is_held(monkeypatch)
    assert held() == 0


def test_negative_control_without_reading_it_again_all_is_held_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Circle, "holds", True)
    _cleared_while_it_is_held(monkeypatch)
    assert held() == 6


def _two_cleared_at_once() -> list[object]:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop)
    ana, ben, cy = (story.member() for _n in range(3))
    rounds(item, 3, ana, ben)
    rounds(item, 3, ana, ben, cy)
    find()
    one, other = Circle.objects.values_list("pk", flat=True)
    assert held() == 15
    return run_at_once(lambda: clear(one), lambda: clear(other))


def test_what_two_circles_held_is_let_go_when_both_are_cleared_at_once() -> None:
    assert _two_cleared_at_once() == [None, None]
    assert held() == 0


def test_negative_control_without_locks_each_leaves_it_to_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_locks(monkeypatch)
    meet(monkeypatch, circles, "_held_elsewhere", 2)
    assert _two_cleared_at_once() == [None, None]
    assert held() > 0
