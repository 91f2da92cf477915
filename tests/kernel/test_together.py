"""Migrations whose models are rendered once do, and undo, what they would do one by one."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.db.migrations import AddIndex, CreateModel, RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.models import BigAutoField, Index

from banyan.kernel.migrations._together import AtOnce, at_once

_COLUMNS = """
SELECT table_name, column_name, column_default, is_nullable, data_type
FROM information_schema.columns WHERE table_schema = 'public' AND table_name LIKE %s
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
FROM pg_constraint WHERE conrelid::regclass::text LIKE %s
"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename LIKE %s"


def _plain(value: object) -> object:
    """Leave out how a condition is bracketed: one that came from a dump is written otherwise."""
    return (
        re.sub(r"::(text|character varying)|[()\[\]]", "", value)
        if isinstance(value, str)
        else value
    )


def tables_of(app: str) -> set[tuple[object, ...]]:
    """Return all that the database knows of an application's tables."""
    found: set[tuple[object, ...]] = set()
    with connection.cursor() as cursor:
        for question in (_COLUMNS, _CONSTRAINTS, _INDEXES):
            cursor.execute(question, [f"{app}\\_%"])
            found |= {tuple(map(_plain, row)) for row in cursor.fetchall()}
    return found


@pytest.mark.usefixtures("threaded_db")  # some of it is done outside a transaction
@pytest.mark.parametrize(
    ("app", "name"),
    [
        ("market", "0001_initial"),  # tables with checks and indexes
        ("groups", "0003_belonging"),  # columns, checks and a reference on tables in use
    ],
)
def test_what_was_undone_comes_back_as_it_was(app: str, name: str) -> None:
    loader = MigrationLoader(connection)
    migration, node = loader.get_migration(app, name), (app, name)
    assert any(isinstance(operation, AtOnce) for operation in migration.operations)
    before = loader.graph.make_state(nodes=node, at_end=False, real_apps=loader.unmigrated_apps)
    there = tables_of(app)
    try:
        with connection.schema_editor(atomic=migration.atomic) as editor:
            migration.unapply(before.clone(), editor)
        assert tables_of(app) < there
    finally:
        with connection.schema_editor(atomic=migration.atomic) as editor:
            migration.apply(before, editor)
    assert tables_of(app) == there


def test_what_reads_rows_stands_alone_between_what_it_sees_and_what_it_does_not() -> None:
    table = CreateModel("Thing", fields=[("id", BigAutoField(primary_key=True))])
    index = AddIndex("thing", Index(fields=["id"], name="thing_id"))
    rows = RunPython(RunPython.noop)

    first, alone, last = at_once(table, rows, index)

    assert isinstance(first, AtOnce)
    assert first.operations == [table]
    assert alone is rows
    assert first.reversible
    assert not AtOnce([table, rows]).reversible
    assert isinstance(last, AtOnce)
    assert last.operations == [index]
