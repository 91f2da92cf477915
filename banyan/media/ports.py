"""What media asks of the floors above: may this picture be here at all?"""

from __future__ import annotations

from typing import Protocol

from PIL import Image


class PictureCheck(Protocol):
    """Refuses an upload by raising a Problem; called outside transactions."""

    def __call__(self, digest: str, pixels: Image.Image | None) -> None:
        """``digest`` is the SHA-256 of the file; ``pixels`` is None before it was decoded."""


_checks: list[PictureCheck] = []


def register_check(check: PictureCheck) -> None:
    """Let ``check`` refuse uploads. Called in ``AppConfig.ready()``; once is enough."""
    if check not in _checks:
        _checks.append(check)


def check(digest: str, pixels: Image.Image | None) -> None:
    """Ask every check; the first refusal counts."""
    for each in _checks:
        each(digest, pixels)
