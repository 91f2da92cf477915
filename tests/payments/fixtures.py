"""Fixtures of payments, for this folder and for the races."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from banyan.kernel import events
from tests.payments.scripted import ENTRY, script
from tests.payments.till import Placer
from tests.support.sandbox import Sandbox, run_sandbox


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One gateway process for the run."""
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite") as process:
        yield process


@pytest.fixture(autouse=True)
def till_settings(settings: Any) -> Iterator[None]:
    """Enable the scripted provider beside the built-in ones."""
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet", ENTRY]
    settings.PUBLIC_URL = ""
    script.reset()
    yield
    script.reset()


@pytest.fixture
def sandbox(sandbox_process: Sandbox, settings: Any) -> Sandbox:
    """The gateway, with its behaviour put back to normal."""
    for name, value in sandbox_process.settings.items():
        setattr(settings, name, value)
    sandbox_process.configure()
    return sandbox_process


@pytest.fixture
def placer() -> Iterator[Placer]:
    """A floor above that listens inside the capture."""
    floor = Placer()
    handlers = events.inline_handlers.setdefault("payment.captured", [])
    handlers.append((floor.handle, floor.keys))
    yield floor
    handlers.remove((floor.handle, floor.keys))
