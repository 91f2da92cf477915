"""Every stable code that the source can answer with, found by reading it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import banyan

SOURCE = Path(banyan.__file__).parent
# Tables of reasons whose keys are codes.
TABLES = {"REFUSALS", "PLAN_REASONS"}


def problem_codes() -> set[str]:
    """Return class-level codes of problems, ``code="..."`` of calls that make one, and tables."""
    trees = [ast.parse(path.read_text()) for path in SOURCE.rglob("*.py")]
    problems = _problem_classes(trees)
    return {code for tree in trees for code in _codes(tree, problems)}


def _problem_classes(trees: list[ast.Module]) -> set[str]:
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"Problem"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def _codes(tree: ast.Module, problems: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in problems:
            yield from _class_code(node)
        elif isinstance(node, ast.Call) and _name(node.func) in problems:
            yield from _call_code(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _table_codes(node)


def _class_code(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        if isinstance(line, ast.Assign) and _name(line.targets[0]) == "code":
            yield from _text(line.value)


def _call_code(node: ast.Call) -> Iterator[str]:
    for word in node.keywords:
        if word.arg == "code":
            yield from _text(word.value)
    if _name(node.func) == "BadJournal" and node.args:
        yield from _text(node.args[0])


def _table_codes(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if _name(target) in TABLES and isinstance(node.value, ast.Dict):
        for key in node.value.keys:
            if key is not None:
                yield from _text(key)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _text(node.body)
        yield from _text(node.orelse)
