"""What a remembered statement writes is what Django would have written, for every column."""

from __future__ import annotations

import datetime as dt
import enum
import warnings
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils.translation import gettext_lazy

from banyan.kernel.remembered.writing import _writer


class _Shade(enum.StrEnum):
    DARK = "dark"


VALUES = (
    *(None, "", "text", "7", 0, 7, 2**40, True, 1.5, _Shade.DARK, gettext_lazy("Cart")),
    *(dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), dt.datetime(2026, 1, 2, 3), dt.date(2026, 1, 2)),
    *({"a": [1]}, [1, 2], models.F("id")),
)


def test_every_column_takes_what_django_makes_of_a_value() -> None:
    """Given any value, fitting or not, the answer and its type are those of the field itself."""
    fields = {field for model in apps.get_models() for field in model._meta.concrete_fields}
    assert len(fields) > 1_000
    for field in fields:
        write = _writer(field)
        for value in VALUES:
            assert _made(write, value) == _made(_as_django(field), value), (field, value)


def _as_django(field: models.Field[Any, Any]) -> Any:
    return lambda value: field.get_db_prep_save(value, connection)


def _made(prepare: Any, value: object) -> tuple[type, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a moment without a zone
        try:
            made = prepare(value)
        except Exception as error:
            return type(error), str(error)
    shown = made.obj if hasattr(made, "obj") else made
    return type(made), repr(shown)
