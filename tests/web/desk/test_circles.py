"""Circles on the desk: who is in one, what it rests on, and who is told."""

from __future__ import annotations

import pytest

from banyan.earnings import actions
from banyan.earnings.models import Commission
from banyan.kernel import clock, relay
from banyan.notify.models import Notification
from banyan.sharing.models import VisitorAccount
from banyan.trust.models import Circle
from tests.earnings import story
from tests.earnings.test_circles import bought, rounds
from tests.support import factories as make
from tests.web.studio.scene import client

from .scene import as_staff

pytestmark = pytest.mark.django_db


def test_a_circle_is_told_and_shown_with_each_commission_it_rests_on() -> None:
    boss, clerk = make.staff("moderation"), make.staff("support")
    shop = story.shop()
    story.plan(shop, rate_bps=1_000)
    goods = story.variant(shop)
    ana, ben = story.member("ana"), story.member("ben")
    VisitorAccount.objects.create(visitor="ben-phone", account=ben, since=clock.now())
    rounds(goods, 2, ana, ben)
    bought(goods, None, ana, visitor="ben-phone")
    bought(goods, ana, ben)
    actions.find_circles(actor=story.SYSTEM)
    relay.drain()

    told = Notification.objects.get(recipient=boss, kind="desk.circle_found")
    assert told.url == "/desk/circles/?state__exact=open"
    assert not Notification.objects.filter(recipient=clerk, kind="desk.circle_found").exists()

    listed = as_staff("moderation").get(told.url).content.decode()
    assert f"@{ana.handle}, @{ben.handle}" in listed
    assert "Waits for a look" in listed
    page = as_staff("finance").get(f"/desk/circles/{Circle.objects.get().pk}/").content.decode()
    for commission in Commission.objects.select_related("order"):
        assert f"/desk/commissions/{commission.pk}/" in page
        assert commission.order.number in page
    assert f"@{ben.handle}, as a guest" in page
    assert "100 %" in page
    assert page.count("Held for suspicion") == 6
    assert as_staff("support").get("/desk/circles/").status_code == 404


def test_a_payee_reads_why_it_is_held() -> None:
    shop = story.shop()
    story.plan(shop, rate_bps=1_000)
    ana, ben = story.member("ana"), story.member("ben")
    rounds(story.variant(shop), 3, ana, ben)
    actions.find_circles(actor=story.SYSTEM)
    mine = Commission.objects.filter(payee=ana).earliest("pk")
    browser = client(ana)
    assert "keep earning by each other" in browser.get(f"/earnings/{mine.pk}").content.decode()
