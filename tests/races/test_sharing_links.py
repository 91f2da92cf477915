"""The same share asked for at once: one link."""

from __future__ import annotations

import pytest
from django.db import connection

from banyan.kernel.models import StoredEvent
from banyan.sharing import actions
from banyan.sharing.models import Link
from tests.support import factories as make
from tests.support.threads import run_concurrently

pytestmark = pytest.mark.usefixtures("threaded_db")


def share_at_once() -> list[object]:
    ana, item = make.member(), make.product()
    return run_concurrently(
        lambda: (
            actions.share(
                actor=make.actor(ana), target_kind="product", target_id=item.pk, via=None
            ).pk
        ),
        8,
    )


def test_a_share_asked_for_at_once_is_one_link() -> None:
    made = share_at_once()

    assert len(set(made)) == 1
    assert Link.objects.count() == 1
    assert StoredEvent.objects.filter(name="link.shared").count() == 1


def test_negative_control_without_the_constraint_there_are_several() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX link_once_a_place")
    try:
        made = {tuple(sorted(map(str, share_at_once()))) for _ in range(5)}
        assert any(len(set(keys)) > 1 for keys in made)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM sharing_link")
            cursor.execute(
                "CREATE UNIQUE INDEX link_once_a_place ON sharing_link"
                " (owner_id, target_kind, target_id, parent_id, place) NULLS NOT DISTINCT"
                " WHERE revoked_at IS NULL"
            )
