"""Pure rules: addresses within words, and the middle of some times."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

WHO = ("everybody", "following", "nobody")
# What people put into messages themselves. Other kinds of cards have an owner above, who says what
# becomes of them; what was said elsewhere is taken back there.
CARD_KINDS = ("product", "post", "shop", "storefront", "link", "order")
TAKEN_BACK = ("", *CARD_KINDS)
# Letters that may stand in an address; what closes a sentence after it is not a part.
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]{3,500}", re.IGNORECASE)
_CLOSING = ".,;:!?)]}»”’。，；：！？）】」"
MOST_ADDRESSES = 20


class Piece(NamedTuple):
    """A part of a text; ``href`` where it is an address."""

    text: str
    href: str = ""


def pieces(body: str) -> list[Piece]:
    """Return a text as plain parts and addresses, which together are the text."""
    found: list[Piece] = []
    done = 0
    for start, address in addresses(body):
        if start > done:
            found.append(Piece(body[done:start]))
        found.append(Piece(address, address))
        done = start + len(address)
    if done < len(body):
        found.append(Piece(body[done:]))
    return found


def addresses(body: str) -> Iterator[tuple[int, str]]:
    """Yield where each address of the web begins, and the address."""
    for count, match in enumerate(_ADDRESS.finditer(body)):
        if count == MOST_ADDRESSES:
            return
        yield match.start(), match.group().rstrip(_CLOSING)


def median(times: Sequence[dt.timedelta]) -> dt.timedelta | None:
    """Return the middle of ``times``, between the two middle ones; None of none."""
    if not times:
        return None
    ranked = sorted(times)
    middle = len(ranked) // 2
    if len(ranked) % 2:
        return ranked[middle]
    return (ranked[middle - 1] + ranked[middle]) / 2
