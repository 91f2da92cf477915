"""A wheel on two telephones: what one turns out of the stock is gone on the other."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_live_loop import PHONE, SOON, House, house
from tests.browser.test_live_loop import signed_in as signed_in_at
from tests.campaigns.scene import begun, campaign, coupon, crowd
from tests.support import factories as make

__all__ = ["house"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_turn_on_one_phone_is_seen_on_another(house: House, browser: Browser) -> None:
    shop, people = make.shop(), crowd(2)
    of = campaign(shop, "instant_draw", prize=coupon(shop, title="Cup").pk, count=2, nothing=0)
    plays = [begun(of, who) for who in people]
    one, other = (signed_in_at(browser, house, who, viewport=PHONE) for who in people)
    for page, play in zip((one, other), plays, strict=True):
        page.goto(f"{house.url}/play/{play.code}")
        expect(page.get_by_text("2 of 2 left")).to_be_visible()
    one.get_by_role("button", name="Turn the wheel").click()
    expect(one.get_by_text("You have won")).to_be_visible()
    expect(other.get_by_text("1 of 2 left")).to_be_visible(timeout=SOON)
    expect(other.get_by_role("button", name="Turn the wheel")).to_be_visible()
