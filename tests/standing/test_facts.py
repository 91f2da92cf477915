"""A shop is judged by what it did: not by what buyers or the platform took back by themselves."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.delivery import actions as delivery
from banyan.delivery.models import LicenceKey
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, Invalid
from banyan.moderation import actions as moderation
from banyan.orders import actions as orders
from banyan.orders.actions import give_back_difference, undo_orders
from banyan.orders.actions.cancelling import cancel_unsent
from banyan.orders.actions.handover import refund_missing
from banyan.orders.models import Order, OrderLine
from banyan.people.models import Account
from banyan.standing import actions as standing
from banyan.standing.models import Review
from banyan.standing.queries import standing_of
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from tests.delivery import goods
from tests.orders.group import forming, join
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def paid(variant, n: int = 1) -> list[Order]:  # type: ignore[no-untyped-def]
    return [make.pay(make.place((variant, 1))).orders.get() for _ in range(n)]


def cancelled(order: Order) -> None:
    orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        key=f"c{order.pk}",
        access_token=order.checkout.access_token,
    )


def test_cancelling_before_it_is_sent_is_free_and_nobodys_fault() -> None:
    item = make.variant(stock=20)
    made = paid(item, 8)
    owner = make.actor(item.product.shop.owner)
    for order in made[:6]:
        orders.ship(actor=owner, order_id=order.pk, carrier="Post")
    for order in made[6:]:
        cancelled(order)

    found = standing_of(item.product.shop_id)

    assert found.facts.refunds == ()
    assert found.facts.orders == 6, "and it dilutes nothing either"
    assert found.verdict.state == "good"


def test_what_the_shop_gives_back_cancels_or_does_not_have_counts() -> None:
    shop = make.shop()
    item, key = make.variant(shop, stock=20), goods.keyed(n=1, of=shop)
    granted, unsent, fine = paid(item, 3)
    owner = make.actor(shop.owner)
    orders.ship(actor=owner, order_id=granted.pk, carrier="Post")
    orders.grant_refund(actor=owner, order_id=granted.pk, amount=100, reason="late", key="g")
    cancel_unsent(
        actor=owner,
        order_id=unsent.pk,
        line_ids=[line.pk for line in unsent.lines.all()],
        reason="broken",
        key="u",
    )
    short = make.place((key, 1))
    delivery.withdraw_key(actor=owner, key_id=LicenceKey.objects.get().pk, reason="used")
    lacking = make.pay(short).orders.get()
    refund_missing(actor=SYSTEM, order_id=lacking.pk)

    assert standing_of(shop.pk).facts.refunds == (granted.pk, unsent.pk, lacking.pk)
    assert standing_of(shop.pk).facts.orders == 4
    assert fine.pk not in standing_of(shop.pk).facts.refunds


def test_what_a_rule_of_the_platform_gives_back_does_not_count() -> None:
    item = make.variant(stock=20)
    cheaper, undone = paid(item, 2)
    line = OrderLine.objects.get(order=cheaper)
    give_back_difference(
        actor=SYSTEM, order_line_id=line.pk, amount=100, key="d", reason="The next rung."
    )
    assert undo_orders(actor=SYSTEM, order_ids=[undone.pk], reason="No group.") == {}

    facts = standing_of(item.product.shop_id).facts

    assert (facts.refunds, facts.orders) == ((), 1)


def test_what_waits_for_its_group_is_late_only_from_its_end_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = forming(monkeypatch)
    order = join(make.variant())
    begun = clock.now()

    def late_after(days: int) -> bool:
        with clock.at(begun + dt.timedelta(days=days, seconds=1)):
            return standing_of(order.shop_id).facts.late == (order.pk,)

    assert not late_after(5)
    with clock.at(begun + dt.timedelta(days=5)):
        group.full = True
        for _twice in range(2):
            orders.release_hold(actor=SYSTEM, order_ids=[order.pk])
    assert not late_after(7)
    assert late_after(8)
    with clock.at(begun + dt.timedelta(days=6)):
        orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="Post")
    assert not late_after(20)


# -- ratings --------------------------------------------------------------------------------------


def received(buyer: Account | None, shop_owner: Account, **contact: str) -> OrderLine:
    item = make.variant(make.shop(shop_owner))
    order = make.pay(make.place((item, 1), buyer=buyer, **contact)).orders.get()
    orders.ship(actor=make.actor(shop_owner), order_id=order.pk, carrier="Post")
    orders.confirm_receipt(
        actor=make.actor(buyer) if buyer else Actor.guest(),
        order_id=order.pk,
        access_token=order.checkout.access_token,
    )
    return order.lines.get()


def rate(line: OrderLine, who: Account | None) -> Review:
    return standing.write_review(
        actor=make.actor(who) if who else Actor.guest(),
        line_id=line.pk,
        stars=5,
        body="Very good.",
        access_token=line.order.checkout.access_token,
    )


def test_who_sells_does_not_rate_it_as_themselves_or_as_a_guest() -> None:
    seller = make.member(email="seller@example.com")

    for line, who in (
        (received(seller, seller), seller),
        (received(None, seller, email="Seller@example.com"), None),
    ):
        with pytest.raises(Forbidden) as refused:
            rate(line, who)
        assert refused.value.code == "own_shop"

    assert not Review.objects.exists()
    assert rate(received(None, seller, email="buyer@example.com"), None).stars == 5


def test_who_sells_does_not_rate_it_from_a_second_account() -> None:
    seller, second, buyer = make.member(), make.member(), make.member()
    lines = [received(each, seller) for each in (second, buyer)]
    for one in (seller, second):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="test")

    with pytest.raises(Forbidden):
        rate(lines[0], second)

    assert rate(lines[1], buyer).stars == 5


def test_words_that_are_not_said_here_are_not_said_in_a_rating() -> None:
    moderation.list_word(actor=SYSTEM, text="very good", effect="block", reason="test")
    buyer = make.member()

    with pytest.raises(Invalid) as refused:
        rate(received(buyer, make.member()), buyer)

    assert refused.value.code == "words_blocked"
    assert not Review.objects.exists()
