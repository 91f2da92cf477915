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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

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


E = TypeVar("E", bound=Event)
Inline = Callable[[Any, Actor], None]
Locks = Callable[[Any], Iterable[LockKey]]
Handler = Callable[[Any, Meta], None]

registry: dict[str, type[Event]] = {}
inline_handlers: dict[str, list[tuple[Inline, Locks]]] = {}
consumers: dict[str, dict[str, list[Handler]]] = {}


def in_transaction(
    event: type[E], *, locks: Callable[[E], Iterable[LockKey]]
) -> Callable[[Callable[[E, Actor], None]], Callable[[E, Actor], None]]:
    """Register a handler that runs inside the emitting transaction, in registration order."""

    def register(handler: Callable[[E, Actor], None]) -> Callable[[E, Actor], None]:
        inline_handlers.setdefault(event.name, []).append((handler, locks))
        return handler

    return register


def subscribe(
    event: type[E], *, consumer: str
) -> Callable[[Callable[[E, Meta], None]], Callable[[E, Meta], None]]:
    """Register a handler of a named consumer; it may be called again after a crash only if
    its transaction rolled back, so database effects happen once."""

    def register(handler: Callable[[E, Meta], None]) -> Callable[[E, Meta], None]:
        consumers.setdefault(consumer, {}).setdefault(event.name, []).append(handler)
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


def emit_all(happened: Sequence[Event], *, actor: Actor) -> None:
    """Append many events, in order, in a few statements. For those that nothing in the
    transaction listens to; ValueError otherwise."""
    from .models import StoredEvent

    if not connection.in_atomic_block:
        raise TransactionManagementError("events emitted outside a transaction")
    if heard := {event.name for event in happened} & inline_handlers.keys():
        raise ValueError(f"{sorted(heard)} have listeners inside the transaction")
    now, cause = clock.now(), current_cause()
    # Ids of one millisecond can begin again at zero, and the relay publishes in their order.
    ids = sorted(new_ids(len(happened)))
    StoredEvent.objects.bulk_create(
        (
            StoredEvent(
                id=made,
                name=event.name,
                subject_id=getattr(event, event.subject),
                payload=event.model_dump(mode="json"),
                cause_id=cause,
                actor_kind=actor.kind,
                actor_id=actor.id,
                occurred_at=now,
            )
            for made, event in zip(ids, happened, strict=True)
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
