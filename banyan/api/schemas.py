"""What bodies and answers are made of: ids as text, money in minor units, bounded text."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from banyan.kernel import clock, money
from banyan.kernel.problems import Invalid

LARGEST_ID = 2**63 - 1
ID_SCHEMA = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$", "examples": ["394875620398475264"]}


class Body(BaseModel):
    """A request body: a field that the route does not know is refused by name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid")


def _read_id(value: Any) -> int:
    # Text only: a number of this size is already another one in most JSON readers.
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > 19:
        raise ValueError("an id is text of up to 19 digits")
    number = int(value)
    if not 0 < number <= LARGEST_ID:
        raise ValueError("no id is this large")
    return number


Id = Annotated[int, BeforeValidator(_read_id), WithJsonSchema(ID_SCHEMA)]
"""An id as it comes in: text."""

IdOut = Annotated[int, PlainSerializer(str, return_type=str), WithJsonSchema(ID_SCHEMA)]
"""An id as it goes out: text, because it exceeds 2^53."""

Moment = Annotated[
    dt.datetime,
    PlainSerializer(
        lambda at: at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        return_type=str,
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time as it goes out: ISO 8601, UTC, milliseconds."""

MomentIn = Annotated[AwareDatetime, Field(ge=clock.EARLIEST, lt=clock.LATEST)]
"""A time as it comes in: ISO 8601 with its offset, from 1970 to 2199."""

Amount = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Positive = Annotated[int, Field(strict=True, ge=1, le=10**12)]
Count = Annotated[int, Field(strict=True, ge=1, le=99)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", max_length=3)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,24}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Alt = Annotated[str, StringConstraints(max_length=300)]
Line = Annotated[str, StringConstraints(max_length=300)]


class Money(Answer):
    """An amount in minor units of a currency: 1250 EUR is 12.50 euros."""

    amount: int
    currency: str

    @classmethod
    def of(cls, value: money.Money) -> Money:
        """Return the answer of a money value."""
        return cls(amount=value.amount, currency=value.currency)

    @classmethod
    def at(cls, amount: int, currency: str) -> Money:
        """Return ``amount`` of ``currency``."""
        return cls(amount=amount, currency=currency)


class MoneyIn(Body):
    """An amount above zero, in minor units."""

    amount: Positive
    currency: Currency


class MoneyFromZero(Body):
    """An amount that is not negative, in minor units."""

    amount: Amount
    currency: Currency


def minor(value: MoneyIn | MoneyFromZero, currency: str, field: str) -> int:
    """Return the minor units of ``value``; Invalid when it is in another currency."""
    if value.currency != currency:
        told = _("This is in %(currency)s here.") % {"currency": currency}
        raise Invalid(code="other_currency", fields={f"{field}.currency": told})
    return value.amount


class Picture(Answer):
    """A picture: ``url`` is a path of this host (or absolute, where a CDN serves it)."""

    url: str
    width: int
    height: int
    alt: str

    @classmethod
    def of(cls, shown: dict[str, Any] | None) -> Picture | None:
        """Return the answer of a picture as pages draw it; None without one."""
        if shown is None:
            return None
        return cls(url=shown["src"], width=shown["width"], height=shown["height"], alt=shown["alt"])


class Person(Answer):
    """Somebody, as strangers see them."""

    id: IdOut
    handle: str
    name: str


class FieldError(Answer):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457). ``code`` is stable; ``title`` is for people."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    errors: list[FieldError] | None = None
