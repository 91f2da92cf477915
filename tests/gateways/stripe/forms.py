"""Nested form fields, as the published examples send them (``a[b]=1``, ``c[0][d]=2``)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .refusals import Refusal

_PARTS = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """Return the fields of a query or body; lists are dicts by position until :func:`listed`."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        root, *_ = name.partition("[")
        at = found
        path = [root, *_PARTS.findall(name)]
        for step in path[:-1]:
            at = at.setdefault(step or str(len(at)), {})
        at[path[-1] or str(len(at))] = value
    return found


def listed(value: dict[str, Any] | None) -> list[Any]:
    """Return the items of a list field in order."""
    return [] if not value else [value[position] for position in sorted(value, key=int)]


def whole(value: Any, param: str) -> int:
    """Return an integer field; https://docs.stripe.com/error-codes#parameter-invalid-integer."""
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise Refusal(f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)
    return int(value)
