"""Who brought whom, by the first thing that each person did."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from banyan.insights.rules import Opened, Shared, measure, people_tree

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def at(minutes: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


ROOT = Shared(link=1, parent=None, person="ana", at=at(0))
CHILD = Shared(link=2, parent=1, person="ben", at=at(10))


def test_the_first_opening_decides_and_the_rest_are_repeats() -> None:
    opened = [
        Opened(1, "cy", at(5)),
        Opened(2, "cy", at(12)),
        Opened(1, "cy", at(20)),
        Opened(2, "dee", at(15)),
    ]
    tree = people_tree([ROOT, CHILD], opened)
    assert {p: (m.parent, m.depth) for p, m in tree.items()} == {
        "ana": (None, 0),
        "cy": ("ana", 1),
        "ben": ("ana", 1),
        "dee": ("ben", 2),
    }


def test_somebody_who_opened_first_and_shared_later_stands_where_they_opened() -> None:
    other = Shared(link=3, parent=1, person="eve", at=at(1))
    tree = people_tree([ROOT, CHILD, other], [Opened(3, "ben", at(2))])
    assert (tree["ben"].parent, tree["ben"].depth, tree["ben"].shared) == ("eve", 2, False)


def test_clocks_that_disagree_make_nobody_older_than_their_link() -> None:
    early = Shared(link=2, parent=1, person="ben", at=at(-5))
    tree = people_tree([ROOT, early], [Opened(2, "cy", at(-30))])
    assert [m.person for m in tree.values()] == ["ana", "ben", "cy"]
    assert tree["cy"].depth == 2


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(-60, 60)), max_size=30),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-60, 60)), max_size=30),
)
def test_whatever_happens_it_is_one_tree_of_distinct_people(
    grown: list[tuple[int, int, int]], looked: list[tuple[int, int, int]]
) -> None:
    shares = [ROOT]
    for link, (parent, person, minute) in enumerate(grown, start=2):
        above = shares[parent % len(shares)].link
        shares.append(Shared(link, above, f"p{person}", at(minute)))
    opened = [
        Opened(shares[link % len(shares)].link, f"p{person}", at(minute))
        for link, person, minute in looked
    ]
    tree = people_tree(shares, opened)
    assert set(tree) == {s.person for s in shares} | {o.person for o in opened}
    assert measure({person: each.parent for person, each in tree.items()}).size == len(tree)
