"""Collections by rules: which conditions there are. Pure, without database or clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .attributes import is_code

CONDITION_FIELDS = (
    "category",
    "tag",
    "vendor",
    "price_from",
    "price_to",
    "attribute",
    "newer_than",
    "in_stock",
)
"""category: an address; price_from, price_to: minor units, both included; attribute: code=value
as kept; newer_than: on sale for at most so many days; in_stock: the value does not count."""

MOST_CONDITIONS = 10


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: ``value`` as text."""

    field: str
    value: str = ""

    def as_json(self) -> dict[str, str]:
        """Return what is stored."""
        return {"field": self.field, "value": self.value}

    @classmethod
    def read(cls, stored: Mapping[str, str]) -> Condition:
        """Return a stored condition."""
        return cls(stored["field"], stored.get("value", ""))


def clean_condition(given: Condition) -> Condition:
    """Return a condition as it is kept; ValueError for what is none."""
    value = given.value.strip()
    if given.field not in CONDITION_FIELDS:
        raise ValueError(given.field)
    if given.field == "in_stock":
        return Condition("in_stock")
    if not value or len(value) > 200:
        raise ValueError(given.field)
    if given.field in {"price_from", "price_to", "newer_than"}:
        most = 3650 if given.field == "newer_than" else 10**12
        if not (value.isascii() and value.isdigit() and int(value) <= most):
            raise ValueError(given.field)
        return Condition(given.field, str(int(value)))
    if given.field == "attribute":
        code, equals, wanted = value.partition("=")
        if not equals or not is_code(code.strip()) or not wanted.strip():
            raise ValueError(given.field)
        return Condition("attribute", f"{code.strip()}={wanted.strip()}")
    return Condition(given.field, value)
