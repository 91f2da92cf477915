"""Signing in with a real browser: with and without script, elsewhere, and by passkey."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from banyan.kernel.actors import Actor
from banyan.people import actions as people
from banyan.people.models import Account, Follow
from banyan.people.rules import Contact
from tests.support.serving import serve

PHONE: Any = {"width": 390, "height": 844}


@pytest.fixture
def closed_afterwards() -> Iterator[None]:
    """Close the connections that belong to Playwright's event loop; nobody else sees them."""
    yield
    connections.close_all()


@pytest.fixture
def site(closed_afterwards: None, threaded_db: None) -> Iterator[str]:
    """Serve the whole site by the name localhost, where browsers allow passkeys."""
    with serve(StaticFilesHandler(get_wsgi_application())) as port:
        yield f"http://localhost:{port}"


def new_member(handle: str) -> Account:
    """Return somebody to follow."""
    return people.create_account(
        actor=Actor.guest(), contact=Contact("email", f"{handle}@example.com"), handle=handle
    )


def shown_code(page: Page) -> str:
    """Return the code that a demo shows."""
    found = re.search(r"the code is (\d{6})", page.inner_text("main"))
    assert found
    return found.group(1)


def sign_in(page: Page, site: str, contact: str = "ana@example.com") -> None:
    """Sign in from the front door."""
    page.goto(f"{site}/login?next=/me")
    page.get_by_label("E-mail or phone").fill(contact)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(shown_code(page))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{site}/me")


def check(page: Page) -> None:
    """Assert that axe finds nothing and that the page is no wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_tap_on_follow_is_done_after_one_field_and_one_code(page: Page, site: str) -> None:
    new_member("ben")
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/people/ben/follow")
    expect(page.get_by_text("Follow @ben")).to_be_visible()
    check(page)
    page.get_by_label("E-mail or phone").fill("ana@example.com")
    page.get_by_role("button", name="Send me a code").click()
    check(page)
    page.get_by_label("Code").fill("000000" if shown_code(page) != "000000" else "111111")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("4 more tries")
    check(page)
    page.get_by_label("Code").fill(shown_code(page))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{site}/@ben")
    assert Follow.objects.get().followee.handle == "ben"


def test_signing_in_needs_no_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE, locale="en")
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/me/addresses/new")
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Name of the recipient").fill("Ana")
    page.get_by_label("Street and house number").fill("Hauptstr. 5")
    page.get_by_label("Postcode").fill("10115")
    page.get_by_label("City").fill("Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Hauptstr. 5, 10115, Berlin")).to_be_visible()
    context.close()


def test_another_country_asks_for_other_things_at_once(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE, locale="en")
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/me/addresses/new")
    page.get_by_label("Name of the recipient").fill("Ana")
    page.get_by_label("Country").select_option("DE")
    expect(page.get_by_label("Postcode")).to_be_visible()
    expect(page.get_by_label("Name of the recipient")).to_have_value("Ana")
    expect(page.get_by_role("button", name="Change")).not_to_be_visible()
    for label, text in {
        "Street and house number": "Hauptstr. 5", "Postcode": "10115", "City": "Berlin",
    }.items():  # fmt: skip
        page.get_by_label(label).fill(text)
    page.get_by_label("City").press("Enter")
    expect(page.get_by_text("Hauptstr. 5, 10115, Berlin")).to_be_visible()
    context.close()


def test_the_other_browser_finishes_by_the_short_address(browser: Browser, site: str) -> None:
    new_member("ben")
    webview, other = browser.new_context(locale="en"), browser.new_context(locale="en")
    page = webview.new_page()
    page.goto(f"{site}/people/ben/follow")
    page.get_by_label("E-mail or phone").fill("ana@example.com")
    page.get_by_role("button", name="Send me a code").click()
    code = shown_code(page)
    page.get_by_text("Finish in another browser").click()
    address = page.locator("#here").inner_text()

    elsewhere = other.new_page()
    elsewhere.goto(f"http://{address}")
    elsewhere.get_by_label("Code").fill(code)
    elsewhere.get_by_role("button", name="Go on").click()

    expect(elsewhere).to_have_url(f"{site}/@ben")
    assert Follow.objects.get().followee.handle == "ben"
    page.goto(f"{site}/me")
    expect(page).to_have_url(f"{site}/login?next=%2Fme")
    webview.close()
    other.close()


def test_a_passkey_made_once_signs_in(page: Page, site: str) -> None:
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, site)
    page.goto(f"{site}/me/security/webauthn/add/")
    page.locator("#id_name").fill("This phone")
    page.locator("#id_passwordless").check()
    page.get_by_role("button", name="Add a key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    page.context.clear_cookies()
    page.goto(f"{site}/login?next=/me/addresses")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{site}/me/addresses")


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_the_member_s_pages_are_for_everybody(browser: Browser, site: str, language: str) -> None:
    context = browser.new_context(viewport=PHONE, locale="en")
    page = context.new_page()
    sign_in(page, site)
    for path in (
        "/me",
        "/me/edit",
        "/me/contact",
        "/me/addresses",
        "/me/addresses/new?country=CN",
        "/me/tokens",
        "/me/security/",
        "/me/security/totp/activate/",
        "/notifications",
        "/me/followers",
        "/logout",
    ):
        page.goto(f"{site}{path}{'&' if '?' in path else '?'}lang={language}")
        if language == "en":
            check(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
