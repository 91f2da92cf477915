"""Everything that can be bought, in any order, with acts that fall over in the middle.

One machine drives carts, orders, payments, refunds, returns, sales and escrow by the public
actions, and asks after every act what must hold whatever was done (``commerce_truths``). A refusal
is an answer; anything else that is raised is a fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from django.db import DatabaseError, IntegrityError, connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from banyan.catalog.actions import stock
from banyan.entitlements.actions import RightInput, grant_price_rights
from banyan.entitlements.models import PriceRight
from banyan.kernel.money import Money
from banyan.orders import ports
from banyan.orders.actions import placement, units
from tests.properties import commerce_after, commerce_buying, commerce_rights
from tests.properties.commerce_floor import SYSTEM, Floor, open_floor
from tests.properties.commerce_run import How, Run, what_is_there

OFTEN = commerce_buying.DEEDS | commerce_after.DEEDS | commerce_rights.DEEDS
DEEDS = {deed.__name__: deed for deed in OFTEN}

how = st.builds(
    How,
    number=st.integers(0, 11),
    n=st.integers(1, 3),
    share=st.sampled_from([100, 100, 50, 33, 1, 101, 0]),
    yes=st.booleans(),
    also=st.booleans(),
)
cuts = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 45))


class Commerce(RuleBasedStateMachine):
    """The market's floor for one run."""

    floor: ClassVar[Floor]

    def __init__(self) -> None:
        super().__init__()
        self.run = Run(self.floor)

    def teardown(self) -> None:
        """Look at the books, and put the floor back as it was."""
        self.run.end()

    @rule(data=st.data(), how=how, cut=cuts)
    def somebody_acts(self, data: st.DataObject, how: How, cut: int | None) -> None:
        """Do something that can be done now; with ``cut`` its statement of that number fails."""
        there = {"": 1} | what_is_there()
        possible = [
            deed.__name__
            for deed, (needs, often) in OFTEN.items()
            for _ in range(often)
            if there[needs]
        ]
        name = data.draw(st.sampled_from(possible), label="deed")
        self.run.cut, self.run.wanted = cut, {}
        DEEDS[name](self.run, how)
        self.run.cut = None

    @invariant()
    def everything_holds(self) -> None:
        """Ask after every act."""
        self.run.check()


def on(opened: Floor) -> type[Commerce]:
    """Return the machine of one floor."""

    class Here(Commerce):
        floor = opened

    return Here


_LONG = settings.default is not None and settings.default.max_examples >= 1_000
RUNS = settings(
    max_examples=400 if _LONG else 10,
    stateful_step_count=60 if _LONG else 30,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


@pytest.fixture
def floor(db: None, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """Return the market as it opens; what is bought in a group waits for it."""
    group = (commerce_rights.forming, commerce_rights.rights_forming)
    monkeypatch.setattr(ports, "_holds", [group])
    return open_floor()


def test_whatever_is_done_in_whatever_order_and_falls_over_everything_holds(floor: Floor) -> None:
    run_state_machine_as_test(on(floor), settings=RUNS)


# -- the room of a run ----------------------------------------------------------------------------


def _promise(run: Run, *, quantity: int) -> None:
    """Give a price of one's own by a single statement, outside of any transaction."""
    buyer, ware = run.floor.buyers[1], run.floor.wares[0]
    assert buyer.actor.id is not None
    wanted = RightInput(
        account_id=buyer.actor.id,
        variant_id=ware.variant_id,
        price=Money(1, "CNY"),
        title="Ours",
        quantity=quantity,
        expires_at=run.now + dt.timedelta(minutes=10),
    )
    run.act(lambda: grant_price_rights(actor=SYSTEM, wanted=[wanted]))


def test_a_write_outside_of_any_transaction_falls_over_alone_and_is_tried_again(
    floor: Floor,
) -> None:
    run = Run(floor)
    try:
        run.cut = 0
        _promise(run, quantity=1)
        run.check()
        assert PriceRight.objects.count() == 1
    finally:
        run.end()


def test_a_run_that_ends_by_an_error_of_the_database_tells_that_error(floor: Floor) -> None:
    run = Run(floor)

    def falls_over() -> None:
        try:
            _promise(run, quantity=0)
        finally:
            run.end()

    with pytest.raises(IntegrityError, match="entitlements_priceright"):
        falls_over()
    assert PriceRight.objects.count() == 0


# -- controls: with a protection off the machine finds it -----------------------------------------

SEARCH = settings(RUNS, max_examples=200, phases=[Phase.generate], database=None)


def _unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let anybody have what is not there; the look ahead would find it too, and the CHECK."""
    statement = stock._MOVE.replace("s.on_hand - s.allocated - s.reserved - s.held >= n", "true")
    assert statement != stock._MOVE
    monkeypatch.setattr(stock, "_MOVE", statement)
    monkeypatch.setattr(placement, "_check_free", lambda wanted: None)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_stock DROP CONSTRAINT stock_never_oversold")


def _back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is cancelled come back twice."""

    def twice(wanted: Sequence[tuple[int, int]], **how: Any) -> None:
        for _ in range(2):
            stock.restock(wanted, **how)

    monkeypatch.setattr(units, "restock", twice)


def _half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what fell over leave behind what it had written; the floor itself is put back."""
    undo = connection.savepoint_rollback

    def keep(sid: str) -> None:
        if not connection.savepoint_ids:
            undo(sid)

    monkeypatch.setattr(connection, "savepoint_rollback", keep)


CONTROLS = {
    "stock without its guard": (_unguarded, "stock is what the orders say"),
    "units that come back twice": (_back_twice, "stock"),
    "acts that are half done": (_half_done, None),
}


@pytest.mark.django_db
@pytest.mark.parametrize("control", CONTROLS)
def test_control_the_machine_finds(control: str, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off, told = CONTROLS[control]
    switch_off(monkeypatch)
    floor = open_floor()

    with pytest.raises((AssertionError, DatabaseError), match=told):
        run_state_machine_as_test(on(floor), settings=SEARCH)
