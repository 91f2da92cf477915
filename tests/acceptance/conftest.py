"""What the acceptance tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.payments.fixtures import sandbox, sandbox_process
from tests.support.walkers import Town

__all__ = ["sandbox", "sandbox_process"]


@pytest.fixture
def town(db: None, tmp_path: Path) -> Iterator[Town]:
    """The share-link edge that walkers of a test go through."""
    found = Town(tmp_path / "spool")
    yield found
    found.close()
