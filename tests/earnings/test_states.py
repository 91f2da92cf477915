"""Every row of the state tables is allowed, every other move refused; events have schemas."""

from __future__ import annotations

import itertools

import pytest

from banyan.earnings import events as told
from banyan.earnings.models import Commission
from banyan.earnings.states import COMMISSION, LIVE_STATES, PAYOUT_BATCH
from banyan.kernel import events
from banyan.kernel.problems import IllegalTransition
from banyan.kernel.states import Machine, transition

from . import story

MOVES = [
    (machine, source, target)
    for machine in (COMMISSION, PAYOUT_BATCH)
    for source, target in itertools.product(machine.states, repeat=2)
]


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("machine", "source", "target"), MOVES)
def test_a_move_is_made_exactly_when_the_table_has_it(
    machine: Machine, source: str, target: str
) -> None:
    allowed = target in machine.transitions[source]
    assert machine.allows(source, target) is allowed
    if machine is COMMISSION and not allowed:
        with pytest.raises(IllegalTransition):
            transition(COMMISSION, Commission(state=source), target, actor=story.SYSTEM)


def test_money_is_on_the_books_in_live_states_only() -> None:
    assert set(COMMISSION.states) - set(LIVE_STATES) == {
        "quoted",
        "expired",
        "rejected",
        "reversed",
    }


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("commission.earned", {}),
        ("commission.rejected", {"reason"}),
        ("commission.payable", {}),
        ("commission.reversed", {"refund_id"}),
    ],
)
def test_events_of_a_commission_say_whose_and_how_much(name: str, fields: set[str]) -> None:
    common = {"commission_id", "order_id", "payee_id", "amount", "currency"}
    assert set(events.registry[name].model_fields) == common | set(fields)
    assert events.registry[name].subject == "commission_id"


@pytest.mark.parametrize(
    ("event", "fields"),
    [(told.EarningsPaidOut, set()), (told.EarningsPayoutFailed, {"reason"})],
)
def test_events_of_a_payout_say_whose_and_how_much(
    event: type[events.Event], fields: set[str]
) -> None:
    common = {"item_id", "batch_id", "payee_id", "amount", "currency"}
    assert set(event.model_fields) == common | fields
    assert events.registry[event.name] is event
