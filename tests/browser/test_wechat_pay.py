"""Paying inside WeChat in a real browser; an init script stands for WeChat's own bridge."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from banyan.kernel.actors import Actor
from banyan.orders.models import Checkout
from banyan.payments import actions
from banyan.payments.models import Intent
from tests.browser.test_sign_in import closed_afterwards, site
from tests.gateways.wechat.orders import OPENED
from tests.payments.fixtures import till_settings
from tests.payments.wechat.conftest import wechat, wechat_process
from tests.payments.wechat.driver import Wechat, deliver
from tests.support import factories

__all__ = ["closed_afterwards", "site", "till_settings", "wechat", "wechat_process"]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

PHONE: Any = {"width": 390, "height": 844}
INSIDE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Mobile/15E148 MicroMessenger/8.0.49"
)
# The bridge hands every request to ``appDoes`` of the test and tells the page what it answers.
BRIDGE = """
window.WeixinJSBridge = {
  invoke(name, asked, done) {
    window.appDoes(name, asked).then((end) => done({ err_msg: `get_brand_wcpay_request:${end}` }));
  },
};
"""
LATE_BRIDGE = f"""
setTimeout(() => {{ {BRIDGE}
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
}}, 800);
"""
SOON = 60_000


class App:
    """What the person does in WeChat's sheet: one answer after the other."""

    def __init__(self, wechat: Wechat, *answers: str) -> None:
        self.wechat, self.answers = wechat, list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def does(self, name: str, asked: dict[str, str]) -> str:
        self.asked.append((name, asked))
        answer = self.answers.pop(0)
        if answer == "ok":
            self.wechat.pay(Intent.objects.get())
        return answer


SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def phone(browser: Browser, wechat: Wechat, site: str, settings: Any) -> Iterator[BrowserContext]:
    """WeChat's browser, allowed to go by the page that says who pays."""
    policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"].append(wechat.url)
    settings.CONTENT_SECURITY_POLICY = policy
    settings.PUBLIC_URL = ""
    context = browser.new_context(viewport=PHONE, user_agent=INSIDE, locale="en")
    yield context
    context.close()


def at_pay(phone: BrowserContext, site: str, app: App | None, script: str = BRIDGE) -> Page:
    """Press Pay on the page of a purchase."""
    checkout = factories.place((factories.variant(price=10_000), 1), provider="wechat")
    page = phone.new_page()
    if app is not None:
        page.expose_function("appDoes", app.does)
        page.add_init_script(script)
    page.goto(f"{site}/o/{checkout.access_token}")
    page.get_by_role("button", name="Pay").first.click()
    return page


@pytest.mark.parametrize("script", [BRIDGE, LATE_BRIDGE])
def test_the_bridge_is_asked_and_the_order_is_paid(
    phone: BrowserContext, site: str, wechat: Wechat, script: str
) -> None:
    app = App(wechat, "ok")
    page = at_pay(phone, site, app, script)

    page.wait_for_url("**/o/*", timeout=SOON)

    (name, asked), *rest = app.asked
    assert (name, rest) == ("getBrandWCPayRequest", [])
    assert set(asked) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert Checkout.objects.get().state == "paid"
    assert Intent.objects.get().attempts.get().outcome == "captured"


def test_a_closed_sheet_can_be_opened_again(
    phone: BrowserContext, site: str, wechat: Wechat
) -> None:
    app = App(wechat, "cancel", "fail", "ok")
    page = at_pay(phone, site, app)

    expect(page.get_by_text("You closed WeChat Pay")).to_be_visible(timeout=SOON)
    assert Checkout.objects.get().state == "placed"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Pay with WeChat").click()
    expect(page.get_by_text("could not take the payment")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Pay with WeChat").click()
    page.wait_for_url("**/o/*", timeout=SOON)
    assert Checkout.objects.get().state == "paid"


def test_a_bridge_that_lies_pays_nothing(phone: BrowserContext, site: str, wechat: Wechat) -> None:
    """Given a bridge that says ok without a payment, the page shows what WeChat Pay says."""
    app = App(wechat)
    app.does = lambda name, asked: "ok"  # type: ignore[method-assign]
    page = at_pay(phone, site, app)

    expect(page.get_by_text("Waiting for the payment")).to_be_visible(timeout=SOON)
    assert Checkout.objects.get().state == "placed"
    assert Intent.objects.get().state == "pending"


def test_who_has_paid_is_not_asked_again_while_nobody_knows_of_it_yet(
    phone: BrowserContext, site: str, wechat: Wechat
) -> None:
    """Given WeChat Pay away at the moment at which the payer comes back, and its message late."""
    app = App(wechat, "ok", "fail", "fail", "fail")
    does = app.does

    def pays(name: str, asked: dict[str, str]) -> str:
        answer = does(name, asked)
        wechat.configure(fault="500")
        return answer

    app.does = pays  # type: ignore[method-assign]
    page = at_pay(phone, site, app)

    with page.expect_request("**/pay/return/**", timeout=SOON):
        pass
    page.wait_for_timeout(2_000)
    assert len(app.asked) == 1
    expect(page.get_by_text("Checking the payment")).to_be_visible(timeout=SOON)
    expect(page.get_by_role("button", name="Pay with WeChat")).to_be_visible()

    wechat.configure(fault="")
    assert deliver(wechat.told()) == 200
    page.wait_for_url("**/o/*", timeout=SOON)
    assert Checkout.objects.get().state == "paid"


def test_without_a_bridge_there_is_a_link_and_the_page_finishes_when_a_friend_paid(
    phone: BrowserContext, browser: Browser, site: str, wechat: Wechat
) -> None:
    page = at_pay(phone, site, None)
    expect(page.get_by_text("This page is not open inside WeChat")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Get the link").click()
    link = page.get_by_label("Link").input_value()

    friend = browser.new_context(viewport=PHONE, locale="en").new_page()
    friend.goto(link)
    found = Axe().run(friend)
    assert found.violations_count == 0, found.generate_report()
    friend.get_by_role("button", name="Pay").click()
    expect(friend.get_by_role("img", name="Code to pay with")).to_be_visible(timeout=SOON)
    wechat.pay(Intent.objects.get(), 2)
    assert deliver(wechat.told()) == 200

    expect(friend.get_by_text("It is paid. Thank you.")).to_be_visible(timeout=SOON)
    page.wait_for_url("**/o/*", timeout=SOON)
    assert Checkout.objects.get().state == "paid"
    friend.context.close()


def test_a_telephones_browser_comes_from_our_pages_to_the_page_that_calls_wechat_up(
    browser: Browser, phone: BrowserContext, site: str, wechat: Wechat
) -> None:
    """Whoever comes from nowhere is turned away there: the buyer, again later, and a friend."""
    wechat.configure(h5_host=wechat.url)
    checkout = factories.place((factories.variant(price=10_000), 1), provider="wechat")
    telephone = browser.new_context(viewport=PHONE, user_agent=SAFARI, locale="en")
    page = telephone.new_page()
    page.goto(f"{site}/o/{checkout.access_token}")
    page.get_by_role("button", name="Pay").first.click()
    expect(page.get_by_text(OPENED)).to_be_visible(timeout=SOON)

    intent = Intent.objects.get()
    page.goto(f"{site}/pay/{intent.token}")
    page.get_by_role("button", name="Pay").first.click()
    expect(page.get_by_text(OPENED)).to_be_visible(timeout=SOON)

    code = actions.open_link(actor=Actor.guest(), intent=intent)
    page.goto(f"{site}/pay/link/{code}")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text(OPENED)).to_be_visible(timeout=SOON)

    assert wechat.control("came_from") == [f"{site}/"] * 3
    telephone.close()
