"""The picture of a permit as an answer."""

from __future__ import annotations

from django.http import HttpResponse

from banyan.kernel.problems import NotFound
from banyan.media.queries import original_bytes

from .models import Permit, PermitPicture


def picture_answer(permit: Permit) -> HttpResponse:
    """Return a permit's picture, never to be stored; NotFound without one.

    The caller has looked whether its reader is of the office or of the shop.
    """
    kept = PermitPicture.objects.filter(permit=permit).first()
    if kept is not None:
        jpeg = bytes(kept.jpeg)
    elif permit.image is not None:
        try:
            jpeg = original_bytes(permit.image)
        except FileNotFoundError as error:
            raise NotFound() from error
    else:
        raise NotFound()
    return HttpResponse(
        jpeg,
        content_type="image/jpeg",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'inline; filename="permit-{permit.pk}.jpg"',
        },
    )
