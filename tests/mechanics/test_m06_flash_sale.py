"""Flash sale and F-codes (mechanics 2.6): the row of the matrix, and the fixtures F24 and F25."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from banyan.kernel import clock
from banyan.kernel.problems import SoldOut
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.payments.models import Intent, Refund
from banyan.sales import actions as sales
from banyan.sales.models import Right
from banyan.sales.queries import prices_for
from tests.sales.scene import (
    MINUTE,
    NOON,
    SYSTEM,
    assert_sound,
    bucket,
    buyer,
    claim,
    on,
    order,
)
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, run_concurrently


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["public", "fans", "code"])
def test_m06_expiry(kind: str) -> None:
    """A unit whose order is not paid is in its own bucket again, and in no other."""
    item = make.variant(stock=9)
    owner = make.actor(item.product.shop.owner)
    sale = on(item, public=1, fans=1, code=1)
    ana = buyer(1)
    if kind == "code":
        batch = sales.issue_codes(
            actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="radio", count=1
        )
        [code] = sales.codes_of(actor=owner, batch_id=batch.pk)
        sales.enter_code(actor=make.actor(ana), sale_id=sale.pk, code=code.code)
    else:
        if kind == "fans":
            sales.list_fans(actor=owner, sale_id=sale.pk, handles=[ana.handle])
        claim(sale, item, ana)
    checkout = order(item, who=ana)
    taken = {name: bucket(sale, name).taken for name in ("public", "fans", "code")}
    assert taken == {name: int(name == kind) for name in taken}

    with clock.at(checkout.expires_at):
        orders.expire_due(actor=SYSTEM)

    assert {bucket(sale, name).taken for name in taken} == {0}
    assert make.stock_of(item).held == 3
    assert_sound()


@pytest.mark.django_db
def test_m06_refund_after_success() -> None:
    """A refunded unit is in its own bucket again while the sale is on; later it is free stock."""
    item = make.variant(price=10_000, stock=9)
    owner = make.actor(item.product.shop.owner)
    sale = on(item, price=5_000, public=2)
    first, second = (make.pay(order(item)) for _n in range(2))

    def refund(checkout: Checkout) -> None:
        orders.grant_refund(
            actor=owner,
            order_id=checkout.orders.get().pk,
            amount=5_000,
            reason="changed their mind",
            key=f"m06:{checkout.pk}",
        )

    refund(first)
    assert (bucket(sale).taken, make.stock_of(item).held) == (1, 1)
    assert_sound()
    sales.end_sale(actor=owner, sale_id=sale.pk)
    sales.settle_sale(actor=SYSTEM, sale_id=sale.pk)
    refund(second)
    assert (make.stock_of(item).held, make.stock_of(item).free) == (0, 9)
    states = Right.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["returned", "returned"]


@pytest.mark.django_db
def test_m06_partial_cancel_gives_each_unit_to_the_bucket_it_came_from() -> None:
    """Two units of one order, one by F-code and one of the public's: cancelled one by one."""
    item = make.variant(price=10_000, stock=9)
    owner = make.actor(item.product.shop.owner)
    sale = on(item, price=5_000, public=2, code=2, per_person=2)
    batch = sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="radio", count=1
    )
    [code] = sales.codes_of(actor=owner, batch_id=batch.pk)
    ana = buyer(1)
    sales.enter_code(actor=make.actor(ana), sale_id=sale.pk, code=code.code)
    bought = make.pay(order(item, 2, ana)).orders.get()
    line = bought.lines.get()
    taken: list[tuple[int, int]] = []

    for key in ("one", "two"):
        orders.cancel_order(actor=make.actor(ana), order_id=bought.pk, units={line.pk: 1}, key=key)
        taken.append((bucket(sale, "code").taken, bucket(sale).taken))
        assert_sound()

    assert sum(taken[0]) == 1, "one unit is back, whichever"
    assert taken[1] == (0, 0)
    assert make.stock_of(item).held == 4
    assert set(Right.objects.values_list("state", flat=True)) == {"returned"}


@pytest.mark.usefixtures("threaded_db")
def test_m06_concurrent_last_slot() -> None:
    """A hundred of a hundred: none over, and none under once what nobody paid has lapsed."""
    item = make.variant(stock=100)
    sale = on(item, public=100, ticketed=True, per_person=2)
    crowd = [buyer(n) for n in range(64)]

    def twice(who: object) -> list[object]:
        found: list[object] = []
        for _n in range(2):
            try:
                found.append(claim(sale, item, who))  # type: ignore[arg-type]
            except SoldOut as error:
                found.append(error)
        return found

    tried = run_at_once(*(lambda who=who: twice(who) for who in crowd))
    bound = [one for found in tried for one in found if isinstance(one, Right)]
    assert len(bound) == 100, kinds(tried)
    paid = [who for who in crowd if who.pk in {right.account_id for right in bound}][:10]
    for who in paid:
        make.pay(order(item, who=who))
    assert_sound()

    with clock.at(clock.now() + 16 * MINUTE):
        sales.advance_sale(actor=SYSTEM, sale=sale)
        others = [buyer(f"x{n}") for n in range(64)]
        again = run_at_once(*(lambda who=who: twice(who) for who in others))
    got = [one for found in again for one in found if isinstance(one, Right)]
    assert len(got) == 90, "what lapsed can be had, what was paid cannot"
    assert_sound()


@pytest.mark.django_db
def test_m06_bucket_refuses() -> None:
    """Who a bucket is not for gets nothing out of it, though it has units."""
    item = make.variant(stock=9)
    owner = make.actor(item.product.shop.owner)
    sale = on(item, public=0, fans=2, code=2)
    batch = sales.issue_codes(
        actor=owner,
        sale_id=sale.pk,
        variant_id=item.pk,
        channel="post",
        recipients=("buyer1@example.com",),
    )
    [code] = sales.codes_of(actor=owner, batch_id=batch.pk)
    stranger = buyer(2)

    with pytest.raises(SoldOut):
        claim(sale, item, stranger)
    with pytest.raises(sales.CodeRefused):
        sales.enter_code(actor=make.actor(stranger), sale_id=sale.pk, code=code.code)

    assert {bucket(sale, kind).taken for kind in ("public", "fans", "code")} == {0}
    assert not Right.objects.filter(account=stranger).exists()


@pytest.mark.django_db
def test_m06_partial_fill() -> None:
    """What other buckets have left is public from the set time on; what was taken there stays."""
    item = make.variant(stock=9)
    owner = make.actor(item.product.shop.owner)
    with clock.at(NOON):
        sale = on(item, public=0, fans=3, leftover_at=NOON + 10 * MINUTE, ttl_minutes=15)
        ana = buyer(1)
        sales.list_fans(actor=owner, sale_id=sale.pk, handles=[ana.handle])
        claim(sale, item, ana)
    with clock.at(NOON + 9 * MINUTE):
        sales.advance_sale(actor=SYSTEM, sale=sale)
        with pytest.raises(SoldOut):
            claim(sale, item, buyer(2))
    with clock.at(NOON + 10 * MINUTE):
        sales.advance_sale(actor=SYSTEM, sale=sale)
        assert claim(sale, item, buyer(3)).state == "bound"
        assert [bucket(sale, kind).size for kind in ("public", "fans")] == [2, 1]
        assert_sound()


@pytest.mark.django_db
def test_m06_a_payment_a_second_late_goes_back_in_full() -> None:
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000, ttl_minutes=5)
    checkout = order(item)

    with clock.at(checkout.expires_at + dt.timedelta(seconds=1)):
        orders.expire_due(actor=SYSTEM)
        make.pay(checkout)

    checkout.refresh_from_db()
    assert checkout.state == "expired"
    assert Intent.objects.get(subject_id=checkout.pk).state == "captured_unplaced"
    assert Refund.objects.get().amount == 5_000
    assert Right.objects.get().state == "expired"
    assert bucket(sale).taken == 0
    assert_sound()


@pytest.mark.django_db
def test_m06_the_cap_holds_across_addresses() -> None:
    """One more, to another address with another phone number, is none of the sale's."""
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000)
    ana = buyer(1)
    order(item, who=ana)

    again = order(item, who=ana)

    assert again.goods_amount == 10_000
    assert (bucket(sale).taken, Right.objects.count()) == (1, 1)
    assert_sound()


class F24(TestCase):
    """F24: the price that is shown is the price that is charged."""

    @settings(max_examples=12)
    @given(
        listed=st.integers(2, 10**7),
        part=st.integers(1, 100),
        ticketed=st.booleans(),
        n=st.integers(1, 3),
    )
    def test_f24_flash_price(self, listed: int, part: int, ticketed: bool, n: int) -> None:
        """Any price, claimed or not, one unit or several."""
        price = max(1, listed * part // 100)
        item = make.variant(price=listed, stock=9)
        sale = on(item, price=price, per_person=3, public=5, ticketed=ticketed)
        who = buyer(sale.pk)
        if ticketed:
            for _each in range(n):
                claim(sale, item, who)

        shown = prices_for(actor=make.actor(who), variant_ids=[item.pk])[item.pk]
        quoted = orders.quote(actor=make.actor(who), lines=[orders.WantedLine(item.pk, n)])
        checkout = order(item, n, who)

        assert shown.amount == price
        assert checkout.goods_amount == price * n == quoted.priced.goods()


@pytest.mark.usefixtures("threaded_db")
def test_f25_affected_rows() -> None:
    """F25: two buyers, one unit: one order, and the other is refused."""
    item = make.variant(price=10_000, stock=1)
    sale = on(item, price=5_000, public=1)

    results = run_concurrently(lambda: order(item), 2)

    assert sum(isinstance(one, Checkout) for one in results) == 1, kinds(results)
    assert bucket(sale).taken == 1
    assert_sound()
