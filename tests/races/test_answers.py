"""The shop's answer and the deadline at one moment: one of them holds, and nothing of the other."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Busy, Conflict
from banyan.orders import actions as orders
from banyan.orders.actions import answering, returns
from banyan.orders.models import OrderRefund, Return
from tests.orders.test_answers_in_time import wish_money
from tests.orders.test_returns import ADDRESS, ask, boss, sent
from tests.support.threads import run_at_once
from tests.support.weakened import meet, no_locks

pytestmark = pytest.mark.usefixtures("threaded_db")


def _in_time(asked: Return, act: str) -> object:
    """The shop answers a second before the deadline."""
    assert asked.due_by is not None
    with clock.at(asked.due_by - dt.timedelta(seconds=1)):
        if act == "refuse":
            return orders.refuse_return(actor=boss(asked.order), return_id=asked.pk, reason="no")
        return orders.approve_return(actor=boss(asked.order), return_id=asked.pk, address=ADDRESS)


def _deadline(until: dt.datetime | None) -> int:
    assert until is not None
    with clock.at(until):
        return orders.answer_overdue(actor=Actor.system("test"))


def _escalated() -> int:
    return StoredEvent.objects.filter(name="order.unanswered").count()


@pytest.mark.parametrize("act", ["refuse", "approve"])
def test_the_answer_and_the_deadline_at_once_one_of_them_holds(act: str) -> None:
    asked = ask(sent(1))

    results = run_at_once(
        *[lambda: _in_time(asked, act)] * 2, *[lambda: _deadline(asked.due_by)] * 3
    )

    asked.refresh_from_db()
    answered = asked.state in {"refused", "approved"}
    assert (asked.escalated_at is None) == answered
    assert _escalated() == (0 if answered else 1)
    assert sum(results[2:]) == (0 if answered else 1)
    refusals = [one for one in results[:2] if isinstance(one, Exception)]
    assert all(isinstance(one, Conflict | Busy) for one in refusals)


def test_control_without_locks_it_is_answered_and_before_the_desk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ask(sent(1))
    no_locks(monkeypatch)
    meet(monkeypatch, returns, "check_in_time", parties=2)
    meet(monkeypatch, answering, "_worth", parties=2)

    run_at_once(lambda: _in_time(asked, "refuse"), lambda: _deadline(asked.due_by))

    asked.refresh_from_db()
    assert asked.state == "refused"
    assert asked.escalated_at is not None
    assert _escalated() == 1


def test_money_is_granted_or_before_the_desk_and_never_refused_too() -> None:
    order = sent(1)
    money = wish_money(order)
    assert money.answer_by is not None
    in_time = money.answer_by - dt.timedelta(seconds=1)

    def refuse() -> object:
        with clock.at(in_time):
            return orders.refuse_refund(actor=boss(order), refund_id=money.pk, reason="no")

    results = run_at_once(*[refuse] * 2, *[lambda: _deadline(money.answer_by)] * 3)

    found = OrderRefund.objects.get(pk=money.pk)
    assert (found.state == "refused") == (found.escalated_at is None), results
    assert _escalated() == (0 if found.state == "refused" else 1)
