"""Whole lives of campaigns and of what is played in them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance, ProofFile
from banyan.entitlements.actions import expire_rights
from banyan.kernel import clock, relay
from banyan.kernel.money import Money
from banyan.orders import actions as orders
from banyan.payments.actions.credit import issue_credit
from banyan.people.models import Account
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    join,
    later,
    somebody,
)
from tests.support import factories as make

MINUTE = dt.timedelta(minutes=1)


def _end(of: Campaign) -> None:
    with clock.at(of.ends_at):
        campaigns.advance(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)


def _do(instance: Instance, who: Account, verb: str) -> None:
    campaigns.play(actor=make.actor(who), code=instance.code, verb=verb)


def of_campaigns(settings: Any) -> None:
    """A campaign is paused, goes on, ends by itself; another is ended while it is paused."""
    shop = make.shop()
    owner = make.actor(shop.owner)
    first, second = (campaign(shop, "coupon_pack", coupon=coupon(shop).pk) for _n in range(2))
    campaigns.pause_campaign(actor=owner, campaign_id=first.pk)
    campaigns.resume_campaign(actor=owner, campaign_id=first.pk)
    campaigns.pause_campaign(actor=owner, campaign_id=second.pk)
    campaigns.end_campaign(actor=owner, campaign_id=second.pk)
    _end(first)
    assert set(Campaign.objects.filter(shop=shop).values_list("state", flat=True)) == {"settled"}


def of_plays(settings: Any) -> None:
    """Packs and packets are emptied or run out; likes are collected; codes end."""
    shop = make.shop()
    ana, ben, cy = crowd(3)
    given = coupon(shop).pk
    packs = campaign(shop, "coupon_pack", coupon=given, places=2, packs=2)
    full = begun(packs, ana)
    for who in (ben, cy):
        join(full, who)
    later(begun(packs, ana))

    item = make.variant(shop, price=10_000, stock=9)
    with_orders = campaign(shop, "coupon_pack", coupon=given, starts="order")
    (order,) = make.pay(make.place((item, 1), buyer=ana)).orders.all()
    stopped = campaigns.begin(
        actor=make.actor(ana), code=with_orders.code, given={"order": str(order.pk)}
    )
    orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
    campaigns.undo_begun(actor=SYSTEM, order_id=order.pk)
    stopped.refresh_from_db()
    assert stopped.state == "stopped"

    issue_credit(
        actor=SYSTEM, account_id=ana.pk, amount=Money(5_000, "CNY"), key="lives", reason="gift"
    )
    of = campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    filled = {"total": "100", "count": "1"}
    drained = campaigns.begin(actor=make.actor(ana), code=of.code, given=filled)
    join(drained, ben)
    later(campaigns.begin(actor=make.actor(ana), code=of.code, given=filled))

    def likes(n: int) -> Instance:
        more = coupon(shop).pk
        steps = {"likes": 1, "likes_2": 2, "coupon_2": more}
        play = begun(campaign(shop, "like_collection", coupon=given, **steps), ana)
        for who in (ben, cy)[:n]:
            help_(play, who)
        return play

    later(likes(0))
    _do(likes(1), ana, "redeem")
    _do(likes(2), ana, "redeem")
    later(later(likes(1)))

    wheel = begun(campaign(shop, "instant_draw", prize=given), ana)
    _do(wheel, ana, "redeem")
    later(wheel)

    referral = campaign(shop, "referral", coupon=given)
    code = begun(referral, ana)
    join(code, somebody())
    assert later(later(code)).state == "closed"
    assert_sound()


def of_draws(settings: Any) -> None:
    """Entries are withdrawn, void, drawn; prizes are taken, passed on, and wait for nobody."""
    shop, people = make.shop(), crowd(17)
    of = campaign(shop, "assist_draw", prize=coupon(shop).pk, count=2, orders=1, claim_days=1)
    entries = [begun(of, who) for who in people]
    _do(entries[0], people[0], "withdraw")
    Account.objects.filter(pk=people[1].pk).update(is_active=False)
    item = make.variant(shop, stock=50)
    bought = {who.pk: make.pay(make.place((item, 1), buyer=who)) for who in people[2:]}
    _end(of)
    order = json.loads(ProofFile.objects.get(campaign=of).text)["result"]
    drawn = [Instance.objects.select_related("owner").get(code=code) for code in order]
    takes, passes, back = drawn[:3]
    assert takes.owner is not None
    with clock.at(of.ends_at):
        _do(takes, takes.owner, "redeem")
    returned = bought[back.owner_id or 0].orders.get()
    orders.undo_orders(actor=SYSTEM, order_ids=[returned.pk], reason="back")
    relay.drain()
    later(passes)
    follower = Instance.objects.select_related("owner").get(state="won")
    assert follower.owner is not None
    with clock.at(follower.deadline - MINUTE):
        _do(follower, follower.owner, "redeem")
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    assert of.state == "settled"
    assert_sound()


def of_own_prices(settings: Any) -> None:
    """Prices of somebody's own: given up in time and too late with an unpaid order, or unused."""
    item = make.variant(price=10_000, stock=9)
    ana, ben, cy = crowd(3)
    for who, minutes in ((ana, 60), (ben, 1)):
        make.right(who, item, 8_000, expires_at=clock.now() + minutes * MINUTE)
        unpaid = make.place((item, 1), buyer=who)
        with clock.at(unpaid.expires_at):
            orders.expire_due(actor=SYSTEM)
    make.right(cy, item, 8_000)
    with clock.at(clock.now() + DAY):
        expire_rights(actor=SYSTEM)


def of_plays_that_buy(settings: Any) -> None:
    """Groups come about, are completed by the shop, or fail; bargains are bought, or come to
    nothing in every way there is; a friend's order is kept, thanked for, and goes back."""
    item = make.variant(price=10_000, stock=99)
    shop = item.product.shop

    def buys(who: Account) -> None:
        make.pay(make.place((item, 1), buyer=who))

    def group(paying: int, **values: Any) -> Instance:
        terms = {"variant": item.pk, "people": 2, "price": 8_000} | values
        people = crowd(2)
        made = begun(campaign(shop, "group_buy", **terms), people[0])
        for n, who in enumerate(people[:paying]):
            if n:
                join(made, who)
            buys(who)
        return made

    group(2)
    later(group(2, people_2=3, price_2=7_000))
    later(group(1))
    later(group(1, complete_from=1))
    lapsed = group(0)
    with clock.at(clock.now() + DAY / 2):
        campaigns.lapse_due(actor=SYSTEM)
    later(lapsed)

    cut = {"floor": 5_000}

    def bargain(helpers: int, **values: Any) -> tuple[Instance, Account]:
        ana, *friends = crowd(3)
        terms = {"variant": item.pk, "people": 2} | (values or cut)
        made = begun(campaign(shop, "bargain", **terms), ana)
        for who in friends[:helpers]:
            help_(made, who)
        made.refresh_from_db()
        return made, ana

    bought, ana = bargain(2)
    buys(ana)
    later(bargain(2)[0])
    later(bargain(1)[0])
    given_up, ana = bargain(0)
    _do(given_up, ana, "withdraw")
    for values in (cut | {"landing": "coupon"}, {"drive": "honour", "budget": 0}):
        assert bargain(2, **values)[0].ended_at is not None

    thanks = {"coupon": coupon(shop).pk, "thanks": coupon(shop).pk}
    code = begun(campaign(shop, "referral", **thanks, hold_days=0), somebody())
    friend = somebody()
    join(code, friend)
    placed = make.pay(make.place((make.variant(shop), 1), buyer=friend))
    (order,) = placed.orders.all()
    campaigns.follow_paid(actor=SYSTEM, order_id=order.pk)
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF", tracking="1")
    orders.confirm_receipt(actor=make.actor(friend), order_id=order.pk)
    campaigns.follow(actor=SYSTEM, order_id=order.pk, hook="received")
    with clock.at(clock.now() + DAY / 100):
        campaigns.advance(actor=SYSTEM)
    code.refresh_from_db()
    assert code.done == 1
    orders.grant_refund(
        actor=make.actor(shop.owner),
        order_id=order.pk,
        amount=order.total_amount,
        reason="Broken",
        key="lives",
    )
    campaigns.follow(actor=SYSTEM, order_id=order.pk, hook="refunded")
    code.refresh_from_db()
    assert code.done == 0
    bought.refresh_from_db()
    assert bought.state == "bought"
    assert_sound()
