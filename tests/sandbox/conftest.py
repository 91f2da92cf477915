"""One gateway process for each test file, one webhook receiver for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.driver import Client, Gateway, Receiver, running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("sandbox") / "state.sqlite") as process:
        yield process


@pytest.fixture
def client(gateway: Gateway) -> Client:
    assert gateway.client.post("/v1/test/settings", {}).status == 200
    return gateway.client


@pytest.fixture
def shop() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
