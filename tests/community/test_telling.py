"""Followers who asked to hear of every post: told in batches, as far as they may see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from banyan.community import actions as community
from banyan.community import jobs
from banyan.community.actions import telling
from banyan.community.models import Post
from banyan.kernel import relay
from banyan.kernel.models import StoredEvent
from banyan.notify.actions import Where, mark_read, set_switch
from banyan.notify.models import Notification
from banyan.notify.queries import notifications
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.people.rules.relations import EVERY_POST
from tests.community.posts import post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


def fan(of: Account, *, level: int = EVERY_POST) -> Account:
    reader = member()
    people.follow(actor=actor(reader), account_id=of.pk)
    people.set_follow_level(actor=actor(reader), account_id=of.pk, level=level)
    return reader


def tell(row: Post) -> None:
    jobs.tell_of_every_post(post_id=str(row.pk), day="20260101")


def told(reader: Account) -> list[str]:
    return [one.url for one in notifications(reader.pk) if "published" in one.text]


def test_publishing_leaves_the_telling_to_a_job() -> None:
    ana = member()
    eager = fan(ana)
    shown = post(ana)
    people.follow(actor=actor(ana), account_id=eager.pk)
    community.repin(actor=actor(eager), post_id=shown.pk)
    relay.drain()

    [job] = ProcrastinateJob.objects.filter(task_name__endswith="tell_of_every_post")
    assert job.args["post_id"] == str(shown.pk)
    assert told(eager) == []


def test_who_asked_is_told_of_what_they_may_see_and_nobody_else_is() -> None:
    ana = member()
    eager, calm, apart, deaf, muter = fan(ana), fan(ana, level=0), fan(ana), fan(ana), fan(ana)
    people.block(actor=actor(apart), account_id=ana.pk)
    set_switch(actor=actor(deaf), family="posts", where=Where(page=False, push=False, email=False))
    people.mute_person(actor=actor(muter), account_id=ana.pk)
    shown = post(ana, title="Tea")
    friends, nobody = post(ana, visibility=2), post(ana, visibility=3)

    for row in (shown, friends, nobody):
        tell(row)

    assert told(eager) == [f"/p/{shown.pk}"]
    for reader in (calm, apart, deaf, muter):
        assert told(reader) == []
    notice = Notification.objects.get(recipient=eager, kind="posted")
    assert (notice.data, notice.n, notice.actors) == ({"title": "Tea"}, 1, [str(ana.pk)])


def test_a_job_that_fails_between_two_batches_is_run_again_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana = member()
    first, second = fan(ana), fan(ana)
    shown = post(ana)
    monkeypatch.setattr(telling, "BATCH", 1)
    real, batches = telling.tell_followers, []

    def stumble(**given: Any) -> int | None:
        batches.append(given)
        if len(batches) == 2:
            raise OperationalError("terminating connection due to administrator command")
        return real(**given)

    monkeypatch.setattr(community, "tell_followers", stumble)
    with pytest.raises(OperationalError) as broke:
        tell(shown)
    assert (told(first), told(second)) == ([f"/p/{shown.pk}"], [])

    job = Job(
        id=1, queue="bulk", lock=None, queueing_lock=None, task_name="", attempts=0, worker_id=None
    )
    assert jobs.tell_of_every_post.get_retry_exception(broke.value, job) is not None
    tell(shown)
    assert (told(first), told(second)) == ([f"/p/{shown.pk}"], [f"/p/{shown.pk}"])


def test_a_job_that_runs_twice_tells_nobody_twice() -> None:
    ana = member()
    eager = fan(ana)
    shown = post(ana)
    tell(shown)
    mark_read(recipient_id=eager.pk)
    events = StoredEvent.objects.count()

    tell(shown)

    assert Notification.objects.get(recipient=eager).read_at is not None
    assert StoredEvent.objects.count() == events
    tell(post(ana))
    assert Notification.objects.get(recipient=eager).read_at is None, "another post is news"


def test_a_batch_takes_a_handful_of_statements_whatever_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana = member()
    readers = sorted((fan(ana) for _ in range(25)), key=lambda one: one.pk)
    shown = post(ana)
    monkeypatch.setattr(telling, "BATCH", 1)
    community.tell_followers(post=shown, day="before")  # fills caches of the process
    taken, after = {}, None
    for size in (2, 10, 20):
        monkeypatch.setattr(telling, "BATCH", size)
        with CaptureQueriesContext(connection) as seen:
            after = community.tell_followers(post=shown, day=f"{size}")
        assert after == readers[size - 1].pk
        assert Notification.objects.filter(group_key=f"posted:{ana.pk}:{size}").count() == size
        taken[size] = len([one for one in seen if "SAVEPOINT" not in one["sql"]])
    assert len(set(taken.values())) == 1, taken
    assert taken[20] <= 8, taken

    last = community.tell_followers(post=shown, day="20", after=after or 0)
    assert last is None, "fewer than a batch is the end"
    assert Notification.objects.filter(group_key=f"posted:{ana.pk}:20").count() == 25
