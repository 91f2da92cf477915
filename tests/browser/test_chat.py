"""Two telephones in one room: what one sends, the other sees; and nothing after a block."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from banyan.chat import actions as chat
from banyan.chat.models import Room
from banyan.people import actions as people
from tests.browser.test_live_loop import PHONE, SOON, House, browser_type_launch_args, house
from tests.browser.test_live_loop import signed_in as signed_in_at
from tests.support import factories as make

__all__ = ["browser_type_launch_args", "house"]


def widths(page: Page) -> list[int]:
    """Return how wide the page is, and how wide the telephone."""
    return page.evaluate("[document.documentElement.scrollWidth, innerWidth]")  # type: ignore[no-any-return]  # what the script returns


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_message_appears_on_the_other_phone_and_is_read(house: House, browser: Browser) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    people.follow(actor=make.actor(ana), account_id=ben.pk)
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    room = chat.open_direct(actor=make.actor(ana), account_id=ben.pk)
    item = make.product(price=6_800, title="Blue bowl")
    one, other = (signed_in_at(browser, house, each, viewport=PHONE) for each in (ana, ben))
    listed = signed_in_at(browser, house, ben, viewport=PHONE)
    listed.goto(f"{house.url}/chat")
    for page in (one, other):
        page.goto(f"{house.url}/chat/{room.pk}")
        expect(page.get_by_role("textbox", name="Message")).to_be_in_viewport()

    one.get_by_role("textbox", name="Message").fill("Look at this")
    began = time.monotonic()
    one.get_by_role("button", name="Send").click()
    expect(other.get_by_text("Look at this")).to_be_visible(timeout=SOON)
    print(f"seconds to the other phone: {time.monotonic() - began:.2f}")
    expect(one.get_by_text("Read", exact=True)).to_be_visible(timeout=SOON)
    expect(listed.get_by_text("Look at this")).to_be_visible(timeout=SOON)

    other.get_by_text("Add a picture or goods").click()
    other.get_by_label("Goods", exact=True).select_option(f"product:{item.pk}")
    other.get_by_role("button", name="Send").click()
    card = one.get_by_role("link", name="Blue bowl")
    expect(card).to_be_visible(timeout=SOON)
    assert widths(one) == [390, 390]
    send = one.get_by_role("button", name="Send").bounding_box()
    newest = card.bounding_box()
    assert send
    assert newest
    assert newest["y"] < send["y"], "the newest stands above what one writes with"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_after_a_block_an_open_page_shows_nothing_new(house: House, browser: Browser) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    people.follow(actor=make.actor(ana), account_id=ben.pk)
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    room = chat.open_direct(actor=make.actor(ana), account_id=ben.pk)
    chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Hello"))
    page = signed_in_at(browser, house, ben, viewport=PHONE)
    page.goto(f"{house.url}/chat/{room.pk}")
    expect(page.get_by_text("Hello")).to_be_visible()
    asked: list[int] = []

    def note(answer: Response) -> None:
        if "first=" in answer.url:
            asked.append(answer.status)

    page.on("response", note)

    people.block(actor=make.actor(ana), account_id=ben.pk)
    page.wait_for_timeout(3_000)
    page.get_by_role("textbox", name="Message").fill("Are you there?")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_text("This page does not exist")).to_be_visible(timeout=SOON)
    assert set(asked) <= {404}
    assert Room.objects.values_list("last_seq", flat=True).get() == 1
