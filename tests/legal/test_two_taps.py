"""One file, asked for twice in the same moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.legal import actions as legal
from banyan.media import store
from tests.support import factories as make
from tests.support.threads import run_concurrently


def test_one_gets_the_file_and_the_other_is_told_that_it_is_gone(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make.member()
    export = legal.ask_export(actor=make.actor(account))
    assert legal.make_exports(actor=Actor.system("test")) == 1
    read, both_look, turn = store.read, threading.Barrier(2), threading.Lock()
    taken = threading.Event()

    def one_after_the_other(storage: Any, name: str) -> bytes:
        both_look.wait(30)
        if not turn.acquire(blocking=False):
            taken.wait(30)
        return read(storage, name)

    def take() -> bytes:
        try:
            return legal.take_export(actor=make.actor(account), export_id=export.pk)
        finally:
            taken.set()

    monkeypatch.setattr(store, "read", one_after_the_other)
    results = run_concurrently(take, 2)
    late, data = sorted(results, key=lambda one: isinstance(one, bytes))
    assert isinstance(data, bytes)
    assert isinstance(late, Conflict)
