"""The site as an app in Chromium: it may be installed, and shows what was seen when offline."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.usefixtures("threaded_db")
READY = "navigator.serviceWorker.ready.then(() => true)"


def test_it_can_be_installed_and_opens_what_was_seen_without_a_network(
    browser: Browser, house: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house}/explore")
    assert page.evaluate(READY)
    devtools = context.new_cdp_session(page)
    faults = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A test's browser is a private window, which never installs anything.
    assert [one["errorId"] for one in faults if one["errorId"] != "in-incognito"] == []

    page.goto(f"{house}/explore")  # the worker is in charge from here on
    page.wait_for_function("navigator.serviceWorker.controller")
    page.reload()
    page.goto(f"{house}/cart")
    context.set_offline(True)
    page.goto(f"{house}/explore")
    assert not page.title().startswith("No connection")
    page.goto(f"{house}/cart")
    assert page.title().startswith("No connection")

    kept = page.evaluate(
        "caches.open('pages').then(c => c.keys()).then(k => k.map(r => new URL(r.url).pathname))"
    )
    assert kept == ["/explore"], "nothing with money"
    context.set_offline(False)
    page.goto(f"{house}/login")
    page.evaluate("fetch('/logout', {method: 'POST'}).catch(() => {})")
    page.wait_for_function("caches.has('pages').then(has => !has)")
    context.close()
