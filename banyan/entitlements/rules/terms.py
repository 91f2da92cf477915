"""The registry of coupon rules: a stable code, typed arguments, a pure function, a sentence.

A rule is a frozen model of its arguments: its fields draw the studio's form and check what comes
in by form or API. Another package adds one with ``@register``; no table changes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from banyan.kernel.problems import Invalid

if TYPE_CHECKING:
    from .purchase import Line, Purchase

Text = str | Promise


def _typed(kind: str, label: Text) -> Any:
    """Say how a form asks for a field, and what it is called."""
    return Field(json_schema_extra={"kind": kind, "label": label})  # type: ignore[dict-item]


Amount = Annotated[int, Field(strict=True, ge=1, le=10**11), _typed("amount", _("Amount"))]
Percent = Annotated[int, Field(strict=True, ge=1, le=10_000), _typed("rate", _("Percent"))]
Count = Annotated[int, Field(strict=True, ge=1, le=9_999), _typed("whole", _("Number of pieces"))]
Every = Annotated[int, Field(strict=True, ge=2, le=99), _typed("whole", _("Number of pieces"))]
Limit = Annotated[int | None, Field(strict=True, ge=1, le=10**11), _typed("amount", _("At most"))]
_FROM, _UNTIL = _("From hour, 0 to 24"), _("Until hour, 0 to 24")
FirstHour = Annotated[int, Field(strict=True, ge=0, le=24), _typed("whole", _FROM)]
LastHour = Annotated[int, Field(strict=True, ge=0, le=24), _typed("whole", _UNTIL)]
Ids = Annotated[tuple[int, ...], Field(min_length=1, max_length=500), _typed("ids", _("Which"))]
Words = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=60)], ...],
    Field(min_length=1, max_length=50),
    _typed("words", _("Which")),
]


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a coupon is not used: a stable ``code``, and ``more`` of what is needed, if counted."""

    code: str
    more: int = 0


class Rule(BaseModel):
    """What conditions and benefits have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: ClassVar[str]
    label: ClassVar[Text]

    @abstractmethod
    def sentence(self, currency: str) -> str:
        """Say in words what the rule asks for or gives."""


class Condition(Rule):
    """Which lines a coupon is for, and what has to be true. A new one does one of the two."""

    def keeps(self, line: Line) -> bool:
        """Tell whether the coupon is for this line."""
        return True

    def miss(self, purchase: Purchase, lines: Sequence[Line]) -> Miss | None:
        """Return what is missing, given the ``lines`` the coupon is for; None when it holds."""
        return None


class Benefit(Rule):
    """What a coupon gives: it takes off goods, or off shipping (``is_shipping``)."""

    is_shipping: ClassVar[bool] = False

    def off_goods(self, lines: Sequence[Line], left: Mapping[int, int]) -> dict[int, int]:
        """Return what to take off each line, never more than is ``left`` of it."""
        return {}

    def off_shipping(self, amount: int) -> int:
        """Return what to take off a shop's shipping of ``amount``."""
        return 0


CONDITIONS: dict[str, type[Condition]] = {}
BENEFITS: dict[str, type[Benefit]] = {}
R = TypeVar("R", bound=type[Rule])


def register(rule: R) -> R:
    """Make a rule known under its code; ValueError when the code is taken."""
    table: dict[str, Any] = CONDITIONS if issubclass(rule, Condition) else BENEFITS
    if rule.code in table:
        raise ValueError(f"two coupon rules are called {rule.code}")
    table[rule.code] = rule
    return rule


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions and benefits of a coupon."""

    conditions: tuple[Condition, ...] = ()
    benefits: tuple[Benefit, ...] = field(default=())

    def keeps(self, line: Line) -> bool:
        """Tell whether every condition is for this line."""
        return all(condition.keeps(line) for condition in self.conditions)

    def miss(self, purchase: Purchase, lines: Sequence[Line]) -> Miss | None:
        """Return what is missing first, or None."""
        if not lines:
            return Miss("coupon_other_goods")
        found = (condition.miss(purchase, lines) for condition in self.conditions)
        return next((miss for miss in found if miss is not None), None)

    def sentences(self, currency: str) -> list[str]:
        """Say in words what it gives, and then what it asks for."""
        return [rule.sentence(currency) for rule in (*self.benefits, *self.conditions)]

    def stored(self) -> dict[str, Any]:
        """Return the form in which terms are stored: two lists of {"code", "args"}."""
        return {
            "conditions": [stored_rule(rule) for rule in self.conditions],
            "benefits": [stored_rule(rule) for rule in self.benefits],
        }


def stored_rule(rule: Rule) -> dict[str, Any]:
    """Return {"code", "args"} of a rule."""
    return {"code": rule.code, "args": rule.model_dump(mode="json", exclude_defaults=True)}


def terms_of(conditions: Iterable[Any], benefits: Iterable[Any]) -> Terms:
    """Return the terms of two lists of {"code", "args"}, or of rules. Raises Invalid by field."""
    errors: dict[str, Any] = {}
    read = Terms(
        tuple(_read(CONDITIONS, "conditions", one, errors) for one in conditions),
        tuple(_read(BENEFITS, "benefits", one, errors) for one in benefits),
    )
    for name, rules in (("conditions", read.conditions), ("benefits", read.benefits)):
        codes = [rule.code for rule in rules if rule is not None]
        if len(set(codes)) < len(codes):
            errors[name] = _("Each rule once.")
    if not read.benefits:
        errors["benefits"] = _("Choose what the coupon gives.")
    if errors:
        raise Invalid(fields=errors)
    return read


def _read(table: Mapping[str, Any], name: str, given: Any, errors: dict[str, Any]) -> Any:
    if isinstance(given, Rule):
        return given
    kind = table.get(str(given.get("code", ""))) if isinstance(given, Mapping) else None
    if kind is None:
        errors[name] = _("There is no such rule.")
        return None
    try:
        return kind.model_validate(given.get("args") or {})
    except ValidationError as error:
        for one in error.errors():
            where = str(one["loc"][0]) if one["loc"] else ""
            errors[f"{kind.code}.{where}" if where else kind.code] = _("This cannot be right.")
        return None
