"""Who may use which picture and which staged upload."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .models import Image, StagedUpload


def get_image_for(actor: Actor, image_id: int) -> Image:
    """Return a picture of the actor's own; NotFound when absent or another's."""
    image = Image.objects.filter(pk=image_id, owner_id=actor.id).first() if actor.id else None
    if image is None:
        raise NotFound()
    return image


def staged_uploads(actor: Actor, tokens: Iterable[str]) -> QuerySet[StagedUpload]:
    """Return the actor's staged uploads among ``tokens``, with their pictures.

    What a visitor staged before signing in stays theirs in the same browser.
    """
    mine = Q(pk__in=())
    if actor.id:
        mine |= Q(owner_id=actor.id)
    if actor.visitor:
        mine |= Q(owner_id=None, visitor=actor.visitor)
    return StagedUpload.objects.filter(mine, token__in=list(tokens)).select_related("image")
