"""Checks for tables that are in use: what migrations of several packages do about them."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db.migrations.operations.base import Operation
from django.db.models import CheckConstraint


def add_check(model_name: str, constraint: CheckConstraint) -> list[Operation]:
    """Return the operations that add a check without holding the table while its rows are read.

    For migrations that are not atomic. A check that replaces another gets a name of its own and
    comes first, so that the table is never without one.
    """
    return [
        AddConstraintNotValid(model_name=model_name, constraint=constraint),
        ValidateConstraint(model_name=model_name, name=constraint.name),
    ]
