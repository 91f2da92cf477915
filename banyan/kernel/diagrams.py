"""Diagrams of all state machines, from their tables: ``python -m banyan.kernel.diagrams FILE``.

Rewrites what stands between the two marker lines of a Markdown file.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path

from .states import Machine, machines

BEGIN = "<!-- diagrams: begin (python -m banyan.kernel.diagrams FILE) -->"
END = "<!-- diagrams: end -->"


def diagram(machine: Machine) -> str:
    """Return ``machine`` as a Mermaid state diagram in Markdown."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial}"]
    for source, targets in machine.transitions.items():
        lines += [f"    {source} --> {target}" for target in targets]
        if not targets:
            lines.append(f"    {source} --> [*]")
    return "\n".join([*lines, "```"])


def all_diagrams() -> str:
    """Return a section for every machine of the installed packages, by name."""
    from django.apps import apps

    for config in apps.get_app_configs():
        name = f"{config.name}.states"
        if config.name.startswith("banyan.") and importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    ordered = sorted(machines.items())
    return "\n\n".join(f"### {name}\n\n{diagram(machine)}" for name, machine in ordered)


def refreshed(text: str) -> str:
    """Return ``text`` with the part between the markers made anew; ValueError without markers."""
    head, found, rest = text.partition(BEGIN)
    _, closed, tail = rest.partition(END)
    if not found or not closed:
        raise ValueError("the markers are missing")
    return f"{head}{BEGIN}\n\n{all_diagrams()}\n\n{END}{tail}"


def main(path: str) -> None:
    """Refresh the file at ``path``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "banyan.config.settings")
    import django

    django.setup()
    file = Path(path)
    file.write_text(refreshed(file.read_text()))


if __name__ == "__main__":
    main(sys.argv[1])
