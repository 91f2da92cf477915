"""A sale by ticket: claimed by one statement; lost numbers come back; settled a minute later."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.kernel import clock, tickets
from banyan.kernel.problems import SoldOut
from banyan.sales import actions as sales
from banyan.sales.actions import claiming, units
from tests.support import factories as make

from .scene import MINUTE, NOON, SYSTEM, assert_sound, bucket, buyer, claim, on

pytestmark = pytest.mark.django_db


def test_a_ticketed_sale_is_settled_when_no_claim_can_be_on_its_way() -> None:
    item = make.variant(stock=5)
    with clock.at(NOON):
        sale = on(item, public=4, ticketed=True)
        claim(sale, item, buyer(1))
        sales.end_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk)
        sale.refresh_from_db()
        sales.advance_sale(actor=SYSTEM, sale=sale)
        assert make.stock_of(item).held == 4
    with clock.at(NOON + 2 * MINUTE):
        assert sales.settle_sale(actor=SYSTEM, sale_id=sale.pk)
        assert sales.settle_sale(actor=SYSTEM, sale_id=sale.pk)
    assert make.stock_of(item).held == 1
    assert_sound()


def test_a_ticket_of_a_claim_that_was_rolled_back_can_be_had_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item, then = make.variant(stock=5), clock.now()
    with clock.at(then):
        sale = on(item, public=2, ticketed=True)

    def break_off(*asked: Any) -> None:
        units.bind_unit(*asked)
        raise OSError("the process ends before the commit")

    with clock.at(then), monkeypatch.context() as broken:
        broken.setattr(claiming, "bind_unit", break_off)
        with pytest.raises(OSError, match="ends"):
            claim(sale, item, buyer(1))
    pool = bucket(sale).pool_id
    assert pool is not None
    assert not tickets.balance(pool).consistent
    with clock.at(then):
        tickets.sweep()
    with clock.at(then + tickets.LONGEST_TRANSACTION):
        assert tickets.sweep() == 1
        for n in (2, 3):
            assert claim(sale, item, buyer(n)).ticket_id
        with pytest.raises(SoldOut):
            claim(sale, item, buyer(4))
    assert tickets.balance(pool).consistent
    assert_sound()


def test_what_a_claim_by_ticket_asks_the_database() -> None:
    """Goods and sale, the person, their lock, and one for the unit and the right."""
    item = make.variant(stock=5)
    sale = on(item, ticketed=True)
    for who in [make.actor(buyer(n)) for n in (1, 2)]:
        with CaptureQueriesContext(connection) as asked:
            sales.claim(actor=who, sale_id=sale.pk, variant_id=item.pk)
    own = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
    assert len(own) == 4, own
