"""Price rights under fire: real threads, real commits; the race has its negative control."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from banyan.catalog.models import Variant
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PriceRight
from banyan.entitlements.rights import HeldPrice
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict
from banyan.orders import actions as orders
from banyan.orders.actions import placement
from banyan.orders.actions.agreeing import Offer
from banyan.orders.models import Checkout, OrderLine
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import meet

pytestmark = pytest.mark.usefixtures("threaded_db")

US = Actor.system("test")
TABS = 3


def _tab(item: Variant, ana: Account) -> Callable[[], Checkout]:
    """Return what a tab does that shows the price of the right."""
    return lambda: orders.place(
        actor=make.actor(ana),
        lines=[orders.WantedLine(item.pk, 1)],
        contact=orders.Contact(email="ana@example.com"),
        address=make.ADDRESS,
        placement_key=new_code(80),
        provider="sandbox",
        agreed_total=4_000,
    )


def _orders_by_right() -> int:
    return OrderLine.objects.exclude(right_id=None).count()


def test_many_tabs_with_one_right_place_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    item, ana = make.variant(stock=9), make.member()
    right = make.right(ana, item, 4_000)
    meet(monkeypatch, Offer, "quote", TABS)

    results = run_at_once(*[_tab(item, ana)] * TABS)

    assert sum(isinstance(one, Checkout) for one in results) == 1, kinds(results)
    refused = {one.code for one in results if isinstance(one, Conflict)}
    assert refused == {"price_changed"}, kinds(results)
    right.refresh_from_db()
    assert (right.state, _orders_by_right()) == ("reserved", 1)
    assert recount() == {}


def _just_written(*, actor: Actor, rights: Collection[HeldPrice], checkout_id: int) -> None:
    """Take rights as one would who trusts what was read."""
    ids = [one.right_id for one in rights]
    PriceRight.objects.filter(pk__in=ids).update(state="reserved", checkout_id=checkout_id)


def test_control_without_the_condition_one_right_is_used_by_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item, ana = make.variant(stock=9), make.member()
    make.right(ana, item, 4_000)
    meet(monkeypatch, Offer, "quote", TABS)
    monkeypatch.setattr(placement, "reserve_rights", _just_written)

    results = run_at_once(*[_tab(item, ana)] * TABS)

    assert _orders_by_right() == TABS, kinds(results)
    assert "a price right is used once" in recount()


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_right_is_taken_back_or_used_and_never_both(end: str) -> None:
    item, ana = make.variant(stock=9), make.member()
    right = make.right(ana, item, 4_000)
    over = right.expires_at

    def take_back() -> None:
        if end == "revoked":
            entitlements.revoke_price_rights(actor=US, right_ids=[right.pk])
        else:
            with clock.at(over):
                entitlements.expire_rights(actor=US)

    placed, _gone = run_at_once(_tab(item, ana), take_back)

    right.refresh_from_db()
    used = isinstance(placed, Checkout)
    assert right.state == ("reserved" if used else end), kinds([placed])
    assert _orders_by_right() == used
    assert recount() == {}
