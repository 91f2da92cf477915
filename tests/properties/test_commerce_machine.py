"""Everything that can be bought, in any order, with acts that fall over in the middle.

One machine drives carts, orders, payments, refunds, returns, sales and escrow by the public
actions, and asks after every act what must hold whatever was done (``commerce_truths``). A refusal
is an answer; anything else that is raised is a fault.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.properties import commerce_after, commerce_buying
from tests.properties.commerce_floor import Floor, open_floor
from tests.properties.commerce_run import How, Run, what_is_there

DEEDS = {deed.__name__: deed for deed in [*commerce_buying.DEEDS, *commerce_after.DEEDS]}
OFTEN = commerce_buying.DEEDS | commerce_after.DEEDS

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

    def __init__(self, floor: Floor) -> None:
        super().__init__()
        self.run = Run(floor)

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


_LONG = settings.default is not None and settings.default.max_examples >= 1_000
RUNS = settings(
    max_examples=400 if _LONG else 15,
    stateful_step_count=60 if _LONG else 30,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


@pytest.fixture
def floor(db: None) -> Floor:
    """Return the market as it opens."""
    return open_floor()


def test_whatever_is_done_in_whatever_order_and_falls_over_everything_holds(floor: Floor) -> None:
    run_state_machine_as_test(lambda: Commerce(floor), settings=RUNS)
