"""One person counts once, under however many accounts: what ``trust`` joined, campaigns know."""

from __future__ import annotations

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Contribution, Instance, Participation
from banyan.campaigns.persons import same_hands
from banyan.campaigns.problems import Refused
from banyan.campaigns.queries import flagged_places
from banyan.catalog.models import Shop, Variant
from banyan.kernel.actors import Actor
from banyan.orders.actions.persons import Contact, is_newcomer, same_person
from banyan.people.models import Account
from banyan.trust import actions as trust
from banyan.trust.rules import PAYMENT, Key, address_keys
from tests.support import factories as make

from .plays import bargain, entry, likes, pack
from .scene import assert_sound, begun, campaign, coupon, crowd, help_, join, somebody

pytestmark = pytest.mark.django_db


def same_card(*accounts: Account) -> None:
    """Let accounts be seen with one card."""
    for one in accounts:
        trust.record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="payment")


def one_roof(*accounts: Account) -> None:
    """Let accounts have one address, each in a name of their own."""
    for one in accounts:
        keys = address_keys(make.ADDRESS | {"recipient": one.display_name})
        trust.record(account_id=one.pk, keys=keys, source="order")


@pytest.fixture
def shop() -> Shop:
    return make.shop()


@pytest.fixture
def item(shop: Shop) -> Variant:
    return make.variant(shop, price=10_000, stock=9)


def test_self_assist_through_a_second_account_with_the_same_card() -> None:
    """Whoever has the owner's card is the owner; who has another helper's has helped already."""
    for made, act in ((entry(), help_), (likes(), help_), (bargain(), help_), (pack(), join)):
        assert made.owner is not None
        again, ben, ben_again = crowd(3)
        same_card(made.owner, again)
        for one in (ben, ben_again):
            trust.record(account_id=one.pk, keys=[Key(PAYMENT, made.code)], source="payment")
        with pytest.raises(Refused, match="play_own"):
            act(made, again)
        act(made, ben)
        with pytest.raises(Refused, match="play_twice"):
            act(made, ben_again)
        assert not Contribution.objects.filter(helper__in=[again, ben_again]).exists()
        assert not Participation.objects.filter(account__in=[again, ben_again]).exists()
    assert_sound()


def test_accounts_that_are_joined_only_after_one_has_played_meet_too() -> None:
    made, (ben, ben_again) = pack(), crowd(2)
    join(made, ben)
    same_card(ben, ben_again)
    with pytest.raises(Refused, match="play_twice"):
        join(made, ben_again)
    made.refresh_from_db()
    assert made.taken == 1
    assert_sound()


def test_one_person_begins_no_more_often_than_one_may(shop: Shop) -> None:
    of, (ana, again, ben) = campaign(shop, "assist_draw", prize=coupon(shop).pk), crowd(3)
    first = begun(of, ana)
    same_card(ana, again)
    with pytest.raises(Refused, match="play_twice"):
        begun(of, again)
    assert begun(of, ana) == first
    begun(of, ben)
    assert Instance.objects.count() == 2


def test_the_days_help_of_a_person_is_counted_over_all_accounts(shop: Shop) -> None:
    of = campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=3, per_day=1)
    first, second, (ben, ben_again) = begun(of, somebody()), begun(of, somebody()), crowd(2)
    same_card(ben, ben_again)
    help_(first, ben)
    with pytest.raises(Refused, match="play_quota"):
        help_(second, ben_again)


def test_m07_self_assist_with_the_same_card_and_a_breach_of_newcomers(
    shop: Shop, item: Variant
) -> None:
    of = campaign(shop, "referral", coupon=coupon(shop).pk)
    ana, again, old, old_again = crowd(4)
    same_card(ana, again)
    with pytest.raises(Refused, match="play_own"):
        join(begun(of, ana), again)
    make.pay(make.place((item, 1), buyer=old))
    assert is_newcomer(same_person(make.actor(old_again), Contact()))
    for one in (old, old_again):
        trust.record(account_id=one.pk, keys=[Key(PAYMENT, "another card")], source="payment")
    assert not is_newcomer(same_person(make.actor(old_again), Contact()))
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(begun(of, ana), old_again)
    assert not Participation.objects.exists()


def test_m05_two_seats_of_one_cluster_or_household_are_flagged(item: Variant) -> None:
    """In a group everybody pays for what they get: it is looked at, and not refused."""
    of = campaign(item.product.shop, "group_buy", variant=item.pk, people=5, price=7_000)
    ana, again, cy, dee, eve = crowd(5)
    same_card(ana, again)
    one_roof(cy, dee)
    group = begun(of, ana)
    for one in (again, cy, dee, eve):
        join(group, one)
    browser = Actor(kind="member", id=somebody().pk, visitor="one-browser")
    other = Actor(kind="member", id=somebody().pk, visitor="one-browser")
    second = campaigns.begin(actor=browser, code=of.code)
    campaigns.play(actor=other, code=second.code, verb="join")
    assert same_hands(of.pk) == {group.code: 4, second.code: 2}
    flagged = flagged_places([ana.pk, again.pk])
    assert {one.account_id for one in flagged} == {ana.pk, again.pk}
    assert flagged_places([cy.pk]) == []
    group.refresh_from_db()
    assert group.taken == 5
    assert_sound()
