"""The real gateway, for the pages of operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.sandbox import Receiver, Sandbox, run_sandbox


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One gateway process for the run."""
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite") as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: Sandbox, settings: Any) -> Sandbox:
    """The gateway, with its behaviour put back to normal."""
    for name, value in sandbox_process.settings.items():
        setattr(settings, name, value)
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]
    sandbox_process.configure()
    return sandbox_process


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Receiver]:
    """Where the gateway's messages arrive."""
    receiver = Receiver()
    settings.PUBLIC_URL = receiver.url.removesuffix("/hooks/sandbox")
    yield receiver
    receiver.close()
