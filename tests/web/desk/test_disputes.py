"""A dispute reaches whoever decides it: told of, counted, and with all that was shown."""

from __future__ import annotations

import re

import pytest

from banyan.kernel import relay
from banyan.kernel.office import place_of
from banyan.market import actions as market
from banyan.market.models import Dispute
from banyan.media.queries import pictures
from banyan.notify.models import Notification
from tests.market.deals import bought, listing
from tests.support import factories as make
from tests.support.pictures import staged_picture

from .scene import act_url, as_staff

pytestmark = pytest.mark.django_db


def opened(*, shows: bool = False) -> Dispute:
    buyer = make.member()
    who = make.actor(buyer)
    return market.open_dispute(
        actor=who,
        order_id=bought(listing(), buyer).pk,
        reason="damaged",
        claim_amount=5_000,
        body="The frame is bent.",
        picture=staged_picture(who) if shows else "",
    )


def test_support_is_told_and_the_desk_counts_what_waits_for_a_decision() -> None:
    support, moderator = make.staff("support"), make.staff("moderation")
    client = as_staff("support")
    assert "waits for a decision" not in client.get("/desk/").content.decode()
    opened()
    relay.drain()

    home = client.get("/desk/").content.decode()
    assert "dispute waits for a decision" in home
    assert 'href="/desk/disputes/?state__exact=open"' in home
    told = Notification.objects.filter(kind="desk.dispute")
    assert told.filter(recipient=support).exists()
    assert not told.filter(recipient=moderator).exists()


def test_who_decides_sees_the_picture_that_was_shown() -> None:
    dispute = opened(shows=True)
    page = as_staff("support").get(place_of(Dispute, dispute.pk)).content.decode()

    image = dispute.entries.get().image_id
    assert image is not None
    assert f'href="{pictures([image], "large")[image]["src"]}"' in page
    assert "The frame is bent." in page


@pytest.mark.parametrize(("typed", "left"), [("", "open"), ("0", "decided")])
def test_an_amount_that_is_not_typed_is_no_decision(typed: str, left: str) -> None:
    dispute, client = opened(), as_staff("support")
    form = client.get(act_url(dispute, "decide")).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', form)
    sent = {"amount": typed, "reason": "Both have a point."}
    client.post(act_url(dispute, "decide"), sent | ({"token": token[1]} if token else {}))
    dispute.refresh_from_db()
    assert dispute.state == left


def test_a_dispute_without_pictures_has_none_to_open() -> None:
    page = as_staff("finance").get(place_of(Dispute, opened().pk)).content.decode()
    assert "The frame is bent." in page
    assert not re.search(r'<a[^>]+href="/media/', page)
