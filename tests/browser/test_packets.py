"""Two telephones in one room: a red packet is filled on the one and opened on the other."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from banyan.campaigns.models import Participation
from banyan.chat import actions as chat
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.payments.actions.credit import issue_credit
from tests.browser.test_chat import widths
from tests.browser.test_live_loop import PHONE, SOON, House, house
from tests.browser.test_live_loop import signed_in as signed_in_at
from tests.groups.circles import group, joined
from tests.support import factories as make

__all__ = ["house"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_packet_is_filled_in_the_chat_and_both_see_it_opened(
    house: House, browser: Browser
) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    credit = Money(10_000, "CNY")
    issue_credit(
        actor=Actor.system("test"), account_id=ana.pk, amount=credit, key="ana", reason="gift"
    )
    of = group(ana, name="Kiln")
    joined(of, ben)
    room = chat.open_group_room(actor=make.actor(ana), group_id=of.pk)
    one, other = (signed_in_at(browser, house, each, viewport=PHONE) for each in (ana, ben))
    other.goto(f"{house.url}/chat/{room.pk}")

    # the one fills a packet from the room
    one.goto(f"{house.url}/chat/{room.pk}")
    one.get_by_text("Add a picture or goods").click()
    one.get_by_role("link", name="Red packet").click()
    expect(one.get_by_text("CN¥100.00")).to_be_visible()
    assert widths(one) == [390, 390]
    one.get_by_label("How much in all").fill("8.88")
    one.get_by_role("textbox", name="How many shares").fill("2")
    one.get_by_label("A wish").fill("Happy new year")
    one.get_by_role("button", name="Fill it").click()

    # it stands in both rooms without a reload; the other one opens it
    card = other.get_by_role("link", name="Happy new year")
    expect(card).to_contain_text("Ana · 0 of 2 opened", timeout=SOON)
    expect(one.get_by_role("link", name="Happy new year")).to_contain_text("0 of 2 opened")
    card.click()
    expect(other.get_by_role("heading", name="Red packet")).to_be_visible()
    assert widths(other) == [390, 390]
    other.get_by_role("button", name="Open the packet").click()
    expect(other.get_by_text("It is in your wallet.")).to_be_visible(timeout=SOON)

    # and the room of the one, and the packet's page of the other, follow
    mine = one.get_by_role("link", name="Happy new year")
    expect(mine).to_contain_text("1 of 2 opened", timeout=SOON)
    mine.click()
    one.get_by_role("button", name="Open the packet").click()
    expect(one.get_by_text("It is in your wallet.")).to_be_visible(timeout=SOON)
    expect(other.get_by_text("best luck")).to_be_visible(timeout=SOON)
    assert sum(Participation.objects.values_list("amount", flat=True)) == 888
