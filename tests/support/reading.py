"""Reading a share's pages as a person does, and recomputing their figures from its CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from tests.support.walkers import Walker

Row = dict[str, str]


@dataclass
class Shown:
    """What a share's page says; ``links`` are the addresses behind its numbers."""

    figures: dict[str, str]
    links: dict[str, str]
    generations: list[tuple[int, str, str]]
    per_link: list[tuple[str, list[tuple[int, str]]]]
    left_out: dict[str, tuple[int, str]]
    export: str = ""

    def number(self, key: str) -> float | None:
        """Return a figure, or None where the page shows a dash."""
        text = self.figures[key]
        return None if text == "–" else float(text)


def read_story(page: str) -> Shown:
    """Read the page of a share."""
    figures, links = {}, {}
    for url, key, value in re.findall(
        r'<a class="stat" href="([^"]+)" id="([\w-]+)">.*?<span class="value[^"]*">(.*?)</span>',
        page,
        re.DOTALL,
    ):
        exact = re.search(r'<data value="([^"]+)">', value)
        figures[key] = exact.group(1) if exact else unescape(value)
        links[key] = unescape(url)
    generations = [
        (int(people), unescape(url), r)
        for url, people, r in re.findall(
            r'<a href="([^"]*generation=\d+)">(\d+)</a></td><td class="num">(.*?)</td>', page
        )
    ]
    per_link = []
    for row in re.findall(r"<tr><th scope=\"row\"><a href=\"/@.*?</tr>", page, re.DOTALL):
        who = re.search(r'href="/@([^"]+)"', row)
        cells = re.findall(r'<td class="num"[^>]*><a href="([^"]+)">(\d+)</a>', row)
        assert who
        per_link.append((who.group(1), [(int(n), unescape(url)) for url, n in cells]))
    left_out = {
        why: (int(count), unescape(url))
        for url, why, count in re.findall(
            r'href="([^"]*left-out[^"]*)">[^<]*</a><span class="num" data-why="(\w+)">(\d+)<', page
        )
    }
    export = re.search(r'href="([^"]+export\.csv)"', page)
    return Shown(
        figures, links, generations, per_link, left_out, unescape(export.group(1)) if export else ""
    )


def rows_of(walker: Walker, url: str) -> list[list[str]]:
    """Return the body rows of the list behind a number, all of its pages, as cells of text."""
    rows: list[list[str]] = []
    announced = None
    while url:
        page = walker.go(url)
        found = re.search(r'data-count="(\d+)"', page)
        assert found, page
        announced = int(found.group(1))
        body = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
        for row in re.findall(r"<tr>(.*?)</tr>", body.group(1) if body else "", re.DOTALL):
            cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
            rows.append([unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells])
        more = re.search(r'href="(\?[^"]*from=\d+[^"]*)"', page)
        url = url.partition("?")[0] + unescape(more.group(1)) if more else ""
    assert announced == len(rows)
    return rows


@dataclass
class Oracle:
    """Every figure of a share's page, from its CSV alone and by brute force."""

    rows: list[Row]
    parents: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, walker: Walker, url: str) -> Oracle:
        """Download the file as its owner and read it."""
        response: Any = walker.browser.get(url)
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/csv")
        oracle = cls(list(csv.DictReader(io.StringIO(response.content.decode()))))
        oracle.parents = oracle._tree()
        return oracle

    def kind(self, kind: str) -> list[Row]:
        """Return the rows of a kind."""
        return [row for row in self.rows if row["kind"] == kind]

    def _tree(self) -> dict[str, str | None]:
        owner = {row["link"]: row["person"] for row in self.kind("share")}
        events = [(row["at"], row["person"], row["parent_link"]) for row in self.kind("share")]
        events += [
            (row["at"], row["person"], row["link"])
            for row in self.kind("opening")
            if row["verdict"] == "human"
        ]
        events += [(row["at"], row["person"], row["link"]) for row in self.kind("ordered")]
        parents: dict[str, str | None] = {}
        for _at, person, link in sorted(events, key=lambda each: each[0]):
            parents.setdefault(person, owner[link] if link else None)
        return parents

    @property
    def depths(self) -> list[int]:
        """People by distance from the root."""
        counts: dict[int, int] = defaultdict(int)
        for person in self.parents:
            depth, at = 0, self.parents[person]
            while at is not None:
                depth, at = depth + 1, self.parents[at]
            counts[depth] += 1
        return [counts[depth] for depth in range(max(counts) + 1)]

    @property
    def virality(self) -> float | None:
        """The mean distance over all ordered pairs, by walking from everybody to everybody."""
        near: dict[str, set[str]] = defaultdict(set)
        for person, parent in self.parents.items():
            if parent is not None:
                near[person].add(parent)
                near[parent].add(person)
        n, total = len(self.parents), 0
        for start in self.parents:
            seen, queue = {start: 0}, deque([start])
            while queue:
                here = queue.popleft()
                for there in near[here] - seen.keys():
                    seen[there] = seen[here] + 1
                    queue.append(there)
            total += sum(seen.values())
        return total / (n * (n - 1)) if n > 1 else None

    @property
    def reproduction(self) -> float | None:
        """Children per person, the root and the last generation aside."""
        depths = self.depths
        between = sum(depths[1:-1])
        return sum(depths[2:]) / between if between else None

    def opened(self, link: str, *verdicts: str) -> int:
        """Distinct people who opened a link."""
        return len(
            {
                row["person"]
                for row in self.kind("opening")
                if row["link"] == link and row["verdict"] in verdicts
            }
        )

    def check(self, walker: Walker, shown: Shown) -> None:
        """Assert that every number of the page equals the file's, and the list behind it."""
        depths = self.depths
        assert shown.number("people") == len(self.parents)
        assert shown.number("depth") == len(depths) - 1
        assert [people for people, _url, _r in shown.generations] == depths
        _same(shown.number("virality"), self.virality)
        _same(shown.number("r"), self.reproduction)
        assert len(rows_of(walker, shown.links["people"])) == len(self.parents)
        for people, url, _r in shown.generations:
            assert len(rows_of(walker, url)) == people
        self._check_links(walker, shown)
        self._check_sales(walker, shown)

    def _check_links(self, walker: Walker, shown: Shown) -> None:
        codes = [row["link"] for row in self.kind("share")]
        assert len(shown.per_link) == len(codes)
        for (_who, cells), code in zip(shown.per_link, codes, strict=True):
            (opened, opened_url), (visited, visited_url), (orders, orders_url) = cells
            assert opened == self.opened(code, "unknown", "human")
            assert visited == self.opened(code, "human")
            sold = {row["order"] for row in self.kind("sold") if row["link"] == code}
            assert orders == len(sold)
            for number, url in ((opened, opened_url), (visited, visited_url)):
                assert len(rows_of(walker, url)) == number
            assert len(rows_of(walker, orders_url)) == orders
        verdicts = [row["verdict"] for row in self.kind("opening")]
        expected = {
            "robots": sum(v in {"bot", "preview", "prefetch"} for v in verdicts),
            "own": verdicts.count("self"),
            "unproven": verdicts.count("unknown"),
            "repeats": verdicts.count("human") - self._began_by("opening"),
        }
        assert {why: n for why, (n, _url) in shown.left_out.items()} == {
            why: n for why, n in expected.items() if n
        }
        for number, url in shown.left_out.values():
            assert len(rows_of(walker, url)) == number

    def _began_by(self, kind: str) -> int:
        first: dict[str, str] = {}
        for row in sorted(self.rows, key=lambda row: row["at"]):
            if row["kind"] in {"share", "ordered"} or row["verdict"] == "human":
                first.setdefault(row["person"], row["kind"])
        return list(first.values()).count(kind)

    def _check_sales(self, walker: Walker, shown: Shown) -> None:
        sold = self.kind("sold")
        assert shown.number("orders") == len({row["order"] for row in sold})
        rows = rows_of(walker, shown.links["orders"])
        assert len(rows) == shown.number("orders")
        for key, column, place in (("sales", "goods", 3), ("earned", "earned", 5)):
            total = sum(int(row[column]) for row in sold)
            if key in shown.figures:
                assert cents(shown.figures[key]) == total
                assert sum(cents(row[place]) for row in rows) == total


def cents(text: str) -> int:
    """Return the minor units of an amount of two decimals as a page shows it."""
    return int(re.sub(r"\D", "", text))


def _same(one: float | None, other: float | None) -> None:
    if one is None or other is None:
        assert one is other
    else:
        assert abs(one - other) < 1e-9
