"""The fonts of posters: found on the machine, never shipped, and asked for every character.

Order: ``BANYAN_CJK_FONT``, fontconfig, known places; without any, the font inside Pillow, which
has no Chinese. A character without a glyph is left out: a box instead of a letter says nothing.
Fonts for Chinese lack many letters of other alphabets; ``spare`` is a face that has them.
"""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.signals import setting_changed
from PIL import ImageFont

from .lettering import Measure

PROBE = {"zh-hant": "漢"}
PROBE_DEFAULT = "汉"
NOT_A_CHARACTER = "\U0010ffff"
PROBE_SIZE = 24
KNOWN = {
    True: (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
        "/System/Library/Fonts/STHeiti Medium.ttc",
    ),
    False: (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
        "/System/Library/Fonts/PingFang.ttc",
    ),
}

SPARE_PROBE = "ł"
SPARE = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class FontFile:
    """A face in a font file; an empty path is the font inside Pillow."""

    path: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Typeface:
    """A regular and a bold face that draw a language's characters."""

    regular: FontFile
    bold: FontFile

    def font(self, size: int, *, bold: bool = False) -> Font:
        """Return the face at ``size`` pixels."""
        return load(self.bold if bold else self.regular, size)

    def measure(self, size: int, *, bold: bool = False) -> Measure:
        """Return what measures the width of a text at ``size``."""
        return self.font(size, bold=bold).getlength

    def shown(self, text: str, *, bold: bool = False) -> str:
        """Return ``text`` without the characters that the face cannot draw."""
        face = self.bold if bold else self.regular
        composed = unicodedata.normalize("NFC", text)
        kept = (letter if letter.isspace() or draws(face, letter) else " " for letter in composed)
        return " ".join("".join(kept).split())


@lru_cache(maxsize=64)
def load(file: FontFile, size: int) -> Font:
    """Return an opened face; OSError when the file is no font."""
    if not file.path:
        return ImageFont.load_default(size)
    return ImageFont.truetype(
        file.path, size, index=file.index, layout_engine=ImageFont.Layout.BASIC
    )


@lru_cache(maxsize=20_000)
def draws(file: FontFile, letter: str) -> bool:
    """Tell whether a face has a glyph of its own for ``letter``."""
    font = load(file, PROBE_SIZE)
    mask, missing = font.getmask(letter), font.getmask(NOT_A_CHARACTER)
    inked = mask.getbbox() is not None
    return inked and (mask.size, bytes(mask)) != (missing.size, bytes(missing))


@lru_cache(maxsize=8)
def typeface(language: str = "en") -> Typeface:
    """Return the faces for ``language``: with Chinese characters, if this machine has any."""
    regular = _first(language, bold=False)
    bold = _first(language, bold=True)
    if bold.path and not regular.path:
        regular = bold
    if regular.path and not bold.path:
        bold = regular
    return Typeface(regular, bold)


@lru_cache(maxsize=1)
def spare() -> FontFile:
    """Return a face for letters that a face for Chinese lacks; an empty path without one."""
    found = (FontFile(path) for path in (*_of_fontconfig("pl", bold=False), *SPARE))
    return next(
        (file for file in found if Path(file.path).is_file() and draws(file, SPARE_PROBE)),
        FontFile(),
    )


@lru_cache(maxsize=2_000)
def other(letter: str) -> FontFile:
    """Return a face for what a face for Chinese lacks: the spare one, for letters else any.

    An empty path without one.
    """
    wanted = [spare()]
    if unicodedata.category(letter)[0] in "LMN":
        wanted += _having(letter)
    return next((file for file in wanted if file.path and _can_draw(file, letter)), FontFile())


def _having(letter: str) -> list[FontFile]:
    return [FontFile(path) for path in _matching(f"sans:charset={ord(letter):x}")]


def _can_draw(file: FontFile, letter: str) -> bool:
    try:
        return draws(file, letter)
    except OSError:  # of coloured pictures in one size
        return False


def has_chinese(language: str = "zh-hans") -> bool:
    """Tell whether posters in ``language`` can carry Chinese text on this machine."""
    return draws(typeface(language).regular, PROBE.get(language, PROBE_DEFAULT))


def _first(language: str, *, bold: bool) -> FontFile:
    probe = PROBE.get(language, PROBE_DEFAULT)
    for path in _candidates(language, bold=bold):
        file = _face(path, language)
        if file is not None and draws(file, probe):
            return file
    return FontFile()


def _candidates(language: str, *, bold: bool) -> Iterator[str]:
    if settings.CJK_FONT:
        yield settings.CJK_FONT
    yield from _of_fontconfig("zh-tw" if language == "zh-hant" else "zh-cn", bold=bold)
    yield from (path for path in KNOWN[bold] if Path(path).is_file())


def _of_fontconfig(language: str, *, bold: bool) -> Iterator[str]:
    return _matching(f"sans:lang={language}{':bold' if bold else ''}")


def _matching(pattern: str) -> Iterator[str]:
    program = shutil.which("fc-match")
    if program is None:
        return
    try:
        answer = subprocess.run(
            [program, "-f", "%{file}", pattern], capture_output=True, text=True, timeout=5,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return
    if answer.stdout:
        yield answer.stdout.strip()


def _face(path: str, language: str) -> FontFile | None:
    """Return the face of a file that is made for the language's region, or its first."""
    region = " TC" if language == "zh-hant" else " SC"
    index = 0
    while True:
        try:
            name = load(FontFile(path, index), PROBE_SIZE).getname()[0]  # type: ignore[union-attr]  # a file gives a FreeType font
        except OSError:
            return FontFile(path) if index else None
        if region in f"{name} ":
            return FontFile(path, index)
        index += 1


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting == "CJK_FONT":
        typeface.cache_clear()


setting_changed.connect(_forget, dispatch_uid="banyan.media.fonts")
