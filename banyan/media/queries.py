"""Pictures as pages show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from django.db import connection
from django.db.models import ForeignObjectRel
from PIL.Image import Image as Pixels

from banyan.kernel.actors import Actor

from . import rules, store
from .access import staged_uploads
from .models import Image, Rendition, StagedUpload
from .pixels import opened
from .problems import StagedGone

Variant = Literal["card", "large"]
_FILE = re.compile(r"p/[0-9a-f]{2}/[0-9a-f]{38}[^/]*\.(?:avif|webp|jpg)")


class Made(NamedTuple):
    """A rendition as its picture needs it; ``width`` in pixels."""

    fmt: str
    width: int
    height: int
    bytes: int
    file: str


class Files:
    """The files of some pictures; what is gone has none."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take rows of ``_FILES``, narrowest file first."""
        self._of = {
            pk: (alt, palette, preview, [Made(*one) for one in zip(*made, strict=True)])
            for pk, alt, palette, preview, *made in rows
        }

    def picture(self, image_id: int, variant: Variant = "card") -> dict[str, Any] | None:
        """Return what ``ui.picture`` draws; None when it is gone.

        ``card`` offers widths up to 720 and no file over 120 KB; ``large`` all up to 1080. It is
        ``{src, width, height, alt, sources: [{type, srcset}], srcset, placeholder, preview}``;
        renditions that are not made yet are simply not offered.
        """
        found = self._of.get(image_id)
        if found is None:
            return None
        alt, palette, preview, made = found
        return _drawn(made, variant) | {"alt": alt, "placeholder": palette, "preview": preview}

    def thumb(self, image_id: int | None, width: int = 240) -> str:
        """Return the address of one small WebP (or what there is); empty when it is gone."""
        made = self._of.get(image_id or 0, ("", None, None, []))[3]
        plain = sorted(
            (one for one in made if one.fmt != "avif"), key=lambda one: one.fmt, reverse=True
        )
        plain.sort(key=lambda one: one.width)
        return store.address(_nearest(plain, width).file) if plain else ""


def files_of(image_ids: Iterable[int | None]) -> Files:
    """Return the files of some pictures. One statement, none for none."""
    ids = sorted({int(one) for one in image_ids if one})
    if not ids:
        return Files(())
    with connection.cursor() as cursor:
        cursor.execute(_FILES, [ids])
        return Files(cursor.fetchall())


# A row per picture and not per file: a page of pictures has some hundred files.
_FILES = """
SELECT image.id, image.alt, image.palette, image.preview,
       array_agg(made.fmt ORDER BY made.width), array_agg(made.width ORDER BY made.width),
       array_agg(made.height ORDER BY made.width), array_agg(made.bytes ORDER BY made.width),
       array_agg(made.file ORDER BY made.width)
FROM media_image image JOIN media_rendition made ON made.image_id = image.id
WHERE image.id = ANY(%s) GROUP BY image.id
"""


def pictures(
    image_ids: Iterable[int | None], variant: Variant = "card"
) -> dict[int, dict[str, Any]]:
    """Return :meth:`Files.picture` by image id; ids that are gone are left out. One statement."""
    ids = {int(one) for one in image_ids if one}
    files = files_of(ids)
    drawn = {pk: files.picture(pk, variant) for pk in ids}
    return {pk: picture for pk, picture in drawn.items() if picture is not None}


def _drawn(renditions: Sequence[Made], variant: Variant) -> dict[str, Any]:
    """Return the files of a picture and how large it is, from renditions, narrowest first."""
    offered = _offered(renditions, variant)
    by_format = {fmt: [r for r in offered if r.fmt == fmt] for fmt in rules.MIME}
    plain = by_format["jpeg"] or by_format["webp"] or by_format["avif"]
    shown = _nearest(plain, rules.FIRST_WIDTH if variant == "card" else rules.WIDTHS[-1])
    better = [f for f in ("avif", "webp") if by_format[f] and by_format[f] is not plain]
    return {
        "src": store.address(shown.file),
        "width": shown.width,
        "height": shown.height,
        "sources": [{"type": rules.MIME[f], "srcset": _srcset(by_format[f])} for f in better],
        "srcset": _srcset(plain) if len(plain) > 1 else "",
    }


def _offered(renditions: Sequence[Made], variant: Variant) -> Sequence[Made]:
    if variant == "large":
        return renditions
    fitting = [r for r in renditions if r.width <= rules.CARD_WIDTH and r.bytes <= rules.CARD_BYTES]
    return fitting or renditions[:1]


def _nearest(renditions: Sequence[Made], width: int) -> Made:
    """Return the narrowest that is at least ``width`` wide, or the widest."""
    return next((r for r in renditions if r.width >= width), renditions[-1])


def _srcset(renditions: Sequence[Made]) -> str:
    return ", ".join(f"{store.address(r.file)} {r.width}w" for r in renditions)


def thumb_urls(image_ids: Iterable[int | None], width: int = 240) -> dict[int, str]:
    """Return :meth:`Files.thumb` by image id: faces, thumbnails. One statement."""
    ids = {int(one) for one in image_ids if one}
    files = files_of(ids)
    return {pk: url for pk in ids if (url := files.thumb(pk, width))}


def alts_of(image_ids: Iterable[int | None]) -> dict[int, str]:
    """Return what pictures show, by image id; empty where nobody has said. One query."""
    ids = {int(one) for one in image_ids if one}
    return dict(Image.objects.filter(pk__in=ids).values_list("id", "alt")) if ids else {}


def staged_for(actor: Actor, tokens: Iterable[str]) -> list[dict[str, Any]]:
    """Return the actor's staged uploads in the given order, to draw a refused form again.

    Each is ``{token, thumb_url, name, alt, width, height, image_id}``; what is gone is left out.
    """
    wanted = list(dict.fromkeys(token for token in tokens if token))
    if not wanted:
        return []
    rows = {row.token: row for row in staged_uploads(actor, wanted)}
    thumbs = thumb_urls(row.image_id for row in rows.values())
    return [
        {
            "token": token,
            "thumb_url": thumbs.get(rows[token].image_id, ""),
            "name": rows[token].name,
            "alt": rows[token].image.alt,
            "width": rows[token].image.width,
            "height": rows[token].image.height,
            "image_id": rows[token].image_id,
        }
        for token in wanted
        if token in rows
    ]


def image_of_each(actor: Actor, tokens: Iterable[str]) -> dict[str, int]:
    """Return the image id behind each of the actor's tokens. Two may be one picture. One query."""
    return {row.token: row.image_id for row in staged_uploads(actor, tokens)}


def image_behind(url: str) -> Image | None:
    """Return the image that a rendition's URL shows, wherever the storage serves it; or None."""
    return images_behind([url]).get(url)


def images_behind(urls: Iterable[str]) -> dict[str, Image]:
    """Return the images that renditions' URLs show, by URL; strangers' are left out. One query."""
    files = {url: found.group() for url in urls if (found := _FILE.search(url))}
    if not files:
        return {}
    rows = Rendition.objects.select_related("image").filter(file__in=set(files.values()))
    images = {row.file: row.image for row in rows}
    return {url: images[file] for url, file in files.items() if file in images}


def is_shown(image: Image) -> bool:
    """Tell whether any table refers to a picture, besides its own files and staged forms."""
    own = (Rendition, StagedUpload)
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: image}).exists()
        for relation in Image._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel) and relation.related_model not in own
    )


def original_bytes(image: Image) -> bytes:
    """Return the kept original, a JPEG; FileNotFoundError when it is gone."""
    return store.read(store.private(), image.original)


def staged_bytes(actor: Actor, token: str) -> bytes:
    """Return the original behind one of the actor's tokens; StagedGone when there is none."""
    row = staged_uploads(actor, [token]).first()
    try:
        if row is not None:
            return original_bytes(row.image)
    except FileNotFoundError:
        pass  # swept this moment
    raise StagedGone(extra={"tokens": [token]})


def original_pixels(image: Image) -> Pixels:
    """Return the kept original as an RGB picture, small: for looking at it, not for showing it."""
    return opened(store.read(store.private(), image.original), (64, 64))
