"""A sale from its plan to the last unit: kept, claimed, ordered, paid, or back in its bucket."""

from __future__ import annotations

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, LoginRequired, NotFound, SoldOut
from banyan.orders import actions as orders
from banyan.orders.actions import placement
from banyan.orders.models import OrderLine
from banyan.orders.queries import cart_lines
from banyan.sales import actions as sales
from banyan.sales.actions import clockwork
from banyan.sales.models import Fan, Right, Sale
from banyan.sales.queries import prices_for
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from tests.support import factories as make
from tests.support import prices

from .scene import MINUTE, NOON, SYSTEM, assert_sound, bucket, buyer, claim, on, order, planned

pytestmark = pytest.mark.django_db


# -- planning -------------------------------------------------------------------------------------


def test_a_published_sale_keeps_its_units_and_nobody_else_gets_them() -> None:
    item = make.variant(stock=5)
    sale = on(item, public=3, code=1)

    assert make.stock_of(item).held == 4
    assert make.stock_of(item).free == 1
    assert sale.state == "on"
    names = [e.name for e in StoredEvent.objects.filter(subject_id=sale.pk).order_by("id")]
    assert names == ["sale.scheduled", "sale.started"]


def test_a_sale_is_refused_without_the_units() -> None:
    item = make.variant(stock=2)
    sale = planned(item, public=3)

    with pytest.raises(Conflict) as refused:
        sales.publish_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk)

    assert refused.value.code == "sale_needs_stock"
    assert make.stock_of(item).held == 0
    sale.refresh_from_db()
    assert sale.state == "draft"


def test_something_is_in_one_sale_at_a_time() -> None:
    item = make.variant(stock=9)
    on(item)
    other = planned(item)
    with pytest.raises(Conflict) as refused:
        sales.publish_sale(actor=make.actor(item.product.shop.owner), sale_id=other.pk)
    assert refused.value.code == "sale_overlaps"
    assert make.stock_of(item).held == 3


def test_others_see_and_change_no_draft() -> None:
    item = make.variant()
    sale = planned(item)
    stranger = make.actor(make.member())
    for act in (sales.publish_sale, sales.pause_sale, sales.resume_sale, sales.end_sale):
        with pytest.raises(NotFound):
            act(actor=stranger, sale_id=sale.pk)
    with pytest.raises(NotFound):
        claim(sale, item, buyer(1))
    assert make.stock_of(item).held == 0


def test_a_published_sale_stays_as_it_is() -> None:
    item = make.variant()
    sale = on(item)
    data = sales.SaleInput("Other", sale.starts_at, sale.ends_at, [sales.ItemInput(item.pk, 1, 1)])
    with pytest.raises(Conflict) as refused:
        sales.change_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk, data=data)
    assert refused.value.code == "sale_published"


# -- buying at once -------------------------------------------------------------------------------


def test_the_price_that_is_shown_is_charged_and_the_unit_comes_from_the_sale() -> None:
    item = make.variant(price=10_000, stock=5)
    sale = on(item, price=5_000, public=3)
    ana = buyer(1)

    shown = prices_for(actor=make.actor(ana), variant_ids=[item.pk])[item.pk]
    checkout = make.pay(order(item, who=ana))

    assert shown.amount == checkout.goods_amount == 5_000
    line = OrderLine.objects.get()
    assert (line.sale_id, line.unit_amount, line.price[1]["step"]) == (sale.pk, 5_000, "sale")
    assert Right.objects.get().state == "redeemed"
    assert bucket(sale).taken == 1
    assert make.stock_of(item).free == 2
    assert_sound()


def test_one_person_gets_no_more_than_the_cap_also_as_a_guest() -> None:
    item = make.variant(price=10_000, stock=5)
    sale = on(item, price=5_000)
    ana = buyer(1)
    assert order(item, who=ana).goods_amount == 5_000

    assert order(item, who=ana).goods_amount == 10_000
    assert order(item, email=ana.email or "").goods_amount == 10_000
    assert order(item, who=buyer(2)).goods_amount == 5_000

    assert bucket(sale).taken == 2
    stock = make.stock_of(item)
    assert (stock.held, stock.reserved, stock.free) == (1, 4, 0), "two are of the free units"
    assert_sound()


def test_who_has_had_theirs_is_told_before_and_pays_the_list_price() -> None:
    item = make.variant(price=10_000, stock=5)
    sale = on(item, price=5_000)
    ana, line = buyer(1), [orders.WantedLine(item.pk)]
    first = orders.quote(actor=make.actor(ana), lines=line)
    assert first.beyond_sale() == {}
    make.pay(order(item, who=ana))

    second = orders.quote(actor=make.actor(ana), lines=line)

    told = second.beyond_sale()[item.pk]
    assert (second.total.amount - first.total.amount, told.most, told.per_person) == (5_000, 0, 1)
    assert second.priced.lines[0].steps[0]["step"] == "list"
    assert "sale" not in {step["step"] for step in second.priced.lines[0].steps}
    # what they agreed to when they had none yet is no longer what it costs
    with pytest.raises(Conflict) as refused:
        order(item, who=ana, agreement=first.agreement.text())
    assert refused.value.code == "price_changed"
    assert bucket(sale).taken == 1
    checkout = order(item, who=ana, agreement=second.agreement.text())
    kept = OrderLine.objects.get(order__checkout=checkout)
    assert (kept.sale_id, kept.unit_amount) == (None, 10_000)
    assert bucket(sale).taken == 1
    assert_sound()


def test_a_guest_is_told_as_soon_as_they_say_who_they_are() -> None:
    item = make.variant(price=10_000, stock=5)
    on(item, price=5_000)
    ana = buyer(1)
    order(item, who=ana)
    line = [orders.WantedLine(item.pk)]

    unknown = orders.quote(actor=Actor.guest(), lines=line)
    known = orders.quote(
        actor=Actor.guest(), lines=line, contact=orders.Contact(email="BUYER1@example.com")
    )

    assert (unknown.beyond_sale(), known.beyond_sale()[item.pk].most) == ({}, 0)
    assert (unknown.priced.goods(), known.priced.goods()) == (5_000, 10_000)


def test_a_unit_that_goes_back_is_theirs_to_buy_again() -> None:
    item = make.variant(price=10_000, stock=5)
    on(item, price=5_000)
    ana = buyer(1)
    checkout = order(item, who=ana)

    with clock.at(checkout.expires_at):
        orders.expire_due(actor=SYSTEM)
        assert order(item, who=ana).goods_amount == 5_000
    assert_sound()


def test_of_two_things_of_one_sale_the_one_that_saves_more_has_its_price() -> None:
    shop = make.shop()
    small, large = (make.variant(shop, price=n, stock=5) for n in (6_000, 10_000))
    owner = make.actor(shop.owner)
    now = clock.now()
    data = sales.SaleInput(
        title="Two of one",
        starts_at=now,
        ends_at=now + 60 * MINUTE,
        items=[sales.ItemInput(one.pk, 4_000, public=3) for one in (small, large)],
    )
    sale = sales.plan_sale(actor=owner, shop_id=shop.pk, data=data)
    sales.publish_sale(actor=owner, sale_id=sale.pk)
    ana = buyer(1)
    lines = [orders.WantedLine(one.pk) for one in (small, large)]

    quote = orders.quote(actor=make.actor(ana), lines=lines)
    checkout = orders.place(
        actor=make.actor(ana),
        lines=lines,
        contact=orders.Contact(email="ana@example.com"),
        address=make.ADDRESS,
        placement_key="two-of-one-sale",
        provider="sandbox",
        agreement=quote.agreement.text(),
    )

    assert checkout.goods_amount == 6_000 + 4_000
    assert {key: told.most for key, told in quote.beyond_sale().items()} == {small.pk: 0}
    assert Right.objects.get().item.variant_id == large.pk
    assert_sound()


def test_a_second_account_with_the_same_card_is_the_same_person() -> None:
    item = make.variant(stock=5)
    sale = on(item)
    ana, again, ben = buyer(1), buyer(2), buyer(3)
    claim(sale, item, ana)
    for one in (ana, again):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="payment")

    with pytest.raises(Conflict) as refused:
        claim(sale, item, again)
    assert refused.value.code == "sale_cap"
    order(item, who=again)
    assert not Right.objects.filter(account=again).exists()
    claim(sale, item, ben)
    assert bucket(sale).taken == 2
    assert_sound()


def test_a_second_account_has_had_what_the_first_ones_address_bought_as_a_guest() -> None:
    item = make.variant(price=10_000, stock=5)
    sale = on(item, price=5_000)
    make.pay(order(item, email="buyer1@example.com"))
    ana, again = buyer(1), buyer(2)
    for one in (ana, again):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="payment")

    with pytest.raises(Conflict) as refused:
        claim(sale, item, again)
    assert refused.value.code == "sale_cap"
    assert prices_for(actor=make.actor(again), variant_ids=[item.pk])[item.pk].most == 0
    assert order(item, who=again).total_amount == 10_000
    assert order(item, email="buyer2@example.com").total_amount == 10_000
    assert bucket(sale).taken == 1
    assert_sound()


def test_more_than_one_may_have_costs_the_list_price() -> None:
    item = make.variant(price=10_000, stock=6)
    sale = on(item, price=5_000)
    quotes = {
        n: orders.quote(actor=Actor.guest(), lines=[orders.WantedLine(item.pk, n)]) for n in (1, 2)
    }
    assert quotes[1].beyond_sale() == {}
    left_out = quotes[2].beyond_sale()[item.pk]
    assert (left_out.amount, left_out.most) == (5_000, 1)
    checkout = order(item, 2)
    assert checkout.goods_amount == 20_000
    assert bucket(sale).taken == 0
    assert_sound()


@pytest.mark.parametrize("holds", [0.2, -1])
def test_who_has_a_lower_price_by_a_list_buys_the_sales_units_when_there_are_no_others(
    monkeypatch: pytest.MonkeyPatch, holds: float
) -> None:
    """Also where each order looks at its price once more, behind its own units."""
    monkeypatch.setattr(placement, "PRICE_HOLDS", holds)
    item = make.variant(price=10_000, stock=4)
    prices.price_list(item.product.shop, {item: 4_000}, audience="members")
    sale = on(item, price=5_000, public=3, per_person=2)
    ana = buyer(1)

    placed = [make.pay(order(item, who=ana)) for _n in range(2)]

    assert [one.total_amount for one in placed] == [4_000, 4_000]
    lines = OrderLine.objects.filter(order__checkout__in=placed).order_by("id")
    assert list(lines.values_list("sale_id", flat=True)) == [None, sale.pk], "free ones first"
    assert bucket(sale).taken == 1
    assert order(item).total_amount == 5_000, "a guest's price is the sale's"
    assert_sound()


def test_when_it_is_sold_out_the_list_price_is_back() -> None:
    item = make.variant(price=10_000, stock=6)
    on(item, price=5_000, public=1)
    order(item)
    assert order(item).goods_amount == 10_000
    assert_sound()


def test_the_cart_counts_the_units_of_the_sale() -> None:
    item = make.variant(price=10_000, stock=3)
    on(item, price=5_000, public=3, per_person=2)
    who = make.actor(buyer(1))
    cart = orders.cart_for(actor=who)
    for n, free, problem in ((2, 2, ""), (3, 0, "short")):
        orders.put_in_cart(actor=who, cart=cart, variant_id=item.pk, quantity=n)
        lines = cart_lines(actor=who, token="")
        orders.price_cart(actor=who, lines=lines)
        assert [(one.free, one.problem) for one in lines] == [(free, problem)], n


def test_an_order_waits_no_longer_than_the_sale_lets_it() -> None:
    item = make.variant(stock=5)
    on(item, ttl_minutes=5)
    checkout = order(item)
    assert checkout.expires_at - checkout.created_at == 5 * MINUTE


# -- claiming -------------------------------------------------------------------------------------


def test_a_claimed_unit_is_ordered_and_paid() -> None:
    item = make.variant(price=10_000, stock=5)
    sale = on(item, price=5_000, ticketed=True)
    ana, ben = buyer(1), buyer(2)
    assert prices_for(actor=make.actor(ana), variant_ids=[item.pk]) == {}

    right = claim(sale, item, ana)

    assert prices_for(actor=make.actor(ben), variant_ids=[item.pk]) == {}
    assert order(item, who=ben).goods_amount == 10_000
    checkout = make.pay(order(item, who=ana))
    right.refresh_from_db()
    assert (right.state, right.checkout_id) == ("redeemed", checkout.pk)
    assert checkout.goods_amount == 5_000
    assert_sound()


def test_a_claim_that_is_not_ordered_goes_back() -> None:
    item = make.variant(stock=5)
    sale = on(item, public=1)
    ana, ben = buyer(1), buyer(2)
    right = claim(sale, item, ana)
    with pytest.raises(SoldOut):
        claim(sale, item, ben)

    with clock.at(right.expires_at):
        sales.advance_sale(actor=SYSTEM, sale=sale)
        right.refresh_from_db()
        assert right.state == "expired"
        assert claim(sale, item, ben).state == "bound"
    assert_sound()


def test_a_claim_can_be_let_go_by_its_owner_only() -> None:
    item = make.variant(stock=5)
    sale = on(item, public=1)
    ana, ben = buyer(1), buyer(2)
    right = claim(sale, item, ana)
    with pytest.raises(NotFound):
        sales.let_go(actor=make.actor(ben), right_id=right.pk)
    sales.let_go(actor=make.actor(ana), right_id=right.pk)
    sales.let_go(actor=make.actor(ana), right_id=right.pk)
    assert bucket(sale).taken == 0
    assert_sound()


def test_visitors_sign_in_to_claim() -> None:
    item = make.variant(stock=5)
    sale = on(item)
    with pytest.raises(LoginRequired):
        sales.claim(actor=Actor.guest(), sale_id=sale.pk, variant_id=item.pk)


@pytest.mark.parametrize(
    ("shift", "code"), [(-1, "sale_not_begun"), (61, "sale_over"), (60, "sale_over")]
)
def test_the_window_decides_not_the_job(shift: int, code: str) -> None:
    item = make.variant(stock=5)
    with clock.at(NOON):
        sale = on(item, ticketed=True)
    with clock.at(NOON + shift * MINUTE), pytest.raises(Conflict) as refused:
        claim(sale, item, buyer(1))
    assert refused.value.code == code


def test_while_it_is_paused_nobody_claims_and_who_has_a_unit_pays() -> None:
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000)
    ana, ben = buyer(1), buyer(2)
    claim(sale, item, ana)
    before = order(item, who=ben)
    owner = make.actor(item.product.shop.owner)

    sales.pause_sale(actor=owner, sale_id=sale.pk)

    with pytest.raises(Conflict) as refused:
        claim(sale, item, buyer(3))
    assert refused.value.code == "sale_paused"
    assert order(item).goods_amount == 10_000
    assert make.pay(before).state == "paid"
    assert make.pay(order(item, who=ana)).goods_amount == 5_000
    sales.resume_sale(actor=owner, sale_id=sale.pk)
    assert claim(sale, item, buyer(4)).state == "bound"
    assert_sound()


# -- fans and leftovers ---------------------------------------------------------------------------


def test_fans_take_from_their_own_bucket_first() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=2, fans=1)
    ana, ben = buyer(1), buyer(2)
    sales.list_fans(
        actor=make.actor(item.product.shop.owner), sale_id=sale.pk, handles=["@Buyer1", "nobody"]
    )
    claim(sale, item, ana)
    claim(sale, item, ben)
    assert (bucket(sale, "fans").taken, bucket(sale).taken) == (1, 1)
    assert_sound()


def test_fans_are_found_whatever_letters_of_their_names_are_large() -> None:
    item = make.variant(stock=9)
    sale = on(item, public=2, fans=1)
    fan = make.member("Mei_Lin")
    owner = make.actor(item.product.shop.owner)
    assert sales.list_fans(actor=owner, sale_id=sale.pk, handles=["@mei_lin", "nobody"]) == 1
    assert list(Fan.objects.values_list("account_id", flat=True)) == [fan.pk]


def test_what_is_left_of_other_buckets_is_public_from_a_set_time() -> None:
    item = make.variant(stock=9)
    with clock.at(NOON):
        sale = on(item, public=1, fans=2, code=2, leftover_at=NOON + 30 * MINUTE)
        sales.advance_sale(actor=SYSTEM, sale=sale)
        assert bucket(sale).size == 1
    with clock.at(NOON + 30 * MINUTE):
        sales.advance_sale(actor=SYSTEM, sale=sale)
    assert [bucket(sale, kind).size for kind in ("public", "fans", "code")] == [5, 0, 0]
    assert_sound()


# -- the end --------------------------------------------------------------------------------------


def test_when_it_ends_what_is_left_is_free_and_who_has_a_unit_can_pay() -> None:
    item = make.variant(stock=5)
    with clock.at(NOON):
        sale = on(item, public=4)
    ana, ben = buyer(1), buyer(2)
    with clock.at(NOON + 59 * MINUTE):
        claim(sale, item, ana)
        right = claim(sale, item, ben)
    with clock.at(NOON + 60 * MINUTE):
        sales.advance_sales(actor=SYSTEM)
        sale.refresh_from_db()
        assert (sale.state, sale.settled_at is not None) == ("ended", True)
        assert make.stock_of(item).held == 2
        assert make.pay(order(item, who=ana)).goods_amount == 5_000
        assert_sound()
    with clock.at(right.expires_at):
        sales.advance_sales(actor=SYSTEM)
    right.refresh_from_db()
    assert right.state == "expired"
    assert (make.stock_of(item).held, make.stock_of(item).free) == (0, 4)
    assert_sound()


def test_a_settled_sale_that_cannot_go_on_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items = [make.variant(stock=5) for _n in range(2)]
    with clock.at(NOON):
        rights = [claim(on(item), item, buyer(n)) for n, item in enumerate(items)]
    Right.objects.update(expires_at=NOON + 90 * MINUTE)
    with clock.at(NOON + 60 * MINUTE):
        sales.advance_sales(actor=SYSTEM)
    expire = clockwork.expire_rights

    def fail(*, actor: Actor, sale: Sale) -> int:
        if sale.pk == rights[0].sale_id:
            raise RuntimeError
        return expire(actor=actor, sale=sale)

    monkeypatch.setattr(clockwork, "expire_rights", fail)
    with clock.at(NOON + 90 * MINUTE):
        sales.advance_sales(actor=SYSTEM)

    states = dict(Right.objects.values_list("pk", "state"))
    assert states == {rights[0].pk: "bound", rights[1].pk: "expired"}


def test_a_sold_out_sale_goes_on_when_a_unit_comes_back() -> None:
    item = make.variant(stock=5)
    sale = on(item, public=1)
    checkout = order(item)
    sales.advance_sale(actor=SYSTEM, sale=sale)
    assert sale.state == "sold_out"
    with clock.at(checkout.expires_at):
        orders.expire_due(actor=SYSTEM)
        sales.advance_sale(actor=SYSTEM, sale=sale)
    assert sale.state == "on"
    assert StoredEvent.objects.filter(name="sale.sold_out").count() == 1
    assert_sound()
