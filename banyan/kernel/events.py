"""Events: appended in the caller's transaction (the only outbox), delivered in published order.

Two ways to listen:

* ``in_transaction``: runs inside the emitting transaction; only what must stand or fall with a
  payment (the table in docs/explanation/events.md, kept by a test). It declares the locks it will
  need, so that the outermost action can take all of them at once.
* ``subscribe``: a named consumer with its own cursor over gap-free positions, run by the relay
  after the commit; its effects and its cursor commit together.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django.db import connection
from django.db.transaction import TransactionManagementError
from pydantic import BaseModel, ConfigDict

from . import clock
from .actors import Actor, current_cause
from .ids import new_ids
from .locks import LockKey
from .remembered import insert

if TYPE_CHECKING:
    from .models import StoredEvent


class Event(BaseModel):
    """Base of all events: frozen, with a public name such as ``order.paid``.

    ``subject`` names the field that holds the id of the row the event is about.
    Ids are ints in Python and strings in every outward form.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]
    subject: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            holder = registry.setdefault(cls.name, cls)
            if (holder.__module__, holder.__qualname__) != (cls.__module__, cls.__qualname__):
                raise ValueError(f"event name taken by {holder.__module__}: {cls.name}")
            registry[cls.name] = cls

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "name" in cls.__dict__ and getattr(cls, "subject", None) not in cls.model_fields:
            raise ValueError(f"{cls.name}: subject must name one of its fields")


@dataclass(frozen=True, slots=True)
class Meta:
    """What the outbox knows of a stored event; ``position`` is None before publication."""

    id: int
    position: int | None
    occurred_at: dt.datetime
    cause_id: int | None
    actor_kind: str
    actor_id: int | None

    @property
    def cause(self) -> int:
        """What this event, and all that follows from it, comes from: itself, if nothing else."""
        return self.cause_id or self.id


E = TypeVar("E", bound=Event)
Inline = Callable[[Any, Actor], None]
Locks = Callable[[Any], Iterable[LockKey]]
Handler = Callable[[Any, Meta], None]
Happened = tuple[E, Meta]
"""An event of which a consumer is told, and what the outbox knows of it."""


class Together(Generic[E]):
    """A handler that takes several events at once; also an ordinary one, of a single event."""

    def __init__(self, handle: Callable[[Sequence[Happened[E]]], None]) -> None:
        """Name the function that is told of them; wrap it."""
        self.handle = handle
        functools.update_wrapper(self, handle)

    def __call__(self, event: E, meta: Meta) -> None:
        """Handle one event alone."""
        self.handle([(event, meta)])


registry: dict[str, type[Event]] = {}
inline_handlers: dict[str, list[tuple[Inline, Locks]]] = {}
consumers: dict[str, dict[str, list[Handler]]] = {}
sieves: dict[Handler, Callable[[Sequence[Any]], Collection[Any]]] = {}


def in_transaction(
    event: type[E], *, locks: Callable[[E], Iterable[LockKey]]
) -> Callable[[Callable[[E, Actor], None]], Callable[[E, Actor], None]]:
    """Register a handler that runs inside the emitting transaction, in registration order."""

    def register(handler: Callable[[E, Actor], None]) -> Callable[[E, Actor], None]:
        inline_handlers.setdefault(event.name, []).append((handler, locks))
        return handler

    return register


def subscribe(
    event: type[E], *, consumer: str, sieve: Callable[[Sequence[E]], Collection[E]] | None = None
) -> Callable[[Callable[[E, Meta], None]], Callable[[E, Meta], None]]:
    """Register a handler of a named consumer; it may be called again after a crash only if
    its transaction rolled back, so database effects happen once.

    ``sieve`` tells of several events which ones the handler has something to do for, by few
    statements and without writing; it is not called for the others. It saves asking for each of
    them and nothing else: the handler does right without it, too.
    """

    def register(handler: Callable[[E, Meta], None]) -> Callable[[E, Meta], None]:
        consumers.setdefault(consumer, {}).setdefault(event.name, []).append(handler)
        if sieve is not None:
            sieves[handler] = sieve
        return handler

    return register


def subscribe_together(
    event: type[E], *, consumer: str
) -> Callable[[Callable[[Sequence[Happened[E]]], None]], Together[E]]:
    """Register a handler that takes several events at once, so that a burst costs few statements.

    What :func:`subscribe` promises holds. It is told of at most ``relay.TOGETHER`` events that come
    one after another and whose handlers all take several; they are in order among themselves, but
    not beside those of other names, so it must not mind that. Each event has a cause of its own
    (``meta.cause``); none is set around the call. Where one of them fails they are handed on one
    by one.
    """

    def register(handle: Callable[[Sequence[Happened[E]]], None]) -> Together[E]:
        handler = Together(handle)
        subscribe(event, consumer=consumer)(handler)
        return handler

    return register


def locks_for(event: Event) -> list[LockKey]:
    """Return every lock that the in-transaction handlers of ``event`` will need."""
    return [key for _, locks in inline_handlers.get(event.name, []) for key in locks(event)]


def emit(event: Event, *, actor: Actor, cause: int | None = None) -> int:
    """Append ``event`` to the outbox and run its in-transaction handlers. Returns its id.

    Needs the caller's transaction; nothing is notified before the relay publishes it.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{event.name} emitted outside a transaction")
    (stored,) = insert(stored_of(event, actor=actor, cause=cause))
    run_handlers(event, actor)
    return int(stored.pk)


def stored_of(event: Event, *, actor: Actor, cause: int | None = None) -> StoredEvent:
    """Return the outbox's row of an event, for whoever writes it together with other rows."""
    from .models import StoredEvent

    return StoredEvent(
        name=event.name,
        subject_id=getattr(event, event.subject),
        payload=event.model_dump(mode="json"),
        cause_id=cause or current_cause(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        occurred_at=clock.now(),
    )


def run_handlers(event: Event, actor: Actor) -> None:
    """Run what listens to an event inside the transaction, in order of registration."""
    for handler, _ in inline_handlers.get(event.name, []):
        handler(event, actor)


def emit_all(happened: Sequence[Event], *, actor: Actor, causes: Sequence[int | None] = ()) -> None:
    """Append many events, in order, in a few statements. For those that nothing in the
    transaction listens to; ValueError otherwise. ``causes``: one for each, or the context's."""
    from .models import StoredEvent

    if not connection.in_atomic_block:
        raise TransactionManagementError("events emitted outside a transaction")
    if heard := {event.name for event in happened} & inline_handlers.keys():
        raise ValueError(f"{sorted(heard)} have listeners inside the transaction")
    now, cause = clock.now(), current_cause()
    each = causes or [None] * len(happened)
    # Ids of one millisecond can begin again at zero, and the relay publishes in their order.
    ids = sorted(new_ids(len(happened)))
    StoredEvent.objects.bulk_create(
        (
            StoredEvent(
                id=made,
                name=event.name,
                subject_id=getattr(event, event.subject),
                payload=event.model_dump(mode="json"),
                cause_id=own or cause,
                actor_kind=actor.kind,
                actor_id=actor.id,
                occurred_at=now,
            )
            for made, event, own in zip(ids, happened, each, strict=True)
        ),
        batch_size=1000,
    )


def load(stored: StoredEvent) -> Event:
    """Return the typed event of a stored row; KeyError when its name has no schema (any more)."""
    return registry[stored.name].model_validate(stored.payload)


def meta_of(stored: StoredEvent) -> Meta:
    """Return what the outbox knows of a stored row."""
    return Meta(
        id=stored.pk,
        position=stored.position,
        occurred_at=stored.occurred_at,
        cause_id=stored.cause_id,
        actor_kind=stored.actor_kind,
        actor_id=stored.actor_id,
    )
