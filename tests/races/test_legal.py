"""An export is fetched once, and a member who signs in while being erased is one or the other."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound
from banyan.legal import actions as legal
from banyan.legal.actions import exporting
from banyan.legal.models import Erasure, Export
from banyan.media import store
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.threads import run_at_once, run_concurrently
from tests.support.weakened import meet

SYSTEM = Actor.system("test")


def ready() -> Export:
    export = legal.ask_export(actor=make.actor(make.member()))
    legal.make_exports(actor=SYSTEM)
    return export


def fetch_at_once(export: Export) -> list[Any]:
    assert export.account is not None
    who = make.actor(export.account)
    return run_concurrently(lambda: legal.take_export(actor=who, export_id=export.pk), 2)


def test_two_fetches_at_once_give_one_file(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ready()
    meet(monkeypatch, store, "read", 2)
    results = fetch_at_once(export)
    assert sorted(type(each).__name__ for each in results) == ["IllegalTransition", "bytes"]
    assert Export.objects.get().state == "taken"


def test_without_the_conditional_move_both_get_it(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ready()
    monkeypatch.setattr(exporting, "transition", lambda *given, **values: None)
    meet(monkeypatch, store, "read", 2)
    assert [type(each) for each in fetch_at_once(export)] == [bytes, bytes]


def test_many_wishes_at_once_are_one_export(threaded_db: None) -> None:
    ana = make.actor(make.member())
    results = run_concurrently(lambda: legal.ask_export(actor=ana).pk, 5)
    assert len(set(results)) == 1
    assert Export.objects.count() == 1


def test_a_choice_of_the_last_moment_keeps_all_or_comes_too_late(threaded_db: None) -> None:
    for _round in range(6):
        ana = make.member(email=f"ana{_round}@example.com")
        erasure = legal.ask_erasure(actor=make.actor(ana), handle=ana.handle)
        later = Account.objects.get(pk=ana.pk)

        def erase(due: Any = erasure.due_at) -> int:
            with clock.at(due):
                return legal.erase_due(actor=SYSTEM)

        results = run_at_once(erase, partial(legal.stay, actor=make.actor(later)))
        ana.refresh_from_db()
        state = Erasure.objects.get(pk=erasure.pk).state
        if state == "done":
            assert (ana.email, ana.is_active) == (None, False), results
            assert results[1] is None or isinstance(results[1], Conflict | NotFound), results
        else:
            assert (state, ana.email, ana.is_active) == ("cancelled", later.email, True), results
            assert results[0] == 0, results
