"""The split: exact, most of it to who shared, and nothing to gain by made-up accounts.

The naive rule (every level half of the one below, three levels, no questions asked) is the
negative control: it must fail the same test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.earnings import rules
from banyan.earnings.rules import Share, Sharer, Terms

people = st.integers(1, 4)
sharers = st.builds(
    lambda account, person, verified: Sharer(account, account * 10, person, verified),
    st.integers(1, 50),
    people,
    st.booleans(),
)
terms = st.builds(
    Terms,
    rate_bps=st.integers(0, rules.RATE_CAP_BPS),
    levels=st.integers(1, 2),
    direct_bps=st.integers(rules.LEAST_DIRECT_BPS, 10_000),
)


@given(
    st.integers(0, 10**7),
    st.lists(sharers, max_size=6),
    terms,
    st.none() | people,
    st.frozensets(people, max_size=2),
)
def test_a_budget_is_split_exactly_among_two_at_most(
    budget: int, path: list[Sharer], terms: Terms, buyer: int | None, staff: frozenset[int]
) -> None:
    shares = rules.split_budget(budget, path, terms, buyer=buyer, shop_people=staff)
    if not path or not budget:
        assert shares == []
        return
    assert sum(share.amount for share in shares) == budget
    assert [share.level for share in shares] == list(range(1, len(shares) + 1))
    assert len(shares) <= terms.levels
    assert len({share.sharer.person for share in shares}) == len(shares)
    assert shares[0].sharer == path[-1]
    assert shares[0].amount * 10_000 >= budget * rules.LEAST_DIRECT_BPS
    for share in shares:
        assert share.amount > 0
        if share.sharer.person == buyer or share.sharer.person in staff:
            assert share.reason in {"self_purchase", "own_shop"}
        if share.level == 2:
            assert share.sharer.verified
            assert share.reason or path[-1].verified


@given(st.integers(0, 10**7), terms)
def test_the_promise_is_never_more_than_what_is_paid(budget: int, terms: Terms) -> None:
    one, two = Sharer(1, 10, 1), Sharer(2, 20, 2)
    for path in ([one], [two, one], [one, two, one]):
        shares = rules.split_budget(budget, path, terms)
        if shares:
            assert shares[0].amount >= rules.direct_part(budget, terms)


@pytest.mark.parametrize("part", [0, 10_000])
@given(remaining=st.lists(st.integers(1, 100), max_size=6), debt=st.integers(0, 200))
def test_a_payout_of_the_whole_balance_settles_every_commission(
    part: int, remaining: list[int], debt: int
) -> None:
    balance = sum(remaining) - debt
    if balance > 0:
        assert rules.covered(remaining, amount=balance, balance=balance) == len(remaining)
        newer = [*remaining, 10**6 + part]
        grown = sum(newer) - debt
        assert rules.covered(newer, amount=balance, balance=grown) == len(remaining)


# --- False names ---------------------------------------------------------------------------------


@dataclass
class Node:
    """A link of the tree; ``cut`` is the node above it."""

    account: int
    person: int
    verified: bool
    cut: Node | None = None
    orders: int = 0


@dataclass
class Tree:
    nodes: list[Node] = field(default_factory=list)

    def path(self, node: Node) -> list[Node]:
        up: list[Node] = []
        at: Node | None = node
        while at is not None:
            up.append(at)
            at = at.cut
        return up[::-1]


Rule = Callable[[list[Sharer]], list[Share]]
BUDGET = 1_000


def _two_levels(path: list[Sharer]) -> list[Share]:
    return rules.split_budget(BUDGET, path, Terms(rate_bps=1000, levels=2, direct_bps=7000))


def _geometric(path: list[Sharer]) -> list[Share]:
    """Half to the level below, half of that to the next, three levels: the naive rule."""
    amounts = [BUDGET // 2, BUDGET // 4, BUDGET // 8]
    return [
        Share(level, sharer, amount)
        for level, (sharer, amount) in enumerate(zip(path[::-1], amounts, strict=False), start=1)
    ]


def _income(tree: Tree, person: int, rule: Rule) -> int:
    total = 0
    for node in tree.nodes:
        if node.orders:
            path = [Sharer(n.account, n.account, n.person, n.verified) for n in tree.path(node)]
            mine = [s for s in rule(path) if s.sharer.person == person and not s.reason]
            total += node.orders * sum(share.amount for share in mine)
    return total


def _grown(rng: random.Random) -> Tree:
    tree = Tree()
    for account in range(1, rng.randint(3, 12)):
        cut = rng.choice(tree.nodes) if tree.nodes and rng.random() < 0.85 else None
        verified = rng.random() < 0.7
        tree.nodes.append(Node(account, account, verified, cut, orders=rng.randint(0, 3)))
    return tree


def _copied(tree: Tree) -> Tree:
    twins = {id(n): Node(n.account, n.person, n.verified, None, n.orders) for n in tree.nodes}
    for node in tree.nodes:
        twins[id(node)].cut = twins[id(node.cut)] if node.cut else None
    return Tree(list(twins.values()))


def _fake(tree: Tree, of: Node, *, known: bool) -> Node:
    """Return a made-up account: known to be the same person, or unknown but never a buyer."""
    account = 1000 + len(tree.nodes)
    fake = Node(account, of.person if known else account, of.verified and known)
    tree.nodes.append(fake)
    return fake


def _chain_split(tree: Tree, of: Node, known: bool) -> None:
    """Share on to oneself twice; friends and buyers are sent through the last of the chain."""
    top = of
    for _ in range(2):
        fake = _fake(tree, of, known=known)
        fake.cut = top
        top = fake
    _take_over(tree, of, top)


def _insert_below(tree: Tree, of: Node, known: bool) -> None:
    fake = _fake(tree, of, known=known)
    fake.cut = of
    _take_over(tree, of, fake)


def _take_over(tree: Tree, of: Node, by: Node) -> None:
    mine = {of.person, by.person}
    for node in tree.nodes:
        if node.cut is of and node.person not in mine and node.account < 1000:
            node.cut = by
    by.orders, of.orders = of.orders, 0


def _insert_above(tree: Tree, of: Node, known: bool) -> None:
    fake = _fake(tree, of, known=known)
    fake.cut, of.cut = of.cut, fake


def _star_split(tree: Tree, of: Node, known: bool) -> None:
    """Share beside oneself; children and buyers are dealt out among the accounts."""
    twins = [of, *(_fake(tree, of, known=known) for _ in range(2))]
    for twin in twins[1:]:
        twin.cut = of.cut
    children = [node for node in tree.nodes if node.cut is of and node.account < 1000]
    for index, child in enumerate(children):
        child.cut = twins[index % 3]
    orders = of.orders
    for index, twin in enumerate(twins):
        twin.orders = orders // 3 + (1 if index < orders % 3 else 0)


SPLITS = [_chain_split, _star_split, _insert_above, _insert_below]


def _best_gain(rule: Rule, seed: int, split: Callable[[Tree, Node, bool], None]) -> float:
    """Return the best income with made-up accounts over the honest income, for one tree."""
    rng = random.Random(seed)
    tree = _grown(rng)
    best = 0.0
    for index, node in enumerate(tree.nodes):
        honest = _income(tree, node.person, rule)
        for known in (True, False):
            copy = _copied(tree)
            before = {n.person for n in copy.nodes}
            split(copy, copy.nodes[index], known)
            mine = {node.person} | ({n.person for n in copy.nodes} - before)
            tried = sum(_income(copy, person, rule) for person in mine)
            if honest:
                best = max(best, tried / honest)
            else:
                assert rule is _geometric or tried == 0
    return best


@pytest.mark.parametrize("split", SPLITS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_made_up_accounts_gain_nothing(
    split: Callable[[Tree, Node, bool], None], seed: int
) -> None:
    assert _best_gain(_two_levels, seed, split) <= 1.0


def test_negative_control_the_naive_rule_pays_for_made_up_accounts() -> None:
    best = max(_best_gain(_geometric, seed, _chain_split) for seed in range(30))
    assert best >= 1.75
