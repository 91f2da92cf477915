"""One touch as one line of a spool file: readable, and recognisably whole.

``@<id> <link id> <visitor or -> <channel> <verdict> <crc32 of all before, 8 hex digits>\\n``

A card that was shown is such a line too, with the verdict ``shown``; only its id's time counts.

The first character lets a line be found again behind the torn end of another one, which is what
a full disk leaves.
"""

from __future__ import annotations

import datetime as dt
import re
from binascii import crc32
from typing import NamedTuple

from banyan.kernel.ids import id_time

_BODY = re.compile(
    rb"@([0-9]{1,19}) ([0-9]{1,19}) (-|[A-Za-z0-9_-]{1,40}) ([a-z]{1,16})"
    rb" (unknown|bot|preview|prefetch|shown) ([0-9a-f]{8})"
)
_LARGEST = 2**63 - 1
SHOWN = "shown"


class Touched(NamedTuple):
    """A touch as the edge saw it; ``visitor`` is empty where there may be none."""

    id: int
    link_id: int
    visitor: str
    channel: str
    verdict: str

    @property
    def at(self) -> dt.datetime:
        """The time within the id (UTC, to the millisecond)."""
        return id_time(self.id)


def encode(touch_id: int, link_id: int, visitor: str, tail: str) -> bytes:
    """Return the line of a touch; ``tail`` is "channel verdict"."""
    body = f"@{touch_id} {link_id} {visitor or '-'} {tail} ".encode()
    return b"%b%08x\n" % (body, crc32(body))


def decode(line: bytes) -> Touched | None:
    """Return the touch of a line without its newline, or None when it is not whole."""
    line = line[line.rfind(b"@") :]
    match = _BODY.fullmatch(line)
    if match is None or crc32(line[:-8]) != int(match[6], 16):
        return None
    touch_id, link_id = int(match[1]), int(match[2])
    if max(touch_id, link_id) > _LARGEST:
        return None
    visitor, channel, verdict = (match[n].decode() for n in (3, 4, 5))
    return Touched(touch_id, link_id, "" if visitor == "-" else visitor, channel, verdict)
