"""Pieces kept for bargains: never more than there are, and each let go of once."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import applying, clockwork, keeping, playing
from banyan.campaigns.models import Campaign, Instance, KeptUnit
from banyan.campaigns.problems import Refused
from banyan.catalog.actions import stock as stocks
from banyan.catalog.models import Variant
from banyan.catalog.proof import stock_audit
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.problems import SoldOut
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people.models import Account
from tests.campaigns.plays import patient
from tests.campaigns.scene import SYSTEM, assert_sound, begun, campaign, crowd, help_, somebody
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import careless, meet, no_locks, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")
PIECES = 3


def _keeping(stock: int, people: int = 2) -> tuple[Variant, Campaign]:
    item = make.variant(price=10_000, stock=stock)
    values = {"variant": item.pk, "floor": 4_000, "people": people, "stock": "launch"}
    return item, campaign(item.product.shop, "bargain", **values)


def adds_up() -> None:
    assert_sound()
    assert recount() == {}
    assert stock_audit() == []


# -- the last piece: beginners and buyers at once -------------------------------------------------


def _all_want_one(item: Variant, of: Campaign) -> list[Any]:
    beginners, buyers = crowd(5), crowd(3)
    return run_at_once(
        *(lambda who=who: patient(lambda: begun(of, who)) for who in beginners),
        *(lambda who=who: patient(lambda: make.place((item, 1), buyer=who)) for who in buyers),
    )


def test_no_more_pieces_are_kept_and_ordered_than_there_are() -> None:
    item, of = _keeping(PIECES)

    results = _all_want_one(item, of)

    had = [one for one in results if isinstance(one, Instance | Checkout)]
    assert len(had) == PIECES, kinds(results)
    assert all(isinstance(one, Refused | SoldOut) for one in results if one not in had)
    stock = make.stock_of(item)
    assert (stock.free, stock.held + stock.reserved) == (0, PIECES)
    assert KeptUnit.objects.count() == stock.held
    assert Instance.objects.count() == stock.held, "who was refused has begun nothing"
    adds_up()


def test_control_without_the_condition_more_are_kept_than_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item, of = _keeping(PIECES)
    careful = stocks._move

    def careless_move(wanted: Any, **how: Any) -> list[int]:
        return careful(wanted, **{**how, "guard": False})

    monkeypatch.setattr(stocks, "_move", careless_move)
    meet(monkeypatch, playing, "check_brings", 5)
    with without_check("catalog_stock", "stock_never_oversold"):
        results = _all_want_one(item, of)
        had = [one for one in results if isinstance(one, Instance | Checkout)]
        assert len(had) > PIECES, kinds(results)
        assert make.stock_of(item).free < 0
        make.stock_of(item).__class__.objects.all().update(on_hand=100)


# -- one piece, several ends ----------------------------------------------------------------------


def _ends_thrice(bargain: Instance, owner: Account) -> list[Any]:
    """Its owner gives it up, its time is over for two workers, and the last friend comes."""
    friend = somebody()
    over = bargain.deadline

    def expires() -> Any:
        with clock.at(over):
            return campaigns.expire_instance(actor=SYSTEM, instance_id=bargain.pk)

    def gives_up() -> Any:
        return campaigns.play(actor=make.actor(owner), code=bargain.code, verb="withdraw")

    return run_at_once(
        lambda: patient(gives_up),
        lambda: patient(expires),
        lambda: patient(expires),
        lambda: patient(lambda: help_(bargain, friend)),
    )


def _nearly_reached() -> tuple[Variant, Instance, Account]:
    item, of = _keeping(1)
    owner = somebody()
    bargain = begun(of, owner)
    help_(bargain, somebody())
    return item, bargain, owner


@pytest.mark.parametrize("_round", range(3))
def test_however_it_ends_the_piece_is_let_go_of_or_handed_over_once(_round: int) -> None:
    item, bargain, owner = _nearly_reached()

    results = _ends_thrice(bargain, owner)

    bargain.refresh_from_db()
    kept = int(PriceRight.objects.filter(keeps=True, state="held").exists())
    assert bargain.state in {"cancelled", "expired", "ready"}, kinds(results)
    assert (kept, not KeptUnit.objects.exists()) == (int(bargain.state == "ready"), True)
    assert make.stock_of(item).held == kept
    adds_up()


def test_control_without_lock_and_row_it_is_let_go_of_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item, bargain, owner = _nearly_reached()
    begun(_keeping_more(item), somebody())
    no_locks(monkeypatch)
    careless(monkeypatch, applying, clockwork)
    meet(monkeypatch, applying, "_lock_first", 2)
    take_off = keeping.take_off

    def anyhow(instance: Instance) -> int | None:
        return take_off(instance) or item.pk

    monkeypatch.setattr(keeping, "take_off", anyhow)
    run_at_once(*(_ending(bargain, owner, way) for way in ("withdraw", "expire")))

    assert make.stock_of(item).held < KeptUnit.objects.count(), "another's piece is gone"
    assert recount() != {}


def _keeping_more(item: Variant) -> Campaign:
    from banyan.catalog.actions import set_on_hand

    shop = item.product.shop
    set_on_hand(actor=make.actor(shop.owner), variant_id=item.pk, on_hand=2)
    values = {"variant": item.pk, "floor": 4_000, "people": 2, "stock": "launch"}
    return campaign(shop, "bargain", **values)


def _ending(bargain: Instance, owner: Account, way: str) -> Any:
    if way == "withdraw":
        return functools.partial(
            campaigns.play, actor=make.actor(owner), code=bargain.code, verb=way
        )

    def expires() -> Any:
        with clock.at(bargain.deadline):
            return campaigns.expire_instance(actor=SYSTEM, instance_id=bargain.pk)

    return expires


# -- the price that keeps it: ordered, and over, at once ------------------------------------------


def _reached() -> tuple[Variant, Account, PriceRight]:
    item, of = _keeping(1)
    owner = somebody()
    bargain = begun(of, owner)
    for friend in crowd(2):
        help_(bargain, friend)
    return item, owner, PriceRight.objects.get()


@pytest.mark.parametrize("_round", range(3))
def test_a_price_that_is_ordered_as_it_is_taken_back_moves_its_piece_once(_round: int) -> None:
    item, owner, right = _reached()
    shop = make.actor(item.product.shop.owner)

    results = run_at_once(
        lambda: patient(lambda: make.place((item, 1), buyer=owner)),
        lambda: patient(
            lambda: entitlements.withdraw_price_right(
                actor=shop, right_id=right.pk, reason="by mistake"
            )
        ),
    )

    right.refresh_from_db()
    stock = make.stock_of(item)
    assert stock.held == 0, kinds(results)
    ordered = Checkout.objects.filter(state="placed").count()
    assert (stock.reserved, stock.free) == (ordered, 1 - ordered)
    assert right.state in {"reserved", "revoked"}
    adds_up()


@pytest.mark.parametrize("_round", range(3))
def test_an_order_that_runs_out_and_is_given_up_at_once_gives_the_piece_back_once(
    _round: int,
) -> None:
    item, owner, right = _reached()
    placed = make.place((item, 1), buyer=owner)
    over = placed.expires_at

    def expires() -> Any:
        with clock.at(over):
            return orders.expire_due(actor=SYSTEM)

    run_at_once(
        lambda: patient(expires),
        lambda: patient(
            lambda: orders.cancel_checkout(
                actor=make.actor(owner), checkout_id=placed.pk, access_token=placed.access_token
            )
        ),
    )

    right.refresh_from_db()
    assert (right.state, make.stock_of(item).held) == ("held", 1)
    adds_up()
