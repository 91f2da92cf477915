"""Loops of the worker start again when they fail and end when they are told to."""

import threading

import pytest

from banyan.ops import worker


def test_a_failing_loop_starts_again_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.01)
    stop = threading.Event()
    calls = {"fragile": 0, "steady": 0}

    def fragile(event: threading.Event) -> None:
        calls["fragile"] += 1
        if calls["fragile"] < 3:
            raise ValueError("broken")
        stop.set()

    def steady(event: threading.Event) -> None:
        calls["steady"] += 1
        event.wait()

    worker.run_loops({"fragile": fragile, "steady": steady}, stop=stop)

    assert calls == {"fragile": 3, "steady": 1}


def test_a_loop_that_returns_early_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.01)
    stop = threading.Event()
    calls = []

    def brief(event: threading.Event) -> None:
        calls.append(1)
        if len(calls) == 2:
            stop.set()

    worker.keep_running("brief", brief, stop)

    assert len(calls) == 2


def test_every_call_gives_its_connections_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.01)
    closed = []
    monkeypatch.setattr(worker, "close_connections", lambda: closed.append(threading.get_ident()))
    stop = threading.Event()

    def once(event: threading.Event) -> None:
        stop.set()
        raise ValueError("broken")

    thread = threading.Thread(target=worker.keep_running, args=("once", once, stop))
    thread.start()
    thread.join()

    assert closed == [thread.ident]
