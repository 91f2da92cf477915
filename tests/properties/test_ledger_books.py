"""Whatever is booked, books stay in balance; whatever is reversed, exactly the whole comes back."""

from __future__ import annotations

import itertools

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.kernel import locks
from banyan.ledger import proof, queries, rules
from banyan.ledger.actions import lock_keys
from banyan.ledger.problems import InsufficientBalance
from banyan.ledger.rules import KINDS
from tests.ledger.books import account, post

ACCOUNTS = [(kind, owner) for kind in sorted(KINDS) for owner in (1, 2)]
amounts = st.integers(-(10**6), 10**6).filter(bool)
journals = st.lists(
    st.lists(st.tuples(st.sampled_from(ACCOUNTS), amounts), min_size=1, max_size=6), max_size=8
)
_rounds = itertools.count()


@pytest.mark.django_db
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(journals)
def test_random_journals_net_to_zero_and_guarded_accounts_never_go_below(
    drawn: list[list[tuple[tuple[str, int], int]]],
) -> None:
    owner = next(_rounds) * 10
    expected: dict[int, int] = {}
    for lines in drawn:
        entries = [(account(kind, owner + n), amount) for (kind, n), amount in lines]
        rest = -sum(amount for _, amount in entries)
        if rest:
            entries.append((account("adjustments"), rest))
        try:
            with transaction.atomic():
                locks.take(lock_keys([a for a, _ in entries]))
                post(*entries)
        except InsufficientBalance:
            continue
        for booked, amount in entries:
            expected[booked.pk] = expected.get(booked.pk, 0) + amount
    for kind, n in ACCOUNTS:
        if KINDS[kind].owner_kind in {"account", "shop"}:
            found = account(kind, owner + n)
            assert queries.balance(found).amount == expected.get(found.pk, 0)
            assert found.discipline != "guarded" or found.balance >= 0
    assert proof.verify().clean


positives = st.lists(st.integers(1, 10**5), min_size=1, max_size=5)


@given(positives, positives, st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_any_sequence_of_parts_reverses_exactly_the_whole(
    credits: list[int], debits: list[int], parts: list[int]
) -> None:
    debits = [*debits[:-1], debits[-1] + max(0, sum(credits) - sum(debits))]
    credits = [*credits[:-1], credits[-1] + max(0, sum(debits) - sum(credits))]
    original = dict(enumerate([*credits, *(-amount for amount in debits)]))
    assert sum(original.values()) == 0
    so_far: dict[int, int] = {}
    for done in itertools.accumulate(parts):
        step = rules.reversal(original, so_far, part=done, whole=sum(parts))
        assert sum(step.values()) == 0
        for key, amount in step.items():
            assert amount * original[key] < 0, "a reversal never adds to what it takes back"
            so_far[key] = so_far.get(key, 0) + amount
            assert abs(so_far[key]) <= abs(original[key])
        taken = sum(amount for amount in so_far.values() if amount > 0)
        assert taken == rules.portion(sum(credits), done, sum(parts))
    assert so_far == {key: -amount for key, amount in original.items()}


@given(st.integers(0, 10**9), st.integers(1, 10**4), st.data())
def test_a_portion_is_within_half_a_cent_and_grows(
    amount: int, whole: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, whole))
    exact = amount * part / whole
    assert abs(rules.portion(amount, part, whole) - exact) <= 0.5 + 1e-6 * exact
    assert rules.portion(amount, whole, whole) == amount
    if part < whole:
        assert rules.portion(amount, part, whole) <= rules.portion(amount, part + 1, whole)
