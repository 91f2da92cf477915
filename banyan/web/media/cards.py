"""The pictures of a share link: QR code, poster, and the cards that previews show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import PIL.Image
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.kernel.problems import NotFound
from banyan.kernel.ratelimits import hit
from banyan.media import pixels, posters, store
from banyan.media.actions import drawn_once
from banyan.media.models import Image
from banyan.media.qr import qr_png
from banyan.media.queries import image_behind
from banyan.sharing import ports
from banyan.sharing.models import Link
from banyan.sharing.queries import link_by_code

from .uploads import address

HOUR = 3600
DRAWN_PER_HOUR = 300
FACE = (posters.FACE_SIDE * 2, posters.FACE_SIDE * 2)
Draw = Callable[[posters.Share], bytes]


def link_address(request: HttpRequest, code: str) -> str:
    """Return the absolute address of a share link: our public one, else the browser's."""
    path = f"/s/{code}"
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def link_or_404(code: str) -> Link:
    """Return a living link; NotFound for a revoked or unknown one."""
    link = link_by_code(code)
    if link is None:
        raise NotFound()
    return link


@require_safe
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """Return the QR code of a share link, at least 480 px wide for 240 CSS px."""
    link_or_404(code)
    return _picture(qr_png(link_address(request, code)), "image/png")


@require_safe
def poster(request: HttpRequest, code: str) -> HttpResponse:
    """Return the poster of a share link: picture, title, price, sharer and QR code."""
    return _drawn(request, code, "poster", posters.draw_poster, (750, 750))


@require_safe
def card(request: HttpRequest, code: str) -> HttpResponse:
    """Return the preview picture (Open Graph) of a share link."""
    return _drawn(request, code, "card", posters.draw_card, (630, 630))


@require_safe
def square(request: HttpRequest, code: str) -> HttpResponse:
    """Return the square picture of a share link for chat cards."""
    return _drawn(request, code, "square", posters.draw_square, posters.SQUARE)


def _drawn(
    request: HttpRequest, code: str, shape: str, draw: Draw, least: tuple[int, int]
) -> HttpResponse:
    link = link_or_404(code)
    target = ports.card(link.target_kind, link.target_id)
    if target is None:
        raise NotFound()
    image = image_behind(target.image) if target.image else None
    # Nobody is shown whose account is suspended or closed, though the link leads on.
    is_named = link.owner.is_active
    face = link.owner.avatar if is_named and link.owner.avatar_id else None
    said = [_("shares this with you") if is_named else "", target.label]
    words: dict[str, Any] = {
        "title": target.title,
        "url": link_address(request, code),
        "price": target.price,
        "sharer": link.owner.display_name if is_named else "",
        "line": " · ".join(one for one in said if one),
        "hint": _("Scan, or press and hold"),
        "language": get_language() or "en",
    }
    pictures = {"picture": image.original if image else "", "face": face.original if face else ""}

    def draw_now() -> bytes:
        # The language and the host are the client's choice: each draws and keeps another picture.
        hit(f"cards:{address(request)}", DRAWN_PER_HOUR, HOUR)
        return draw(posters.Share(**words, picture=_opened(image, least), face=_opened(face, FACE)))

    return _picture(drawn_once(inputs={"shape": shape, **words, **pictures}, draw=draw_now))


def _opened(image: Image | None, least: tuple[int, int]) -> PIL.Image.Image | None:
    """Return the pixels of a picture, or None when its file is gone."""
    if image is None:
        return None
    try:
        return pixels.opened(store.read(store.private(), image.original), least)
    except OSError:
        return None


def _picture(data: bytes, kind: str = "image/jpeg") -> HttpResponse:
    response = HttpResponse(data, content_type=kind)
    # Public, yet short: a revoked link or a new price must not be shown for long.
    response["Cache-Control"] = f"public, max-age={HOUR}"
    return response
