"""Every event has one name, one schema, one subject, and comes back from the outbox as it went."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import ClassVar

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import banyan
from banyan.kernel import events
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.events import Event
from banyan.kernel.locks import LockKey
from banyan.kernel.models import StoredEvent

from .probes import Probed, emit

MEMBER = Actor(kind="member", id=12)


def _all_events() -> list[type[Event]]:
    for module in pkgutil.iter_modules(banyan.__path__, "banyan."):
        name = f"{module.name}.events"
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    return [cls for name, cls in sorted(events.registry.items()) if not name.startswith("test.")]


ALL = _all_events()


def test_the_project_has_events() -> None:
    assert {"payment.captured", "order.paid", "refund.succeeded"} <= {cls.name for cls in ALL}


@pytest.mark.parametrize("event", ALL, ids=lambda cls: cls.name)
def test_names_are_words_with_a_dot_and_the_subject_is_an_int_field(event: type[Event]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", event.name)
    assert event.model_fields[event.subject].annotation is int
    assert event.__doc__


@pytest.mark.parametrize("event", ALL, ids=lambda cls: cls.name)
@hypothesis_settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(data=st.data())
def test_payloads_survive_the_outbox(event: type[Event], data: st.DataObject) -> None:
    made = data.draw(st.builds(event))
    stored = StoredEvent(name=event.name, payload=made.model_dump(mode="json"))
    assert events.load(stored) == made


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name taken"):

        class Imposter(Event):
            name: ClassVar[str] = "order.paid"
            subject: ClassVar[str] = "order_id"
            order_id: int

    assert events.registry["order.paid"].__name__ == "OrderPaid"


def test_a_subject_that_is_no_field_is_refused() -> None:
    with pytest.raises(ValueError, match="must name one of its fields"):

        class Lost(Event):
            name: ClassVar[str] = "test.lost"
            subject: ClassVar[str] = "nowhere"
            order_id: int

    del events.registry["test.lost"]


@pytest.mark.django_db
def test_an_event_is_stored_with_its_actor_cause_and_subject() -> None:
    with transaction.atomic(), caused_by(5):
        stored_id = events.emit(Probed(probe_id=2**60, note="x"), actor=MEMBER)
    stored = StoredEvent.objects.get(pk=stored_id)
    assert (stored.name, stored.subject_id, stored.position) == ("test.probed", 2**60, None)
    assert (stored.actor_kind, stored.actor_id, stored.cause_id) == ("member", 12, 5)
    assert events.load(stored) == Probed(probe_id=2**60, note="x")
    assert events.meta_of(stored).cause_id == 5


@pytest.mark.django_db
def test_a_rolled_back_action_emits_nothing() -> None:
    with pytest.raises(RuntimeError, match="no"):
        _emit_and_fail()
    assert not StoredEvent.objects.exists()


@transaction.atomic
def _emit_and_fail() -> None:
    emit(1)
    raise RuntimeError("no")


@pytest.mark.usefixtures("threaded_db")
def test_there_is_no_event_outside_a_transaction() -> None:
    with pytest.raises(TransactionManagementError, match="outside a transaction"):
        events.emit(Probed(probe_id=1), actor=MEMBER)
    assert not StoredEvent.objects.exists()


@pytest.mark.django_db
def test_inline_handlers_run_inside_and_declare_their_locks() -> None:
    seen: list[tuple[int, str]] = []
    keys = [LockKey("order", 1)]

    @events.in_transaction(Probed, locks=lambda event: keys)
    def handle(event: Probed, actor: Actor) -> None:
        seen.append((event.probe_id, str(actor)))
        if event.note == "refuse":
            raise RuntimeError("refused")

    try:
        assert events.locks_for(Probed(probe_id=1)) == keys
        emit(1)
        with pytest.raises(RuntimeError, match="refused"):
            emit(2, "refuse")
    finally:
        del events.inline_handlers["test.probed"]
    assert seen == [(1, "test"), (2, "test")]
    assert StoredEvent.objects.get().subject_id == 1, "the refused event went with its transaction"
