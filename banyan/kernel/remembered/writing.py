"""New rows and conditional changes of rows, for plain models: no signals, no parents.

The text of a statement depends on models and names of fields alone and is made once. Values are
prepared as ``Field.get_db_prep_save`` does; most are what the driver takes already, and asking
Django so for each of the two hundred values of an order took a tenth of the web process's time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models

from .cursors import run

if TYPE_CHECKING:
    Field = models.Field[Any, Any]

M = TypeVar("M", bound=models.Model)

# Above 50 psycopg looks for a statement's marks anew each time, 0.7 µs each: less than sending two.
_MOST_PARAMETERS = 120
# What the driver takes as it is, by the class of the column.
_TEXTS = (models.CharField, models.TextField, models.EmailField, models.SlugField, models.URLField)
_PLAIN: Mapping[type[Field], type] = {
    **dict.fromkeys(_TEXTS, str),
    models.BooleanField: bool,
    models.DateTimeField: dt.datetime,
}


def insert(*rows: M) -> list[M]:
    """Write new rows of one model by one statement; the database makes ids that are missing.

    All rows have an id, or none has. What ``bulk_create`` does, for less.
    """
    if rows:
        sql, values = _insertion(rows)
        _write_new(rows, sql, values)
    return list(rows)


def insert_once(rows: Sequence[M], unique: str) -> list[M]:
    """Write new rows of one model unless their ``unique`` field is taken; return those written.

    One statement. The rows have no ids; of several with the same ``unique`` the first is written.
    """
    first: dict[Any, M] = {}
    for row in rows:
        first.setdefault(getattr(row, unique), row)
    if not first:
        return []
    sql, values = _insertion(list(first.values()))
    field = _column(type(rows[0]), unique)
    made = f' ON CONFLICT ("{field.column}") DO NOTHING RETURNING "{field.column}", '
    found = run(made.join(sql.rsplit(" RETURNING ", 1)), values).fetchall()
    for key, made_id in found:
        first[key].pk = made_id
        _is_written(first[key])
    return [row for row in first.values() if row.pk is not None]


def insert_together(
    *groups: Sequence[models.Model], beside: Sequence[tuple[str, Sequence[Any]]] = ()
) -> None:
    """Write new rows of several models, which may name each other, by as few statements as pay.

    The last group learns its ids; rows of the others have theirs from ``ids.new_ids``, or are rows
    whose ids nobody needs. No group is empty. ``beside`` are writing statements, with their
    parameters, that run as parts of the first one. In the caller's transaction.
    """
    parts: list[str] = [statement for statement, _given in beside]
    values: list[Any] = [value for _statement, given in beside for value in given]
    width = 0
    for rows in groups:
        sql, given = _insertion(rows)
        each = len(given) // len(rows)  # however many rows, as many statements
        if parts and width + each > _MOST_PARAMETERS:
            run(_all_of(parts[:-1], parts[-1]), values)
            parts, values, width = [], [], 0
        width += each
        if rows is groups[-1]:
            _write_new(rows, _all_of(parts, sql), [*values, *given])
            return
        parts.append(sql)
        values += given
        for row in rows:
            _is_written(row)


def change(row: models.Model, where: Mapping[str, Any], to: Mapping[str, Any]) -> bool:
    """Write the fields ``to`` of one row if its fields are as in ``where``; tell whether it was.

    One conditional UPDATE, as ``filter(...).update(...)`` makes it, of plain values only. The
    object itself is left as it is.
    """
    update = _update(type(row), tuple(to), tuple(where))
    return bool(run(update.sql, list(update.values(row, where, to))).rowcount)


class Change(NamedTuple):
    """One conditional UPDATE of a row, and the new rows that are written if it was done."""

    row: models.Model
    where: Mapping[str, Any]
    to: Mapping[str, Any]
    notes: Sequence[models.Model]


def change_noting(
    row: models.Model,
    where: Mapping[str, Any],
    to: Mapping[str, Any],
    *,
    notes: Sequence[models.Model],
) -> bool:
    """Do what :func:`change` does, and write the new rows ``notes`` if it was done: one statement.

    The notes are of different models. They get their ids in the database, and learn them.
    """
    (done,) = change_each(Change(row, where, to, notes))
    return done


def change_each(*changes: Change) -> list[bool]:
    """Do what :func:`change_noting` does for rows of their own, all by one statement.

    Tells for each whether it was done; what is to be done for all or none is the caller's to undo.
    """
    shape: list[tuple[_Update, tuple[_Table, ...]]] = []
    values: list[Any] = []
    for row, where, to, notes in changes:
        update = _update(type(row), tuple(to), tuple(where))
        tables = tuple(_table(type(note)) for note in notes)
        values += update.values(row, where, to)
        for note, table in zip(notes, tables, strict=True):
            values += table.values(note)
        shape.append((update, tables))
    answer = iter(run(_changing(tuple(shape)), values).fetchone())
    done = []
    for change_ in changes:
        done.append(bool(next(answer)))
        for note in change_.notes:
            note.pk = next(answer)
            if note.pk is not None:
                _is_written(note)
    return done


class _Table:
    """The columns of a model but its key: their names and marks, and the values of a row."""

    def __init__(self, model: type[models.Model]) -> None:
        fields = [one for one in model._meta.local_concrete_fields if not one.primary_key]
        key = model._meta.pk
        self.name, self.key, self.key_writer = model._meta.db_table, key.column, _writer(key)
        self.columns = ", ".join(f'"{field.column}"' for field in fields)
        self.marks = ", ".join(["%s"] * len(fields))
        self._writers = [_writer(field) for field in fields]
        # With the key, for of one name alone attrgetter would return no tuple.
        self._read = attrgetter(key.attname, *(field.attname for field in fields))
        self._saving = [field for field in fields if _acts_on_saving(field)]

    def values(self, row: models.Model) -> Iterator[Any]:
        """Return what a new row is written with."""
        for field in self._saving:
            field.pre_save(row, add=True)
        _key, *found = self._read(row)
        return (write(value) for write, value in zip(self._writers, found, strict=True))


class _Update:
    """A conditional UPDATE of one row of a model: its text, and the values for it."""

    def __init__(self, model: type[models.Model], to: Sequence[str], where: Sequence[str]) -> None:
        written = [_column(model, name) for name in to]
        asked = [model._meta.pk, *(_column(model, name) for name in where)]
        assigned = ", ".join(f'"{field.column}" = %s' for field in written)
        conditions = " AND ".join(f'"{field.column}" = %s' for field in asked)
        table = model._meta.db_table
        self.sql = f'UPDATE "{table}" SET {assigned} WHERE {conditions}'  # noqa: S608 - names of models
        self._writers = [_writer(field) for field in (*written, *asked)]

    def values(
        self, row: models.Model, where: Mapping[str, Any], to: Mapping[str, Any]
    ) -> Iterator[Any]:
        """Return what its marks stand for; the mappings have the names of its making, in order."""
        found = (*to.values(), row.pk, *where.values())
        return (write(value) for write, value in zip(self._writers, found, strict=True))


@cache
def _table(model: type[models.Model]) -> _Table:
    return _Table(model)


@cache
def _update(model: type[models.Model], to: tuple[str, ...], where: tuple[str, ...]) -> _Update:
    return _Update(model, to, where)


@cache
def _changing(shape: tuple[tuple[_Update, tuple[_Table, ...]], ...]) -> str:
    """Return one statement that does the updates, and writes rows of the tables beside each."""
    parts: list[str] = []
    found: list[str] = []
    for number, (update, tables) in enumerate(shape):
        changed = f"changed{number}"
        parts.append(f"{changed} AS ({update.sql} RETURNING 1)")
        found.append(f"(SELECT count(*) FROM {changed})")  # noqa: S608 - a number
        for place, table in enumerate(tables):
            name = f"note{number}_{place}"
            parts.append(
                f'{name} AS (INSERT INTO "{table.name}" ({table.columns})'  # noqa: S608 - names of models
                f' SELECT {table.marks} FROM {changed} RETURNING "{table.key}" AS id)'
            )
            found.append(f"(SELECT id FROM {name})")  # noqa: S608 - numbers
    return f"WITH {', '.join(parts)} SELECT {', '.join(found)}"


def _writer(field: Field) -> Callable[[Any], Any]:
    """Return ``get_db_prep_save`` of a field, for less where a value is of the column's own type.

    Anything else is prepared by the field itself.
    """
    at = field
    while isinstance(at, models.ForeignKey):
        at = at.target_field

    def as_django(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    if isinstance(at, models.AutoField | models.BigAutoField):
        return _passing(int, as_django)
    if isinstance(at, models.IntegerField):
        # The driver chooses a number's type by its size; a statement is planned by its types.
        sized = connection.ops.integerfield_type_map[at.get_internal_type()]  # type: ignore[attr-defined]  # PostgreSQL's
        return lambda value: sized(value) if type(value) is int else as_django(value)
    plain = _PLAIN.get(type(at))
    if plain is dt.datetime:
        return lambda value: (
            value if type(value) is dt.datetime and value.tzinfo else as_django(value)
        )
    return as_django if plain is None else _passing(plain, as_django)


def _passing(kind: type, otherwise: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is kind or value is None else otherwise(value)


def _acts_on_saving(field: Field) -> bool:
    """Tell whether a field does something to its row as it is saved, such as taking the time."""
    if isinstance(field, models.DateField):
        return field.auto_now or field.auto_now_add
    return type(field).pre_save is not models.Field.pre_save


def _insertion(rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    table = _table(type(rows[0]))
    columns, marks, keyed = table.columns, table.marks, rows[0].pk is not None
    if keyed:
        columns, marks = f'"{table.key}", {columns}', f"%s, {marks}"
    values: list[Any] = []
    for row in rows:
        if keyed:
            values.append(table.key_writer(row.pk))
        values += table.values(row)
    sql = (
        f'INSERT INTO "{table.name}" ({columns})'  # noqa: S608 - names of models
        f' VALUES {", ".join([f"({marks})"] * len(rows))} RETURNING "{table.key}"'
    )
    return sql, values


def _write_new(rows: Sequence[models.Model], sql: str, values: list[Any]) -> None:
    for row, (made,) in zip(rows, run(sql, values).fetchall(), strict=True):
        row.pk = made
        _is_written(row)


def _is_written(row: models.Model) -> None:
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _all_of(parts: Sequence[str], last: str) -> str:
    """Return one statement that runs the writing ``parts`` and answers what the ``last`` does."""
    named = [f"part{number} AS ({sql})" for number, sql in enumerate(parts)]
    return f"WITH {', '.join(named)} {last}" if named else last


def _column(model: type[models.Model], name: str) -> Field:
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(f"{name} is no column")
    return field
