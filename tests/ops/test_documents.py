"""What the documents take from code is what the code says now."""

from __future__ import annotations

from pathlib import Path

import pytest

from banyan.kernel import events
from banyan.ops import documents

ROOT = Path(__file__).resolve().parents[2]
MADE = sorted(path for path in (ROOT / "docs").rglob("*.md") if "<!-- made: " in path.read_text())


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_made_parts_are_fresh(path: Path) -> None:
    text = path.read_text()

    assert documents.refreshed(text) == text, "stale: run make docs"


def test_every_part_stands_in_a_document() -> None:
    told = "".join(path.read_text() for path in MADE)

    assert all(f"<!-- made: {name} -->" in told for name in documents.PARTS)


def test_every_event_is_listed_with_a_reason_to_be_said() -> None:
    table = documents.event_table()

    ours = [n for n, event in events.registry.items() if event.__module__.startswith("banyan.")]
    assert len(ours) > 20
    assert all(f"| `{name}` | " in table for name in ours)
    assert "|  |" not in table


def test_a_stale_part_is_noticed() -> None:
    stale = "<!-- made: events -->\n\nnothing\n\n<!-- made: end -->"

    assert documents.refreshed(stale) != stale


def test_a_part_that_nobody_makes_is_refused() -> None:
    with pytest.raises(KeyError):
        documents.refreshed("<!-- made: nonsense -->\n\n<!-- made: end -->")
