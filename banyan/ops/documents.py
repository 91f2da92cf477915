"""The parts of the documents that come from code: ``python -m banyan.ops.documents docs``.

A part stands between ``<!-- made: NAME -->`` and ``<!-- made: end -->``; tests compare each with
what the code says now.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from banyan.kernel import diagrams, events
from banyan.kernel.personal import declared

_PART = re.compile(
    r"(?P<begin><!-- made: (?P<name>[a-z-]+) -->)\n.*?\n(?P<end><!-- made: end -->)", re.DOTALL
)


def event_table() -> str:
    """Return every event of the installed packages: name, when it is said, and what it carries."""
    load_room("events")
    rows = ["| event | said when | carries |", "| --- | --- | --- |"]
    for name, event in sorted(events.registry.items()):
        if not event.__module__.startswith("banyan."):
            continue
        when = inspect.cleandoc(event.__doc__ or "").partition("\n\n")[0]
        when = when.replace("\n", " ").replace("``", "`")
        fields = ", ".join(f"`{field}`" for field in event.model_fields)
        rows.append(f"| `{name}` | {when} | {fields} |")
    return "\n".join(rows)


def state_diagrams() -> str:
    """Return a section with a diagram for every state machine of the installed packages."""
    load_room("states")
    return diagrams.all_diagrams()


def api_routes() -> str:
    """Return the table of all routes of the HTTP API."""
    from banyan.api.tables import route_table
    from banyan.api.urls import api

    return route_table(api.get_openapi_schema())


def personal_table() -> str:
    """Return what every table holds of people, how long, and what erasing does to it."""
    rows = [
        "| table | personal | erasing | how long, and why | ended by |",
        "| --- | --- | --- | --- | --- |",
    ]
    nothing = []
    for holding in sorted(declared().values(), key=lambda each: each.model._meta.label):
        label = holding.model._meta.label
        if not holding.why:
            nothing.append(f"`{label}`")
            continue
        fields = ", ".join(f"`{field}`" for field in holding.fields) or "–"
        ends = f"`{holding.kept.by}`" if holding.kept else "–"
        rows.append(f"| `{label}` | {fields} | {holding.erase.value} | {holding.why} | {ends} |")
    told = ", ".join(nothing)
    return "\n".join(rows) + f"\n\nTables that hold nothing of people: {told}."


def policy_tables() -> str:
    """Return every pack of rules for campaigns: what each rule asks for, and its source."""
    from banyan.campaigns.policy.packs import ALL_PACKS

    parts = []
    for pack in ALL_PACKS:
        parts.append(f"## Pack `{pack.name}`, version {pack.version}")
        rows = [
            f"| `{rule.code}` | {rule.severity} | {rule.says} | {rule.source.cited} |"
            for rule in pack.rules
        ]
        table = ["| rule | | what it asks for | source |", "| --- | --- | --- | --- |", *rows]
        parts.append("\n".join(table) if rows else "No rules of its own.")
    return "\n\n".join(parts)


def mechanic_pages() -> str:
    """Return a section for every mechanic of ours, and what each refusal says."""
    from . import mechanics

    return mechanics.pages()


PARTS: Mapping[str, Callable[[], str]] = {
    "events": event_table,
    "mechanics": mechanic_pages,
    "personal": personal_table,
    "policy": policy_tables,
    "routes": api_routes,
    "states": state_diagrams,
}


def refreshed(text: str) -> str:
    """Return ``text`` with its made parts made anew; KeyError for a part that nobody makes."""

    def make(found: re.Match[str]) -> str:
        return f"{found['begin']}\n\n{PARTS[found['name']]()}\n\n{found['end']}"

    return _PART.sub(make, text)


def load_room(room: str) -> None:
    """Import ``room`` of every installed package of ours that has one."""
    from django.apps import apps

    for config in apps.get_app_configs():
        name = f"{config.name}.{room}"
        if config.name.startswith("banyan.") and importlib.util.find_spec(name) is not None:
            importlib.import_module(name)


def main(folder: str) -> None:
    """Refresh every document below ``folder``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "banyan.config.settings")
    import django

    django.setup()
    for path in sorted(Path(folder).rglob("*.md")):
        before = path.read_text()
        after = refreshed(before)
        if after != before:
            path.write_text(after)
            print(path)


if __name__ == "__main__":
    main(sys.argv[1])
