"""Terms of a campaign: a mechanic's parameters as one typed model.

It draws the studio's form and the API's schema, it is what the policy reads, and it is what a
version keeps. A parameter is declared once::

    places: Annotated[int, Ask(_("Places in a pack")), Field(ge=2, le=100)] = 10
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from banyan.kernel.problems import Invalid

KINDS = ("number", "money", "coupon", "variant", "categories", "choice", "switch", "text")
ROWS = frozenset({"coupon", "variant", "categories"})
"""Kinds of parameters that name rows: by one id, by several ids."""


@dataclass(frozen=True)
class Ask:
    """How a parameter is asked for: its label, a hint, the kind of field, and its choices.

    ``kind`` is one of KINDS; "money" is typed in the shop's currency and kept in minor units;
    "coupon" and "variant" are ids of the shop's own, "categories" any number of ids.
    """

    label: Any
    hint: Any = ""
    kind: str = "number"
    choices: tuple[tuple[str, Any], ...] = ()
    unit: Any = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of the form: its name, how it is asked for, its usual value, its bounds, and whether
    nothing goes without it.
    """

    name: str
    ask: Ask
    default: Any
    least: int | None
    most: int | None
    is_needed: bool


@dataclass(frozen=True, slots=True)
class FromOrder:
    """A play comes with a paid order that is worth ``least``, for ``days`` after its payment."""

    least: int
    days: int


class Terms(BaseModel):
    """Base of every mechanic's parameters. Frozen; unknown names are refused.

    ``main`` names the parameter that is the benefit, ``more`` others that are part of it: a lower
    price, prizes beside the coupons. ``honour`` is no parameter: it is set where the campaign's
    drive is honour alone, and nothing is given then but marks.
    ``spare_coupons`` name what it gives when something went wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    coupon_fields: ClassVar[tuple[str, ...]] = ()
    spare_coupons: ClassVar[tuple[str, ...]] = ()
    variant_fields: ClassVar[tuple[str, ...]] = ()
    main: ClassVar[str] = ""
    more: ClassVar[tuple[str, ...]] = ()

    honour: bool = False

    @classmethod
    def asked(cls) -> list[Asked]:
        """Return the fields of the form, in order of declaration."""
        fields = cls.model_fields.items()
        return [_asked(name, field) for name, field in fields if name not in Terms.model_fields]

    def gains(self) -> list[str]:
        """Return the parameters that promise a benefit as they stand; needed ones are not asked."""
        names = dict.fromkeys(name for name in (self.main, *self.more, *self.coupon_fields) if name)
        defaults = {name: type(self).model_fields[name] for name in names}
        return [
            name
            for name, field in defaults.items()
            if not field.is_required() and getattr(self, name) != field.default
        ]

    @property
    def priced(self) -> tuple[int, int] | None:
        """The variant that is sold for less, and the price that is told, in minor units."""
        return None

    @property
    def from_order(self) -> FromOrder | None:
        """Which orders of the shop bring a play, where it is begun by nothing else."""
        return None

    @property
    def outside(self) -> int | None:
        """The coupon that a picture of likes on another network brings, where one is asked for."""
        return None

    @property
    def is_daily(self) -> bool:
        """Whether it is begun by coming by, once a day by the date of the shop."""
        return False

    def misfits(self, landing: str) -> Mapping[str, Any]:
        """Return which parameters do not go with how it ends, by field."""
        return {}

    @property
    def idle(self) -> frozenset[str]:
        """Names of parameters that mean nothing as the others stand."""
        return frozenset()


T = TypeVar("T", bound=Terms)


def _asked(name: str, field: FieldInfo) -> Asked:
    ask = next((one for one in field.metadata if isinstance(one, Ask)), None)
    if ask is None or ask.kind not in KINDS:
        raise TypeError(f"{name}: how is it asked for?")
    least = next((one.ge for one in field.metadata if hasattr(one, "ge")), None)
    most = next((one.le for one in field.metadata if hasattr(one, "le")), None)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return Asked(name, ask, default, least, most, field.is_required())


# Ids are as large as a column; no amount and no number means anything beyond the other bound.
_LARGEST = dict.fromkeys(KINDS, 10**11) | dict.fromkeys(ROWS, 2**63 - 1)

_MESSAGES: dict[str, Any] = {
    "missing": _("This is needed."),
    "greater_than_equal": _("Enter at least %(ge)s."),
    "less_than_equal": _("Enter at most %(le)s."),
    "too_short": _("This is needed."),
    "string_too_long": _("This is too long."),
}


def read(terms: type[T], given: Mapping[str, Any]) -> T:
    """Return the terms of what was given; raises Invalid with a message per field."""
    try:
        made = terms.model_validate(dict(given))
    except ValidationError as error:
        fields: dict[str, Any] = {}
        for fault in error.errors():
            name = str(fault["loc"][0]) if fault["loc"] else "terms"
            if fault["type"] == "value_error":
                fields.setdefault(name, str(fault["ctx"]["error"]))
                continue
            message = _MESSAGES.get(fault["type"], _("This cannot be chosen here."))
            fields.setdefault(name, str(message) % fault.get("ctx", {}))
        raise Invalid(fields=fields) from error
    over = {
        one.name: str(_("This cannot be chosen here."))
        for one in terms.asked()
        if any(abs(value) > _LARGEST[one.ask.kind] for value in _numbers(getattr(made, one.name)))
    }
    if over:
        raise Invalid(fields=over)
    return made


def _numbers(value: Any) -> tuple[int, ...]:
    """Return the numbers that a parameter is: none, one, or several ids."""
    found = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in found if isinstance(one, int))
