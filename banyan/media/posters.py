"""What a share looks like as one picture: a poster with a QR code, and the cards of previews.

Drawing only: takes words and pictures, returns JPEG bytes. No word here says anything about
earning, so the same picture may go wherever rewarded sharing is not allowed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

from . import pixels, qr
from .fonts import Typeface, typeface
from .lettering import elide, fit

DESIGN = "2"  # part of every key: a changed design draws every picture anew
POSTER = (750, 1334)
CARD = (1200, 630)
SQUARE = (400, 400)
CARD_BYTES = 300 * 1024
POSTER_QUALITY = 86

PAPER = (251, 248, 243)
WHITE = (255, 255, 255)
INK = (28, 25, 22)
QUIET_INK = (107, 99, 90)
FIG = (194, 60, 33)
LINE = (236, 229, 219)
GROUND = (222, 206, 186)
MARGIN = 40
QR_SIDE = 300
FACE_SIDE = 88

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Share:
    """What is shown of a share. Texts may be empty and pictures None; nothing takes their place.

    ``url`` is the absolute address in the QR code, ``line`` stands under the sharer's name,
    ``hint`` beside the code. ``language`` chooses the face of Chinese characters.
    """

    title: str
    url: str
    price: str = ""
    picture: Image.Image | None = None
    sharer: str = ""
    face: Image.Image | None = None
    line: str = ""
    hint: str = ""
    language: str = "en"


class _Sheet:
    """A canvas with the few marks that posters and cards are made of."""

    def __init__(self, size: tuple[int, int], ground: Colour, language: str) -> None:
        self.image = Image.new("RGB", size, ground)
        self.draw = ImageDraw.Draw(self.image)
        self.type: Typeface = typeface(language)

    def picture(
        self, picture: Image.Image | None, box: tuple[int, int, int, int], radius: int
    ) -> None:
        """Fill ``box`` (left, top, width, height) with the middle of a picture."""
        left, top, width, height = box
        mask = _rounded(width, height, radius)
        if picture is None:
            self.image.paste(GROUND, (left, top), mask)
            return
        cut = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
        self.image.paste(cut, (left, top), mask)

    def face(self, face: Image.Image | None, name: str, at: tuple[int, int], side: int) -> None:
        """Draw a round face, or the first letter of the name."""
        self.picture(face, (*at, side, side), side // 2)
        letter = self.type.shown(name, bold=True)[:1].upper()
        if face is None and letter:
            font = self.type.font(side // 2, bold=True)
            middle = (at[0] + side / 2, at[1] + side / 2)
            self.draw.text(middle, letter, INK, font, anchor="mm")

    def line(
        self,
        text: str,
        at: tuple[int, int],
        width: int,
        size: int,
        ink: Colour = INK,
        *,
        bold: bool = False,
    ) -> int:
        """Write one line, cut to ``width``; return where the next may begin."""
        shown = self.type.shown(text, bold=bold)
        if not shown:
            return at[1]
        font = self.type.font(size, bold=bold)
        self.draw.text(at, elide(shown, width, font.getlength), ink, font, anchor="la")
        return at[1] + round(size * 1.4)

    def block(
        self, text: str, at: tuple[int, int], width: int, *, lines: int, sizes: tuple[int, int]
    ) -> int:
        """Write bold lines as large as they fit; return where the next may begin."""
        shown = self.type.shown(text, bold=True)
        if not shown:
            return at[1]
        fitted = fit(
            shown,
            width=width,
            lines=lines,
            measure_at=lambda size: self.type.measure(size, bold=True),
            smallest=sizes[0],
            largest=sizes[1],
        )
        font = self.type.font(fitted.size, bold=True)
        top = at[1]
        for line in fitted.lines:
            self.draw.text((at[0], top), line, INK, font, anchor="la")
            top += round(fitted.size * 1.32)
        return top

    def code(self, url: str, at: tuple[int, int], side: int) -> None:
        """Draw a QR code in the middle of a white square."""
        self.image.paste(WHITE, at, _rounded(side, side, 16))
        code = Image.open(io.BytesIO(qr.qr_within(url, side))).convert("RGB")
        gap = (side - code.width) // 2
        self.image.paste(code, (at[0] + gap, at[1] + gap))


@lru_cache(maxsize=16)
def _rounded(width: int, height: int, radius: int) -> Image.Image:
    """Return a mask with smooth round corners."""
    mask = Image.new("L", (width * 2, height * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * 2 - 1, height * 2 - 1), radius * 2, 255)
    return mask.resize((width, height), Image.Resampling.BOX)


def draw_poster(share: Share) -> bytes:
    """Return the JPEG (750 x 1334) that people save and send: all of it, and a code to scan."""
    sheet = _Sheet(POSTER, PAPER, share.language)
    width = POSTER[0] - 2 * MARGIN
    sheet.picture(share.picture, (MARGIN, MARGIN, width, 690), 28)
    below = sheet.block(share.title, (MARGIN, 756), width, lines=2, sizes=(30, 46))
    sheet.line(share.price, (MARGIN, below + 8), width, 52, FIG, bold=True)
    top = POSTER[1] - MARGIN - QR_SIDE
    left = POSTER[0] - MARGIN - QR_SIDE
    sheet.code(share.url, (left, top), QR_SIDE)
    room = left - 2 * MARGIN
    if share.sharer:
        sheet.face(share.face, share.sharer, (MARGIN, top + 16), FACE_SIDE)
    below = sheet.line(share.sharer, (MARGIN, top + 124), room, 34, bold=True)
    sheet.line(share.line, (MARGIN, below), room, 26, QUIET_INK)
    sheet.line(share.hint, (MARGIN, top + QR_SIDE - 38), room, 24, QUIET_INK)
    return pixels.encode(sheet.image, "jpeg", POSTER_QUALITY)


def draw_card(share: Share) -> bytes:
    """Return the JPEG (1200 x 630, under 300 KB) that a link preview shows."""
    sheet = _Sheet(CARD, PAPER, share.language)
    sheet.picture(share.picture, (0, 0, CARD[1], CARD[1]), 0)
    left, width = CARD[1] + 48, CARD[0] - CARD[1] - 96
    if share.sharer:
        sheet.face(share.face, share.sharer, (left, 56), 64)
        sheet.line(share.sharer, (left + 84, 60), width - 84, 28, bold=True)
        sheet.line(share.line, (left + 84, 98), width - 84, 20, QUIET_INK)
    below = sheet.block(share.title, (left, 180), width, lines=4, sizes=(32, 60))
    sheet.line(share.price, (left, below + 20), width, 54, FIG, bold=True)
    return pixels.encode_within(sheet.image, "jpeg", CARD_BYTES)


def draw_square(share: Share) -> bytes:
    """Return the JPEG (400 x 400) of chat cards: the picture alone, or the title without one."""
    sheet = _Sheet(SQUARE, PAPER, share.language)
    if share.picture is not None:
        sheet.picture(share.picture, (0, 0, *SQUARE), 0)
    else:
        sheet.image.paste(LINE, (0, 0, *SQUARE))
        sheet.block(share.title, (MARGIN, 72), SQUARE[0] - 2 * MARGIN, lines=4, sizes=(28, 48))
    return pixels.encode_within(sheet.image, "jpeg", CARD_BYTES)
