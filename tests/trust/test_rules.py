"""What joins accounts: pure rules."""

from __future__ import annotations

import datetime as dt
import itertools
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from banyan.trust.rules import (
    KINDS,
    Sight,
    address_keys,
    clusters,
    contact_key,
    joining,
)

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOME = {
    "recipient": "Ana Li",
    "country": "CN",
    "level1": "浙江",
    "level2": "杭州",
    "street": "湖滨路 1号",
    "postcode": "310000",
}


def sight(account: int, kind: str, digest: str, times: int = 1, day: int = 0) -> Sight:
    return Sight(account, kind, digest, times, DAY + dt.timedelta(days=day))


def test_one_address_written_in_two_ways_is_one_key() -> None:
    again = HOME | {"recipient": "ANA  LI", "street": "湖滨路1号", "postcode": "", "phone": "1"}
    assert address_keys(HOME) == address_keys(again)
    assert [one.kind for one in address_keys(HOME)] == ["recipient", "address"]
    ben = address_keys(HOME | {"recipient": "Ben Wu"})
    assert ben[0] != address_keys(HOME)[0], "another person"
    assert ben[1] == address_keys(HOME)[1], "of the same household"
    assert address_keys({}) == [], "nothing is sent"


def test_a_tag_in_an_e_mail_address_makes_nobody_new() -> None:
    assert contact_key("Ana+shop@Example.com") == contact_key("ana@example.com")
    assert contact_key("+8613800000000").value == "+8613800000000"


def test_strong_keys_join_weak_ones_do_not() -> None:
    rows = [sight(1, kind, kind) for kind in KINDS]
    assert {digest for _one, digest in joining(rows)} == set(KINDS) - {"address"}


def test_an_account_is_joined_by_its_usual_recipient_not_by_a_present() -> None:
    rows = [sight(1, "recipient", "home", 3), sight(1, "recipient", "friend", 1, day=-9)]
    rows += [sight(2, "recipient", "friend", 2)]
    assert joining(rows) == {(1, "home"), (2, "friend")}
    tied = [sight(1, "recipient", "later", day=1), sight(1, "recipient", "first")]
    assert joining(tied) == {(1, "first")}


pairs = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abcdefgh")), max_size=30)


@given(pairs, st.randoms())
def test_clusters_are_what_ways_of_keys_reach(
    joined: list[tuple[int, str]], random: Random
) -> None:
    accounts = set(range(13))
    found = clusters(accounts, joined)
    near = {one: {one} for one in accounts}
    for (one, key), (other, same) in itertools.product(joined, joined):
        if key == same:
            near[one].add(other)
    for one in accounts:
        reached, new = {one}, {one}
        while new:
            new = set().union(*(near[each] for each in new)) - reached
            reached |= new
        assert found[one] == min(reached)
    shuffled = list(joined)
    random.shuffle(shuffled)
    assert clusters(accounts, shuffled) == found
