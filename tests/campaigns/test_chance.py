"""Splits sum to the cent and favour no place; wheels miss nobody; schedules keep their promises."""

from __future__ import annotations

import math
import os
import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from banyan.campaigns.chance import bargains, draws, packets, packs
from banyan.campaigns.chance.bargains import Bargain
from banyan.campaigns.chance.draws import Draw
from banyan.campaigns.chance.instant import NOTHING, Prize, Wheel
from banyan.campaigns.chance.odds import beyond, fit
from banyan.campaigns.chance.packets import Packet, split_equal, split_random
from banyan.campaigns.chance.packs import Pack
from banyan.kernel.fairness import Entrant, below, proves, stream
from banyan.kernel.proofs import Void, freeze

from .proof_files import seed, turns

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
MANY = 1_000_000 if SOAK else 50_000
"""How often chance is asked. Seeds are fixed, so that an answer is the same in every run."""
F_9_MANY = 2.41
"""Upper 1 % point of F with 9 and very many degrees of freedom."""


def _p_value(counts: Sequence[int], chances: Sequence[float]) -> float:
    """Return the probability of a chi-square at least as large; an odd number of classes."""
    n = sum(counts)
    half: float = sum((c - n * p) ** 2 / (n * p) for c, p in zip(counts, chances, strict=True)) / 2
    assert len(counts) % 2 == 1, "the series is exact for an even number of degrees of freedom"
    return math.exp(-half) * sum(
        math.pow(half, i) / math.factorial(i) for i in range(len(counts) // 2)
    )


def _anova(rows: Sequence[Sequence[int]]) -> float:
    """Return F of the means of the columns of ``rows``."""
    n = len(rows)
    columns: list[tuple[int, ...]] = list(zip(*rows, strict=True))
    means = [sum(column) / n for column in columns]
    grand = sum(means) / len(means)
    between = n * sum((mean - grand) ** 2 for mean in means) / (len(means) - 1)
    within = sum((x - m) ** 2 for column, m in zip(columns, means, strict=True) for x in column)
    return between / (within / (len(means) * (n - 1)))


def _naive(total: int, n: int, key: bytes) -> list[int]:
    """Random of what is left: what others do, and what must be refused."""
    source, left, shares = stream(key), total, []
    for people in range(n, 1, -1):
        shares.append(1 + below(left - people + 1, source))
        left -= shares[-1]
    return [*shares, left]


def test_shares_sum_exactly_and_keep_their_bounds() -> None:
    dice = random.Random(1)
    for i in range(100_000 if SOAK else 10_000):
        n = dice.choice((1, 2, 3, 5, 10, 10, 30)) if i % 50 else 100
        least = dice.choice((1, 1, 1, 7))
        total = n * least + dice.choice((0, 1, dice.randrange(10_000)))
        most = dice.choice((total, -(-total // n), -(-total // n) + dice.randrange(50)))
        rule = (packets.LINE_CUT, packets.DOUBLE_MEAN)[i % 2]
        key = i.to_bytes(32, "big")

        shares = split_random(total=total, n=n, least=least, most=most, seed=key, rule=rule)

        assert sum(shares) == total
        assert len(shares) == n
        assert min(shares) >= least
        assert max(shares) <= most


def test_what_cannot_be_is_refused_and_what_is_forced_comes_out() -> None:
    for total, n, least, most in (
        (9, 10, 1, 9),
        (100, 10, 11, 100),
        (100, 10, 1, 9),
        (100, 0, 1, 100),
        (100, 1, 0, 100),
    ):
        with pytest.raises(ValueError, match=r"share|little|much"):
            split_random(total=total, n=n, least=least, most=most, seed=seed("x"))
    for rule in (packets.LINE_CUT, packets.DOUBLE_MEAN):
        forced = split_random(total=70, n=10, least=7, most=70, seed=seed("x"), rule=rule)
        assert forced == [7] * 10
    with pytest.raises(ValueError, match="not a rule"):
        Packet(subject=1, currency="CNY", total=100, count=3, rule="naive/1")
    with pytest.raises(ValueError, match="32 bytes"):
        split_random(total=70, n=10, least=1, most=70, seed=b"short")


def test_equal_shares_spread_what_is_left_over() -> None:
    assert split_equal(total=1_003, n=5) == [201, 201, 201, 200, 200]
    with pytest.raises(ValueError, match="little"):
        split_equal(total=4, n=5)


@pytest.mark.parametrize("rule", [packets.LINE_CUT, packets.DOUBLE_MEAN])
def test_no_place_in_the_queue_has_an_edge(rule: str) -> None:
    rows = [
        split_random(
            total=10_000, n=10, least=1, most=10_000, seed=i.to_bytes(32, "big"), rule=rule
        )
        for i in range(20_000 if SOAK else 4_000)
    ]
    luckiest = Counter(row.index(max(row)) for row in rows)

    assert _anova(rows) < F_9_MANY
    assert _p_value([luckiest[i] for i in range(9)], [1 / 9] * 9) > 0.001
    assert abs(luckiest[9] / len(rows) - 0.1) < 0.02


def test_negative_control_random_of_what_is_left_favours_the_first() -> None:
    rows = [_naive(10_000, 10, i.to_bytes(32, "big")) for i in range(1_000)]

    assert _anova(rows) > 100 * F_9_MANY
    assert sum(row[0] for row in rows) / len(rows) > 4_500


def test_every_way_of_sharing_a_packet_has_the_same_chance() -> None:
    """7 units in 3 shares of at least 1: fifteen ways, whoever comes first."""
    ways = Counter(
        tuple(split_random(total=7, n=3, least=1, most=7, seed=i.to_bytes(32, "big")))
        for i in range(MANY)
    )

    assert len(ways) == 15
    assert 0.001 < _p_value(list(ways.values()), [1 / 15] * 15) < 0.999


@pytest.mark.parametrize("rule", bargains.RULES)
def test_a_bargain_is_cut_by_exactly_its_helpers(rule: str) -> None:
    for people, start, floor in ((1, 500, 0), (20, 9_999, 0), (20, 120, 100), (97, 8_765, 43)):
        bargain = Bargain(
            subject=1, currency="CNY", start=start, floor=floor, people=people, rule=rule
        )
        cuts = bargain.parts(seed("b"))
        assert len(cuts) == people
        assert sum(cuts) == start - floor
        assert min(cuts) >= 1
    with pytest.raises(ValueError, match="at least one"):
        Bargain(subject=1, currency="CNY", start=119, floor=100, people=20, rule=rule)


def test_f06_bargain_decay() -> None:
    even = Bargain(subject=1, currency="CNY", start=10_000, floor=0, people=20).parts(seed("f06"))
    assert sum(even[10:]) / sum(even) >= 0.25
    front = Bargain(
        subject=1, currency="CNY", start=10_000, floor=0, people=20, rule=bargains.FRONT
    ).parts(seed("f06"))
    assert sum(front[10:]) / sum(front) >= 0.25
    assert front[0] > 2.5 * front[-1]
    assert bargains.curve(10_000, 20)[-1] == 10_000


def test_a_lucky_pack_has_one_luckiest_where_it_was_promised() -> None:
    places: Counter[int] = Counter()
    for i in range(300):
        pack = Pack(
            subject=1,
            currency="CNY",
            count=8,
            total=1_500,
            rule=packs.LUCKY,
            top=600,
            first=3,
            last=6,
        )
        values = pack.parts(i.to_bytes(32, "big"))
        assert sum(values) == 1_500
        assert sorted(values)[-2] < 600
        places[values.index(600) + 1] += 1
    assert set(places) == {3, 4, 5, 6}
    with pytest.raises(ValueError, match="much"):
        Pack(subject=1, currency="CNY", count=8, total=1_500, rule=packs.LUCKY, top=100, last=8)


def test_a_tiered_pack_hands_out_its_tiers_in_an_order_by_chance() -> None:
    tiers = ((100, 5), (150, 2), (700, 1))
    pack = Pack(subject=1, currency="CNY", count=8, total=1_500, rule=packs.TIERED, tiers=tiers)
    orders = {tuple(pack.parts(i.to_bytes(32, "big"))) for i in range(40)}

    assert {tuple(sorted(order)) for order in orders} == {(100,) * 5 + (150, 150, 700)}
    assert len(orders) > 20
    with pytest.raises(ValueError, match="total"):
        Pack(subject=1, currency="CNY", count=8, total=1_501, rule=packs.TIERED, tiers=tiers)


NINE = Wheel(1, (*(Prize(f"p{i}", 1 + i) for i in range(8)), Prize(NOTHING, 64)))


def test_f09_lottery_range() -> None:
    """Every number of the wheel leads to exactly one prize, and draws follow the weights."""
    hits = Counter(NINE.at(r) for r in range(NINE.total))
    assert hits == {prize.id: prize.weight for prize in NINE.prizes}
    for outside in (-1, NINE.total):
        with pytest.raises(ValueError, match="not on the wheel"):
            NINE.at(outside)

    won = Counter(NINE.drawn(seed=seed("f09"), n=i, who="m") for i in range(MANY))

    assert sum(won.values()) == MANY
    chances = [prize.weight / NINE.total for prize in NINE.prizes]
    assert 0.001 < _p_value([won[prize.id] for prize in NINE.prizes], chances) < 0.999


def test_negative_control_an_inclusive_upper_bound_misses() -> None:
    """rand(0, total) as it is found elsewhere: one number in total + 1 leads to no prize."""
    dice = random.Random(9)
    missed = 0
    for _ in range(10_000):
        try:
            NINE.at(dice.randint(0, NINE.total))
        except ValueError:
            missed += 1
    assert missed > 0


def test_a_prize_out_of_stock_falls_to_what_was_declared() -> None:
    wheel = Wheel(
        1, (Prize("a", 1, 0, "b"), Prize("b", 1, 1, "c"), Prize("c", 1), Prize(NOTHING, 0))
    )
    left = {"a": 0, "b": 1}

    def take(prize: str) -> bool:
        left[prize] -= 1
        return left[prize] >= 0

    assert [wheel.given("a", take) for _ in range(3)] == ["b", "c", "c"]
    assert wheel.given("c", take) == "c"
    given = Counter(turn.given for turn in turns(wheel, seed("stock"), 60))
    assert given == {"b": 1, "c": 59}


@pytest.mark.parametrize(
    "prizes",
    [
        [Prize("a", 1)],
        [Prize("a", 0), Prize(NOTHING, 1)],
        [Prize("a", 1), Prize("a", 1), Prize(NOTHING, 1)],
        [Prize("a", 1, 1, "b"), Prize("b", 1, 1, "a"), Prize(NOTHING, 1)],
        [Prize("a", 1, 1, "x"), Prize(NOTHING, 1)],
        [Prize("a", 1), Prize(NOTHING, 1, 5)],
        [Prize(NOTHING, 0)],
    ],
)
def test_wheels_that_cannot_be_honest_are_refused(prizes: list[Prize]) -> None:
    with pytest.raises(ValueError, match=r"nothing|not a prize|does not end"):
        Wheel(1, tuple(prizes))


def test_a_draw_names_winners_and_the_order_in_which_others_move_up() -> None:
    entries = [Entrant(f"e{i}", 1 + i % 3) for i in range(20)]
    frozen = freeze(reversed(entries), [Void("v1", "staff")])
    draw = Draw(subject=7, prizes=(("phone", 1), ("mug", 2)), runners=4, closes_at="2026-01-01")

    order = draws.drawn(draw, frozen, seed=seed("d"))

    assert len(order) == len(set(order)) == 7
    assert draws.winners(draw, order) == [
        (order[0], "phone"),
        (order[1], "mug"),
        (order[2], "mug"),
    ]
    longer = Draw(subject=7, prizes=draw.prizes, runners=17, closes_at=draw.closes_at)
    assert draws.drawn(longer, frozen, seed=seed("d"))[:7] == order
    few = draws.drawn(draw, freeze(entries[:2]), seed=seed("d"))
    assert [prize for _, prize in draws.winners(draw, few)] == ["phone", "mug"], "the rest returns"
    assert proves(frozen.entries[0], [], frozen.root) is False


def test_a_draw_and_who_moves_up_follow_the_weights() -> None:
    weights = [1, 2, 3, 4, 5]
    frozen = freeze(Entrant(f"e{i}", weight) for i, weight in enumerate(weights))
    draw = Draw(subject=7, prizes=(("phone", 1),), runners=1, closes_at="2026-01-01")
    orders = [draws.drawn(draw, frozen, seed=i.to_bytes(32, "big")) for i in range(MANY // 2)]

    chances = [weight / 15 for weight in weights]
    after = [
        sum(other * chance / (1 - other) for j, other in enumerate(chances) if j != i)
        for i, chance in enumerate(chances)
    ]
    for place, expected in enumerate((chances, after)):
        won = Counter(order[place] for order in orders)
        assert 0.001 < _p_value([won[f"e{i}"] for i in range(5)], expected) < 0.999


def test_negative_control_whoever_is_last_can_never_win() -> None:
    """Found elsewhere: a random place below ``length - 1``."""
    dice = random.Random(3)
    won = Counter(dice.randrange(4) for _ in range(10_000))
    assert _p_value([won[i] for i in range(5)], [1 / 5] * 5) < 0.001


def test_lists_and_parts_that_contradict_themselves_are_refused() -> None:
    refusals: list[tuple[str, Callable[[], object]]] = [
        ("void", lambda: freeze([Entrant("a")], [Void("a", "staff")])),
        ("weights", lambda: freeze([Entrant("a", 10**15), Entrant("b")])),
        ("void", lambda: freeze([], [Void("a", "staff"), Void("a", "bot")])),
        (
            "named",
            lambda: draws.randomness(Draw(subject=1, prizes=(("a", 1),), closes_at=""), "ab"),
        ),
        ("prizes", lambda: Draw(subject=1, prizes=(), closes_at="")),
        ("source", lambda: Draw(subject=1, prizes=(("a", 1),), closes_at="", source="moon")),
        ("source", lambda: Draw(subject=1, prizes=(("a", 1),), closes_at="", beacon="drand")),
    ]
    for words, refused in refusals:
        with pytest.raises(ValueError, match=words):
            refused()


@pytest.mark.parametrize(
    ("value", "degrees", "likely"),
    [
        # The columns 0.95, 0.05 and 0.001 of the printed tables of chi-square.
        (0.004, 1, 0.95), (3.841, 1, 0.05), (10.828, 1, 0.001),
        (0.103, 2, 0.95), (5.991, 2, 0.05), (13.816, 2, 0.001),
        (0.352, 3, 0.95), (7.815, 3, 0.05), (16.266, 3, 0.001),
        (3.325, 9, 0.95), (16.919, 9, 0.05), (27.877, 9, 0.001),
    ],
)  # fmt: skip
def test_how_likely_a_chi_square_is_as_tables_say(
    value: float, degrees: int, likely: float
) -> None:
    assert beyond(value, degrees) == pytest.approx(likely, rel=0.01)


def test_what_cannot_come_and_what_alone_can_come_tell_nothing() -> None:
    assert fit([40], [1]) is None
    assert fit([40, 0], [1, 0]) is None
    assert fit([10, 30, 0], [1, 3, 0]) == (0, 1)
    assert fit([4, 15], [1, 3]) is None
