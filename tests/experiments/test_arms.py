"""Arms: by the person alone, noted once, and kept."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.experiments.actions import expose
from banyan.experiments.arms import arm_of
from banyan.experiments.models import HELD_OUT, TREATED, Exposure

pytestmark = pytest.mark.django_db


def test_about_a_tenth_is_held_out_and_others_by_another_subject() -> None:
    def arms(subject_id: int) -> list[str]:
        args: dict[str, Any] = {"experiment": "coupon.ending", "percent": 10}
        people = range(1, 2_001)
        return [arm_of(b"key", subject_id=subject_id, account_id=n, **args) for n in people]

    first = arms(1)
    assert 140 < first.count(HELD_OUT) < 260, "the key is fixed: this never changes"
    assert arms(1) == first
    assert arms(2) != first


def test_a_person_stays_in_their_arm_when_keys_are_rotated(settings: Any) -> None:
    args: dict[str, Any] = {"experiment": "coupon.ending", "subject_id": 1, "percent": 50}
    before = [expose(unit_id=n, account_id=n, **args).arm for n in range(1, 21)]
    assert set(before) == {TREATED, HELD_OUT}
    settings.SECRET_KEY = "another one"
    after = [expose(unit_id=n + 100, account_id=n, **args).arm for n in range(1, 21)]
    assert after == before


def test_an_exposure_is_noted_once() -> None:
    args: dict[str, Any] = {"experiment": "x", "subject_id": 1, "unit_id": 1, "account_id": 1}
    first = expose(percent=100, **args)
    again = expose(percent=0, **args)
    assert (first.pk, first.arm) == (again.pk, HELD_OUT)
    assert Exposure.objects.count() == 1


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_beyond_all_people_is_refused(percent: int) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        arm_of(b"k", experiment="x", subject_id=1, account_id=1, percent=percent)
