"""Mechanic 2.7: codes between people of one household, one person, or a suspended account."""

from __future__ import annotations

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Shop, Variant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.moderation import actions as moderation
from banyan.people.models import Account
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key, address_keys
from tests.campaigns.scene import (
    DAY,
    assert_sound,
    begun,
    crowd,
    join,
)
from tests.campaigns.test_referral import (
    arrives,
    buys,
    codes,
    days_later,
    held,
    notes,
)
from tests.moderation.test_cases import decide, moderator, reported
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


@pytest.fixture
def item(shop: Shop) -> Variant:
    return make.variant(shop, stock=99)


def lives_with(owner: Account) -> None:
    """Let a code's owner have bought something, to the address that everybody here has."""
    make.pay(make.place((make.variant(), 1), buyer=owner))
    relay.drain()


@pytest.mark.parametrize("rule", ["allowed", "held", "refused"])
def test_m07_self_assist_of_a_household_is_as_the_terms_say(
    shop: Shop, item: Variant, rule: str
) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop, household=rule), ana)
    lives_with(ana)
    join(code, ben)
    arrives(buys(item, ben))
    days_later(8)
    place = Participation.objects.get(account=ben)
    assert held(ben) == ["welcome"], "the friend keeps what they have"
    assert held(ana) == (["thanks"] if rule == "allowed" else [])
    reasons = {"allowed": None, "held": "held", "refused": "household"}
    states = {"allowed": "won", "held": "in", "refused": "lost"}
    assert (place.state, place.data.get("reason")) == (states[rule], reasons[rule])
    page = client(ana).get(f"/play/{code.code}").content.decode()
    assert ("1 friend has your address: somebody looks at it first." in page) == (rule == "held")
    assert ("does not count: the same person, or household." in page) == (rule == "refused")
    if rule == "held":
        moderator = make.actor(make.staff("moderation"))
        with pytest.raises(NotFound):
            campaigns.clear_place(actor=make.actor(ana), place_id=place.pk, reason="x")
        for _twice in range(2):
            campaigns.clear_place(actor=moderator, place_id=place.pk, reason="flatmates")
        days_later(9)
        assert held(ana) == ["thanks"]
    assert_sound()


def test_m07_self_assist_with_the_same_card_is_seen_when_it_is_paid(
    shop: Shop, item: Variant
) -> None:
    ana, again = crowd(2)
    code = begun(codes(shop, household="allowed"), ana)
    join(code, again)
    arrives(buys(item, again))
    for one in (ana, again):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="payment")
    days_later(8)
    place = Participation.objects.get(account=again)
    assert (held(ana), place.state, place.data["reason"]) == ([], "lost", "own")
    assert_sound()


def test_m07_who_is_known_to_live_there_is_refused_at_once(shop: Shop, item: Variant) -> None:
    ana, ben = crowd(2)
    lives_with(ana)
    record(account_id=ben.pk, keys=address_keys(make.ADDRESS)[1:], source="order")
    with pytest.raises(Refused, match="play_household"):
        join(begun(codes(shop, household="refused"), ana), ben)
    assert held(ben) == []


# -- either of them is suspended -------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["owner's", "friend's"])
def test_thanks_wait_while_an_account_is_suspended_and_come_when_an_appeal_is_upheld(
    shop: Shop, item: Variant, whose: str
) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop), ana)
    join(code, ben)
    order = buys(item, ben)
    arrives(order)
    _post, case = reported(author=ana if whose == "owner's" else ben)
    decision = decide(case, "suspend")
    days_later(8)
    place = Participation.objects.get(account=ben)
    assert (held(ana), place.state, place.data["reason"]) == ([], "in", "suspended")
    assert order.discount_amount == 500, "the friend keeps the discount"
    told = "1 friend has qualified; thanks for them wait for a decision on an account."
    assert told in notes(code, ana)

    appeal = moderation.appeal(actor=Actor.guest(), token=decision.token, body="A joke.")
    moderation.review_appeal(actor=moderator(), appeal_id=appeal.pk, upheld=True, reason="It was.")
    days_later(8.5)
    assert held(ana) == [], "asked once a day"
    days_later(9.1)
    assert held(ana) == ["thanks"]
    assert told not in notes(code, ana)
    assert_sound()


def test_thanks_that_still_wait_when_the_code_closes_are_not_given(
    shop: Shop, item: Variant
) -> None:
    ana, ben = crowd(2)
    of = codes(shop, days=1, hold_days=0, ends_at=clock.now() + 2 * DAY)
    code = begun(of, ana)
    join(code, ben)
    arrives(buys(item, ben))
    _post, case = reported(author=ben)
    decide(case, "suspend")
    for days in range(1, 80):
        days_later(days)
    code.refresh_from_db()
    of.refresh_from_db()
    assert (code.state, held(ana), of.reserved) == ("closed", [], 0), "its money is free again"
    assert_sound()
