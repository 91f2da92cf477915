"""Whoever wants the handle that somebody gives up at the same instant does not get it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid
from banyan.people import actions as people
from banyan.people.actions import accounts
from banyan.people.models import Account, FormerHandle
from tests.support.factories import actor, member
from tests.support.threads import run_at_once
from tests.support.weakened import between, meet


def rename(account: Account, handle: str) -> Any:
    return partial(people.change_handle, actor=actor(account), handle=handle)


def give_up_and_take(monkeypatch: pytest.MonkeyPatch, step: str) -> list[Any]:
    """Let Ben and a newcomer want Ana's handle between a step of her change and its commit."""
    ana, ben = member("ana"), member("ben")
    meanwhile = between(monkeypatch, accounts, step, seconds=1.0)
    return run_at_once(rename(ana, "anaclay"), meanwhile(rename(ben, "ana")))


def test_who_comes_before_the_commit_waits_and_is_refused(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, his = give_up_and_take(monkeypatch, "keep_former")
    assert isinstance(hers, Account), hers
    assert isinstance(his, Invalid), his
    assert his.code == "handle_taken"
    assert FormerHandle.objects.get().account.handle == "anaclay"
    assert set(Account.objects.values_list("handle", flat=True)) == {"anaclay", "ben"}


def test_a_newcomer_does_not_get_it_either(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = member("ana")
    meanwhile = between(monkeypatch, accounts, "keep_former", seconds=1.0)
    signs_up = partial(
        people.create_account, actor=Actor.guest(), contact=None, handle="Ana", channel="email"
    )
    hers, theirs = run_at_once(rename(ana, "anaclay"), meanwhile(signs_up))
    assert isinstance(hers, Account), hers
    assert isinstance(theirs, Invalid), theirs
    assert Account.objects.count() == 1


def test_without_the_look_after_the_write_it_goes_to_whoever_waits(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "require_free", lambda account: None)
    hers, his = give_up_and_take(monkeypatch, "keep_former")
    assert isinstance(hers, Account), hers
    assert isinstance(his, Account), his
    assert set(Account.objects.values_list("handle", flat=True)) == {"anaclay", "ana"}


def test_two_changes_at_once_keep_what_they_give_up(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = member("ana")
    meet(monkeypatch, accounts, "get_own_account", 2)
    results = run_at_once(rename(ana, "anaclay"), rename(ana, "anaglaze"))
    assert {type(one) for one in results} == {Account, Conflict}
    assert [row.handle for row in FormerHandle.objects.all()] == ["ana"]
