"""From an upload to its last rendition: outbox, relay, queue, worker."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.media import actions, queries
from banyan.ops.worker import job_app
from tests.media.samples import jpeg
from tests.support.threads import alone


@pytest.mark.usefixtures("threaded_db")
def test_an_upload_ends_with_all_its_renditions() -> None:
    image = actions.intake(
        actor=Actor(kind="member", id=7), data=jpeg(1200, 900), filename="tea.jpg"
    )
    assert not ProcrastinateJob.objects.exists()
    relay.publish_once()
    relay.deliver_once("media.renditions")
    assert ProcrastinateJob.objects.get().task_name == "media.make_renditions"

    def work() -> None:
        with job_app().open() as app:
            app.run_worker(wait=False, queues=["bulk"], install_signal_handlers=False)

    alone(work)
    job = ProcrastinateJob.objects.get(task_name="media.make_renditions")
    assert job.status == "succeeded"
    assert image.renditions.count() == 12
    assert len(queries.pictures([image.pk])[image.pk]["sources"]) == 2
