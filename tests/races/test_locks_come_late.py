"""What has to be locked grows between the look and the lock: another commission, another stock row.

Whoever collected too little is told to try again; nothing is taken against the order of locks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.models import Variant
from banyan.earnings import actions as earnings
from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockOrderViolation
from banyan.kernel.problems import Busy
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions import fulfilment, paying_back
from banyan.orders.models import Checkout, Order, OrderRefund, Return, Shipment
from banyan.sharing import actions as sharing
from tests.payments.fixtures import till_settings
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import run_at_once
from tests.support.weakened import between

__all__ = ["till_settings"]
pytestmark = pytest.mark.usefixtures("threaded_db")

Act = Callable[[Order], Any]


def _tea() -> tuple[Variant, Variant]:
    """Return the two kinds of a product that somebody earns from; the wished one comes first."""
    kinds = [
        catalog.VariantInput(price=1_000, values=[kind], on_hand=5) for kind in ("large", "small")
    ]
    large, small = make.product(options=["Size"], variants=kinds).variants.order_by("position")
    assert large.stock.pk < small.stock.pk
    owner = make.actor(small.product.shop.owner)
    earnings.set_plan(actor=owner, shop_id=small.product.shop_id, rate_bps=1_000, levels=1)
    return large, small


def _shared(item: Variant) -> Checkout:
    """Return an unpaid order by a link that somebody bought by before: all accounts are there."""
    link = sharing.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=item.product_id,
        via=None,
    )
    make.pay(make.place((item, 1), via=link.code))
    return make.place((item, 2), via=link.code)


def _boss(order: Order) -> Actor:
    return make.actor(order.shop.owner)


def _buyer(order: Order) -> dict[str, Any]:
    return {"actor": Actor.guest(), "access_token": order.checkout.access_token}


def cancels(order: Order) -> OrderRefund | None:
    return orders.cancel_order(order_id=order.pk, key=new_code(80), **_buyer(order))


def pays_back(order: Order) -> OrderRefund:
    return orders.grant_refund(
        actor=_boss(order), order_id=order.pk, amount=500, reason="late", key=new_code(80)
    )


def undoes(order: Order) -> None:
    left = orders.undo_orders(actor=Actor.system("test"), order_ids=[order.pk], reason="Nobody")
    if left:
        assert left == {order.pk: "busy"}
        raise Busy


def sends(order: Order) -> Shipment:
    return orders.ship(actor=_boss(order), order_id=order.pk, carrier="SF")


def pays_all_back(order: Order) -> OrderRefund:
    return orders.grant_refund(
        actor=_boss(order),
        order_id=order.pk,
        amount=order.total_amount,
        reason="late",
        key=new_code(80),
        restock=True,
    )


def _meanwhile(
    monkeypatch: pytest.MonkeyPatch,
    place: Any,
    name: str,
    act: Callable[[], Any],
    other: Callable[[], Any],
) -> Any:
    """Let ``act`` collect what it locks, then the ``other`` happen; return what ``act`` came to."""
    with monkeypatch.context() as patch:
        waits = between(patch, place, name)
        came, done = run_at_once(act, waits(other))
    assert not isinstance(done, Exception), done
    return came


def _sound() -> None:
    assert recount() == {}
    assert verify().clean


@pytest.mark.parametrize("act", [cancels, pays_back, undoes])
def test_a_payment_makes_commissions_due_while_money_is_to_go_back(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    _large, small = _tea()
    checkout = _shared(small)
    order = checkout.orders.get()

    came = _meanwhile(
        monkeypatch, paying_back, "refund_locks", lambda: act(order), lambda: make.pay(checkout)
    )

    assert isinstance(came, Busy), came
    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("paid", 0)
    act(order)
    order.refresh_from_db()
    assert order.refunded_amount == (500 if act is pays_back else order.total_amount)
    _sound()


def test_control_without_the_second_look_a_lock_is_asked_for_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _large, small = _tea()
    checkout = _shared(small)
    order = checkout.orders.get()
    monkeypatch.setattr(locks, "check_again", lambda keys: None)

    came = _meanwhile(
        monkeypatch,
        paying_back,
        "refund_locks",
        lambda: cancels(order),
        lambda: make.pay(checkout),
    )

    assert isinstance(came, LockOrderViolation), came


def _changes_kind(order: Order, to: Variant) -> None:
    wish = orders.Wish(kind="variant", line_id=order.lines.get().pk, variant_id=to.pk)
    shown = orders.preview_change(actor=_boss(order), order_id=order.pk, wish=wish)
    orders.confirm_change(
        actor=_boss(order),
        order_id=order.pk,
        wish=wish,
        fingerprint=shown.fingerprint,
        key=new_code(80),
    )


ON_ITS_WAY = [(sends, fulfilment, "stock_locks"), (cancels, paying_back, "refund_locks")]


@pytest.mark.parametrize(("act", "place", "name"), ON_ITS_WAY, ids=["sends", "cancels"])
def test_a_line_becomes_another_kind_while_it_is_sent_or_cancelled(
    act: Act, place: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = _tea()
    order = make.pay(make.place((small, 2))).orders.get()

    came = _meanwhile(
        monkeypatch, place, name, lambda: act(order), lambda: _changes_kind(order, large)
    )

    assert isinstance(came, Busy), came
    act(order)
    assert make.stock_of(small).free == 5
    assert make.stock_of(large).allocated == 0
    assert make.stock_of(large).on_hand == (3 if act is sends else 5)
    _sound()


def test_control_without_the_second_look_stock_is_moved_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large, small = _tea()
    order = make.pay(make.place((small, 2))).orders.get()
    monkeypatch.setattr(locks, "check_again", lambda keys: None)

    came = _meanwhile(
        monkeypatch,
        fulfilment,
        "stock_locks",
        lambda: sends(order),
        lambda: _changes_kind(order, large),
    )

    assert isinstance(came, LockOrderViolation), came


def test_a_piece_is_set_aside_while_all_the_money_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large, small = _tea()
    order = make.pay(make.place((small, 2))).orders.get()
    sends(order)
    line = order.lines.get()
    asked = orders.ask_return(
        order_id=order.pk,
        units={line.pk: 1},
        reason="damaged",
        key=new_code(80),
        exchange={line.pk: large.pk},
        **_buyer(order),
    )

    def agrees() -> Return:
        return orders.approve_return(actor=_boss(order), return_id=asked.pk, address="Dock 7")

    came = _meanwhile(
        monkeypatch, paying_back, "refund_locks", lambda: pays_all_back(order), agrees
    )

    assert isinstance(came, Busy), came
    pays_all_back(order)
    assert make.stock_of(large).free == 5
    _sound()
