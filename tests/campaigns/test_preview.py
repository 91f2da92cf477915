"""A draft on two real phones: what is pressed on one shows on the other, and nothing stays."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import previewing
from banyan.campaigns.actions.previewing import FRIENDS, YOURS
from banyan.campaigns.models import Campaign, Preview
from banyan.kernel import clock, fairness
from banyan.kernel.problems import Conflict, NotFound
from banyan.people.models import Account
from tests.api.dumps import rows_of_all_tables
from tests.campaigns.scene import coupon, draft, somebody
from tests.support import factories as make
from tests.support.pages import Page
from tests.web.studio.scene import client

SAME = {"Sec-Fetch-Site": "same-origin"}
pytestmark = pytest.mark.django_db


def phones(made: Campaign) -> tuple[str, str]:
    """The addresses of both phones, made by the studio's page as the shop's owner does."""
    assert made.shop is not None
    owner, slug = client(made.shop.owner), made.shop.slug
    page = owner.post(reverse("studio_campaign_preview", args=[slug, made.pk]), follow=True)
    html = page.content.decode()
    assert not Page(html).faults
    found = list(dict.fromkeys(re.findall(r'href="(/try/[^"/]+)"', html)))
    assert len(found) == 2, found
    yours, friends = found
    return yours, friends


def test_two_phones_without_an_account_play_a_draft_and_leave_no_trace() -> None:
    shop = make.shop()
    terms = {"coupon": coupon(shop).pk, "places": 2, "sender": 1}
    made = draft(shop, "coupon_pack", tier="buyer", min_age=18, **terms)
    yours, friends = phones(made)
    phone, before = Client(headers=SAME), rows_of_all_tables()

    assert "Begin on the other phone" in phone.get(friends).content.decode()
    shown = phone.post(f"{yours}/begin", follow=True).content.decode()
    assert not Page(shown).faults
    assert "Nothing that is pressed here is kept" in shown
    assert "Open the pack" in phone.get(friends).content.decode()
    shown = phone.post(f"{friends}/join", follow=True).content.decode()
    assert "A coupon is yours" in shown
    shown = phone.post(f"{friends}/another", follow=True).content.decode()
    assert "The phone of friend 2" in shown
    assert "Open the pack" in shown
    assert "A coupon is yours" in phone.post(f"{friends}/join", follow=True).content.decode()
    assert "A coupon is yours" in phone.get(yours).content.decode(), "after one friend"

    after = rows_of_all_tables()
    assert len(Preview.objects.get().steps) == 4, "what was pressed is all that is kept"
    before.pop("campaigns_preview"), after.pop("campaigns_preview")
    assert after == before, "no row, no event, no posting, no member"
    assert phone.get(f"{yours}/qr.png")["Content-Type"] == "image/png"


def test_what_luck_decides_is_the_same_whenever_one_looks() -> None:
    shop = make.shop()
    low, top = coupon(shop).pk, coupon(shop, title="The top one", amount_off=3_000).pk
    made = draft(shop, "coupon_pack", coupon=low, top=top, places=9)
    preview = campaigns.open_preview(actor=make.actor(shop.owner), campaign_id=made.pk)
    links = previewing.links_of(preview)
    previewing.press(token=links[YOURS], verb="begin", given={})
    first = str(previewing.look(token=links[YOURS]).blocks)
    assert str(previewing.look(token=links[YOURS]).blocks) == first
    assert fairness.new_seed() != fairness.new_seed(), "and real seeds are drawn again"


def test_a_link_is_signed_good_for_an_hour_and_for_a_draft_alone() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    made = draft(shop, "like_collection", coupon=coupon(shop).pk)
    preview = campaigns.open_preview(actor=owner, campaign_id=made.pk)
    token = previewing.links_of(preview)[FRIENDS]
    assert previewing.look(token=token).phone == FRIENDS
    for bad in (token[:-1], f"{preview.pk}.{YOURS}", token.replace(FRIENDS, YOURS)):
        with pytest.raises(NotFound):
            previewing.look(token=bad)
        assert Client(headers=SAME).post(f"/try/{bad}/help").status_code == 404
    with clock.at(clock.now() + dt.timedelta(hours=1)), pytest.raises(NotFound):
        previewing.look(token=token)
    again = campaigns.open_preview(actor=owner, campaign_id=made.pk)
    with pytest.raises(NotFound):
        previewing.look(token=token)
    campaigns.publish_campaign(actor=owner, campaign_id=made.pk)
    with pytest.raises(NotFound):
        previewing.look(token=previewing.links_of(again)[FRIENDS])
    with pytest.raises(Conflict):
        campaigns.open_preview(actor=owner, campaign_id=made.pk)
    with pytest.raises(NotFound):
        campaigns.open_preview(actor=make.actor(somebody()), campaign_id=made.pk)


def test_what_is_refused_or_pressed_too_late_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make.shop()
    made = draft(shop, "like_collection", coupon=coupon(shop).pk)
    preview = campaigns.open_preview(actor=make.actor(shop.owner), campaign_id=made.pk)
    links, people = previewing.links_of(preview), Account.objects.count()
    for phone, verb in ((FRIENDS, "help"), (FRIENDS, "begin"), (YOURS, "another"), (YOURS, "fly")):
        with pytest.raises(Conflict):
            previewing.press(token=links[phone], verb=verb, given={})
    previewing.press(token=links[YOURS], verb="begin", given={})

    # The other phone begins anew while this one is at it: the row is no longer what it was.
    stale = previewing._preview(links[FRIENDS])
    Preview.objects.update(steps=[])
    monkeypatch.setattr(previewing, "_preview", lambda _token: stale)
    with pytest.raises(Conflict) as late:
        previewing.press(token=links[FRIENDS], verb="help", given={})
    assert late.value.code == "preview_busy"
    assert (Preview.objects.get().steps, Account.objects.count()) == ([], people)


def test_a_draft_that_cannot_be_published_says_so_on_the_phone() -> None:
    shop = make.shop()
    car = coupon(shop, title="A car", amount_off=6_000_000).pk
    made = draft(shop, "assist_draw", prize=car, market="CN", budget=10_000_000)
    preview = campaigns.open_preview(actor=make.actor(shop.owner), campaign_id=made.pk)
    screen = previewing.look(token=previewing.links_of(preview)[YOURS])
    assert "50,000" in screen.refused
    assert (screen.begun, list(screen.blocks)) == (False, [])
