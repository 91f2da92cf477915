"""Who earns by whose purchases, round and round: what is a circle and what is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from banyan.trust.circles import LONGEST, Ring, Trade, rings
from banyan.trust.rules import STRONG, USUAL

ANA, BEN, CY, DI, EVE = range(1, 6)


def circles(*trades: tuple[int, int, int], **earning: int) -> list[Ring]:
    """Return the circles of (earner, buyer, purchases); ``earning`` adds other earnings by name."""
    sums: dict[int, int] = {}
    for earner, _buyer, n in trades:
        sums[earner] = sums.get(earner, 0) + n
    for name, n in earning.items():
        who = {"ana": ANA, "ben": BEN, "cy": CY}[name]
        sums[who] = sums.get(who, 0) + n
    return rings([Trade(*one) for one in trades], sums)


def test_two_who_buy_through_each_other_again_and_again_are_a_strong_circle() -> None:
    (found,) = circles((ANA, BEN, 3), (BEN, ANA, 4))
    assert found == Ring((ANA, BEN), rounds=3, inside=100)
    assert found.strength == STRONG


def test_a_family_that_buys_once_from_each_other_is_no_circle() -> None:
    family = (ANA, BEN, CY, DI)
    assert not circles(*((one, other, 1) for one in family for other in family if one != other))


def test_a_seller_and_regular_buyers_are_no_circle() -> None:
    assert not circles((ANA, BEN, 20), (ANA, CY, 15), (BEN, CY, 9))


def test_one_present_back_does_not_close_it() -> None:
    assert not circles((ANA, BEN, 30), (BEN, ANA, 1))


def test_two_rounds_are_shown_and_not_strong() -> None:
    (found,) = circles((ANA, BEN, 2), (BEN, ANA, 9))
    assert (found.rounds, found.strength) == (2, USUAL)


def test_who_earns_mostly_by_others_makes_it_usual() -> None:
    (found,) = circles((ANA, BEN, 3), (BEN, ANA, 3), ana=4)
    assert (found.inside, found.strength) == (42, USUAL)
    (half,) = circles((ANA, BEN, 3), (BEN, ANA, 3), ana=3)
    assert (half.inside, half.strength) == (50, STRONG)


def test_three_and_four_in_a_row_close_it_and_five_do_not() -> None:
    row = [(ANA, BEN, 3), (BEN, CY, 5), (CY, DI, 3), (DI, EVE, 3), (EVE, ANA, 3)]
    assert not circles(*row)
    (three,) = circles(*row[:2], (CY, ANA, 4))
    assert (three.members, three.rounds) == ((ANA, BEN, CY), 3)
    (four,) = circles(*row[:3], (DI, ANA, 3))
    assert four.members == (ANA, BEN, CY, DI)


def test_both_ways_round_are_one_circle_that_went_round_as_often_as_the_better_way() -> None:
    found = circles(
        (ANA, BEN, 3), (BEN, CY, 3), (CY, ANA, 3), (BEN, ANA, 2), (CY, BEN, 2), (ANA, CY, 2)
    )
    assert [one.rounds for one in found if len(one.members) == 3] == [3]
    assert len(found) == 4, "the three pairs are circles of their own"


def test_who_buys_of_oneself_is_no_circle() -> None:
    assert not circles((ANA, ANA, 9))


@given(
    st.dictionaries(st.tuples(st.integers(1, 6), st.integers(1, 6)), st.integers(1, 5), max_size=20)
)
def test_every_circle_goes_round(bought: dict[tuple[int, int], int]) -> None:
    found = circles(*((one, other, n) for (one, other), n in bought.items()))
    assert len({one.members for one in found}) == len(found)
    for one in found:
        assert 2 <= len(one.members) <= LONGEST
        assert one.members == tuple(sorted(one.members))
        assert 0 <= one.inside <= 100
        for member in one.members:
            others = set(one.members) - {member}
            assert any(bought.get((member, other), 0) >= one.rounds for other in others)
            assert any(bought.get((other, member), 0) >= one.rounds for other in others)
    pairs = {
        (one, other)
        for (one, other), n in bought.items()
        if one < other and n >= 2 and bought.get((other, one), 0) >= 2
    }
    assert pairs <= {one.members for one in found}
