"""Goods that come back: for money to the cent, or for another piece."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.catalog.actions import VariantInput
from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Busy, Conflict, Invalid, NotFound, SoldOut
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions import asking
from banyan.orders.models import AfterSaleTerms, Order, OrderLine, OrderRefund, Return
from banyan.orders.states import RETURN
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("test")
ADDRESS = "Warehouse 7, Hangzhou"


def sent(*quantities: int, price: int = 1_000, shipping: int = 500) -> Order:
    """A shipped and received order; one line for each quantity."""
    shop = make.shop(shipping_amount=shipping)
    wanted = ((make.variant(shop, price=price), n) for n in quantities)
    order = make.pay(make.place(*wanted)).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    return orders.confirm_receipt(
        actor=Actor.guest(), order_id=order.pk, access_token=order.checkout.access_token
    )


def two_kinds(stock: int = 3) -> tuple[Order, Variant, Variant]:
    """A received order of the red one, where there is a blue one for the same price."""
    product = make.product(
        options=["Colour"],
        variants=[
            VariantInput(values=["red"], price=2_000, on_hand=stock),
            VariantInput(values=["blue"], price=2_000, on_hand=stock),
        ],
    )
    red, blue = product.variants.order_by("id")
    order = make.pay(make.place((red, 1))).orders.get()
    orders.ship(actor=make.actor(product.shop.owner), order_id=order.pk, carrier="SF")
    token = order.checkout.access_token
    orders.confirm_receipt(actor=Actor.guest(), order_id=order.pk, access_token=token)
    order.refresh_from_db()
    return order, red, blue


def ask(order: Order, units: dict[int, int] | None = None, **more: Any) -> Return:
    if units is None:
        units = {line.pk: line.shipped_quantity for line in order.lines.all()}
    more = {"reason": "changed_mind", "key": f"ask:{order.pk}"} | more
    return orders.ask_return(
        actor=Actor.guest(),
        order_id=order.pk,
        units=units,
        access_token=order.checkout.access_token,
        **more,
    )


def boss(order: Order) -> Actor:
    return make.actor(order.shop.owner)


def approve(asked: Return) -> Return:
    return orders.approve_return(actor=boss(asked.order), return_id=asked.pk, address=ADDRESS)


def arrive(asked: Return) -> Return:
    approve(asked)
    token = asked.order.checkout.access_token
    orders.send_return(
        actor=Actor.guest(), return_id=asked.pk, carrier="SF", tracking="9", access_token=token
    )
    return orders.receive_return(actor=boss(asked.order), return_id=asked.pk)


def settle(asked: Return, *, accepted: int | None = None, **more: Any) -> Return:
    """Accept everything, or ``accepted`` of each line, and put it on the shelf."""
    found = {}
    for row in asked.lines.all():
        n = row.quantity if accepted is None else accepted
        found[row.pk] = orders.Found(accepted=n, restocked=n)
    more = {"at_fault": False, "answer": "looked at" if accepted is not None else ""} | more
    return orders.settle_return(actor=boss(asked.order), return_id=asked.pk, found=found, **more)


def test_a_whole_order_that_comes_back_is_paid_back_with_its_shipping() -> None:
    order = sent(2, 1)
    asked = arrive(ask(order))

    settled = settle(asked)

    assert settled.state == "refunded"
    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("closed", order.total_amount)
    assert order.total_amount == 3_500
    for line in order.lines.select_related("variant"):
        assert make.stock_of(line.variant).on_hand == 10
        assert line.returned_quantity == line.refunded_quantity == line.quantity
    assert recount() == {}
    assert verify().clean


def test_why_the_money_went_back_is_told_in_the_buyers_language() -> None:
    order = sent(1, 1)
    type(order.checkout).objects.filter(pk=order.checkout_id).update(language="zh-hans")
    asked = arrive(ask(order))
    settle(asked)  # the shop's language is English
    assert OrderRefund.objects.get().reason == f"退货：{asked.number}"


def test_a_part_is_paid_back_without_shipping_unless_the_shop_is_at_fault() -> None:
    kind, wrong = sent(2, price=1_000), sent(2, price=1_000)

    for order, at_fault in ((kind, False), (wrong, True)):
        line = order.lines.get()
        settle(arrive(ask(order, {line.pk: 1})), at_fault=at_fault)

    assert OrderRefund.objects.get(order=kind).amount == 1_000
    assert OrderRefund.objects.get(order=wrong).amount == 1_250
    assert recount() == {}


def test_returns_one_by_one_add_up_to_all_that_was_paid() -> None:
    order = sent(3, 2, price=333, shipping=101)
    for number in range(3):
        line = order.lines.order_by("id")[0]
        settle(arrive(ask(order, {line.pk: 1}, key=f"a{number}")))
    other = order.lines.order_by("id")[1]
    settle(arrive(ask(order, {other.pk: 2}, key="b")))

    order.refresh_from_db()
    assert (order.refunded_amount, order.state) == (order.total_amount, "closed")
    assert recount() == {}
    assert verify().clean


def test_more_than_was_sent_cannot_come_back() -> None:
    order = sent(2)
    line = order.lines.get()
    ask(order, {line.pk: 1})

    with pytest.raises(Conflict) as refused:
        ask(order, {line.pk: 2}, key="more")

    assert refused.value.code == "return_too_many"
    assert Return.objects.count() == 1
    assert OrderLine.objects.get().returned_quantity == 1


def test_what_was_never_sent_cannot_come_back() -> None:
    order = make.pay(make.place((make.variant(), 1))).orders.get()
    with pytest.raises(Conflict) as refused:
        ask(order, {order.lines.get().pk: 1})
    assert refused.value.code == "not_returnable"


def test_after_the_shops_days_it_is_too_late() -> None:
    order = sent(1)
    AfterSaleTerms.objects.create(shop=order.shop, return_days=14)
    assert order.received_at is not None

    with clock.at(order.received_at + dt.timedelta(days=14)), pytest.raises(Conflict) as late:
        ask(order)
    assert late.value.code == "return_too_late"
    with clock.at(order.received_at + dt.timedelta(days=13)):
        assert ask(order).state == "asked"


def test_refused_pieces_stay_with_the_buyer_and_no_money_moves() -> None:
    order = sent(1)
    asked = ask(order)
    with pytest.raises(Invalid):
        orders.refuse_return(actor=boss(order), return_id=asked.pk, reason=" ")

    refused = orders.refuse_return(actor=boss(order), return_id=asked.pk, reason="worn")

    assert (refused.state, refused.answer) == ("refused", "worn")
    assert OrderLine.objects.get().returned_quantity == 0
    assert not OrderRefund.objects.exists()
    assert ask(order, key="again").state == "asked"


def test_pieces_that_are_not_in_order_are_not_paid_back() -> None:
    order = sent(3)
    asked = arrive(ask(order))
    row = asked.lines.get()
    found = {row.pk: orders.Found(accepted=2, restocked=1, condition="used")}
    with pytest.raises(Invalid) as silent:
        orders.settle_return(actor=boss(order), return_id=asked.pk, found=found, at_fault=False)
    assert "answer" in silent.value.fields

    orders.settle_return(
        actor=boss(order), return_id=asked.pk, found=found, at_fault=False, answer="one is broken"
    )

    assert OrderRefund.objects.get().amount == 2_000
    assert make.stock_of(order.lines.get().variant).on_hand == 8
    assert recount() == {}


def test_two_of_the_shop_who_answer_differently_do_not_both_read_that_it_is_done() -> None:
    asked = ask(sent(1))
    for _twice in range(2):
        assert approve(asked).state == "approved"
    with pytest.raises(Conflict) as elsewhere:
        orders.approve_return(actor=boss(asked.order), return_id=asked.pk, address="Warehouse 8")
    asked = orders.receive_return(actor=boss(asked.order), return_id=asked.pk)
    for _twice in range(2):
        assert settle(asked).state == "refunded"
    with pytest.raises(Conflict) as none_of_it:
        settle(asked, accepted=0)
    with pytest.raises(Conflict):
        settle(asked, at_fault=True)

    assert elsewhere.value.code == none_of_it.value.code == "return_moved_on"
    asked.refresh_from_db()
    assert (asked.address, asked.answer) == (ADDRESS, "")
    other = ask(sent(1))
    for _twice in range(2):
        orders.refuse_return(actor=boss(other.order), return_id=other.pk, reason="It was worn.")
    with pytest.raises(Conflict):
        orders.refuse_return(actor=boss(other.order), return_id=other.pk, reason="Too late.")


def test_nothing_accepted_is_a_refusal() -> None:
    order = sent(1)
    settled = settle(arrive(ask(order)), accepted=0)
    assert settled.state == "refused"
    assert not OrderRefund.objects.exists()
    assert recount() == {}


def test_an_exchange_sets_another_piece_aside_and_sends_it_when_the_first_has_come() -> None:
    order, red, blue = two_kinds()
    line = order.lines.get()
    asked = ask(order, exchange={line.pk: blue.pk}, reason="wrong_size")
    approve(asked)
    assert make.stock_of(blue).allocated == 1
    assert recount() == {}
    with pytest.raises(Invalid):  # not before the first one has come back
        orders.ship(
            actor=boss(order),
            order_id=order.pk,
            carrier="SF",
            units={order.lines.get(replaces=line).pk: 1},
        )

    orders.receive_return(actor=boss(order), return_id=asked.pk)
    assert settle(asked).state == "exchanged"
    parcel = orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")

    assert parcel.lines.get().line.variant == blue
    assert not OrderRefund.objects.exists()
    assert (make.stock_of(red).on_hand, make.stock_of(blue).on_hand) == (3, 2)
    assert make.stock_of(blue).allocated == 0
    assert Order.objects.get().state == "received"
    assert recount() == {}
    assert verify().clean


def test_a_piece_sent_in_exchange_can_come_back_for_the_price_of_the_first() -> None:
    order, _red, blue = two_kinds()
    line = order.lines.get()
    asked = ask(order, exchange={line.pk: blue.pk})
    approve(asked)
    orders.receive_return(actor=boss(order), return_id=asked.pk)
    settle(asked)
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    second = order.lines.get(replaces=line)

    settle(arrive(ask(order, {second.pk: 1}, key="second")))

    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("closed", 2_000)
    assert make.stock_of(blue).on_hand == 3
    assert recount() == {}
    assert verify().clean


def test_without_another_piece_the_shop_offers_the_money() -> None:
    order, _red, blue = two_kinds(stock=1)
    make.place((blue, 1))
    line = order.lines.get()
    asked = ask(order, exchange={line.pk: blue.pk})
    with pytest.raises(SoldOut):
        approve(asked)
    asked.refresh_from_db()
    assert asked.state == "asked"

    orders.offer_money(actor=boss(order), return_id=asked.pk)
    settle(arrive(asked))

    assert OrderRefund.objects.get().amount == 2_000
    assert recount() == {}


@pytest.mark.parametrize("change", ["dearer", "other goods", "same"])
def test_an_exchange_is_for_the_same_goods_at_the_same_price(change: str) -> None:
    order, red, blue = two_kinds()
    wished = {"dearer": blue, "other goods": make.variant(price=2_000), "same": red}[change]
    if change == "dearer":
        Variant.objects.filter(pk=blue.pk).update(price_amount=2_001)

    with pytest.raises(Invalid) as refused:
        ask(order, exchange={order.lines.get().pk: wished.pk})

    assert refused.value.code == "exchange_not_equal"
    assert OrderLine.objects.get().returned_quantity == 0


@pytest.mark.parametrize("how", ["withdrawn", "lapsed"])
def test_what_is_set_aside_is_free_again_when_nothing_comes(how: str) -> None:
    order, _red, blue = two_kinds()
    asked = ask(order, exchange={order.lines.get().pk: blue.pk})
    approve(asked)

    if how == "withdrawn":
        token = order.checkout.access_token
        orders.withdraw_return(actor=Actor.guest(), return_id=asked.pk, access_token=token)
    else:
        with clock.at(clock.now() + dt.timedelta(days=15)):
            assert orders.lapse_returns(actor=SYSTEM) == 1
            assert orders.lapse_returns(actor=SYSTEM) == 0

    asked.refresh_from_db()
    assert asked.state == how
    stock = make.stock_of(blue)
    assert (stock.on_hand, stock.allocated, stock.reserved) == (3, 0, 0)
    assert order.lines.get(replaces=None).returned_quantity == 0
    assert recount() == {}


def test_one_that_cannot_lapse_keeps_no_other_open(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, busy, other = (ask(two_kinds()[0]) for _n in range(3))
    for asked in (broken, busy, other):
        approve(asked)
    end = asking.end

    def ends(actor: Actor, found: Return, to: str, reason: str = "") -> None:
        if found.pk == broken.pk:
            raise RuntimeError("broken")
        if found.pk == busy.pk:
            raise Busy
        end(actor, found, to, reason)

    monkeypatch.setattr(asking, "end", ends)
    with clock.at(clock.now() + dt.timedelta(days=15)):
        assert orders.lapse_returns(actor=SYSTEM) == 1

    states = dict(Return.objects.values_list("pk", "state"))
    assert states == {broken.pk: "approved", busy.pk: "approved", other.pk: "lapsed"}


def test_an_open_return_stops_the_automatic_confirmation() -> None:
    shop = make.shop()
    order = make.pay(make.place((make.variant(shop), 1))).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    order.refresh_from_db()
    with clock.at(clock.now() + dt.timedelta(days=9)):
        asked = ask(order)
    with clock.at(clock.now() + dt.timedelta(days=11)):
        assert orders.auto_confirm(actor=SYSTEM) == 0
        orders.refuse_return(actor=boss(order), return_id=asked.pk, reason="no")
        assert orders.auto_confirm(actor=SYSTEM) == 1


def test_every_act_twice_is_done_once() -> None:
    order = sent(1)
    first, again = ask(order), ask(order)
    assert first == again
    for _ in range(2):
        approve(first)
    for _ in range(2):
        orders.receive_return(actor=boss(order), return_id=first.pk)
    for _ in range(2):
        settle(first)
    assert OrderRefund.objects.count() == 1
    assert recount() == {}


def test_only_the_buyer_asks_and_only_the_shops_managers_answer() -> None:
    order = sent(1)
    stranger = make.actor(make.shop().owner)
    with pytest.raises(NotFound):
        orders.ask_return(actor=stranger, order_id=order.pk, units={}, reason="damaged", key="x")
    asked = ask(order)
    for act in (orders.receive_return, orders.withdraw_return, orders.offer_money):
        with pytest.raises(NotFound):
            act(actor=stranger, return_id=asked.pk)
    with pytest.raises(NotFound):
        orders.approve_return(actor=stranger, return_id=asked.pk, address=ADDRESS)
    with pytest.raises(NotFound):
        orders.withdraw_return(actor=boss(order), return_id=asked.pk)

    asked.refresh_from_db()
    assert asked.state == "asked"
    assert not AuditEntry.objects.filter(action__startswith="return.").exists()
    approve(asked)
    assert AuditEntry.objects.get(action="return.approve").subject_id == order.shop_id


def test_every_illegal_move_of_a_return_is_refused_with_a_code() -> None:
    order = sent(1)
    asked = ask(order)
    with pytest.raises(Conflict) as refused:
        orders.receive_return(actor=boss(order), return_id=asked.pk)
    assert refused.value.code == "return_moved_on"
    assert set(RETURN.states) == {
        *("asked", "approved", "sent", "received", "refunded"),
        *("exchanged", "refused", "withdrawn", "lapsed"),
    }


def test_what_cost_nothing_and_was_sent_back_ends_its_order() -> None:
    ana, item = make.member(), make.variant(price=1_000)
    gift = make.right(ana, item, 0)
    order = make.place((item, 1), buyer=ana).orders.get()
    assert (order.total_amount, order.state) == (0, "paid")
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    asked = orders.ask_return(
        actor=make.actor(ana),
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        reason="changed_mind",
        key="gift",
    )
    approve(asked)
    orders.receive_return(actor=boss(order), return_id=asked.pk)

    settle(asked)

    order.refresh_from_db()
    gift.refresh_from_db()
    assert (order.state, gift.state) == ("closed", "returned")
    assert not OrderRefund.objects.exists()
    assert recount() == {}
