"""State machines as data: one table per aspect; every move checked, guarded, recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, models
from django.db.transaction import TransactionManagementError

from . import clock
from .actors import Actor, current_cause
from .events import Event, run_handlers, stored_of
from .problems import IllegalTransition
from .remembered import Change, change_each

if TYPE_CHECKING:
    from .models import StateChange

machines: dict[str, Machine] = {}


@dataclass(frozen=True)
class Machine:
    """One aspect of one model.

    ``name`` is "package.noun.field" of the table ``package_noun``, or of ``table`` where several
    machines share one; ``transitions`` maps a state to the states it may go to; ``guards`` maps
    (from, to) to a callable(obj) that raises a Problem to refuse.
    """

    name: str
    initial: str
    transitions: dict[str, tuple[str, ...]]
    guards: dict[tuple[str, str], Callable[[Any], None]] = field(default_factory=dict)
    table: str = ""

    def __post_init__(self) -> None:
        unknown = {t for tos in self.transitions.values() for t in tos} - set(self.transitions)
        if unknown or self.initial not in self.transitions:
            raise ValueError(f"{self.name}: undeclared states {unknown or self.initial}")
        if machines.setdefault(self.name, self) != self:
            raise ValueError(f"{self.name}: another machine has this name")

    @property
    def field_name(self) -> str:
        """The model field that holds the state."""
        return self.name.rsplit(".", 1)[1]

    @property
    def states(self) -> Iterable[str]:
        """All states, in written order."""
        return self.transitions.keys()

    def allows(self, source: str, target: str) -> bool:
        """Tell whether the table has a row from ``source`` to ``target``."""
        return target in self.transitions.get(source, ())

    def choices(self) -> list[tuple[str, str]]:
        """Return model choices."""
        return [(state, state) for state in self.transitions]


def transition_all(
    machine: Machine, objs: Sequence[models.Model], to: str, *, actor: Actor, **updates: Any
) -> None:
    """Move many objects that are all in one state, by one conditional UPDATE; else as one move.

    All move or, with IllegalTransition, none. For machines without guards on this move.
    """
    from .models import StateChange

    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{machine.name} moved outside a transaction")
    if not objs:
        return
    if len(objs) == 1:
        transition(machine, objs[0], to, actor=actor, **updates)
        return
    name = machine.field_name
    sources = {getattr(obj, name) for obj in objs}
    (source,) = sources if len(sources) == 1 else (None,)
    if source is None or not machine.allows(source, to) or (source, to) in machine.guards:
        raise IllegalTransition(detail=f"{machine.name}: {sorted(sources)} -> {to}")
    manager = type(objs[0])._base_manager
    ids = [obj.pk for obj in objs]
    moved = manager.filter(pk__in=ids, **{name: source}).update(**{name: to}, **updates)
    if moved != len(ids):
        raise IllegalTransition(detail=f"{machine.name}: {moved} of {len(ids)} are {source}")
    for obj in objs:
        for key, value in {name: to, **updates}.items():
            setattr(obj, key, value)
    StateChange.objects.bulk_create(
        (_change(machine, obj.pk, source, to, actor, "") for obj in objs), batch_size=1000
    )


def transition(
    machine: Machine, obj: models.Model, to: str, *, actor: Actor, reason: str = "", **updates: Any
) -> None:
    """Move ``obj`` to ``to`` by one conditional UPDATE that writes the history row too.

    Extra ``updates`` are written with the state. Raises IllegalTransition when the table has no
    such row, or when another transaction moved the object first. Needs a transaction.
    """
    _move([Move(machine, obj, to, updates)], actor, reason)


def transition_telling(
    machine: Machine,
    obj: models.Model,
    to: str,
    *,
    event: Event,
    actor: Actor,
    reason: str = "",
    **updates: Any,
) -> None:
    """Do what :func:`transition` does and emit ``event``, both written by one statement."""
    _move([Move(machine, obj, to, updates, (stored_of(event, actor=actor),))], actor, reason)
    run_handlers(event, actor)


class Move(NamedTuple):
    """One move for :func:`transition_each`: as :func:`transition` takes it, with what it writes.

    ``told`` are rows of the outbox (``events.stored_of``): whoever passes them runs the handlers.
    """

    machine: Machine
    obj: models.Model
    to: str
    updates: Mapping[str, Any] = {}
    told: Sequence[models.Model] = ()


def transition_each(*moves: Move, actor: Actor) -> None:
    """Do what :func:`transition` does for several objects of their own, all by one statement.

    Raises IllegalTransition when one of them may not move or was moved by another transaction; the
    others may then have been written, so the caller's transaction has to roll back.
    """
    _move(moves, actor, "")


def transition_beside(
    machine: Machine,
    obj: models.Model,
    to: str,
    *,
    beside: Change,
    actor: Actor,
    reason: str = "",
    **updates: Any,
) -> bool:
    """Do what :func:`transition` does, and a conditional change of another row: one statement.

    Tells whether that other change was done.
    """
    return _move([Move(machine, obj, to, updates)], actor, reason, beside)[0]


def _move(moves: Sequence[Move], actor: Actor, reason: str, *beside: Change) -> list[bool]:
    """Make the moves, or raise; tell which of the changes ``beside`` them were done."""
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{moves[0].machine.name} moved outside a transaction")
    changes, sources = [], []
    for machine, obj, to, updates, told in moves:
        name = machine.field_name
        source = getattr(obj, name)
        if not machine.allows(source, to):
            raise IllegalTransition(detail=f"{machine.name}: {source} -> {to}")
        guard = machine.guards.get((source, to))
        if guard:
            guard(obj)
        notes = [_change(machine, obj.pk, source, to, actor, reason), *told]
        changes.append(Change(obj, {name: source}, {name: to, **updates}, notes))
        sources.append(source)
    answers = change_each(*changes, *beside)
    done = answers[: len(moves)]
    if not all(done):
        machine, obj, source = next(
            (move.machine, move.obj, source)
            for move, source, moved in zip(moves, sources, done, strict=True)
            if not moved
        )
        raise IllegalTransition(detail=f"{machine.name}: {obj.pk} is no longer {source}")
    for machine, obj, to, updates, _ in moves:
        setattr(obj, machine.field_name, to)
        for key, value in updates.items():
            setattr(obj, key, value)
    return answers[len(moves) :]


def _change(
    machine: Machine, subject_id: int, source: str, to: str, actor: Actor, reason: str
) -> StateChange:
    from .models import StateChange

    return StateChange(
        machine=machine.name,
        subject_id=subject_id,
        source=source,
        target=to,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        reason=reason[:500],
        cause_id=current_cause(),
        at=clock.now(),
    )
