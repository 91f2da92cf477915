"""Where a list that is ordered by a moment goes on, whatever is added to it or moves meanwhile."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from django.db.models import Q

from . import clock
from .digits import whole

PATTERN = r"^[0-9]{1,17}-[0-9]{1,19}$"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page as it stood there: its moment, to the microsecond, and its id."""

    at: dt.datetime
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _TICK}-{self.pk}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the cursor that ``str`` wrote; None for anything else."""
        if not re.fullmatch(PATTERN, text, re.ASCII):
            return None
        ticks, pk = (whole(part) for part in text.split("-"))
        if ticks is None or pk is None or ticks >= (clock.LATEST - _EPOCH) // _TICK:
            return None
        return cls(_EPOCH + ticks * _TICK, pk)

    def further(self, field: str) -> Q:
        """Return the condition of what follows in the order of ``-field, -pk``."""
        return Q((f"{field}__lt", self.at)) | Q((field, self.at), pk__lt=self.pk)
