"""What the look may weigh and what its templates must never contain."""

from __future__ import annotations

import re
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from banyan.media.rules import palette_number
from banyan.web.ui.icons import PATHS
from banyan.web.ui.shapes import PLACEHOLDERS, placeholder_colour

ROOT = Path(__file__).resolve().parents[3] / "banyan" / "web" / "ui"
CSS = "".join((ROOT / "static/ui" / name).read_text() for name in ("banyan.css", "figures.css"))
PAGES = ROOT / "jinja2" / "ui"
TEMPLATES = sorted(
    path for path in ROOT.parent.rglob("jinja2/**/*") if path.suffix in {".html", ".svg"}
)
TRUSTING = re.compile(r"\|\s*safe\b|\bautoescape\b")
# What is loaded is checked by its address, and a block of JSON is never run.
SCRIPT_TAG = re.compile(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>")


def _weight(name: str) -> int:
    return len(brotli.compress((ROOT / "static/ui" / name).read_bytes()))


def test_the_stylesheets_stay_within_twelve_kilobytes() -> None:
    """The one of every page, and with it the one of the merchant's rooms and of figures."""
    assert 4_000 < _weight("banyan.css") + _weight("figures.css") <= 12 * 1024


def test_our_own_script_stays_within_six_kilobytes() -> None:
    assert 1_000 < _weight("js/banyan.js") <= 6 * 1024


def test_the_script_evaluates_nothing() -> None:
    source = (ROOT / "static/ui/js/banyan.js").read_text()
    assert not re.search(r"\beval\(|new Function|setTimeout\(['\"]|\.innerHTML\s*=", source)


def test_the_scan_sees_the_templates() -> None:
    assert len(TEMPLATES) > 140
    assert len(list((PAGES / "components").glob("*.html"))) > 40


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_style_and_no_handler(template: Path) -> None:
    text = template.read_text()
    assert "style=" not in text
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert "javascript:" not in text
    for tag in SCRIPT_TAG.findall(text):
        assert "nonce=" in tag


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_refused_form_takes_the_focus_and_leads_to_its_fields(template: Path) -> None:
    """A plain notice says neither that something was refused nor where."""
    assert "{% if problem %}{{ ui.notice(" not in template.read_text()


def test_the_scan_would_notice_a_handler() -> None:
    assert re.search(r"\son[a-z]+=", '<a href="#" onclick="x()">')


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_trusts_nobody(template: Path) -> None:
    assert not TRUSTING.search(template.read_text())


def test_the_scan_would_notice_trust() -> None:
    for text in ("{{ a|safe }}", "{{ a | safe }}", "{% autoescape false %}"):
        assert TRUSTING.search(text)


def test_every_component_names_its_variables() -> None:
    for template in (PAGES / "components").glob("*.html"):
        if template.name != "staged_tools.html":
            assert template.read_text().startswith("{# "), template.name


def test_every_placeholder_class_paints_its_colour() -> None:
    painted = dict(re.findall(r"\.ph-(\d\d)\{--ph:#([0-9a-f]{6})\}", CSS))
    wanted = {
        f"{n:02d}": "".join(f"{c:02x}" for c in placeholder_colour(n)) for n in range(PLACEHOLDERS)
    }
    assert painted == wanted


def test_tag_places_exist_in_two_percent_steps() -> None:
    for step in range(51):
        assert f".x-{step}{{--x:{step * 2}%}}" in CSS
        assert f".y-{step}{{--y:{step * 2}%}}" in CSS


def test_the_placeholder_of_a_colour_is_near_it() -> None:
    for red in range(0, 256, 51):
        for green in range(0, 256, 51):
            for blue in range(0, 256, 51):
                if max(red, green, blue) - min(red, green, blue) > 60:
                    continue
                shown = placeholder_colour(palette_number(red, green, blue))
                assert max(abs(a - b) for a, b in zip(shown, (red, green, blue), strict=True)) <= 45


def test_dark_redefines_every_colour_of_light() -> None:
    blocks = re.findall(r"\{([^{}]*--paper:[^{}]*)\}", CSS)
    light, by_device, by_choice = (set(re.findall(r"(--[\w-]+):", b)) for b in blocks[:3])
    assert by_device == by_choice
    structural = {"--r", "--r-s", "--r-xs", "--pill", "--gut", "--bar-h", "--top-h", "--ease"}
    tones = {name for name in light if re.match(r"--t\d[ab]", name)}
    assert light - structural - tones - {"--sans"} == by_choice


def test_every_class_in_a_component_is_styled_or_known() -> None:
    known = {"end", "tree-fig", "goods-sub", "nav-text", "nav-wide", "upload", "stack-0", "by"}
    for template in (PAGES / "components").glob("*.html"):
        for found in re.findall(r'class="([a-z0-9 -]+)"', template.read_text()):
            for name in found.split():
                assert name in known or f".{name}" in CSS, f"{template.name}: {name}"


@pytest.mark.parametrize("name", sorted(PATHS))
def test_an_icon_is_a_path_on_the_grid(name: str) -> None:
    data = PATHS[name]
    assert re.fullmatch(r"[MmLlHhVvCcSsAaZzQqTt0-9.,\s-]+", data)
    assert data.startswith("M")
    assert max(float(n) for n in re.findall(r"\d+\.?\d*", data)) <= 24
