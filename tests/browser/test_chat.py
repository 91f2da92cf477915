"""Two telephones in one room, from the first word of a stranger to the block that ends it."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from playwright.sync_api import Browser, FilePayload, Locator, Page, Response, expect

from banyan.chat import actions as chat
from banyan.chat.models import Room
from banyan.moderation.models import Report
from banyan.people import actions as people
from tests.browser.test_live_loop import PHONE, SOON, House, house
from tests.browser.test_live_loop import signed_in as signed_in_at
from tests.support import factories as make
from tests.support.pictures import jpeg

from .waiting import come_true

ABOVE = """([link, button]) => {
  const of = (tag, text) => [...document.querySelectorAll(tag)].filter(
    (one) => one.textContent.trim().includes(text)).pop();
  const card = of("a", link), send = of("button", button);
  return card && send && card.getBoundingClientRect().top < send.getBoundingClientRect().top;
}"""

__all__ = ["house"]


def widths(page: Page) -> list[int]:
    """Return how wide the page is, and how wide the telephone."""
    return page.evaluate("[document.documentElement.scrollWidth, innerWidth]")  # type: ignore[no-any-return]  # what the script returns


def write(page: Page, words: str) -> None:
    """Type into the field at the bottom, and send."""
    field = page.get_by_role("textbox", name="Message")
    expect(field).to_be_in_viewport()
    field.fill(words)
    page.get_by_role("button", name="Send").click()


def sees(page: Page, words: str) -> None:
    """Wait for words that stand in the conversation, and in sight."""
    shown = page.locator("#talk").get_by_text(words, exact=True)
    expect(shown).to_be_visible(timeout=SOON)
    expect(shown).to_be_in_viewport(timeout=SOON)


def press(target: Locator) -> None:
    """Click once it can be hit, in one piece: a live page may be drawn anew between down and up."""
    target.click(trial=True)
    target.dispatch_event("click")


def is_refused(answer: Response) -> bool:
    """Tell the page's look that finds nothing from one that was under way before."""
    return "first=" in answer.url and answer.status == 404


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_words_of_somebody_signed_out_meanwhile_wait_for_them(
    house: House, browser: Browser
) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    people.follow(actor=make.actor(ana), account_id=ben.pk)
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    chat.write_to(actor=make.actor(ben), account_id=ana.pk, words=chat.Words("Hello"))
    page = signed_in_at(browser, house, ana, viewport=PHONE)
    with page.expect_response(re.compile("/chat[^/]*[.]js")):
        page.goto(f"{house.url}/chat/with/ben")
    page.wait_for_timeout(500)  # until the script that came has run
    cookies = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    write(page, "Are you there?")

    expect(page).to_have_url(re.compile("/login.next=%2Fchat%2Fwith%2Fben"), timeout=SOON)
    page.context.add_cookies([one for one in cookies if "value" in one])  # type: ignore[misc]
    page.goto(f"{house.url}/chat/with/ben")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Are you there?")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_from_a_request_to_a_block_on_two_phones(house: House, browser: Browser) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    item = make.product(price=6_800, title="Blue bowl")
    one, other = (signed_in_at(browser, house, each, viewport=PHONE) for each in (ana, ben))

    # a stranger asks, and is let in
    other.goto(f"{house.url}/chat?asking")
    one.goto(f"{house.url}/chat/with/ben")
    write(one, "May I ask about the kiln?")
    expect(one.get_by_role("textbox", name="Message")).to_have_count(0)
    other.get_by_role("link", name="May I ask about the kiln?").click(timeout=SOON)
    press(other.get_by_role("button", name="Accept"))

    # an answer comes by itself, is read by itself, and says so
    write(other, "Of course")
    sees(other, "Of course")
    sees(one, "Of course")
    expect(other.get_by_text("Seen", exact=True)).to_be_visible(timeout=SOON)

    # words that did not get through stay, and are sent again once
    one.route("**/say", lambda route: route.abort())
    write(one, "Look at this")
    again = one.get_by_role("button", name="Not sent. Try again")
    expect(again).to_be_visible(timeout=SOON)
    one.unroute("**/say")
    again.click()
    sees(one, "Look at this")
    expect(again).to_have_count(0)
    sees(other, "Look at this")

    # a picture with what it shows, and goods
    one.get_by_text("Add a picture or goods").click()
    file = FilePayload(name="bowl.jpg", mimeType="image/jpeg", buffer=jpeg())
    one.locator("input[type=file]").set_input_files([file])
    one.get_by_label("What it shows").fill("A bowl in the sun", timeout=SOON)
    one.get_by_label("Goods", exact=True).select_option(f"product:{item.pk}")
    one.get_by_role("button", name="Send").click()
    expect(other.get_by_role("img", name="A bowl in the sun")).to_be_visible(timeout=SOON)
    card = other.get_by_role("link", name="Blue bowl")
    expect(card).to_be_in_viewport(timeout=SOON)
    assert widths(other) == [390, 390]
    # the newest stands above what one writes with; asked in the page, which is drawn anew meanwhile
    come_true(other, ABOVE, arg=["Blue bowl", "Send"])

    # what is open beside a message stays open when another comes
    own = other.locator("#m4")
    report = own.get_by_role("link", name="Report")
    press(own.locator("summary"))
    expect(report).to_be_visible()
    expect(one.get_by_role("img", name="A bowl in the sun")).to_be_visible(timeout=SOON)
    write(one, "It is still here")
    sees(other, "It is still here")
    expect(report).to_be_visible()

    # what was said is reported
    press(report)
    other.get_by_text("It is advertising or spam").click()
    other.get_by_role("button", name="Send").click()
    expect(other.get_by_text("Somebody will look at it")).to_be_visible(timeout=SOON)
    assert Report.objects.filter(reporter=ben).count() == 1

    # after a block the open page of the one shows nothing new, and takes nothing
    other.goto(f"{house.url}/people/ana/block")
    with one.expect_response(is_refused, timeout=SOON):
        other.get_by_role("button", name="Block").click()
    write(one, "Are you there?")
    expect(one.get_by_text("This page does not exist")).to_be_visible(timeout=SOON)
    expect(one.get_by_role("textbox", name="Message")).to_have_value("Are you there?")
    assert Room.objects.values_list("last_seq", flat=True).get() == 5


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_button_of_two_chinese_letters_stands_on_one_line(house: House, browser: Browser) -> None:
    ana = make.member("ana")
    make.member("ben")
    for viewport in (PHONE, {"width": 1280, "height": 800}):
        page = signed_in_at(browser, house, ana, viewport=viewport, locale="zh-CN")
        page.goto(f"{house.url}/chat/with/ben")
        box = page.get_by_role("button", name="发送", exact=True).bounding_box()
        assert box
        assert box["height"] < 52
