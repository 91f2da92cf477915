"""F-codes: one person, one unit, once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.orders import actions as orders
from banyan.sales import actions as sales
from banyan.sales.models import CodeBatch, Right, Sale
from tests.support import factories as make

from .scene import MINUTE, NOON, SYSTEM, assert_sound, bucket, buyer, on, order

pytestmark = pytest.mark.django_db


def _issue(item: Variant, sale: Sale, **values: Any) -> CodeBatch:
    owner = make.actor(item.product.shop.owner)
    return sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="radio", **values
    )


def _codes(batch: CodeBatch) -> list[str]:
    owner = make.actor(batch.item.sale.shop.owner)
    return [right.code for right in sales.codes_of(actor=owner, batch_id=batch.pk)]


def test_a_code_gives_its_person_a_unit_of_its_bucket() -> None:
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000, public=1, code=2, admission="queue")
    [code, other] = _codes(_issue(item, sale, count=2))
    ana = buyer(1)
    assert code != other
    assert len(code) >= 17

    right = sales.enter_code(actor=make.actor(ana), sale_id=sale.pk, code=code)

    assert (right.state, bucket(sale, "code").taken, bucket(sale).taken) == ("bound", 1, 0)
    assert sales.enter_code(actor=make.actor(ana), sale_id=sale.pk, code=code).pk == right.pk
    assert make.pay(order(item, who=ana)).goods_amount == 5_000
    assert Right.objects.get(code=code).state == "redeemed"
    assert_sound()


def test_a_code_may_be_typed_in_small_letters_and_one_of_before_as_it_is() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=2)
    [code, other] = _codes(_issue(item, sale, count=2))
    assert code == code.upper()
    Right.objects.filter(code=other).update(code="oldCode23456789")

    small = sales.enter_code(actor=make.actor(buyer(1)), sale_id=sale.pk, code=f" {code.lower()} ")
    assert small.code == code
    old = sales.enter_code(actor=make.actor(buyer(2)), sale_id=sale.pk, code="oldCode23456789")
    assert (old.state, bucket(sale, "code").taken) == ("bound", 2)


def test_a_code_that_somebody_has_is_nobody_elses() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=2)
    [code] = _codes(_issue(item, sale, count=1))
    sales.enter_code(actor=make.actor(buyer(1)), sale_id=sale.pk, code=code)
    with pytest.raises(sales.CodeRefused) as refused:
        sales.enter_code(actor=make.actor(buyer(2)), sale_id=sale.pk, code=code)
    assert refused.value.code == "code_used"
    assert bucket(sale, "code").taken == 1


def test_a_code_that_was_made_for_somebody_is_theirs() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=2)
    [code] = _codes(_issue(item, sale, recipients=("buyer1@example.com",)))
    with pytest.raises(sales.CodeRefused) as refused:
        sales.enter_code(actor=make.actor(buyer(2)), sale_id=sale.pk, code=code)
    assert refused.value.code == "code_not_yours"
    assert sales.enter_code(actor=make.actor(buyer(1)), sale_id=sale.pk, code=code).state == "bound"


@pytest.mark.parametrize("typed", ["138 0000 0001", "13800000001", "+86 138 0000 0001"])
def test_a_number_is_somebodys_however_the_shop_writes_it(typed: str) -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=1)
    ana = make.member("ana", phone="+8613800000001")
    [code] = _codes(_issue(item, sale, recipients=(typed,)))
    assert sales.enter_code(actor=make.actor(ana), sale_id=sale.pk, code=code).state == "bound"


def test_no_code_is_made_for_what_reaches_nobody() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=3)
    with pytest.raises(Invalid) as refused:
        _issue(item, sale, recipients=("ana@example.com", "138", "nobody"))
    assert "138, nobody" in str(refused.value.fields["recipients"])
    assert not Right.objects.exists()


def test_an_unknown_code_and_one_of_another_sale_look_alike() -> None:
    item, other = make.variant(stock=9), make.variant(stock=9)
    sale, second = on(item, code=1), on(other, code=1)
    [code] = _codes(_issue(other, second, count=1))
    for wrong in (code, "nonsense", ""):
        with pytest.raises(sales.CodeRefused) as refused:
            sales.enter_code(actor=make.actor(buyer(wrong or 0)), sale_id=sale.pk, code=wrong)
        assert refused.value.code == "code_unknown"
    assert Right.objects.get(code=code).state == "issued"


def test_there_are_no_more_codes_than_units_for_them() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=2)
    _issue(item, sale, count=1)
    with pytest.raises(Conflict) as refused:
        _issue(item, sale, count=2)
    assert refused.value.code == "code_bucket_full"
    assert Right.objects.count() == 1


def test_a_code_whose_order_was_not_paid_can_be_used_again_by_its_person() -> None:
    item = make.variant(stock=9)
    with clock.at(NOON):
        sale = on(item, public=1, code=1)
        [code] = _codes(_issue(item, sale, count=1))
        ana = make.actor(buyer(1))
        sales.enter_code(actor=ana, sale_id=sale.pk, code=code)
    with clock.at(NOON + 11 * MINUTE):
        sales.advance_sale(actor=SYSTEM, sale=sale)
        assert Right.objects.get(code=code).state == "issued"
        assert bucket(sale, "code").taken == 0
        with pytest.raises(sales.CodeRefused):
            sales.enter_code(actor=make.actor(buyer(2)), sale_id=sale.pk, code=code)
        assert sales.enter_code(actor=ana, sale_id=sale.pk, code=code).state == "bound"
        assert_sound()


def test_an_unpaid_order_gives_the_code_back_too() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=1)
    [code] = _codes(_issue(item, sale, count=1))
    ana = buyer(1)
    sales.enter_code(actor=make.actor(ana), sale_id=sale.pk, code=code)
    checkout = order(item, who=ana)
    with clock.at(checkout.expires_at):
        orders.expire_due(actor=SYSTEM)
    right = Right.objects.get(code=code)
    assert (right.state, right.account_id, right.expires_at) == ("issued", ana.pk, sale.ends_at)
    assert bucket(sale, "code").taken == 0
    assert_sound()


def test_codes_end_and_can_be_called_back() -> None:
    item = make.variant(stock=9)
    owner = make.actor(item.product.shop.owner)
    with clock.at(NOON):
        sale = on(item, public=1, code=3)
        batch = _issue(item, sale, count=2)
        [first, _second] = _codes(batch)
        short = _issue(item, sale, count=1, expires_at=NOON + 5 * MINUTE)
        sales.enter_code(actor=make.actor(buyer(1)), sale_id=sale.pk, code=first)
        assert sales.revoke_codes(actor=owner, batch_id=batch.pk) == 1
    with clock.at(NOON + 5 * MINUTE):
        with pytest.raises(sales.CodeRefused):
            sales.enter_code(actor=make.actor(buyer(2)), sale_id=sale.pk, code=_codes(short)[0])
        sales.advance_sale(actor=SYSTEM, sale=sale)
    states = Right.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["bound", "revoked", "expired"]


def test_strangers_make_and_read_no_codes() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1, code=2)
    batch = _issue(item, sale, count=1)
    stranger = make.actor(make.member())
    with pytest.raises(NotFound):
        sales.codes_of(actor=stranger, batch_id=batch.pk)
    with pytest.raises(NotFound):
        sales.revoke_codes(actor=stranger, batch_id=batch.pk)
    with pytest.raises(NotFound):
        sales.issue_codes(actor=stranger, sale_id=sale.pk, variant_id=item.pk, channel="x", count=1)
    with pytest.raises(Invalid):
        _issue(item, sale, count=1, expires_at=sale.ends_at + dt.timedelta(seconds=1))
    assert Right.objects.count() == 1
