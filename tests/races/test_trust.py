"""Accounts that are seen with one key at the same instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from banyan.campaigns.models import Participation
from banyan.kernel import clock
from banyan.people.models import Account, VisitorLink
from banyan.trust import actions
from banyan.trust.models import Edge, Joined, LookBack
from banyan.trust.queries import Known, known
from banyan.trust.rules import BROWSER, PAYMENT, Key
from tests.campaigns.plays import patient
from tests.campaigns.scene import assert_sound, begun, campaign, coupon, join, somebody
from tests.support import factories as make
from tests.support.threads import run_at_once
from tests.support.weakened import meet

pytestmark = pytest.mark.usefixtures("threaded_db")


def ring(people: list[Account]) -> list[Callable[[], None]]:
    """Return the sights that join everybody to the next one, by a key for each two."""
    keys = [Key(BROWSER if n % 2 else PAYMENT, f"key {n}") for n in range(len(people))]

    def sees(number: int) -> Callable[[], None]:
        mine = [keys[number], keys[number - 1]]
        return lambda: actions.record(account_id=people[number].pk, keys=mine, source="test")

    return [sees(number) for number in range(len(people))]


def persons() -> list[set[int]]:
    found: dict[int, set[int]] = {}
    for one in Joined.objects.all():
        found.setdefault(one.cluster, set()).add(one.account_id)
    return list(found.values())


def test_people_seen_in_a_ring_at_once_are_one_person() -> None:
    people = [make.member() for _n in range(8)]
    assert run_at_once(*ring(people)) == [None] * 8
    everybody = {one.pk for one in people}
    assert persons() == [everybody]
    assert set(Joined.objects.values_list("cluster", flat=True)) == {min(everybody)}


def test_negative_control_without_the_lock_they_miss_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each has written the own edge and looked for others before the other's is committed."""
    monkeypatch.setattr(actions, "_alone", lambda: None)
    meet(monkeypatch, actions, "_join", 2)
    ana, again = make.member(), make.member()

    def sees(who: Account) -> Callable[[], Any]:
        keys = [Key(PAYMENT, "card")]
        return lambda: actions.record(account_id=who.pk, keys=keys, source="test")

    assert run_at_once(sees(ana), sees(again)) == [None, None]
    assert persons() == [], "one card, two persons"


def test_two_who_go_through_old_rows_at_once_count_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both have read that nothing is noted yet before either writes."""
    meet(monkeypatch, actions._Told, "news", 2)
    for one in (make.member(), make.member()):
        VisitorLink.objects.create(account=one, visitor="shared", first_seen=clock.now())
    looked = run_at_once(actions.look_back, actions.look_back)
    assert max(looked) == 4, "the other one may find that some of it is done"
    assert set(Edge.objects.values_list("kind", "times")) == {(BROWSER, 1)}
    assert len(persons()) == 1
    assert dict(LookBack.objects.values_list("name", "rows"))["browsers"] == 2


def both_enter() -> list[Any]:
    """Let one person enter two friends' codes with two accounts at once; return what came of it."""
    shop = make.shop()
    of = campaign(shop, "referral", coupon=coupon(shop).pk)
    codes = [begun(of, somebody()) for _n in range(2)]
    twins = [somebody(), somebody()]
    for one in twins:
        actions.record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="test")
    return run_at_once(*(lambda n=n: patient(lambda: join(codes[n], twins[n])) for n in range(2)))


def test_one_person_with_two_accounts_takes_one_place_of_a_campaign() -> None:
    found = both_enter()
    assert sorted(type(one).__name__ for one in found) == ["Played", "Refused"]
    assert Participation.objects.count() == 1
    assert_sound()


def test_negative_control_to_a_campaign_that_does_not_ask_they_are_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def alone(account_id: int) -> Known:
        return replace(known(account_id), accounts=frozenset({account_id}))

    monkeypatch.setattr("banyan.campaigns.persons.known", alone)
    assert [type(one).__name__ for one in both_enter()] == ["Played", "Played"]
    assert Participation.objects.count() == 2
