"""Typed attributes: which values fit. Pure, without database or clock."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from banyan.kernel.digits import figure

ATTRIBUTE_KINDS = ("text", "number", "choice", "yesno", "date")
"""text: up to 200 letters; number: a decimal figure, kept as text so that it stays exact, in the
attribute's unit; choice: the code of one of its choices; yesno; date: of the calendar."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Definition:
    """What a value has to fit; ``choices`` are codes."""

    code: str
    kind: str
    choices: Sequence[str] = ()
    is_required: bool = False


def is_code(text: str) -> bool:
    """Tell whether ``text`` can be an attribute's or a choice's code."""
    return bool(_CODE.fullmatch(text))


def clean_value(wanted: Definition, text: str) -> str | bool | None:
    """Return what is kept of a typed value, None of an empty one; ValueError if it does not fit."""
    text = text.strip()
    if not text:
        return None
    if wanted.kind == "number":
        return _number(text)
    if wanted.kind == "choice":
        if text not in wanted.choices:
            raise ValueError(text)
        return text
    if wanted.kind == "yesno":
        if text not in {"yes", "no"}:
            raise ValueError(text)
        return text == "yes"
    if wanted.kind == "date":
        return dt.date.fromisoformat(text).isoformat()
    if len(text) > 200:
        raise ValueError(text)
    return text


def _number(text: str) -> str:
    value = figure(text)
    if not value.is_finite() or abs(value) > _LARGEST or -value.as_tuple().exponent > 6:  # type: ignore[operator]  # a finite number has a whole exponent
        raise ValueError(text)
    return f"{value.normalize():f}"


def kept_of(text: str) -> list[str | bool]:
    """Return everything that a typed value may be kept as, whatever kind its attribute is of."""
    found: list[str | bool] = [text]
    if text in {"yes", "no"}:
        found.append(text == "yes")
    with contextlib.suppress(ValueError):
        found.append(_number(text))
    return found


def typed_text(value: object) -> str:
    """Return a kept value as a form's field holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
