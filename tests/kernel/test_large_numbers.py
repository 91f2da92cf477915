"""A number in an expression reaches the database whole, however large it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models import F, Value
from django.db.models.functions import Greatest
from psycopg.types.numeric import Int2, Int4, Int8

from banyan.kernel.models import BoundedCounter

pytestmark = pytest.mark.django_db
LARGE = [2**15, 2**31 - 1, 2**31, 2**32 + 7, 384_125_131_250_729_010, 2**63 - 1]
DJANGOS_OWN = {
    "SmallIntegerField": Int2,
    "IntegerField": Int4,
    "BigIntegerField": Int8,
    "PositiveSmallIntegerField": Int2,
    "PositiveIntegerField": Int4,
    "PositiveBigIntegerField": Int8,
}


def stored(expression: Any) -> int:
    """Write an expression into a column of 64 bits and read it back."""
    row = BoundedCounter.objects.create(kind="large", subject_id=1, cap=2**63 - 1)
    BoundedCounter.objects.filter(pk=row.pk).update(used=expression)
    row.refresh_from_db()
    return row.used


@pytest.mark.parametrize("number", LARGE)
def test_a_sum_a_maximum_and_a_value_keep_every_bit(number: int) -> None:
    for expression in (F("used") + number, Greatest("used", number), Value(number)):
        assert stored(expression) == number
        BoundedCounter.objects.all().delete()


def test_a_filter_compares_all_of_it() -> None:
    stored(Value(2**32 + 7))

    assert BoundedCounter.objects.filter(used=F("cap") - (2**63 - 1 - 2**32 - 7)).exists()
    assert not BoundedCounter.objects.filter(used__lt=Value(7)).exists()


def test_control_with_the_width_that_is_guessed_a_number_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(DatabaseOperations, "integerfield_type_map", DJANGOS_OWN)

    assert stored(Greatest("used", 2**32 + 7)) == 7
