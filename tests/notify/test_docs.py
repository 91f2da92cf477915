"""What the reference says of notices is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from banyan.config.auth import AuthEnv
from banyan.notify import kinds
from banyan.notify.families import FAMILIES

TEXT = (Path(__file__).resolve().parents[2] / "docs/reference/notices.md").read_text()


def test_every_family_stands_with_its_first_switches() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (on|off) \| (on|off) \| (\d+) h \|", TEXT, re.MULTILINE)
    assert rows == [
        (
            family.name,
            "on" if family.push else "off",
            "on" if family.email else "off",
            str(family.ttl // 3600),
        )
        for family in FAMILIES.values()
    ]


def test_every_kind_stands_under_its_family() -> None:
    told = {
        family: re.findall(r"`([\w.]+)`", names)
        for family, names in re.findall(r"^\| `(\w+)` \| (`.+`) \|$", TEXT, re.MULTILINE)
    }
    found: dict[str, list[str]] = {}
    for kind in kinds.registered():
        found.setdefault(kind.family.name, []).append(kind.name)
    assert told == found


def test_the_cap_is_the_one_that_is_told() -> None:
    how_to = TEXT.replace("reference", "")
    assert "BANYAN_DAILY_NOTICES" in how_to
    assert AuthEnv.model_fields["daily_notices"].default == 8
