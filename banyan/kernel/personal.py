"""What is personal in every table, how long it stays, and how it is erased.

Each package says so in its room ``personal.py``, one line per table; a test walks all tables and
fails for one that nobody declared. Export and erasure read nothing but these declarations.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.module_loading import autodiscover_modules


class Erase(enum.StrEnum):
    """What erasure does to a person's rows of a table."""

    DELETE = "delete"
    """The rows go."""
    BLANK = "blank"
    """The rows stay without what is personal in them."""
    PSEUDONYM = "pseudonym"
    """The rows hold an account's number, which names nobody once the account is erased."""
    KEEP = "keep"
    """A duty keeps them as they are; ``why`` names it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: a member by the account, or a guest by the one thing they left (``guest_id``).

    ``contacts`` are verified e-mail addresses and phone numbers of a member; empty for guests,
    because whoever has the link of a purchase has not proven a contact by it.
    """

    account_id: int | None = None
    guest_id: int | None = None
    contacts: frozenset[str] = frozenset()
    handle: str = ""


KEEPER = "kernel.end_retention"
"""The job that ends what no package ends itself (``kernel.retention``)."""


_ANY = Q()


@dataclass(frozen=True, slots=True)
class Kept:
    """How long rows stay: ``span`` after the first of the times ``since`` that a row has.

    ``where`` are the rows that can be over at all; what was emptied is none any more. ``by`` is the
    job that ends them, which is the only one to do so for its table.
    """

    span: dt.timedelta
    since: tuple[str, ...]
    where: Q = _ANY
    by: str = KEEPER

    def over(self, now: dt.datetime) -> Q:
        """Return the condition of rows that are kept no longer at ``now``."""
        late = Q(pk__in=[])
        for column in self.since:
            late |= Q(**{f"{column}__lt": now - self.span})
        return self.where & late


@dataclass(frozen=True, slots=True)
class Holding:
    """What one table holds of people.

    ``fields`` are the personal columns. ``owner`` are lookups to the account's id, ``guest`` to the
    id that a guest's rows hang on, ``contact`` to columns with an e-mail address or phone number.
    Whoever types a contact proves nothing by it: a row of another account stays that account's, and
    only the contact goes from it.
    ``about`` are lookups to the account's id in rows that others keep about the person: they are
    deleted with the account, and never exported, because who blocks whom is not told.
    ``blank`` says what a column becomes where emptying it will not do. ``act`` erases instead.
    ``opens`` are sealed columns with the person's own words: exported as what they return.
    ``kept`` ends rows by the clock; without it, ``why`` names no time that anybody could count.
    """

    model: type[models.Model]
    erase: Erase
    why: str
    fields: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    guest: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    blank: Mapping[str, Any] = field(default_factory=dict)
    act: Callable[[Person], None] | None = None
    opens: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    kept: Kept | None = None

    def rows(self, person: Person) -> QuerySet[Any]:
        """Return the person's rows of this table."""
        found = Q(pk__in=[])
        if person.account_id is not None:
            for lookup in self.owner:
                found |= Q(**{lookup: person.account_id})
        if person.guest_id is not None:
            for lookup in self.guest:
                found |= Q(**{lookup: person.guest_id})
        nobodys = _ANY
        for lookup in self.owner:
            nobodys &= Q(**{f"{lookup}__isnull": True})
        for column in self.contact:
            found |= _is_one_of(column, person.contacts) & nobodys
        return self.model._base_manager.filter(found)

    def rows_naming(self, person: Person, column: str) -> QuerySet[Any]:
        """Return the rows, anybody's, that hold one of the person's contacts in ``column``."""
        return self.model._base_manager.filter(_is_one_of(column, person.contacts))

    def rows_about(self, person: Person) -> QuerySet[Any]:
        """Return what others keep about the person in this table."""
        found = Q(pk__in=[])
        if person.account_id is not None:
            for lookup in self.about:
                found |= Q(**{lookup: person.account_id})
        return self.model._base_manager.filter(found)

    def emptied(self) -> dict[str, Any]:
        """Return what the personal columns become when they are blanked."""
        values: dict[str, Any] = {}
        for name in self.fields:
            column = self.model._meta.get_field(name)
            if name in self.blank:
                values[name] = self.blank[name]
            elif getattr(column, "null", False):
                values[name] = None
            elif isinstance(column, models.JSONField):
                values[name] = column.get_default()
            else:
                values[name] = ""
        return values


def _is_one_of(column: str, contacts: Iterable[str]) -> Q:
    found = Q(pk__in=[])
    for contact in contacts:
        found |= Q(**{f"{column}__iexact": contact})
    return found


_holdings: dict[type[models.Model], Holding] = {}
SECRETS = frozenset(
    {
        "password", "token", "token_hash", "salt", "secret", "access_token", "placement_key",
        "author_token", "key", "digest", "session_data", "sealed", "link_code",
    }
)  # fmt: skip
"""Columns that open something: they are never exported."""
LINKS = frozenset({"token", "access_token", "author_token", "link_code"})
"""Those of them that stand in addresses, and so in letters and in what others were told."""


def holds(label: str, erase: Erase, why: str, **values: Any) -> None:
    """Say what a table ("package.Model") holds of people; ``values`` as of :class:`Holding`."""
    model = apps.get_model(label)
    columns = {each.name for each in model._meta.get_fields()}
    unknown = set(values.get("fields", ())) - columns
    if unknown:
        raise ValueError(f"{label} has no {sorted(unknown)}")
    _holdings[model] = Holding(model=model, erase=erase, why=why, **values)


def names_nobody(*labels: str) -> None:
    """Say that tables hold nothing of people who buy, write or sign in."""
    for label in labels:
        holds(label, Erase.KEEP, "")


def declared() -> Mapping[type[models.Model], Holding]:
    """Return every declaration, in no order; reads the packages' rooms once."""
    autodiscover_modules("personal")
    return _holdings


def in_erasing_order() -> Iterator[Holding]:
    """Yield the declarations from the top floor down: what points to a row goes before it."""
    known = declared()
    for model in reversed(list(apps.get_models(include_auto_created=True))):
        if model in known:
            yield known[model]


def undeclared() -> list[str]:
    """Return the tables that nobody declared; must be empty."""
    known = declared()
    return [
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model not in known and model._meta.managed
    ]


def erase_rows(holding: Holding, person: Person) -> int:
    """Erase a person's rows of one table as declared; returns how many. In a transaction."""
    if holding.act is not None:
        holding.act(person)
        return 0
    if holding.erase is Erase.DELETE:
        naming = [holding.rows_naming(person, column) for column in holding.contact]
        found = [holding.rows(person), holding.rows_about(person), *naming]
        return sum(int(rows.delete()[0]) for rows in found if rows.exists())
    if holding.erase is Erase.BLANK and holding.fields:
        empty = holding.emptied()
        count = int(holding.rows(person).update(**empty))
        for column in holding.contact:
            # What is left are rows of others.
            count += int(holding.rows_naming(person, column).update(**{column: empty[column]}))
        return count
    return 0


def export_rows(holding: Holding, person: Person, most: int = 100_000) -> Iterable[dict[str, Any]]:
    """Yield a person's rows of one table, column by column, without what opens something."""
    columns = [
        column.attname
        for column in holding.model._meta.concrete_fields
        if column.name not in SECRETS and not isinstance(column, SearchVectorField)
    ]
    rows = holding.rows(person).order_by("pk").values(*columns, *holding.opens)[:most]
    for row in rows.iterator():
        yield row | {name: tell(row[name]) for name, tell in holding.opens.items()}


def links_of(holding: Holding, person: Person) -> set[str]:
    """Return what of a person's rows of one table stands in addresses and opens something."""
    names = [each.attname for each in holding.model._meta.concrete_fields if each.name in LINKS]
    if not names:
        return set()
    rows = holding.rows(person).values_list(*names)
    return {text for row in rows.iterator() for text in row if text}
