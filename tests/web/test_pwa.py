"""The site as an app: what browsers ask for before they offer to install it, and the way out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from banyan.web import pwa

pytestmark = pytest.mark.django_db
WORKER = pwa._SOURCE.read_text()


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Make the worker's head anew."""
    pwa._build.cache_clear()


def test_the_manifest_has_what_installing_asks_for() -> None:
    answer = Client().get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    found = answer.json()
    assert (found["id"], found["scope"], found["display"]) == ("/", "/", "standalone")
    sizes = {(icon["sizes"], icon["purpose"]) for icon in found["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes
    for shortcut in found["shortcuts"]:
        assert Client().get(shortcut["url"]).status_code in {200, 302}


@pytest.mark.parametrize(("path", "sizes", "purpose"), pwa._ICONS)
def test_an_icon_has_the_size_that_it_says(path: str, sizes: str, purpose: str) -> None:
    picture = Image.open(str(finders.find(path))).convert("RGBA")
    assert "x".join(map(str, picture.size)) == sizes
    corner = picture.getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert (corner[3] == 255) == (purpose == "maskable"), "a mask needs paint up to the edge"


def test_a_page_names_manifest_and_worker() -> None:
    page = Client().get("/").content.decode()
    assert 'rel="manifest" href="/manifest.webmanifest"' in page
    assert 'data-worker="/sw.js"' in page


def test_the_worker_is_at_the_root_and_knows_its_files() -> None:
    answer = Client().get("/sw.js")
    source = answer.content.decode()
    build = json.loads(source.split("\n", 1)[0].removeprefix("const BUILD = ").rstrip(";"))
    assert answer["Content-Type"].startswith("text/javascript")
    assert build["version"] == Client().get("/sw/version").json()["version"] != ""
    assert "/offline" in build["files"]
    assert Client().get("/offline").status_code == 200


def test_the_kill_switch_ends_every_worker(settings: Any) -> None:
    settings.SERVICE_WORKER = False
    assert Client().get("/sw/version").json() == {"version": ""}
    assert '"version": ""' in Client().get("/sw.js").content.decode()
    assert "data-worker" not in Client().get("/").content.decode()
    assert "unregister()" in WORKER


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", True),
        ("/p/1", True),
        ("/@ana", True),
        ("/shop/kiln/cup", True),
        ("/me", False),
        ("/me/wallet", False),
        ("/cart", False),
        ("/checkout", False),
        ("/o/secret", False),
        ("/orders", False),
        ("/studio/kiln/", False),
        ("/pay/1", False),
        ("/sale/1", False),
        ("/people", False),
    ],
)
def test_nothing_with_money_is_kept(path: str, kept: bool) -> None:
    rule = re.search(r"const KEPT = /(.+)/;", WORKER)
    assert rule is not None
    assert bool(re.search(rule.group(1).replace(r"\/", "/"), path)) is kept


def test_the_offline_page_knows_nobody() -> None:
    text = Path("banyan/web/ui/jinja2/ui/offline.html").read_text()
    assert "request" not in text
    assert "csrf" not in text
