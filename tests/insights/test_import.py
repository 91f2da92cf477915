"""Cascade files: all or nothing, repeatable, measured like brute force."""

from __future__ import annotations

import json
import random
from io import StringIO
from itertools import combinations
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from banyan.insights.models import Cascade, CascadeShare

pytestmark = pytest.mark.django_db


def _file(folder: Path, cascades: int = 5, seed: int = 7) -> tuple[Path, dict[str, dict[str, str]]]:
    """Write a generated file of the format; return it with the parents of each cascade."""
    chance = random.Random(seed)
    lines, trees = [], {}
    for number in range(cascades):
        root, parents, paths = f"u{number}", {}, {f"u{number}": f"u{number}"}
        rows = [f"{root}:0"]
        for step in range(1, chance.randint(2, 40)):
            parent = chance.choice(list(paths))
            user = f"u{number}x{step}"
            paths[user] = f"{paths[parent]}/{user}"
            parents[user] = parent
            rows.append(f"{paths[user]}:{step * 10}")
        trees[str(number)] = parents
        lines.append(f"{number}\t{root}\t1464739201\t{len(rows)}\t{' '.join(rows)}")
    path = folder / "cascades.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, trees


def _virality(parents: dict[str, str]) -> float:
    """Mean distance over all pairs, by walking up from both."""

    def ups(user: str) -> list[str]:
        chain = [user]
        while chain[-1] in parents:
            chain.append(parents[chain[-1]])
        return chain

    nodes = {*parents, *parents.values()}
    total = 0
    for one, other in combinations(sorted(nodes), 2):
        a, b = ups(one), ups(other)
        common = next(node for node in a if node in b)
        total += a.index(common) + b.index(common)
    return 2 * total / (len(nodes) * (len(nodes) - 1))


def test_an_imported_file_is_measured_like_brute_force(tmp_path: Path) -> None:
    path, trees = _file(tmp_path)

    call_command("import_cascades", str(path), stdout=StringIO())
    out = StringIO()
    call_command("cascades_report", format="json", stdout=out)

    rows = {row["id"]: row for row in json.loads(out.getvalue())}
    assert rows.keys() == trees.keys()
    for number, parents in trees.items():
        assert rows[number]["size"] == len(parents) + 1
        assert sum(rows[number]["depth_histogram"]) == len(parents) + 1
        assert rows[number]["structural_virality"] == pytest.approx(_virality(parents), abs=1e-9)


def test_the_same_file_twice_doubles_nothing(tmp_path: Path) -> None:
    path, _trees = _file(tmp_path)

    call_command("import_cascades", str(path), stdout=StringIO())
    before = CascadeShare.objects.count()
    call_command("import_cascades", str(path), stdout=StringIO())

    assert CascadeShare.objects.count() == before


def test_a_faulty_line_is_named_and_nothing_is_imported(tmp_path: Path) -> None:
    path, _trees = _file(tmp_path)
    path.write_text(path.read_text() + "9\tu9\tnot-a-time\t1\tu9:0\n")

    with pytest.raises(CommandError, match="line 6, column"):
        call_command("import_cascades", str(path), stdout=StringIO())

    assert not Cascade.objects.exists()
