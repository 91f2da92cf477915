"""State machines as pictures, drawn from their tables."""

from __future__ import annotations

from .states import Machine, machines


def diagram(machine: Machine) -> str:
    """Return ``machine`` as a Mermaid state diagram in Markdown."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial}"]
    for source, targets in machine.transitions.items():
        lines += [f"    {source} --> {target}" for target in targets]
        if not targets:
            lines.append(f"    {source} --> [*]")
    return "\n".join([*lines, "```"])


def all_diagrams() -> str:
    """Return a section for every machine that is loaded, by name."""
    ordered = sorted(machines.items())
    return "\n\n".join(f"### {name}\n\n{diagram(machine)}" for name, machine in ordered)
