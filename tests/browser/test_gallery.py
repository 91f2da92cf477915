"""The gallery in a real browser: contrast and names by axe, reflow, and the small behaviours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.test import override_settings
from django.urls import clear_url_caches
from playwright.sync_api import FilePayload, Page, expect

from tests.support.serving import serve

PAGES = ("parts", "feed", "product", "studio", "checkout", "problem")
PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 800}
# Both themes in the three languages, small and large in turn: all six, everywhere.
LOOKS = tuple(
    (theme, language, (PHONE, DESK)[number % 2])
    for number, (theme, language) in enumerate(
        product(("light", "dark"), ("en", "zh-hans", "zh-hant"))
    )
)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the gallery without a database."""
    with override_settings(
        ROOT_URLCONF="tests.web.ui.gallery_urls", DEBUG=True, SERVICE_WORKER=False
    ):
        clear_url_caches()
        with serve(StaticFilesHandler(get_wsgi_application())) as port:
            yield f"http://127.0.0.1:{port}"
    clear_url_caches()


def _open(page: Page, site: str, name: str, theme: str = "light", size: Any = PHONE) -> None:
    page.set_viewport_size(size)
    page.goto(f"{site}/_ui/?page={name}&theme={theme}")


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_the_console_is_quiet(page: Page, site: str, name: str) -> None:
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    # A colour on its way is neither the first nor the last.
    page.emulate_media(reduced_motion="reduce")
    for theme, language, size in LOOKS:
        page.set_viewport_size(size)
        page.goto(f"{site}/_ui/?page={name}&theme={theme}&lang={language}")
        assert page.evaluate("document.documentElement.lang").lower() == language
        found = Axe().run(page).response["violations"]
        told = [(v["id"], [n["target"] for n in v["nodes"]]) for v in found]
        assert told == [], (theme, language)
    assert heard == []


def test_axe_would_find_a_planted_fault(page: Page, site: str) -> None:
    _open(page, site, "feed")
    page.evaluate("document.querySelector('.tabs a').style.color = '#bbb'")
    assert "color-contrast" in {v["id"] for v in Axe().run(page).response["violations"]}


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_phone_and_double_text_size_never_scroll_sideways(
    page: Page, site: str, name: str
) -> None:
    for width, zoom in ((320, "100%"), (390, "200%")):
        _open(page, site, name, size={"width": width, "height": 700})
        page.evaluate(f"document.documentElement.style.fontSize = '{zoom}'")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (width, zoom, wide)


def test_buttons_and_links_of_the_bars_are_large_enough(page: Page, site: str) -> None:
    for name in ("feed", "product"):
        _open(page, site, name)
        small = page.evaluate(
            """[...document.querySelectorAll('.nav a, .actions .btn, .tabs a, .round, .chip')]
            .map((e) => [e.className, e.getBoundingClientRect()])
            .filter(([, r]) => r.width && (r.height < 43.5 || r.width < 40)).map(([c]) => c)"""
        )
        assert small == []


def test_the_bar_of_actions_replaces_the_navigation_on_a_phone(page: Page, site: str) -> None:
    _open(page, site, "product")
    expect(page.locator(".nav")).to_be_hidden()
    expect(page.locator(".actions")).to_be_in_viewport()
    _open(page, site, "product", size=DESK)
    expect(page.locator(".nav")).to_be_visible()


def test_a_stepper_stops_at_its_ends(page: Page, site: str) -> None:
    _open(page, site, "parts")
    less, more = page.locator("[data-stepper] [data-step='-1']"), page.locator("[data-step='1']")
    expect(less).to_be_disabled()
    more.click()
    more.click()
    expect(page.locator("[data-stepper] input")).to_have_value("3")
    expect(more).to_be_disabled()
    expect(less).to_be_enabled()


def test_the_theme_changes_at_once_and_is_posted(page: Page, site: str) -> None:
    _open(page, site, "feed")
    with page.expect_request("**/set_theme") as sent:
        page.get_by_role("button", name="Dark").click()
    assert "theme=dark" in (sent.value.post_data or "")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Light")).to_have_attribute("aria-pressed", "false")


def test_a_link_is_copied_and_says_so(page: Page, site: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _open(page, site, "product")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#live")).to_contain_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == "https://shop.example/s/8f2cQ7"


def test_a_tag_is_placed_by_a_tap_or_by_typing(page: Page, site: str) -> None:
    _open(page, site, "parts")
    placer = page.locator("[data-placer] .placer")
    box = placer.bounding_box()
    assert box
    placer.click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.8})
    expect(page.locator("[name=spot_x]")).to_have_value("25")
    expect(page.locator("[name=spot_y]")).to_have_value("80")
    page.locator("[name=spot_x]").fill("70")
    assert page.locator("[data-placer] circle").first.get_attribute("cx") == "70%"


def _jpeg(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + b"0" * 64}


def test_pictures_are_staged_told_refused_moved_and_removed(page: Page, site: str) -> None:
    _open(page, site, "parts")
    box = page.locator("[data-upload-url]")
    box.locator("input[type=file]").set_input_files([_jpeg("a.jpg"), _jpeg("huge.jpg")])
    tokens = box.locator("input[name=pictures]")
    expect(tokens).to_have_count(2)
    expect(box.locator(".why", has_text="Larger than 15 MB.")).to_be_visible()
    order = "els => els.map(e => e.value)"
    assert tokens.evaluate_all(order) == ["t1", "tok-a.jpg"]
    box.locator("li", has_text="a.jpg").first.get_by_label("Move earlier").click()
    assert tokens.evaluate_all(order) == ["tok-a.jpg", "t1"]
    box.locator("li").first.get_by_label("Remove").click()
    assert tokens.evaluate_all(order) == ["t1"]


_COUNT_AT_ONCE = """() => {
  let now = 0;
  window.most = 0;
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    window.most = Math.max(window.most, ++now);
    this.addEventListener("readystatechange", () => { if (this.readyState === 4) now -= 1; });
    return send.call(this, body);
  };
}"""


def test_pictures_go_up_one_by_one(page: Page, site: str) -> None:
    _open(page, site, "parts")
    page.evaluate(_COUNT_AT_ONCE)
    box = page.locator("[data-upload-url]")
    box.locator("input[type=file]").set_input_files([_jpeg(f"{n}.jpg") for n in range(3)])
    expect(box.locator("input[name=pictures]")).to_have_count(4)
    assert page.evaluate("window.most") == 1


def test_more_pictures_than_allowed_are_named_not_dropped_silently(page: Page, site: str) -> None:
    _open(page, site, "parts")
    box = page.locator("[data-upload-url]")
    box.locator("input[type=file]").set_input_files([_jpeg(f"{n}.jpg") for n in range(10)])
    expect(page.locator("#live")).to_contain_text("At most 9 pictures.")
    expect(box.locator(".staged > li")).to_have_count(9)


def test_a_live_box_looks_again_and_keeps_what_is_being_typed(page: Page, site: str) -> None:
    page.clock.install()
    page.goto(f"{site}/behaviour")
    before = page.locator("#count").inner_text()
    page.locator("#typed").fill("half a sentence")
    page.clock.run_for(11_000)
    expect(page.locator("#count")).not_to_have_text(before)
    expect(page.locator("#typed")).to_have_value("half a sentence")


_COUNT_SENT = """() => {
  window.sent = 0;
  addEventListener("submit", (e) => { if (!e.defaultPrevented) sent += 1; e.preventDefault(); });
  const button = document.querySelector("#once button");
  button.click();
  button.click();
}"""


def test_a_form_is_sent_once_until_the_page_comes_back(page: Page, site: str) -> None:
    page.goto(f"{site}/behaviour")
    page.evaluate(_COUNT_SENT)
    assert page.evaluate("sent") == 1
    expect(page.locator("#once button")).to_have_attribute("aria-busy", "true")
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    expect(page.locator("#once button")).not_to_have_attribute("aria-busy", "true")
    page.evaluate("document.querySelector('#once button').click()")
    assert page.evaluate("sent") == 2


def test_without_script_the_page_still_offers_everything(browser: Any, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site}/_ui/?page=parts")
    expect(page.locator("[data-upload-url] input[type=file]")).to_be_visible()
    expect(page.locator("[data-stepper] button").first).to_be_hidden()
    expect(page.locator("[data-stepper] input")).to_be_visible()
    context.close()
