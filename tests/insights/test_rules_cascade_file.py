"""Reading the exchange file of reshare cascades; every line here is generated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.insights.rules import Cascade, CascadeFault, Share, parse_cascades

START = 1_500_000_000


def line_of(
    identifier: str, parents: dict[str, str | None], joined: dict[str, int], order: list[str]
) -> str:
    """Write a tree as a line, each member with the whole path above."""

    def path(user: str) -> str:
        above = parents[user]
        return user if above is None else f"{path(above)}/{user}"

    root = next(user for user, parent in parents.items() if parent is None)
    words = " ".join(f"{path(user)}:{joined[user]}" for user in order)
    return f"{identifier}\t{root}\t{START}\t{len(parents)}\t{words}\n"


@st.composite
def written_trees(draw: st.DrawFn) -> tuple[dict[str, str | None], dict[str, int], list[str]]:
    """Draw a tree, joining times that grow along each path, and an order to write it in."""
    size = draw(st.integers(1, 40))
    parents: dict[str, str | None] = {"u0": None}
    joined = {"u0": 0}
    for number in range(1, size):
        above = f"u{draw(st.integers(0, number - 1))}"
        parents[f"u{number}"] = above
        joined[f"u{number}"] = joined[above] + draw(st.integers(0, 5000))
    return parents, joined, draw(st.permutations(list(parents)))


@given(written_trees())
def test_a_written_tree_is_read_back_whatever_the_order_of_its_paths(
    tree: tuple[dict[str, str | None], dict[str, int], list[str]],
) -> None:
    parents, joined, order = tree

    (cascade,) = parse_cascades([line_of("c1", parents, joined, order)])

    assert isinstance(cascade, Cascade)
    assert cascade.parents() == parents
    assert {member.user: member.seconds for member in cascade.members()} == joined
    assert cascade.measures().size == cascade.declared_size


def distance(one: str, other: str, parents: dict[str, str | None]) -> int:
    """Count steps between two members by climbing to the root from both."""

    def climb(user: str) -> list[str]:
        way = [user]
        while (above := parents[way[-1]]) is not None:
            way.append(above)
        return way

    left, right = climb(one), climb(other)
    shared = len(set(left) & set(right))
    return len(left) + len(right) - 2 * shared


def test_measures_of_a_generated_file_equal_brute_force() -> None:
    dice = random.Random(11)
    lines = []
    for number in range(20):
        parents: dict[str, str | None] = {"r": None}
        joined = {"r": 0}
        for member in range(dice.randrange(1, 60)):
            above = dice.choice(list(parents))
            parents[f"m{member}"] = above
            joined[f"m{member}"] = joined[above] + dice.randrange(1, 9000)
        order = sorted(parents, key=lambda _: dice.random())
        lines.append(line_of(f"c{number}", parents, joined, order))

    cascades = [found for found in parse_cascades(lines) if isinstance(found, Cascade)]

    assert len(cascades) == 20
    for cascade in cascades:
        tree = cascade.parents()
        lengths = [distance(one, other, tree) for one, other in combinations(tree, 2)]
        virality = cascade.measures().structural_virality
        assert virality == pytest.approx(sum(lengths) / len(lengths), abs=1e-9)


def read(*words: str) -> Cascade:
    (cascade,) = parse_cascades([f"7\ta\t{START}\t{len(words)}\t{' '.join(words)}"])
    assert isinstance(cascade, Cascade)
    return cascade


def test_a_line_gives_typed_fields_and_shares_as_written() -> None:
    cascade = read("a:0", "a/b:60", "a/b/c:90")
    assert (cascade.id, cascade.root, cascade.declared_size) == ("7", "a", 3)
    assert cascade.published_at == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)
    assert cascade.shares == (Share(("a",), 0), Share(("a", "b"), 60), Share(("a", "b", "c"), 90))


def test_a_user_who_shares_twice_counts_once_at_the_earlier_time() -> None:
    cascade = read("a:0", "a/b:60", "a/c:10", "a/c/b:30", "a/b/d:70")
    assert cascade.parents() == {"a": None, "c": "a", "b": "c", "d": "b"}
    assert {member.user: member.seconds for member in cascade.members()}["b"] == 30
    assert cascade.declared_size == 5
    assert cascade.measures().size == 4


def test_a_user_known_only_from_the_middle_of_a_path_joins_at_that_time() -> None:
    cascade = read("a:0", "a/x/y/c:40", "a/x:90")
    assert cascade.parents() == {"a": None, "x": "a", "y": "x", "c": "y"}
    assert [member.seconds for member in cascade.members()] == [0, 40, 40, 40]


def test_a_root_sharing_itself_again_makes_no_cycle() -> None:
    cascade = read("a:0", "a/a:50", "a/a/b:80", "a/b/a/c:90")
    assert cascade.parents() == {"a": None, "b": "a", "c": "a"}


def test_a_root_without_a_path_of_its_own_is_a_member_all_the_same() -> None:
    assert read("a/b:5").parents() == {"a": None, "b": "a"}


GOOD = f"1\ta\t{START}\t2\ta:0 a/b:5"


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("1\ta\t5", 1, "field_count"),
        (f"{GOOD}\textra", 1, "field_count"),
        ("\ta\t5\t1\ta:0", 1, "name"),
        ("1\ta b\t5\t1\ta:0", 3, "name"),
        (f"1\t{'a' * 101}\t5\t1\ta:0", 3, "name"),
        ("1\ta\tsoon\t1\ta:0", 5, "number"),
        ("1\ta\t-5\t1\ta:0", 5, "number"),
        ("1\ta\t٣\t1\ta:0", 5, "number"),
        ("1\ta\t5\t²\ta:0", 7, "number"),
        ("1\ta\t999999999999\t1\ta:0", 5, "time"),
        ("1\ta\t5\t0\ta:0", 7, "size"),
        ("1\ta\t5\t1\t", 9, "no_paths"),
        ("1\ta\t5\t1\ta:0 a/b", 13, "path"),
        ("1\ta\t5\t1\ta:0 a//b:5", 15, "name"),
        ("1\ta\t5\t1\ta:0 a/b\x00:5", 15, "name"),
        ("1\ta\t5\t1\ta:0 b/c:5", 13, "foreign_root"),
        ("1\ta\t5\t1\ta:0 a/b:x", 17, "number"),
        ("1\ta\t5\t1\ta:0 a/b:1.5", 17, "number"),
        ("1\ta\t5\t1\ta:0  a/b:", 18, "number"),
        (f"1\ta\t{START}\t1\ta:0 a/b:{'9' * 12}", 26, "time"),
    ],
)
def test_a_fault_names_line_and_column_and_the_next_line_is_still_read(
    line: str, column: int, code: str
) -> None:
    found = list(parse_cascades(["\n", line + "\r\n", GOOD]))

    fault, cascade = found
    assert isinstance(fault, CascadeFault)
    assert (fault.line, fault.column, fault.code) == (2, column, code)
    assert isinstance(cascade, Cascade)


def test_a_fault_speaks_to_people() -> None:
    (fault,) = parse_cascades(["1\ta\tsoon\t1\ta:0"])
    assert isinstance(fault, CascadeFault)
    assert fault.message == "A whole number of at most 12 digits belongs here: “soon”."


def test_the_same_cascade_twice_is_a_fault_at_the_second() -> None:
    first, second = parse_cascades([GOOD, GOOD])
    assert isinstance(first, Cascade)
    assert second == CascadeFault(2, 1, "duplicate_id", "1")


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    (cascade,) = parse_cascades(["\ufeff" + GOOD])
    assert isinstance(cascade, Cascade)
    assert cascade.id == "1"


def test_the_file_is_read_one_line_at_a_time() -> None:
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield f"{number}\ta\t{START}\t1\ta:0\n"

    reading = parse_cascades(lines())
    next(reading)
    next(reading)
    assert taken == 2


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_text_whatever_stops_the_reader(lines: list[str]) -> None:
    for found in parse_cascades(lines):
        assert isinstance(found, Cascade | CascadeFault)
