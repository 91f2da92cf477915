"""Queries whose SQL is made once: hot pages ask the same questions all day.

Building a statement from a queryset takes Django several times as long as running it takes
everybody else. A remembered query is an ordinary function that returns a queryset; the first call
keeps its SQL, later calls only put their values in. Nothing that was read is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.signals import post_init, pre_init
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.utils import AltersData
from psycopg.sql import Literal

from .cursors import run

P = ParamSpec("P")
M = TypeVar("M", bound=models.Model)

MOST_IN_A_LIST = 40
_BIGGEST = 2**63 - 1
_DJANGOS = {models.Model, AltersData, object}
_FIRST_MARK = -7_315_000_000_000_000_000
_MARK_DAY = dt.datetime(2, 2, 2, tzinfo=dt.UTC)


def remembered(build: Callable[P, models.QuerySet[M]]) -> Remembered[P, M]:
    """Remember the SQL of ``build``, a function of texts, ids, moments and lists of ids.

    Its arguments may only stand where a value is compared with a column, as they are; anything
    that changes the statement's shape (a condition, an order) needs a function of its own. Lists
    are remembered by length. Call it for the list of rows, or ``.first(...)`` for the first.
    """
    return Remembered(build)


class Remembered(Generic[P, M]):
    """A query that is built once for each length of the lists it is given."""

    def __init__(self, build: Callable[P, models.QuerySet[M]]) -> None:
        self._build = build
        self._plans: dict[tuple[int | type, ...], _Plan[M]] = {}
        self.__doc__ = build.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[M]:
        """Return the rows."""
        if kwargs or not all(_fits(value) for value in args):
            return list(self._build(*args, **kwargs))
        if any(isinstance(value, list) and not value for value in args):
            return []
        shape = tuple(len(v) if isinstance(v, list) else type(v) for v in args)
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._plans[shape] = _plan(self._build, args)
        return plan.rows(_flat(args))

    def first(self, *args: P.args, **kwargs: P.kwargs) -> M | None:
        """Return the first row, or None."""
        return next(iter(self(*args, **kwargs)), None)


_by_id: dict[type[models.Model], Remembered[Any, Any]] = {}


def get(model: type[M], pk: int) -> M:
    """Return the row of an id; what ``objects.get(pk=...)`` does, and raises, for less."""
    query = _by_id.get(model)
    if query is None:
        query = _by_id[model] = remembered(_one_of(model))
    found: M | None = query.first(pk)
    if found is None:
        raise model.DoesNotExist(f"{model.__name__} {pk}")  # type: ignore[attr-defined]  # every model has its own
    return found


def _one_of(model: type[M]) -> Callable[[int], models.QuerySet[M]]:
    def one(pk: int) -> models.QuerySet[M]:
        return model._base_manager.filter(pk=pk)

    return one


def reload(obj: models.Model) -> None:
    """Read the columns of ``obj`` again; what ``refresh_from_db()`` does, for less."""
    fresh = get(type(obj), obj.pk)
    for field in obj._meta.concrete_fields:
        setattr(obj, field.attname, getattr(fresh, field.attname))


def columns(model: type[models.Model]) -> str:
    """Return the columns of a model as SQL, in the order in which :func:`fill` takes them."""
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)


def fill(obj: models.Model, row: Sequence[Any]) -> None:
    """Give ``obj`` the values of a row of its :func:`columns` that somebody else has read."""
    model = type(obj)
    readers = _readers.get(model)
    if readers is None:
        readers = _readers[model] = [
            (field.attname, field, field.get_db_converters(connection))
            for field in model._meta.concrete_fields
        ]
    for (attname, field, converters), value in zip(readers, row, strict=True):
        for convert in converters:
            value = convert(value, field, connection)
        setattr(obj, attname, value)


_readers: dict[
    type[models.Model], list[tuple[str, models.Field[Any, Any], list[Callable[..., Any]]]]
] = {}


def _fits(value: object) -> bool:
    """Tell whether a value can take the place of a mark; others are asked the ordinary way."""
    if isinstance(value, list):
        return len(value) <= MOST_IN_A_LIST and all(_fits(one) for one in value)
    if isinstance(value, bool):
        return False
    return isinstance(value, str | dt.datetime) or (
        isinstance(value, int) and abs(value) <= _BIGGEST
    )


def _flat(values: Sequence[Any]) -> list[Any]:
    flat: list[Any] = []
    for value in values:
        flat.extend(value) if isinstance(value, list) else flat.append(value)
    return flat


def _mark(number: int, value: object) -> Any:
    """Return a value of the same type that no row has, to be found again in the parameters."""
    if isinstance(value, int):
        return _FIRST_MARK - number
    if isinstance(value, str):
        return f"\x01mark {number}\x01"
    return _MARK_DAY + dt.timedelta(seconds=number)


def _with_constants(
    sql: str, params: Sequence[Any], marks: Mapping[Any, int]
) -> tuple[str, list[Any]]:
    """Write texts and small numbers that are always the same into the statement itself.

    Fewer parameters are less to send, and beyond 50 psycopg looks for their places anew each time.
    """
    pieces = sql.split("%s")
    if "%%" in sql or len(pieces) != len(params) + 1:
        return sql, list(params)
    made, kept = [pieces[0]], []
    for param, piece in zip(params, pieces[1:], strict=True):
        if type(param) not in {str, int, bool} or param in marks:
            made.append("%s")
            kept.append(param)
        else:
            made.append(str(Literal(param).as_string()).replace("%", "%%"))
        made.append(piece)
    return "".join(made), kept


def spelled(rows: models.QuerySet[Any, Any], named: Mapping[Any, str]) -> str:
    """Return the SQL of a queryset for a statement of one's own, which takes values by name.

    Each value in ``named`` becomes the SQL beside it ("%(viewer)s", a column); texts, numbers and
    truths that are always the same are written in. TypeError for anything else, for it would be
    kept for ever.
    """
    sql, params = rows.query.sql_with_params()
    pieces = sql.split("%s")
    made = [pieces[0]]
    for param, piece in zip(params, pieces[1:], strict=True):
        if not isinstance(param, str | int):
            raise TypeError(f"{type(param).__name__} may be another each time: {sql}")
        if param in named:
            made.append(named[param])
        else:
            made.append(str(Literal(param).as_string()).replace("%", "%%"))
        made.append(piece)
    return "".join(made)


@dataclass(frozen=True, slots=True)
class _Plan(Generic[M]):
    """A statement, where its values go, and how its rows become objects."""

    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, int, Callable[[Any], Any] | None], ...]
    compiler: SQLCompiler
    part: _Part[M]
    extra: tuple[tuple[str, int], ...]
    converters: dict[int, Any]

    def rows(self, values: list[Any]) -> list[M]:
        """Run it with ``values`` in the marks' places."""
        params = list(self.params)
        for place, number, adapt in self.places:
            value = values[number]
            params[place] = value if adapt is None else adapt(value)
        found = run(self.sql, params).fetchall()
        objects = []
        rows = self.compiler.apply_converters(found, self.converters) if self.converters else found
        for row in rows:
            one = self.part.made(row)
            for name, place in self.extra:
                setattr(one, name, row[place])
            objects.append(one)
        return objects


@dataclass(frozen=True, slots=True)
class _Part(Generic[M]):
    """The columns of a row that are one object, and the objects that come along with it."""

    make: Callable[[Sequence[Any]], M]
    span: slice
    beside: tuple[Callable[[Sequence[Any], Any], None], ...]

    def made(self, row: Sequence[Any]) -> M:
        """Return the object of a row, with what it names."""
        one = self.make(row[self.span])
        for populate in self.beside:
            populate(row, one)
        return one


def _part(model: type[M], columns: list[str], first: int, populators: Sequence[Any]) -> _Part[M]:
    beside = tuple(_populate(each) for each in populators)
    return _Part(_maker(model, columns), slice(first, first + len(columns)), beside)


def _populate(each: Any) -> Callable[[Sequence[Any], Any], None]:
    """Return what one of Django's populators does, for less unless a model has parents."""
    if each.reorder_for_init is not None:
        populate: Callable[[Sequence[Any], Any], None] = each.populate
        return populate
    part = _part(each.model_cls, each.init_list, each.cols_start, each.related_populators)
    key = each.cols_start + each.pk_idx
    set_there, set_back = each.local_setter, each.remote_setter

    def beside(row: Sequence[Any], one: Any) -> None:
        if row[key] is None:
            set_there(one, None)
            return
        other = part.made(row)
        set_there(one, other)
        set_back(other, one)

    return beside


def _maker(model: type[M], columns: list[str]) -> Callable[[Sequence[Any]], M]:
    """Return what makes an object of the values of its columns, as ``Model.from_db`` does.

    Django sets each attribute by itself and asks for listeners; where a model has none and no
    ways of its own, all attributes are set at once, which takes a quarter of the time.
    """
    makers = {"__init__", "from_db"}
    own = any(makers & vars(each).keys() for each in model.__mro__ if each not in _DJANGOS)
    if own or pre_init.has_listeners(model) or post_init.has_listeners(model):
        return lambda values: model.from_db(DEFAULT_DB_ALIAS, columns, values)

    def make(values: Sequence[Any]) -> M:
        one: M = model.__new__(model)
        state = one._state = ModelState()
        state.db, state.adding = DEFAULT_DB_ALIAS, False
        vars(one).update(zip(columns, values, strict=True))
        return one

    return make


def _plan(build: Callable[..., models.QuerySet[M]], args: Sequence[Any]) -> _Plan[M]:
    count = 0
    marks: list[Any] = []
    numbers: dict[Any, int] = {}

    def mark(value: object) -> Any:
        nonlocal count
        made = _mark(count, value)
        numbers[made] = count
        count += 1
        return made

    for value in args:
        marks.append([mark(one) for one in value] if isinstance(value, list) else mark(value))
    queryset = build(*marks)
    if queryset._iterable_class is not ModelIterable:
        raise TypeError(f"{build.__qualname__} must return rows of a model")
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    written, given = compiler.as_sql()
    sql, params = _with_constants(written, given, numbers)
    places = tuple(
        (place, numbers[param], type(param) if isinstance(param, int) else None)
        for place, param in enumerate(params)
        if param.__hash__ is not None and param in numbers
    )
    if {number for _, number, _ in places} != set(range(count)):
        raise TypeError(f"{build.__qualname__} does not compare all its arguments as they are")
    select, info = compiler.select, compiler.klass_info
    fields = info["select_fields"]
    names = [column[0].target.attname for column in select[fields[0] : fields[-1] + 1]]
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg] # the stubs are ahead
    return _Plan(
        sql=sql,
        params=tuple(params),
        places=places,
        compiler=compiler,
        part=_part(info["model"], names, fields[0], populators),
        extra=tuple(compiler.annotation_col_map.items()),
        converters=compiler.get_converters([column[0] for column in select[: compiler.col_count]]),
    )
