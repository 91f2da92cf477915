"""What members do on a phone, start to end, in a real browser: each journey is read off pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import PIL.Image
import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from banyan.catalog.actions import VariantInput
from banyan.catalog.models import Product
from banyan.community import actions as community
from banyan.community.models import Post
from banyan.groups.models import Group
from banyan.kernel import relay
from banyan.media.actions import claim_staged
from banyan.people import actions as people
from banyan.people.models import Account
from tests.groups import circles
from tests.support import factories as make
from tests.support.database import wipe
from tests.support.pictures import staged_picture

from .furnished import session_of
from .test_sign_in import shown_code

PHONE: Any = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Village:
    """Who lives here, and what the journeys lead to."""

    ana: Account
    ben: Account
    cup: Product
    post: Post
    bad: Post
    circle: Group


@pytest.fixture(scope="module")
def village(django_db_setup: None, django_db_blocker: Any) -> Iterator[Village]:
    """Furnish once for this module, with real commits; wipe afterwards."""
    with django_db_blocker.unblock():
        wipe()
        try:
            yield _furnish()
        finally:
            wipe()


def _furnish() -> Village:
    ana, ben = make.member("ana", email="ana@example.com"), make.member("ben")
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    circle = circles.group(ben, name="Clay and tea", slug="clay", about="Cups, mostly.")
    post = _shown(ben, "A cup for winter", "It keeps the #tea warm.")
    _shown(make.member("lia"), "My kettle", "Nothing but #tea in it.")
    bad = _shown(make.member("pat"), "Pills, very cheap", "Write to me.")
    community.count_heat()
    return Village(ana, ben, make.product(title="Stoneware cup"), post, bad, circle)


def _shown(author: Account, title: str, body: str) -> Post:
    who = make.actor(author)
    images = claim_staged(actor=who, tokens=[staged_picture(who)])
    return community.publish_post(actor=who, images=images, title=title, body=body)


@pytest.fixture
def phones(browser: Browser, house: str, village: Village) -> Iterator[Any]:
    """Return what opens a path on the telephone of somebody; all are put away afterwards."""
    opened: list[BrowserContext] = []

    def take(account: Account | None, path: str) -> Page:
        context = browser.new_context(
            viewport=PHONE, has_touch=True, locale="en", reduced_motion="reduce", base_url=house
        )
        context.set_default_timeout(12_000)
        opened.append(context)
        if account is not None:
            cookie: Any = session_of(account) | {"url": house}
            context.add_cookies([cookie])
        page = context.new_page()
        page.goto(path)
        return page

    yield take
    for context in opened:
        context.close()


def picture(red: int) -> FilePayload:
    """Return a photograph as a phone hands it over; the same colour is the same picture."""
    data = io.BytesIO()
    PIL.Image.new("RGB", (600, 750), (red, 140, 110)).save(data, "JPEG")
    return {"name": f"{red}.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


def press(page: Page, name: str) -> None:
    """Tap the one button of this name."""
    page.get_by_role("button", name=name, exact=True).click()


def test_somebody_joins_and_makes_the_place_theirs_in_three_taps(
    phones: Any, village: Village
) -> None:
    page = phones(None, "/explore")
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_label("E-mail or phone").fill("newcomer@example.com")
    press(page, "Send me a code")
    page.get_by_label("Code").fill(shown_code(page))
    press(page, "Go on")
    page.goto("/")

    page.get_by_role("link", name="Choose", exact=True).tap()
    page.get_by_label("#tea").tap()
    page.get_by_role("button", name="Follow them").tap()

    expect(page.get_by_text(re.compile("^You follow \\d of them"))).to_be_visible()
    expect(page.get_by_text("A cup for winter").first).to_be_visible()
    page.goto("/t/tea")
    expect(page.get_by_role("button", name=re.compile("Following"))).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_post_with_two_pictures_a_tag_and_a_topic(phones: Any, village: Village) -> None:
    page = phones(village.ana, "/explore")
    page.get_by_role("link", name="Post", exact=True).tap()
    page.locator("input[name=pictures_files]").set_input_files([picture(90), picture(180)])
    expect(page.locator(".staged > li[data-token]")).to_have_count(2)
    page.get_by_label("Title").fill("Two cups of mine")
    page.get_by_label("What do you want to say?").fill("Both from the #kiln.")
    press(page, "Tag a product")
    page.get_by_label("Product", exact=True).select_option(str(village.cup.pk))
    placer = page.locator(".placer")
    box = placer.bounding_box()
    assert box
    placer.tap(position={"x": box["width"] * 0.3, "y": box["height"] * 0.6})
    expect(page.get_by_label("From the left")).to_have_value("30")
    expect(page.locator(".staged > li[data-token]")).to_have_count(2)
    press(page, "Publish")

    expect(page.get_by_role("heading", name="Two cups of mine")).to_be_visible()
    expect(page.locator(".tagged img")).to_have_count(2)
    expect(page.get_by_role("link", name=re.compile("Stoneware cup")).first).to_be_visible()
    page.get_by_role("link", name="#kiln").first.click()
    expect(page.get_by_text("Two cups of mine")).to_be_visible()


def test_a_post_is_kept_on_a_board_and_shown_on_with_words(phones: Any, village: Village) -> None:
    page = phones(village.ana, f"/p/{village.post.pk}")
    page.get_by_text("Save to a board").tap()
    page.get_by_label(re.compile("Or a new board")).fill("Winter")
    press(page, "Save")
    page.goto("/@ana")
    page.get_by_role("link", name="Winter").tap()
    expect(page.get_by_text("A cup for winter")).to_be_visible()

    page.goto(f"/p/{village.post.pk}")
    page.get_by_text("Show my followers, with words of mine").tap()
    words = page.get_by_label("Your words")
    words.fill("Mine does too.")
    page.locator("form", has=words).get_by_role("button").tap()
    expect(page.get_by_text("Shown on from Ben")).to_be_visible()
    expect(page.get_by_text("Mine does too.").first).to_be_visible()
    page.goto(f"/p/{village.post.pk}/repins")
    expect(page.get_by_text("Ana").first).to_be_visible()


def test_one_joins_a_group_and_posts_in_it(phones: Any, village: Village) -> None:
    page = phones(village.ana, "/groups")
    page.get_by_role("link", name="Clay and tea").tap()
    press(page, "Join")
    expect(page.get_by_text("You are a member now.")).to_be_visible()
    expect(page.get_by_text("2 members")).to_be_visible()
    page.get_by_role("link", name="Post here").tap()
    page.locator("input[name=pictures_files]").set_input_files([picture(40)])
    expect(page.locator(".staged > li[data-token]")).to_have_count(1)
    page.get_by_label("Title").fill("My first pot")
    press(page, "Publish")
    expect(page.get_by_role("heading", name="My first pot")).to_be_visible()

    page.goto("/g/clay")
    expect(page.get_by_role("link", name="My first pot")).to_be_visible()
    other = phones(village.ben, "/g/clay")
    expect(other.get_by_role("link", name="My first pot")).to_be_visible()


def test_a_report_is_looked_at_and_both_hear_of_the_decision(phones: Any, village: Village) -> None:
    page = phones(village.ana, f"/p/{village.bad.pk}")
    page.get_by_role("link", name="Report this post").tap()
    page.get_by_label(re.compile("Tell us more")).fill("He sells pills.")
    press(page, "Send")
    expect(page.get_by_text("Thank you. Somebody will look at it.")).to_be_visible()

    desk = phones(make.staff("moderation"), reverse("admin:moderation_case_changelist"))
    desk.get_by_role("link", name=re.compile("Pills, very cheap")).first.click()
    desk.get_by_role("link", name="Hide it").click()
    desk.get_by_label("Reason").last.fill("Pills are not sold here.")
    desk.get_by_role("button", name="Hide it").click()
    expect(desk.get_by_text("Decided.").first).to_be_visible()
    relay.drain()

    page.goto("/notifications")
    expect(page.get_by_text(re.compile("reported")).first).to_be_visible()
    answer = page.goto(f"/p/{village.bad.pk}")
    assert answer is not None
    assert answer.status == 404
    author = phones(village.bad.author, "/me/decisions")
    author.get_by_role("link", name=re.compile("Pills, very cheap")).tap()
    expect(author.get_by_text("Pills are not sold here.")).to_be_visible()
    expect(author.get_by_role("button", name="Appeal")).to_be_visible()
    expect(author.get_by_text("He sells pills.")).to_have_count(0)


def test_a_glaze_is_chosen_by_a_tap_and_what_is_sold_out_can_be_asked_for(
    phones: Any, village: Village
) -> None:
    glazes = [
        VariantInput(price=9_900, values=["White"], on_hand=3),
        VariantInput(price=12_900, values=["Moss"], on_hand=3),
        VariantInput(price=10_900, values=["Ash"], on_hand=0),
    ]
    bowl = make.product(title="Bowl", options=["Glaze"], variants=glazes)
    page = phones(None, f"/shop/{bowl.shop.slug}/{bowl.slug}")
    expect(page.get_by_role("link", name="Buy for CN¥99.00")).to_be_visible()
    page.get_by_role("radio", name="Moss").tap()
    expect(page.get_by_role("link", name="Buy for CN¥129.00")).to_be_visible()

    page.get_by_role("radio", name=re.compile("^Ash.*Sold out")).tap()
    page.get_by_role("link", name="Tell me when it is back").tap()
    page.get_by_label("E-mail or phone").fill("visitor@example.com")
    press(page, "Tell me")
    expect(page.get_by_text("Noted. We tell you once")).to_be_visible()


def test_one_follows_somebody_and_says_something(phones: Any, village: Village) -> None:
    cy = make.member("cy")
    page = phones(cy, "/@ben")
    follow = page.get_by_role("button", name="Follow", exact=True)
    follow.tap()
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name=re.compile("A cup for winter")).first.tap()
    like = page.locator("#like button")
    like.tap()
    expect(like).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Say something").fill("Where is the lid? @ben")
    page.locator("#comments").get_by_role("button", name="Send").last.tap()
    expect(page.get_by_text("Where is the lid?")).to_be_visible()
    relay.drain()

    ben = phones(village.ben, "/notifications")
    for told in ("^Cy (and .+ )?follow", "^Cy likes", "^Cy wrote under"):
        expect(ben.get_by_text(re.compile(told))).to_be_visible()


def test_a_tap_beside_the_words_of_a_row_opens_it_and_the_tab_one_is_on_is_in_sight(
    phones: Any, village: Village
) -> None:
    page = phones(village.ana, "/me")
    row = page.get_by_role("listitem").filter(has_text="Addresses").bounding_box()
    assert row
    page.mouse.click(row["x"] + row["width"] / 2, row["y"] + row["height"] - 4)
    page.wait_for_url("**/me/addresses")

    page.goto("/campaigns")
    tab = page.get_by_role("navigation", name="Feeds").get_by_text("With friends")
    expect(tab).to_be_in_viewport(ratio=1)
