"""The project boots, migrates, and makes ids in the database."""

from __future__ import annotations

import pytest

from banyan.kernel import clock, ids
from banyan.kernel.models import StoredEvent


@pytest.mark.django_db
def test_ids_come_from_the_database_and_follow_time() -> None:
    first, second = (
        StoredEvent.objects.create(
            name="x", subject_id=1, payload={}, actor_kind="system", occurred_at=clock.now()
        )
        for _ in range(2)
    )
    assert second.pk > first.pk > 2**53
    assert abs((ids.id_time(first.pk) - clock.now()).total_seconds()) < 5
