"""Columns that point to another table, for tables that are in use."""

from django.db.migrations import AddField, RunSQL, SeparateDatabaseAndState
from django.db.models import ForeignKey


def add_reference(
    model_name: str, name: str, field: ForeignKey, *, table: str, to: str
) -> SeparateDatabaseAndState:
    """Return the operation that adds a nullable foreign key ``name`` from ``table`` to ``to``.

    Without holding either table while rows are read: the constraint is made for new rows, then
    validated. For migrations that are not atomic; an index is a matter of its own.
    """
    column, key = f"{name}_id", f"{table}_{name}_fk"
    return SeparateDatabaseAndState(
        database_operations=[
            RunSQL(
                f'ALTER TABLE "{table}" ADD COLUMN IF NOT EXISTS "{column}" bigint NULL',
                f'ALTER TABLE "{table}" DROP COLUMN "{column}"',
            ),
            RunSQL(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{key}" FOREIGN KEY ("{column}")'
                f' REFERENCES "{to}" ("id") DEFERRABLE INITIALLY DEFERRED NOT VALID',
                RunSQL.noop,
            ),
            RunSQL(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{key}"', RunSQL.noop),
        ],
        state_operations=[AddField(model_name=model_name, name=name, field=field)],
    )
