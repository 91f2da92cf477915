"""What is told of a play in the background, so that nobody who plays waits for it."""

from __future__ import annotations

from banyan.notify.actions import notify

from ..mechanic import mechanic, terms_of
from ..models import Instance
from ..words import titled


def tell_news(instance_id: int, *, nth: int | None = None) -> None:
    """Tell what a mechanic says of the ``nth`` help, or without one of an instance that has ended.

    Repeatable as far as notices are. One statement where there is nothing to tell.
    """
    rows = Instance.objects.select_related("campaign__shop", "version")
    instance = rows.get(pk=instance_id)
    kind = mechanic(instance.campaign.mechanic)
    if nth is not None:
        news = kind.progress(instance, terms_of(instance), nth)
    elif instance.ended_at is not None:
        news = kind.finished(instance, terms_of(instance))
    else:
        return
    for one in news:
        notify(
            recipient_id=one.who,
            kind=one.kind,
            group_key=f"{one.kind}:{instance.pk}",
            url=f"/play/{instance.code}",
            data={**titled(instance.campaign), **one.data},
        )
