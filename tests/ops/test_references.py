"""What the documents refer to is there: pages and headings, settings, commands, files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from banyan.config.auth import AuthEnv
from banyan.config.env import Env
from banyan.ops.cli import DELEGATES, USAGE
from banyan.web.edge.options import Options

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SETTING = re.compile(r"\b(?:(?:BANYAN|SANDBOX)_[A-Z0-9_]*[A-Z0-9]|DATABASE_URL)\b")
# One for each site that people sign in with; the rest of the name is the site's.
OF_A_SITE = "BANYAN_SOCIAL_"
# Told by the supervisor to its own children, by nobody else.
INSIDE = {"BANYAN_RUN_ID", "BANYAN_PROCESSOR", "BANYAN_LETTERS_URL"}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


@cache
def headings(page: Path) -> frozenset[str]:
    """What one can link to in a page: its headings as GitHub writes them."""
    found = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one).strip().lower() for one in found)
    return frozenset(re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in plain)


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Each link inside the repository: as written, the file, and the heading or nothing."""
    text = prose(page)
    for link in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
        written = link[0] or link[1]
        if not re.match(r"[a-z]+:", written):
            path, _, heading = written.partition("#")
            yield written, (page.parent / path).resolve() if path else page, heading


def broken(page: Path) -> list[str]:
    return [
        written
        for written, path, heading in links(page)
        if not path.exists() or (heading and heading not in headings(path))
    ]


def declared() -> dict[str, object]:
    """The settings that a class declares, and what they are when nobody says."""
    classes: tuple[type[BaseSettings], ...] = (Env, AuthEnv, Options)
    return {
        field.alias or f"{settings.model_config.get('env_prefix', '')}{name}".upper(): field.default
        for settings in classes
        for name, field in settings.model_fields.items()
    }


def told_defaults() -> dict[str, str]:
    """Name and default of the settings in the list of them, where the default is a plain value."""
    told: dict[str, str] = {}
    page = (ROOT / "docs" / "how-to" / "configure.md").read_text()
    for names, cell in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", page, flags=re.MULTILINE):
        values = [one.strip() for one in cell.split(", ")]
        if re.fullmatch(r"(?:`[^`]+`|\d+|off)(?:, (?:`[^`]+`|\d+|off))*", cell.strip()):
            told |= dict(zip(SETTING.findall(names), values, strict=False))
    return {name: value.strip("`") for name, value in told.items()}


def read_by_code() -> set[str]:
    """Every name that our programs look up in their environment."""
    found = set(declared())
    quoted = re.compile(rf"[\"']({SETTING.pattern})[\"']")
    for folder in ("banyan", "sandbox"):
        for path in (ROOT / folder).rglob("*.py"):
            found.update(quoted.findall(path.read_text()))
    return found - INSIDE


def commands() -> set[str]:
    """The words after ``banyan`` that mean something."""
    said = {line.split()[1] for line in USAGE.splitlines() if line.startswith("banyan ")}
    return said | {" ".join(words) for words in DELEGATES}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `two`, three\n[a](#one-two-three) [b](#two) [c](page.md) [d](gone.md)\n")
    assert broken(page) == ["#two", "gone.md"]


def test_every_document_can_be_found_from_the_list_of_them() -> None:
    start = ROOT / "docs" / "README.md"
    listed = {path for _, path, _ in links(start)}
    missing = {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - listed - {start}
    assert sorted(map(name_of, missing)) == []


def test_every_setting_that_a_document_names_is_read() -> None:
    known = read_by_code()
    unknown = {
        (name_of(page), name)
        for page in PAGES
        for name in SETTING.findall(page.read_text())
        if name not in known and not name.startswith(OF_A_SITE)
    }
    assert unknown == set()


def test_every_setting_that_is_read_is_documented() -> None:
    told = {name for page in PAGES for name in SETTING.findall(page.read_text())}
    assert read_by_code() - told == set()


def test_a_setting_is_by_default_what_the_list_says() -> None:
    told, known = told_defaults(), declared()
    plain = {name: one for name, one in known.items() if isinstance(one, str | int | Path)}
    off = {"": "off", "False": "off", "false": "off"}
    wrong = {
        name: (value, plain[name])
        for name, value in told.items()
        if name in plain and off.get(value, value) != off.get(str(plain[name]), str(plain[name]))
    }
    assert wrong == {}
    assert len(told.keys() & plain.keys()) > 15


def test_every_command_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    known = commands()
    unknown = set()
    for page in PAGES:
        text = page.read_text()
        for written in re.findall(
            r"(?:^|`|bin/|\s)banyan ((?:[a-z-]+)(?: [a-z-]+)?)", shells(text)
        ):
            first = written.split()[0]
            if written not in known and first not in known:
                unknown.add((name_of(page), f"banyan {written}"))
        for target in re.findall(r"\bmake ([a-z-]+)", shells(text)):
            if target not in targets:
                unknown.add((name_of(page), f"make {target}"))
    assert unknown == set()


def shells(text: str) -> str:
    """What stands in a page as a command: blocks of code and words in code."""
    blocks = re.findall(r"^ *```.*?^ *```", text, flags=re.DOTALL | re.MULTILINE)
    words = re.findall(r"`[^`\n]+`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join(blocks + words)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_document_names_exists(page: Path) -> None:
    named = re.findall(r"`((?:banyan|bench|docs|sandbox|tests|\.ci)/[\w./-]+)`", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
