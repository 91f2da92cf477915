"""An imported cascade as a page: the report's figures, a bounded picture, staff only."""

from __future__ import annotations

import random
import re

import pytest
from django.test import Client

from banyan.insights.actions import import_cascades
from banyan.insights.models import Cascade
from banyan.insights.queries import cascade_report
from banyan.web.desk.cascades import MOST_NODES, drawn
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def imported(size: int) -> Cascade:
    chance = random.Random(3)
    paths = ["u0"]
    for n in range(1, size):
        paths.append(f"{chance.choice(paths)}/u{n}")
    rows = " ".join(f"{path}:{n * 10}" for n, path in enumerate(paths))
    import_cascades(lines=[f"7\tu0\t1464739201\t{size}\t{rows}\n"], source="test")
    return Cascade.objects.get()


def test_the_page_says_what_the_report_says() -> None:
    cascade = imported(60)
    browser = Client()
    browser.force_login(make.staff("support"))
    text = browser.get(f"/desk/cascades/{cascade.pk}").content.decode()
    (row,) = cascade_report()
    assert f"{row['size']} people" in text
    assert f"depth {len(row['depth_histogram']) - 1}" in text
    assert f"virality {row['structural_virality']:.1f}" in text
    assert text.count("data-node=") == 60
    table = text.split("By depth")[-1]
    cells = [int(n) for n in re.findall(r'<td class="num">(\d+)</td>', table)]
    assert cells[: len(row["depth_histogram"])] == row["depth_histogram"]
    assert str(cascade.pk) in browser.get("/desk/cascades").content.decode()


def test_a_member_does_not_find_it() -> None:
    cascade = imported(2)
    browser = Client()
    browser.force_login(make.member())
    assert browser.get(f"/desk/cascades/{cascade.pk}").status_code == 404
    assert browser.get("/desk/cascades").status_code == 404


@pytest.mark.parametrize("size", [1, 30, 500, 3000])
def test_everybody_is_drawn_or_counted(size: int) -> None:
    chance = random.Random(size)
    parents: dict[str, str | None] = {"0": None}
    for n in range(1, size):
        parents[str(n)] = chance.choice(list(parents)[-200:])
    nodes = drawn(parents)
    dots = [node for node in nodes if node.kind != "more"]
    assert len(dots) <= MOST_NODES
    assert len(dots) + sum(node.count for node in nodes) == size
    known = {node.id for node in nodes}
    assert all(node.parent_id in known for node in nodes if node.parent_id)
