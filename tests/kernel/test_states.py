"""Every machine of the project: its table is sound, and every illegal move raises."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

import banyan
from banyan.kernel import clock, events, states
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.models import StateChange, StoredEvent, TicketClaim
from banyan.kernel.problems import Conflict, IllegalTransition
from banyan.kernel.remembered import Change
from banyan.kernel.states import Machine, Move

from .probes import Probed

STAFF = Actor(kind="staff", id=4, label="Olga")


def _all_machines() -> list[Machine]:
    for module in pkgutil.iter_modules(banyan.__path__, "banyan."):
        name = f"{module.name}.states"
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    return [machine for _, machine in sorted(states.machines.items())]


ALL = _all_machines()


def _model(machine: Machine) -> type[models.Model]:
    package, noun, _ = machine.name.split(".")
    tables = {model._meta.db_table: model for model in apps.get_models()}
    return tables[machine.table or f"{package}_{noun}"]


def test_the_project_has_machines() -> None:
    assert {"payments.intent.state", "payments.refund.state"} <= {m.name for m in ALL}


@pytest.mark.parametrize("machine", ALL, ids=lambda m: m.name)
def test_the_field_exists_fits_every_state_and_starts_at_the_initial_one(machine: Machine) -> None:
    column = _model(machine)._meta.get_field(machine.field_name)
    assert isinstance(column, models.CharField)
    assert column.max_length is not None
    assert max(map(len, machine.states)) <= min(column.max_length, 40)
    if not machine.table:  # a shared column has no default: who makes the row names the state
        assert column.default == machine.initial


@pytest.mark.parametrize("machine", ALL, ids=lambda m: m.name)
def test_every_state_can_be_reached(machine: Machine) -> None:
    reached, todo = {machine.initial}, [machine.initial]
    while todo:
        for target in machine.transitions[todo.pop()]:
            if target not in reached:
                reached.add(target)
                todo.append(target)
    assert reached == set(machine.states)


def _illegal_moves() -> Iterator[tuple[Machine, str, str]]:
    for machine in ALL:
        for source in machine.states:
            for target in [*machine.states, "nonsense"]:
                if target not in machine.transitions[source]:
                    yield machine, source, target


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("machine", "source", "target"),
    [pytest.param(*move, id=f"{move[0].name}-{move[1]}-{move[2]}") for move in _illegal_moves()],
)
def test_every_illegal_move_raises_and_writes_nothing(
    machine: Machine, source: str, target: str
) -> None:
    obj = _model(machine)(pk=1, **{machine.field_name: source})
    with CaptureQueriesContext(connection) as queries, pytest.raises(IllegalTransition) as refused:
        states.transition(machine, obj, target, actor=STAFF)
    assert len(queries) == 0
    assert refused.value.code == "illegal_transition"
    assert getattr(obj, machine.field_name) == source


@pytest.fixture
def doors() -> Iterator[Machine]:
    def locked(obj: TicketClaim) -> None:
        if obj.number == 13:
            raise Conflict(code="jammed")

    machine = Machine(
        name="kernel.ticketclaim.holder",
        initial="open",
        transitions={"open": ("shut",), "shut": ("open", "locked"), "locked": ()},
        guards={("shut", "locked"): locked},
    )
    yield machine
    del states.machines[machine.name]


def _door(number: int = 1, state: str = "open") -> TicketClaim:
    return TicketClaim.objects.create(
        pool_id=1, number=number, holder=state, expires_at=clock.now()
    )


@pytest.mark.django_db
def test_a_move_is_written_with_its_history(doors: Machine) -> None:
    door, moment = _door(), clock.now()
    with transaction.atomic(), caused_by(99), clock.at(moment):
        states.transition(doors, door, "shut", actor=STAFF, reason="wind", used_at=moment)
    assert (door.holder, door.used_at) == ("shut", moment)
    door.refresh_from_db()
    assert (door.holder, door.used_at) == ("shut", moment)
    change = StateChange.objects.get()
    assert (change.machine, change.subject_id) == (doors.name, door.pk)
    assert (change.source, change.target, change.reason) == ("open", "shut", "wind")
    assert (change.actor_kind, change.actor_id, change.actor_label) == ("staff", 4, "Olga")
    assert (change.cause_id, change.at) == (99, moment)


@pytest.mark.django_db
def test_a_move_and_its_event_are_one_statement(
    doors: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a move that tells, state, history and outbox are written; stale, none of them."""
    door, heard = _door(), list[str]()
    stale = TicketClaim.objects.get(pk=door.pk)
    event = Probed(probe_id=door.pk)
    monkeypatch.setitem(events.inline_handlers, Probed.name, [])
    events.in_transaction(Probed, locks=lambda _: [])(lambda told, _: heard.append(told.name))
    with transaction.atomic(), caused_by(99), CaptureQueriesContext(connection) as seen:
        states.transition_telling(doors, door, "shut", event=event, actor=STAFF, reason="wind")
    assert len(seen) == 1
    assert heard == ["test.probed"]
    assert StateChange.objects.get().reason == "wind"
    stored = StoredEvent.objects.get()
    assert (stored.name, stored.subject_id, stored.cause_id) == ("test.probed", door.pk, 99)
    assert events.load(stored) == event
    with pytest.raises(IllegalTransition):
        states.transition_telling(doors, stale, "shut", event=event, actor=STAFF)
    assert (heard, StoredEvent.objects.count()) == (["test.probed"], 1)


@pytest.mark.django_db
def test_several_moves_are_one_statement_and_one_that_lost_refuses_them(doors: Machine) -> None:
    """Given objects of their own, all move with their histories; a stale one takes all back."""
    first, second, third = _door(21), _door(22), _door(23)
    stale = TicketClaim.objects.get(pk=first.pk)
    with transaction.atomic(), CaptureQueriesContext(connection) as seen:
        states.transition_each(Move(doors, first, "shut"), Move(doors, second, "shut"), actor=STAFF)
    assert len(seen) == 1
    assert (first.holder, second.holder, StateChange.objects.count()) == ("shut", "shut", 2)

    with pytest.raises(IllegalTransition, match=f"{stale.pk} is no longer open"):
        _both(doors, third, stale)
    third.refresh_from_db()
    assert (third.holder, StateChange.objects.count()) == ("open", 2)


@transaction.atomic
def _both(doors: Machine, *objs: TicketClaim) -> None:
    states.transition_each(*(Move(doors, one, "shut") for one in objs), actor=STAFF)


@pytest.mark.django_db
def test_a_move_and_a_change_beside_it_are_one_statement(doors: Machine) -> None:
    """Given another row's conditional change, the move is made either way and tells of it."""
    first, second, other = _door(31), _door(32), _door(33)
    with transaction.atomic(), CaptureQueriesContext(connection) as seen:
        done = states.transition_beside(
            doors,
            first,
            "shut",
            beside=Change(other, {"holder": "open"}, {"number": 34}, ()),
            actor=STAFF,
        )
        lost = states.transition_beside(
            doors,
            second,
            "shut",
            beside=Change(other, {"holder": "shut"}, {"number": 35}, ()),
            actor=STAFF,
        )
    assert (len(seen), done, lost) == (2, True, False)
    other.refresh_from_db()
    assert (other.number, first.holder, second.holder) == (34, "shut", "shut")
    assert StateChange.objects.count() == 2


@pytest.mark.django_db
def test_a_guard_refuses_with_its_own_reason(doors: Machine) -> None:
    door = _door(13, "shut")
    with pytest.raises(Conflict) as refused:
        states.transition(doors, door, "locked", actor=STAFF)
    assert refused.value.code == "jammed"
    door.refresh_from_db()
    assert door.holder == "shut"
    assert not StateChange.objects.exists()


@pytest.mark.django_db
def test_a_stale_object_loses(doors: Machine) -> None:
    door = _door()
    stale = TicketClaim.objects.get(pk=door.pk)
    states.transition(doors, door, "shut", actor=STAFF)
    with pytest.raises(IllegalTransition):
        states.transition(doors, stale, "shut", actor=STAFF)
    assert StateChange.objects.count() == 1


@pytest.mark.usefixtures("threaded_db")
def test_there_is_no_move_outside_a_transaction(doors: Machine) -> None:
    door = _door()
    with pytest.raises(TransactionManagementError):
        states.transition(doors, door, "shut", actor=STAFF)
    door.refresh_from_db()
    assert door.holder == "open"


def test_bad_tables_are_refused(doors: Machine) -> None:
    with pytest.raises(ValueError, match="undeclared states"):
        Machine(name="a.b.c", initial="x", transitions={"x": ("y",)})
    with pytest.raises(ValueError, match="undeclared states"):
        Machine(name="a.b.c", initial="z", transitions={"x": ()})
    with pytest.raises(ValueError, match="another machine"):
        Machine(name=doors.name, initial="x", transitions={"x": ()})
    assert states.machines[doors.name] is doors
