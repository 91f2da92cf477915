"""Money between members waits until the buyer is content."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from banyan.catalog import actions as catalog
from banyan.earnings import actions as earnings
from banyan.earnings.models import Plan
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.personal import Person
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound, SoldOut
from banyan.ledger.proof import verify
from banyan.legal.ports import obstacles
from banyan.market import actions as market
from banyan.market.actions import listings
from banyan.market.models import Dispute, Escrow
from banyan.market.queries import listings_in
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund
from banyan.people.models import Account
from tests.support import factories as make

from .deals import arrived, balance, bought, listing, seller

pytestmark = pytest.mark.django_db
GUEST = Actor.guest()
SYSTEM = Actor.system("test")


def test_a_listing_sells_once() -> None:
    one = listing()
    bought(one)

    with pytest.raises(SoldOut):
        make.place((one.product.variants.get(), 1))


def test_what_is_sold_is_no_longer_offered_and_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listings, "MOST_OPEN", 2)
    who = seller()
    sold, other = listing(who), listing(who)
    with pytest.raises(Invalid) as refused:
        listing(who)
    assert refused.value.code == "too_many_listings"

    buyer = make.member()
    order = bought(sold, buyer)

    assert [one.listing.pk for one in listings_in(GUEST)] == [other.pk]
    third = listing(who)
    orders.cancel_order(actor=make.actor(buyer), order_id=order.pk, key="no")
    assert [one.listing.pk for one in listings_in(GUEST)] == [third.pk, other.pk, sold.pk]


def test_a_member_without_contact_cannot_sell() -> None:
    with pytest.raises(Forbidden) as refused:
        listing(make.member())
    assert refused.value.code == "contact_needed"


def test_what_is_paid_waits_and_is_released_after_the_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = listing(price=12_300)
    order = bought(one)
    assert balance("escrow", order.pk) == 12_300
    assert balance("earner_payable", one.seller_id) == 0

    arrived(order, one)
    market.release_due(actor=SYSTEM)
    assert balance("escrow", order.pk) == 12_300  # the window is open

    later = clock.now() + dt.timedelta(days=3, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    market.release_due(actor=SYSTEM)
    market.release_due(actor=SYSTEM)

    assert balance("escrow", order.pk) == 0
    assert balance("earner_payable", one.seller_id) == 12_300
    assert Escrow.objects.get().state == "released"
    assert verify().clean


def test_a_dispute_freezes_the_money_and_its_decision_is_exact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = listing(price=10_000)
    buyer = make.member()
    order = arrived(bought(one, buyer), one)
    dispute = market.open_dispute(
        actor=make.actor(buyer),
        order_id=order.pk,
        reason="not_as_described",
        claim_amount=10_000,
        body="The frame is bent.",
    )
    market.answer_dispute(actor=make.actor(one.seller), dispute_id=dispute.pk, body="It was not.")
    later = clock.now() + dt.timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    market.release_due(actor=SYSTEM)
    assert balance("escrow", order.pk) == 10_000  # frozen

    office = make.actor(make.staff("support"))
    market.decide_dispute(
        actor=office, dispute_id=dispute.pk, refund_amount=3_334, reason="Both have a point."
    )

    assert balance("escrow", order.pk) == 0
    assert balance("earner_payable", one.seller_id) == 6_666
    order.refresh_from_db()
    assert order.refunded_amount == 3_334
    assert Escrow.objects.get().state == "released"
    assert [entry.side for entry in dispute.entries.order_by("id")] == ["buyer", "seller"]
    assert verify().clean
    with pytest.raises(Conflict) as refused:
        market.decide_dispute(
            actor=office, dispute_id=dispute.pk, refund_amount=1, reason="Once more."
        )
    assert refused.value.code == "dispute_ended"
    assert balance("earner_payable", one.seller_id) == 6_666


def test_everything_can_go_back() -> None:
    one = listing(price=10_000)
    buyer = make.member()
    order = bought(one, buyer)
    dispute = _opened(order, buyer, 10_000)
    market.decide_dispute(
        actor=make.actor(make.staff("support")),
        dispute_id=dispute.pk,
        refund_amount=10_000,
        reason="It never came.",
    )

    assert balance("escrow", order.pk) == 0
    assert balance("earner_payable", one.seller_id) == 0
    assert Escrow.objects.get().state == "returned"
    order.refresh_from_db()
    assert order.state == "closed"
    assert verify().clean


def test_a_refund_after_the_release_is_owed_by_the_seller(monkeypatch: pytest.MonkeyPatch) -> None:
    one = listing(price=10_000)
    order = arrived(bought(one), one)
    later = clock.now() + dt.timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: later)
    market.release_due(actor=SYSTEM)

    orders.grant_refund(
        actor=make.actor(one.seller), order_id=order.pk, amount=2_500, reason="Sorry.", key="r1"
    )

    assert balance("earner_payable", one.seller_id) == 7_500
    assert verify().clean


def test_a_dispute_taken_back_lets_the_window_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    one = listing()
    buyer = make.member()
    order = arrived(bought(one, buyer), one)
    dispute = _opened(order, buyer, 500)
    market.withdraw_dispute(actor=make.actor(buyer), dispute_id=dispute.pk)
    later = clock.now() + dt.timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: later)

    market.release_due(actor=SYSTEM)

    assert balance("earner_payable", one.seller_id) == 10_000


def test_who_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    one = listing()
    buyer = make.member()
    order = arrived(bought(one, buyer), one)
    stranger = make.actor(make.member())
    with pytest.raises(NotFound):
        _opened(order, make.member(), 500)
    with pytest.raises(Invalid):
        _opened(order, buyer, 10_001)
    dispute = _opened(order, buyer, 500)
    with pytest.raises(Conflict) as twice:
        _opened(order, buyer, 500)
    assert twice.value.code == "dispute_open"
    with pytest.raises(NotFound):
        market.answer_dispute(actor=stranger, dispute_id=dispute.pk, body="Me too.")
    with pytest.raises(NotFound):
        market.withdraw_dispute(actor=make.actor(one.seller), dispute_id=dispute.pk)
    for outsider in (stranger, make.actor(one.seller), make.actor(buyer)):
        with pytest.raises(Forbidden):
            market.decide_dispute(
                actor=outsider, dispute_id=dispute.pk, refund_amount=1, reason="Mine."
            )
    dispute.refresh_from_db()
    assert dispute.state == "open"
    assert balance("escrow", order.pk) == 10_000
    assert dispute.entries.count() == 1


def test_too_late_to_complain(monkeypatch: pytest.MonkeyPatch) -> None:
    one = listing(seller("late"))
    buyer = make.member()
    order = arrived(bought(one, buyer), one)
    later = clock.now() + dt.timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)

    with pytest.raises(Conflict) as refused:
        _opened(order, buyer, 500)

    assert refused.value.code == "dispute_too_late"
    assert not Dispute.objects.exists()


def test_a_shops_buyer_may_ask_for_a_decision_while_goods_are_on_their_way_back() -> None:
    shop, buyer = make.shop(), make.member()
    order = make.pay(make.place((make.variant(shop), 1), buyer=buyer)).orders.get()
    boss, me = make.actor(shop.owner), make.actor(buyer)
    orders.ship(actor=boss, order_id=order.pk, carrier="SF")
    began = orders.confirm_receipt(actor=me, order_id=order.pk).received_at
    assert began is not None
    asked = orders.ask_return(
        actor=me,
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        reason="damaged",
        key="back",
    )
    orders.approve_return(actor=boss, return_id=asked.pk, address="Dock 7, Harbour")
    with clock.at(began + dt.timedelta(days=13)):
        orders.send_return(actor=me, return_id=asked.pk, carrier="SF")

    with clock.at(began + dt.timedelta(days=20)):  # and the shop says nothing
        dispute = _opened(order, buyer, 5_000)
        market.withdraw_dispute(actor=me, dispute_id=dispute.pk)
        orders.receive_return(actor=boss, return_id=asked.pk)
        orders.settle_return(
            actor=boss, return_id=asked.pk, found={}, at_fault=False, answer="Another one"
        )
    with clock.at(began + dt.timedelta(days=22)):
        dispute = _opened(order, buyer, 5_000)
        market.withdraw_dispute(actor=me, dispute_id=dispute.pk)
    with clock.at(began + dt.timedelta(days=23)), pytest.raises(Conflict) as late:
        _opened(order, buyer, 5_000)
    assert late.value.code == "dispute_too_late"


def test_a_members_shop_holds_single_things_and_pays_no_commission() -> None:
    one = listing()
    shop, who = one.product.shop, make.actor(one.seller)
    many = [catalog.VariantInput(price=100, on_hand=500)]
    data: dict[str, Any] = {"title": "Powder", "variants": many}
    verbs: list[Callable[[], object]] = [
        lambda: catalog.create_product(
            actor=who, shop_id=shop.pk, data=catalog.ProductInput(**data)
        ),
        lambda: catalog.create_product(
            actor=who, shop_id=shop.pk, data=catalog.ProductInput(**data, kind="listing")
        ),
        lambda: catalog.update_product(
            actor=who, product_id=one.product_id, data=catalog.ProductInput(**data)
        ),
        lambda: catalog.set_on_hand(actor=who, variant_id=one.product.variants.get().pk, on_hand=2),
        # Its money waits in escrow, so nothing is there to pay a sharer from.
        lambda: earnings.set_plan(actor=who, shop_id=shop.pk, rate_bps=5_000),
    ]
    for verb in verbs:
        with pytest.raises(Conflict) as refused:
            verb()
        assert refused.value.code == "not_a_merchant"
    assert shop.products.count() == 1
    assert make.stock_of(one.product.variants.get()).on_hand == 1
    assert not Plan.objects.exists()


def test_what_comes_back_is_not_released_and_a_refused_return_may_be_disputed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, buyer = listing(), make.member()
    order = arrived(bought(one, buyer), one)
    with clock.at(clock.now() + dt.timedelta(days=2)):
        asked = orders.ask_return(
            actor=make.actor(buyer),
            order_id=order.pk,
            units={order.lines.get().pk: 1},
            reason="damaged",
            key="back",
        )
    later = clock.now() + dt.timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: later)
    market.release_due(actor=SYSTEM)
    assert (balance("escrow", order.pk), balance("earner_payable", one.seller_id)) == (10_000, 0)

    orders.refuse_return(actor=make.actor(one.seller), return_id=asked.pk, reason="It was fine.")
    market.release_due(actor=SYSTEM)
    assert balance("escrow", order.pk) == 10_000
    dispute = _opened(order, buyer, 10_000)
    market.withdraw_dispute(actor=make.actor(buyer), dispute_id=dispute.pk)

    monkeypatch.setattr(clock, "now", lambda: later + dt.timedelta(days=3))
    market.release_due(actor=SYSTEM)
    assert (balance("escrow", order.pk), balance("earner_payable", one.seller_id)) == (0, 10_000)


def _asks_for_money(order: Order, buyer: Account, key: str = "money") -> OrderRefund:
    return orders.ask_refund(
        actor=make.actor(buyer), order_id=order.pk, amount=4_000, reason="Scratched", key=key
    )


def test_what_a_buyer_asks_for_in_time_waits_for_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, buyer = listing(), make.member()
    order = arrived(bought(one, buyer), one)
    began = clock.now()
    monkeypatch.setattr(clock, "now", lambda: began + dt.timedelta(days=2))
    asked = _asks_for_money(order, buyer)

    monkeypatch.setattr(clock, "now", lambda: began + dt.timedelta(days=4))
    market.release_due(actor=SYSTEM)
    assert (balance("escrow", order.pk), balance("earner_payable", one.seller_id)) == (10_000, 0)

    monkeypatch.setattr(clock, "now", lambda: began + dt.timedelta(days=5, hours=1))
    orders.answer_overdue(actor=SYSTEM)
    relay.drain()
    case = Dispute.objects.get()
    assert Escrow.objects.get(order=order).state == "disputed"
    market.decide_dispute(
        actor=make.actor(make.staff("support")),
        dispute_id=case.pk,
        refund_amount=4_000,
        reason="Seen.",
    )
    asked.refresh_from_db()
    assert asked.state == "withdrawn"
    assert (balance("escrow", order.pk), balance("earner_payable", one.seller_id)) == (0, 6_000)


def test_who_is_refused_money_has_the_window_once_more_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, buyer = listing(), make.member()
    order = arrived(bought(one, buyer), one)
    began = clock.now()
    monkeypatch.setattr(clock, "now", lambda: began + dt.timedelta(days=2))
    asked = _asks_for_money(order, buyer)
    monkeypatch.setattr(clock, "now", lambda: began + dt.timedelta(days=4))
    orders.refuse_refund(actor=make.actor(one.seller), refund_id=asked.pk, reason="No.")
    market.release_due(actor=SYSTEM)
    assert balance("escrow", order.pk) == 10_000
    dispute = _opened(order, buyer, 4_000)
    market.withdraw_dispute(actor=make.actor(buyer), dispute_id=dispute.pk)

    _asks_for_money(order, buyer, key="again")  # out of the first window: it puts nothing off
    monkeypatch.setattr(clock, "now", lambda: began + dt.timedelta(days=7))
    market.release_due(actor=SYSTEM)
    assert (balance("escrow", order.pk), balance("earner_payable", one.seller_id)) == (0, 10_000)


@pytest.mark.parametrize("last", ["withdrawn", "paid back"])
def test_an_escrow_of_which_all_went_back_is_over_and_keeps_nobody_from_leaving(last: str) -> None:
    one, buyer = listing(), make.member()
    order = bought(one, buyer)
    dispute = _opened(order, buyer, 10_000)

    def withdraw() -> object:
        return market.withdraw_dispute(actor=make.actor(buyer), dispute_id=dispute.pk)

    def pay_back() -> object:
        return orders.grant_refund(
            actor=make.actor(one.seller), order_id=order.pk, amount=10_000, reason="All", key="all"
        )

    for verb in (pay_back, withdraw) if last == "withdrawn" else (withdraw, pay_back):
        verb()
        relay.drain()

    assert balance("escrow", order.pk) == 0
    assert Escrow.objects.get().state == "returned"
    for account in (buyer.pk, one.seller_id):
        assert "escrow" not in {each.code for each in obstacles(Person(account_id=account))}


def test_nobody_decides_on_their_own_dispute() -> None:
    one, buyer = listing(), make.staff("support")
    order = bought(one, buyer)
    dispute = _opened(order, buyer, 10_000)

    with pytest.raises(Forbidden) as refused:
        market.decide_dispute(
            actor=make.actor(buyer), dispute_id=dispute.pk, refund_amount=10_000, reason="Mine."
        )

    assert refused.value.code == "own_dispute"
    assert balance("escrow", order.pk) == 10_000


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_nobody_speaks_for_the_platform_about_their_own(side: str) -> None:
    """Given somebody of the office who bought, or sold: both sides read who it was."""
    office = make.staff("support")
    office.email = "office@example.com"
    office.save(update_fields=["email"])
    one = listing(office) if side == "seller" else listing()
    buyer = office if side == "buyer" else make.member()
    dispute = _opened(bought(one, buyer), buyer, 10_000)

    said = market.answer_dispute(actor=make.actor(office), dispute_id=dispute.pk, body="So it is.")
    other = market.answer_dispute(
        actor=make.actor(make.staff("support")), dispute_id=dispute.pk, body="We look at it."
    )

    assert (said.side, other.side) == (side, "platform")


def _opened(order: Order, buyer: Account, amount: int) -> Dispute:
    return market.open_dispute(
        actor=make.actor(buyer),
        order_id=order.pk,
        reason="not_arrived",
        claim_amount=amount,
        body="Where is it?",
    )
