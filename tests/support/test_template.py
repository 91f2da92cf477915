"""What is kept of a schema is the schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.support import template

EMPTY = "banyan_kept_schema"
FACTS = {
    "tables": "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    # A check that is read back is written with other brackets; its name is its own.
    "constraints": "SELECT conrelid::regclass::text, conname, contype,"
    " CASE contype WHEN 'c' THEN '' ELSE pg_get_constraintdef(oid) END FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "migrations": "SELECT app, name FROM django_migrations",
}


@pytest.fixture
def empty(django_db_setup: None) -> Iterator[str]:
    """The address of an empty database beside the workers' own."""
    address = os.environ["BANYAN_TEST_DATABASE_URL"]
    name = f"{EMPTY}_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(address, dbname=name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _facts(address: str) -> dict[str, set[object]]:
    with psycopg.connect(address) as one:
        return {name: set(one.execute(asked).fetchall()) for name, asked in FACTS.items()}


def test_a_kept_schema_comes_back_as_the_migrations_made_it(
    empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = os.environ["BANYAN_TEST_DATABASE_URL"]
    made = make_conninfo(address, dbname=template._template_name())
    monkeypatch.setattr(template, "KEPT", tmp_path)
    former = tmp_path / "banyan_template_of_before.sql"
    former.touch()
    assert not template.load_schema(empty)

    template._keep(made)

    assert template.load_schema(empty)
    for name, facts in _facts(empty).items():
        assert facts ^ _facts(made)[name] == set(), name
    assert len(_facts(empty)["migrations"]) > 100
    assert not former.exists()


def test_half_a_dump_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = os.environ["BANYAN_TEST_DATABASE_URL"]
    monkeypatch.setattr(template, "KEPT", tmp_path)

    template._keep(make_conninfo(address, dbname="there_is_no_such_database"))

    assert list(tmp_path.iterdir()) == []
