"""The site as an app in Chromium: it may be installed, and shows what was seen when offline."""

from __future__ import annotations

import pytest
from django.db import transaction
from playwright.sync_api import Browser

from banyan.catalog import actions as catalog
from banyan.kernel.actors import Actor
from tests.support import factories as make

from .waiting import come_true

pytestmark = pytest.mark.usefixtures("threaded_db")
READY = "navigator.serviceWorker.ready.then(() => true)"
KEEPS = "async url => Boolean(await (await caches.open('pages')).match(url))"


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
    come_true(page, "Boolean(navigator.serviceWorker.controller)")
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
    come_true(page, "caches.has('pages').then(has => !has)")
    context.close()


def test_a_page_that_was_taken_down_is_not_shown_from_before_without_a_network(
    browser: Browser, house: str
) -> None:
    product = make.product(title="Fake bag")
    url = f"{house}/shop/{product.shop.slug}/{product.slug}"
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house}/explore")
    assert page.evaluate(READY)
    page.goto(f"{house}/explore")
    come_true(page, "Boolean(navigator.serviceWorker.controller)")
    page.goto(url)
    come_true(page, KEEPS, arg=url)
    assert "Fake bag" in page.title()

    with transaction.atomic():
        catalog.take_down_product(actor=Actor.system("desk"), product_id=product.pk, reason="fake")
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 404
    come_true(page, f"async url => !(await ({KEEPS})(url))", arg=url)

    context.set_offline(True)
    page.goto(url)
    assert page.title().startswith("No connection")
    context.close()
