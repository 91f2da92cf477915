"""Two people accept one picture at the same instant."""

from __future__ import annotations

import pytest

from banyan.campaigns.actions import outside
from banyan.campaigns.models import Grant, OutsidePicture
from tests.campaigns.scene import assert_sound, somebody
from tests.campaigns.test_outside import accept, collecting, held, second_of, show
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import meet, no_locks

pytestmark = pytest.mark.usefixtures("threaded_db")


def _accepted_at_once(people: int) -> list[object]:
    shop, ana = make.shop(), somebody()
    picture = show(collecting(shop, ana), ana)
    looking = [shop.owner, *(second_of(shop) for _n in range(people - 1))]
    return run_at_once(*((lambda who=one: accept(picture, who)) for one in looking))


def test_of_many_who_accept_at_once_two_count_and_it_is_given_once() -> None:
    done = _accepted_at_once(6)
    assert kinds(done) == {"OutsidePicture": 2, "IllegalTransition": 4}
    picture = OutsidePicture.objects.get()
    assert picture.state == "accepted"
    assert picture.first_id != picture.second_id
    assert held(picture.account) == ["picture"]
    assert Grant.objects.count() == 1
    assert_sound()


def test_negative_control_without_the_lock_the_second_is_taken_for_a_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_locks(monkeypatch)
    meet(monkeypatch, outside, "_locked", 2)
    assert kinds(_accepted_at_once(2)) == {"OutsidePicture": 1, "IllegalTransition": 1}
    assert OutsidePicture.objects.get().state == "vouched"
