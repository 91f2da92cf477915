"""Whoever follows, asks, answers, mutes, blocks or leaves: every read agrees with plain sets."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Problem
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import (
    blocked_between,
    mutes_of,
    not_blocked,
    not_muted,
    visible_accounts,
)
from banyan.people.models import Account, AccountList, Follow, FoundByDigest
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PEOPLE = 5
HALF_A_DAY = dt.timedelta(hours=12)
Pair = tuple[int, int]
Step = tuple[str, int, int]

PAIRED = (
    *("follow", "befriend", "befriend", "unfollow", "accept", "decline", "remove", "block"),
    *("unblock", "mute", "mute_a_day", "less", "unmute", "list"),
)
ALONE = ("guard", "open_up", "hide", "close", "agree", "refuse", "send", "wait")
somebody = st.integers(0, PEOPLE - 1)
step = st.one_of(
    st.tuples(st.sampled_from(PAIRED), somebody, somebody),
    st.tuples(st.sampled_from(ALONE), somebody, st.just(0)),
)
stories = st.lists(step, min_size=6, max_size=40)


@dataclass
class Oracle:
    """What must be so, by people's numbers and the plainest rules."""

    now: dt.datetime
    follows: set[Pair] = field(default_factory=set)
    asks: set[Pair] = field(default_factory=set)
    blocks: set[Pair] = field(default_factory=set)
    mutes: dict[Pair, tuple[str, dt.datetime | None]] = field(default_factory=dict)
    lists: set[Pair] = field(default_factory=set)
    guarded: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    findable: set[int] = field(default_factory=set)
    books: set[int] = field(default_factory=set)

    def apart(self, one: int, other: int) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def sees(self, one: int, other: int) -> bool:
        return other not in self.closed and not self.apart(one, other)

    def friends(self, one: int, other: int) -> bool:
        return (one, other) in self.follows and (other, one) in self.follows

    def muted(self, one: int, other: int, how: str) -> bool:
        kept, until = self.mutes.get((one, other), ("", None))
        return kept == how and (until is None or until > self.now)

    def in_common(self, one: int, other: int) -> set[int]:
        return {
            third
            for third in range(PEOPLE)
            if self.friends(one, third) and self.friends(other, third) and self.sees(one, third)
        }

    def strange(self, one: int, other: int) -> bool:
        """Whether ``other`` may be suggested to ``one`` at all."""
        return (
            one != other
            and self.sees(one, other)
            and (one, other) not in self.follows | self.asks
            and not any(self.muted(one, other, how) for how in ("hide", "less"))
        )


class World:
    """The people, and what they do to one another by public actions; the oracle does it too."""

    def __init__(self) -> None:
        self.oracle = Oracle(clock.now())
        self.cast = [member(email=f"m{n}@example.com") for n in range(PEOPLE)]
        self.ids = [one.pk for one in self.cast]
        for one in self.cast:
            people.record_consent(actor=actor(one), purpose="contacts", granted=True)
            people.make_list(actor=actor(one), name="Near")

    def play(self, story: list[Step]) -> None:
        for name, one, other in story:
            if one in self.oracle.closed:
                continue
            # A refusal changes nothing, neither here nor there.
            with contextlib.suppress(Problem), clock.at(self.oracle.now):
                getattr(self, f"do_{name}")(one, other)

    def tell(self, act: Callable[..., Any], one: int, other: int, **more: Any) -> None:
        act(actor=actor(self.cast[one]), account_id=self.ids[other], **more)

    def do_follow(self, one: int, other: int) -> None:
        self.tell(people.follow, one, other)
        o = self.oracle
        if (one, other) not in o.follows:
            into = o.asks if other in o.guarded else o.follows
            o.asks.discard((one, other))
            into.add((one, other))

    def do_befriend(self, one: int, other: int) -> None:
        self.do_follow(one, other)
        if other not in self.oracle.closed:
            self.do_follow(other, one)

    def do_unfollow(self, one: int, other: int) -> None:
        self.tell(people.unfollow, one, other)
        self.oracle.follows.discard((one, other))
        self.oracle.asks.discard((one, other))

    def do_remove(self, one: int, other: int) -> None:
        self.tell(people.remove_follower, one, other)
        self.oracle.follows.discard((other, one))
        self.oracle.asks.discard((other, one))

    def do_accept(self, one: int, other: int) -> None:
        self.tell(people.accept_follower, one, other)
        self.oracle.asks.discard((other, one))
        self.oracle.follows.add((other, one))

    def do_decline(self, one: int, other: int) -> None:
        self.tell(people.decline_follower, one, other)
        self.oracle.asks.discard((other, one))

    def do_block(self, one: int, other: int) -> None:
        self.tell(people.block, one, other)
        o, pair = self.oracle, {(one, other), (other, one)}
        o.blocks.add((one, other))
        o.follows -= pair
        o.asks -= pair
        o.lists -= pair

    def do_unblock(self, one: int, other: int) -> None:
        self.tell(people.unblock, one, other)
        self.oracle.blocks.discard((one, other))

    def do_mute(self, one: int, other: int) -> None:
        self.tell(people.mute_person, one, other)
        self.oracle.mutes[one, other] = "hide", None

    def do_mute_a_day(self, one: int, other: int) -> None:
        self.tell(people.mute_person, one, other, lasting=2 * HALF_A_DAY)
        self.oracle.mutes[one, other] = "hide", self.oracle.now + 2 * HALF_A_DAY

    def do_less(self, one: int, other: int) -> None:
        self.tell(people.less_of_person, one, other)
        self.oracle.mutes[one, other] = "less", self.oracle.now + dt.timedelta(days=30)

    def do_unmute(self, one: int, other: int) -> None:
        self.tell(people.unmute_person, one, other)
        self.oracle.mutes.pop((one, other), None)

    def do_list(self, one: int, other: int) -> None:
        own = AccountList.objects.get(owner=self.ids[one])
        self.tell(people.add_to_list, one, other, list_id=own.pk)
        self.oracle.lists.add((one, other))

    def do_guard(self, one: int, _other: int) -> None:
        self._privacy(one, guards=True)

    def do_open_up(self, one: int, _other: int) -> None:
        self._privacy(one, guards=False)

    def do_hide(self, one: int, _other: int) -> None:
        self.oracle.hidden.add(one)
        self._privacy(one, guards=one in self.oracle.guarded)

    def _privacy(self, one: int, *, guards: bool) -> None:
        people.set_privacy(
            actor=actor(self.cast[one]),
            approves_followers=guards,
            is_suggested=one not in self.oracle.hidden,
        )
        if guards:
            self.oracle.guarded.add(one)
        else:
            self.oracle.guarded.discard(one)

    def do_close(self, one: int, _other: int) -> None:
        people.close_account(actor=actor(self.cast[one]), account_id=self.ids[one], reason="x")
        for told in (self.oracle.findable, self.oracle.books):
            told.discard(one)
        self.oracle.closed.add(one)

    def do_agree(self, one: int, _other: int) -> None:
        self._findable(one, granted=True)
        self.oracle.findable.add(one)

    def do_refuse(self, one: int, _other: int) -> None:
        self._findable(one, granted=False)
        self.oracle.findable.discard(one)

    def _findable(self, one: int, *, granted: bool) -> None:
        people.record_consent(
            actor=actor(self.cast[one]), purpose="findable_by_contact", granted=granted
        )

    def do_send(self, one: int, _other: int) -> None:
        text = "\n".join(f"m{n}@example.com" for n in range(PEOPLE))
        people.keep_book(actor=actor(self.cast[one]), text=text, region="CN")
        self.oracle.books.add(one)

    def do_wait(self, _one: int, _other: int) -> None:
        self.oracle.now += HALF_A_DAY


@settings(
    max_examples=300 if SOAK else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stories)
def test_every_read_of_relations_agrees_with_plain_sets(story: list[Step]) -> None:
    with transaction.atomic():
        world = World()
        world.play(story)
        with clock.at(world.oracle.now):
            _rows_agree(world)
            for one in range(PEOPLE):
                if one not in world.oracle.closed:
                    _gates_agree(world, one)
                    _finding_agrees(world, one)
        transaction.set_rollback(True)


def _rows_agree(world: World) -> None:
    o, number = world.oracle, {pk: n for n, pk in enumerate(world.ids)}
    rows = {(number[r.follower_id], number[r.followee_id]): r for r in Follow.objects.all()}
    assert {pair for pair, row in rows.items() if row.state == 1} == o.follows
    assert {pair for pair, row in rows.items() if row.state == 0} == o.asks
    assert {pair for pair, row in rows.items() if row.is_mutual} == {
        pair for pair in o.follows if o.friends(*pair)
    }
    found = set(FoundByDigest.objects.values_list("account_id", flat=True))
    assert {number[pk] for pk in found} == o.findable


def _gates_agree(world: World, one: int) -> None:
    o, who = world.oracle, actor(world.cast[one])
    everybody = range(PEOPLE)
    assert _numbers(world, visible_accounts(who)) == {n for n in everybody if o.sees(one, n)}
    apart = {n for n in everybody if o.apart(one, n)}
    all_of_them = Account.objects.filter(pk__in=world.ids)
    assert _numbers(world, all_of_them.filter(not_blocked(who))) == set(everybody) - apart
    assert {n for n in everybody if blocked_between(who.id or 0, world.ids[n])} == apart
    muted = {n for n in everybody if o.muted(one, n, "hide")}
    assert _numbers(world, all_of_them.filter(not_muted(who))) == set(everybody) - muted
    mutes = mutes_of(who)
    assert mutes.people == {world.ids[n] for n in muted}
    assert mutes.less_people == {world.ids[n] for n in everybody if o.muted(one, n, "less")}
    own = AccountList.objects.get(owner=who.id)
    assert _numbers(world, queries.people_on(who, own)) == {
        n for n in everybody if (one, n) in o.lists and o.sees(one, n)
    }


def _finding_agrees(world: World, one: int) -> None:
    o, who, account = world.oracle, actor(world.cast[one]), world.cast[one]
    everybody = range(PEOPLE)
    asking = {n for n in everybody if (n, one) in o.asks and o.sees(one, n)}
    assert _people(world, queries.requests_to(who, account)) == asking
    friends = {n for n in everybody if o.friends(one, n) and o.sees(one, n)}
    assert _people(world, queries.friends(who, account)) == friends
    suggested = {
        world.ids.index(each.account.pk): each.in_common
        for each in queries.people_you_may_know(who)
    }
    assert suggested == {
        n: len(o.in_common(one, n))
        for n in everybody
        if o.strange(one, n) and n not in o.hidden and o.in_common(one, n)
    }
    met = {n for n in o.findable if one in o.books and o.strange(one, n)}
    assert _numbers(world, queries.members_in_my_book(who)) == met
    for other in set(everybody) - {one}:
        shown = queries.friends_in_common(who, world.ids[other], limit=PEOPLE)
        assert _numbers(world, shown.people) == o.in_common(one, other)
        assert shown.n == len(o.in_common(one, other))
    assert queries.people_you_may_know(Actor.guest()) == []


def _numbers(world: World, accounts: Any) -> set[int]:
    known = {pk: n for n, pk in enumerate(world.ids)}
    return {known[account.pk] for account in accounts if account.pk in known}


def _people(world: World, rows: list[queries.Neighbour]) -> set[int]:
    return _numbers(world, [row.account for row in rows])
