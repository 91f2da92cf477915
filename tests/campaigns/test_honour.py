"""What moves people: a benefit, honour, or both; a switch of the same mechanic."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.campaigns.mechanic import mechanics
from banyan.campaigns.models import Campaign, Grant, Instance
from banyan.catalog.models import Variant
from banyan.kernel.problems import Invalid
from banyan.notify.models import Notification
from tests.campaigns.phones import Phone
from tests.campaigns.scene import assert_sound, campaign, coupon, draft, later, somebody
from tests.support import factories as make

pytestmark = pytest.mark.django_db
MINE = ("coupon_pack", "like_collection", "assist_draw", "referral", "bargain", "group_buy")
OFFERED = [(code, drive) for code in MINE for drive in mechanics()[code].drives]
VERB = {"coupon_pack": "join", "referral": "join", "group_buy": "join"}


def driven(item: Variant, code: str, drive: str) -> Campaign:
    """Publish a campaign; only what moves people differs, and the reward that goes with it."""
    terms: dict[str, Any] = {"like_collection": {"likes": 1}, "bargain": {"floor": 8_000}}.get(
        code, {}
    )
    if code in {"bargain", "group_buy"}:
        terms = terms | {"variant": item.pk, "people": 2}
        terms |= {"price": 8_000} if code == "group_buy" else {}
    elif drive != "honour":
        terms = terms | {mechanics()[code].terms.main: coupon(item.product.shop).pk}
    budget = 0 if drive == "honour" else 1_000_000
    return campaign(item.product.shop, code, drive=drive, budget=budget, **terms)


@pytest.mark.parametrize(("code", "drive"), OFFERED)
def test_each_mechanic_runs_by_every_drive_that_it_offers(code: str, drive: str) -> None:
    item = make.variant()
    of = driven(item, code, drive)
    ana, ben = Phone(somebody()), Phone(somebody())
    play = ana.begin(of)

    ben.act(play, VERB.get(code, "help"))
    if code == "group_buy":
        assert "friend helped" not in ana.look(play), "a place that is not paid for is no help"
        for who in (ana, ben):
            make.pay(make.place((item, 1), buyer=who.account))

    seen, thanked = ana.look(play), ben.look(play)
    honours = drive in {"honour", "both"}
    assert ("1 friend helped." in seen) is honours
    assert ("You have helped 1 friend here. Thank you!" in thanked) is honours
    assert "helped 1 friend here" not in seen, "one does not help oneself"
    if drive == "honour":
        assert not Grant.objects.exists()
        of.refresh_from_db()
        assert (of.reserved, of.spent) == (0, 0)
    assert_sound()


def test_likes_for_honour_end_as_soon_as_they_are_reached() -> None:
    of = driven(make.variant(), "like_collection", "honour")
    ana, ben = Phone(somebody()), Phone(somebody())
    play = ana.begin(of)
    ben.act(play, "help")
    one = Instance.objects.get()
    assert (one.state, one.ended_at is not None) == ("redeemed", True)
    assert "Take it" not in ana.look(play)
    assert "It is reached. Thank you!" in ana.page
    kinds = set(Notification.objects.filter(recipient=ana.account).values_list("kind", flat=True))
    assert "campaign.thanked" in kinds
    assert "campaign.reached" not in kinds


def test_likes_for_honour_that_stay_too_few_are_void() -> None:
    of = campaign(make.shop(), "like_collection", drive="honour", likes=2, budget=0)
    Phone(somebody()).begin(of)
    assert later(Instance.objects.get()).state == "void"
    assert_sound()


@pytest.mark.parametrize("code", ["coupon_pack", "assist_draw"])
def test_a_pack_or_a_draw_of_nothing_is_not_offered(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        draft(make.shop(), code, drive="honour")
    assert list(refused.value.fields) == ["drive"]
