"""Two people and one instant: requests, friendships, blocks, lists and taken-back consents.

The pair is held before anything of it is read, in every action; with the hold taken away the
same meetings go wrong.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.kernel import keyrings
from banyan.kernel.keyrings import Ring
from banyan.kernel.problems import NotFound
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import agrees, blocked_between
from banyan.people.actions import accounts, contacts, holds, lists, profiles, relations
from banyan.people.models import (
    Account,
    AccountList,
    Block,
    BookDigest,
    Follow,
    FoundByDigest,
    ListEntry,
)
from banyan.people.rules import Contact
from banyan.people.rules.digests import digest
from tests.support.factories import actor, member
from tests.support.threads import run_at_once

MEET = 0.5


def meeting(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``call`` so that two threads do it together, before either goes on, if they can."""
    barrier = threading.Barrier(2)

    def together(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(MEET)
        found = call(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(MEET)
        return found

    return together


def unheld(*_ids: int) -> None:
    """Hold nothing."""


def rows() -> set[tuple[str, str, int, bool]]:
    """Return every row as (follower, followee, state, mutual)."""
    return set(
        Follow.objects.values_list("follower__handle", "followee__handle", "state", "is_mutual")
    )


# ---- a yes and a follow back at the same instant


def say_yes_and_follow_back(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str, int, bool]]:
    """Ana asked Ben. Ben says yes in one tab and follows her in another; return what there is."""
    ana, ben = member("ana"), member("ben", approves_followers=True)
    people.follow(actor=actor(ana), account_id=ben.pk)
    who = actor(ben)
    monkeypatch.setattr(relations, "_follows", meeting(relations._follows))
    results = run_at_once(
        partial(people.accept_follower, actor=who, account_id=ana.pk),
        partial(people.follow, actor=who, account_id=ana.pk),
    )
    assert [one for one in results if isinstance(one, Exception)] == []
    return rows()


def test_a_yes_and_a_follow_back_become_a_friendship(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert say_yes_and_follow_back(monkeypatch) == {
        ("ana", "ben", 1, True),
        ("ben", "ana", 1, True),
    }


def test_control_without_the_hold_the_friendship_is_missed(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relations, "hold_pair", unheld)
    assert {mutual for *_rest, mutual in say_yes_and_follow_back(monkeypatch)} == {False}


# ---- a block and a follow at the same instant


def block_and_follow(monkeypatch: pytest.MonkeyPatch) -> tuple[bool, bool]:
    """Ana follows Ben while he blocks her; return whether there is a block, and a follow.

    Ana's look for a block is over before Ben writes it, if it can be.
    """
    ana, ben = member(), member()
    looked, blocked = threading.Event(), threading.Event()

    def look_and_wait(one: int, other: int) -> bool:
        found = blocked_between(one, other)
        looked.set()
        blocked.wait(MEET)
        return found

    def block() -> None:
        looked.wait(MEET)
        people.block(actor=actor(ben), account_id=ana.pk)
        blocked.set()

    monkeypatch.setattr(relations, "blocked_between", look_and_wait)
    run_at_once(partial(people.follow, actor=actor(ana), account_id=ben.pk), block)
    return Block.objects.exists(), Follow.objects.exists()


def test_no_follow_survives_a_block_of_the_same_instant(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert block_and_follow(monkeypatch) == (True, False)


def test_control_without_the_hold_a_follow_survives_the_block(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relations, "hold_pair", unheld)
    assert block_and_follow(monkeypatch) == (True, True)


def block_and_put_on_a_list(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Ana puts Ben on a list while he blocks her; return whether he is on it."""
    ana, ben = member(), member()
    made = people.make_list(actor=actor(ana), name="Near")
    looked, blocked = threading.Event(), threading.Event()

    def look_and_wait(one: int, other: int) -> bool:
        found = blocked_between(one, other)
        looked.set()
        blocked.wait(MEET)
        return found

    def block() -> None:
        looked.wait(MEET)
        people.block(actor=actor(ben), account_id=ana.pk)
        blocked.set()

    monkeypatch.setattr(lists, "blocked_between", look_and_wait)
    run_at_once(
        partial(people.add_to_list, actor=actor(ana), list_id=made.pk, account_id=ben.pk), block
    )
    assert Block.objects.exists()
    return ListEntry.objects.exists()


def test_nobody_stays_on_the_list_of_whom_they_block(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not block_and_put_on_a_list(monkeypatch)


def test_control_without_the_hold_they_stay_on_it(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "hold_pair", unheld)
    assert block_and_put_on_a_list(monkeypatch)


# ---- a yes and a withdrawal at the same instant


def test_whoever_comes_first_a_withdrawn_request_is_gone(threaded_db: None) -> None:
    for _round in range(8):
        ana, ben = member(), member(approves_followers=True)
        people.follow(actor=actor(ben), account_id=ana.pk)
        people.follow(actor=actor(ana), account_id=ben.pk)
        yes, gone = run_at_once(
            partial(people.accept_follower, actor=actor(ben), account_id=ana.pk),
            partial(people.unfollow, actor=actor(ana), account_id=ben.pk),
        )
        assert gone is None
        assert isinstance(yes, Follow | NotFound)
        (left,) = Follow.objects.filter(follower__in=[ana, ben])
        assert (left.follower_id, left.is_mutual) == (ben.pk, False)


# ---- a taken-back consent and an upload, or a new contact, at the same instant


def take_back_while_sending(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Ana takes her yes back while her book is sent; return whether something of it is left."""
    ana = member()
    who = actor(ana)
    people.record_consent(actor=who, purpose="contacts", granted=True)
    looked, said = threading.Event(), threading.Event()

    def look_and_wait(account_id: int, purpose: str) -> bool:
        found = agrees(account_id, purpose)
        looked.set()
        said.wait(MEET)
        return found

    def take_back() -> None:
        looked.wait(MEET)
        people.record_consent(actor=who, purpose="contacts", granted=False)
        said.set()

    monkeypatch.setattr(contacts, "agrees", look_and_wait)
    run_at_once(partial(people.keep_book, actor=who, text="a@example.com", region="CN"), take_back)
    assert not agrees(ana.pk, "contacts")
    return BookDigest.objects.exists()


def test_a_taken_back_yes_leaves_no_book_behind(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not take_back_while_sending(monkeypatch)


def test_control_without_the_hold_the_book_is_left(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (contacts, profiles):
        monkeypatch.setattr(module, "hold_choices", unheld)
    assert take_back_while_sending(monkeypatch)


@pytest.mark.parametrize(
    "new", [Contact("email", "n@example.com"), Contact("sms", "+8613800138000")]
)
def test_a_member_is_found_by_the_contact_that_they_have_in_the_end(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch, new: Contact
) -> None:
    """Whoever comes first, and though a changed telephone number locks the account's own key."""
    key = keyrings.keys(Ring.CONTACTS)[0]
    together = meeting(holds.hold_choices)
    for module in (accounts, profiles):
        monkeypatch.setattr(module, "hold_choices", together)
    ana = member(email="old@example.com")
    results = run_at_once(
        partial(people.attach_contact, actor=actor(ana), account=ana, contact=new),
        partial(
            people.record_consent, actor=actor(ana), purpose="findable_by_contact", granted=True
        ),
    )
    assert results == [None, None]
    kept = {bytes(row.digest) for row in FoundByDigest.objects.filter(account=ana)}
    ana.refresh_from_db()
    now = [Contact("email", str(ana.email)), *([new] if new.channel == "sms" else [])]
    assert kept == {digest(key, contact) for contact in now}


def test_control_held_after_the_row_the_two_wait_for_each_other(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, wrote, held = member(), threading.Event(), threading.Event()

    def hold_late(account: Account) -> None:
        wrote.set()
        held.wait(MEET)
        holds.hold_choices(account.pk)
        contacts.follow_contact(account)

    def hold_and_wait(account_id: int) -> None:
        wrote.wait(MEET)
        holds.hold_choices(account_id)
        held.set()

    monkeypatch.setattr(accounts, "hold_choices", unheld)
    monkeypatch.setattr(accounts, "follow_contact", hold_late)
    monkeypatch.setattr(profiles, "hold_choices", hold_and_wait)
    new = Contact("sms", "+8613800138000")
    results = run_at_once(
        partial(people.attach_contact, actor=actor(ana), account=ana, contact=new),
        partial(
            people.record_consent, actor=actor(ana), purpose="findable_by_contact", granted=True
        ),
    )
    assert len([one for one in results if isinstance(one, Exception)]) == 1


# ---- the order of locks


def _acts(ana: Account, ben: Account, made: AccountList) -> dict[str, Callable[[], object]]:
    mine, hers = actor(ben), actor(ana)
    return {
        "follow": partial(people.follow, actor=hers, account_id=ben.pk),
        "accept": partial(people.accept_follower, actor=mine, account_id=ana.pk),
        "decline": partial(people.decline_follower, actor=mine, account_id=ana.pk),
        "remove": partial(people.remove_follower, actor=mine, account_id=ana.pk),
        "unfollow": partial(people.unfollow, actor=hers, account_id=ben.pk),
        "list": partial(people.add_to_list, actor=hers, list_id=made.pk, account_id=ben.pk),
        "block": partial(people.block, actor=mine, account_id=ana.pk),
    }


def test_every_action_holds_the_pair_once_before_it_reads_or_writes_it(threaded_db: None) -> None:
    ana, ben = member(), member(approves_followers=True)
    made = people.make_list(actor=actor(ana), name="Near")
    tables = ("people_follow", "people_block", "people_listentry")
    for name, act in _acts(ana, ben, made).items():
        with CaptureQueriesContext(connection) as seen:
            act()
        sent = [query["sql"] for query in seen]
        holds = [place for place, sql in enumerate(sent) if "pg_advisory_xact_lock" in sql]
        touched = [n for n, sql in enumerate(sent) if any(table in sql for table in tables)]
        assert len(holds) == 1, name
        assert holds[0] < min(touched), name
    assert queries.blocks_made(actor(ben), ana.pk)


def test_opposite_orders_of_the_same_pair_never_wait_for_each_other(threaded_db: None) -> None:
    ana, ben = member(), member()
    acts = [
        partial(act, actor=actor(one), account_id=other.pk)
        for one, other in ((ana, ben), (ben, ana))
        for act in (people.follow, people.unfollow, people.follow, people.remove_follower)
    ]
    results = run_at_once(*acts)
    assert [one for one in results if isinstance(one, Exception)] == []
    pair = list(Follow.objects.all())
    assert {row.is_mutual for row in pair} in (set(), {len(pair) == 2})
