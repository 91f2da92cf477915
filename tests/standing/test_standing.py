"""Shops are judged by facts; goods are taken down everywhere by one act."""

from __future__ import annotations

import datetime as dt

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from banyan.catalog import actions as catalog
from banyan.catalog.access import visible_products
from banyan.catalog.models import Category
from banyan.catalog.ports import check_campaigning
from banyan.delivery import actions as delivery
from banyan.delivery.models import Voucher
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.ledger.proof import verify
from banyan.market import actions as market
from banyan.notify.models import Message
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.standing import actions as standing
from banyan.standing import jobs
from banyan.standing.events import ProductTakenDown
from banyan.standing.models import Takedown
from banyan.standing.notices import tell_takedown
from banyan.standing.queries import standing_of
from banyan.standing.rules import LIMITS, Facts, verdict
from tests.delivery import goods
from tests.delivery.goods import voucher
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def paid(variant, n: int) -> list[Order]:  # type: ignore[no-untyped-def]
    return [make.pay(make.place((variant, 1))).orders.get() for _ in range(n)]


def ship(order: Order) -> None:
    owner = make.actor(order.shop.owner)
    orders.ship(actor=owner, order_id=order.pk, carrier="Post")


@pytest.mark.parametrize(
    ("facts", "state", "over"),
    [
        (Facts(4, late=(1, 2, 3, 4)), "new", ()),
        (Facts(10, late=(1, 2)), "good", ()),
        (Facts(10, late=(1, 2, 3)), "below", ("late",)),
        (Facts(10, late=(1, 2, 3), disputes=(1, 2)), "below", ("late", "disputes")),
        (Facts(20, disputes=(1,)), "good", ()),
        (Facts(19, disputes=(1,)), "below", ("disputes",)),
        (Facts(10_000, refunds=tuple(range(2501))), "below", ("refunds",)),
    ],
)
def test_where_the_bar_is(facts: Facts, state: str, over: tuple[str, ...]) -> None:
    assert set(LIMITS) == {"late", "refunds", "disputes", "complaints"}
    assert verdict(facts) == type(verdict(facts))(state, over)


def test_an_order_without_a_parcel_is_never_late(monkeypatch: pytest.MonkeyPatch) -> None:
    haircut = goods.voucher()
    item = make.variant(goods.shop_of(haircut), stock=5)
    make.pay(make.place((haircut, 1)))  # not used yet
    mixed = make.pay(make.place((haircut, 1), (item, 1))).orders.get()
    later = clock.now() + dt.timedelta(days=10)
    monkeypatch.setattr(clock, "now", lambda: later)

    facts = standing_of(mixed.shop_id).facts

    assert facts.orders == 2
    assert facts.late == (mixed.pk,)  # its parcel was never sent


def test_the_facts_are_counted_and_an_upheld_appeal_takes_them_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = make.variant(stock=20)
    shop = item.product.shop
    made = paid(item, 10)
    for order in made[:7]:
        ship(order)
    later = clock.now() + dt.timedelta(days=3, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    for order in made[8:]:
        ship(order)
    for order in made[:2]:
        market.open_dispute(
            actor=Actor.guest(),
            order_id=order.pk,
            reason="damaged",
            claim_amount=100,
            body="Broken.",
            access_token=order.checkout.access_token,
        )

    facts = standing_of(shop.pk).facts
    assert facts.orders == 10
    assert facts.late == tuple(sorted(order.pk for order in made[7:]))  # one is not sent at all
    assert facts.disputes == tuple(sorted(order.pk for order in made[:2]))
    with pytest.raises(Conflict) as refused:
        check_campaigning(shop.pk)
    assert refused.value.code == "below_the_bar"
    assert refused.value.extra["over"] == {"late": 3, "disputes": 2}

    owner = make.actor(shop.owner)
    wanted = [("late", order.pk) for order in made[7:]]
    wanted += [("disputes", order.pk) for order in made[:2]]
    with pytest.raises(Invalid):  # nothing that is not counted
        standing.appeal(actor=owner, shop_id=shop.pk, facts=[("late", made[0].pk)], body="No.")
    asked = standing.appeal(actor=owner, shop_id=shop.pk, facts=wanted, body="A storm.")
    with pytest.raises(Conflict):
        standing.appeal(actor=owner, shop_id=shop.pk, facts=wanted, body="Again.")
    with pytest.raises(Forbidden):
        standing.decide_appeal(actor=owner, appeal_id=asked.pk, upheld=True, reason="Mine.")
    standing.decide_appeal(
        actor=make.actor(make.staff("moderation")),
        appeal_id=asked.pk,
        upheld=True,
        reason="The storm closed the roads.",
    )

    assert standing_of(shop.pk).verdict.state == "good"
    check_campaigning(shop.pk)


def test_nobody_decides_about_their_own_shop() -> None:
    item = make.variant(make.shop(make.staff("moderation")))
    shop = item.product.shop
    own = make.actor(shop.owner)
    told = standing.report_product(
        actor=make.actor(make.member()), product_id=item.product_id, reason="unsafe", body="Hot."
    )
    asked = standing.ask_permit(
        actor=own, shop_id=shop.pk, number="LIC-1", holder="Demo", picture=staged_picture(own)
    )
    with pytest.raises(Forbidden) as refused:
        standing.decide_report(actor=own, report_id=told.pk, upheld=False, reason="Mine.")
    assert refused.value.code == "own_shop"
    with pytest.raises(Forbidden):
        standing.decide_permit(actor=own, permit_id=asked.pk, granted=True, reason="Mine.")
    told.refresh_from_db()
    asked.refresh_from_db()
    assert (told.state, asked.state) == ("open", "asked")


def test_a_dismissed_appeal_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=20)
    made = paid(item, 5)
    later = clock.now() + dt.timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: later)
    owner = make.actor(item.product.shop.owner)
    asked = standing.appeal(
        actor=owner,
        shop_id=item.product.shop_id,
        facts=[("late", order.pk) for order in made],
        body="No time.",
    )
    standing.decide_appeal(
        actor=make.actor(make.staff("moderation")), appeal_id=asked.pk, upheld=False, reason="No."
    )

    assert standing_of(item.product.shop_id).verdict.state == "below"


def test_guarded_goods_need_a_permit() -> None:
    category = Category.objects.create(slug="medicine", names={"en": "Medicine"})
    shop = make.shop()
    owner, office = make.actor(shop.owner), make.actor(make.staff("moderation"))
    standing.guard_category(
        actor=office, category_id=category.pk, why="Medicine is for pharmacies.", reason="Law."
    )
    data = catalog.ProductInput(
        title="Pills", variants=[catalog.VariantInput(price=100, on_hand=1)], category="medicine"
    )
    made = catalog.create_product(actor=owner, shop_id=shop.pk, data=data)
    with pytest.raises(Conflict) as refused:
        catalog.publish_product(actor=owner, product_id=made.pk)
    assert refused.value.code == "permit_missing"

    asked = standing.ask_permit(
        actor=owner,
        shop_id=shop.pk,
        category_id=category.pk,
        number="PH-1234",
        holder="Demo Pharmacy",
        picture=staged_picture(owner),
    )
    with pytest.raises(Conflict):
        catalog.publish_product(actor=owner, product_id=made.pk)
    with pytest.raises(Forbidden):
        standing.decide_permit(actor=owner, permit_id=asked.pk, granted=True, reason="Mine.")
    standing.decide_permit(actor=office, permit_id=asked.pk, granted=True, reason="It is real.")
    assert catalog.publish_product(actor=owner, product_id=made.pk).state == "active"


def test_one_act_takes_it_off_sale_and_settles_what_is_open() -> None:
    shop = make.shop()
    bad, fine = make.variant(shop, stock=10, price=3_000), make.variant(shop, stock=10, price=500)
    unpaid = make.place((bad, 1), (fine, 1))
    waiting = make.pay(make.place((bad, 2), (fine, 1))).orders.get()
    sent = make.pay(make.place((bad, 1), email="has-it@example.com")).orders.get()
    ship(sent)
    untouched = make.pay(make.place((fine, 1))).orders.get()
    office = make.actor(make.staff("moderation"))
    with pytest.raises(Forbidden):
        standing.take_down(
            actor=make.actor(shop.owner), product_id=bad.product_id, reason="unsafe", words="Hot."
        )

    found = standing.take_down(
        actor=office, product_id=bad.product_id, reason="unsafe", words="It gets hot."
    )
    assert not visible_products().filter(pk=bad.product_id).exists()
    tell_takedown(
        ProductTakenDown(product_id=bad.product_id, shop_id=shop.pk, takedown_id=found.pk),
        None,  # type: ignore[arg-type]  # not looked at
    )
    for _twice in range(2):
        standing.settle_takedown(actor=SYSTEM, takedown_id=found.pk)

    found.refresh_from_db()
    unpaid.refresh_from_db()
    waiting.refresh_from_db()
    untouched.refresh_from_db()
    assert found.state == "settled"
    assert found.result == {"ended": 1, "refunded": 1, "warned": 1}
    assert unpaid.state == "cancelled"
    assert waiting.refunded_amount == 6_000  # and not what else was in it
    assert untouched.refunded_amount == 0
    warned = Message.objects.filter(kind="product.recalled")
    assert [each.destination for each in warned] == ["has-it@example.com"]
    stock = make.stock_of(bad)
    assert (stock.on_hand, stock.allocated, stock.reserved) == (9, 0, 0)
    assert verify().clean
    again = standing.take_down(
        actor=office, product_id=bad.product_id, reason="unsafe", words="It gets hot."
    )
    assert again.pk == found.pk
    assert Takedown.objects.count() == 1
    owner = make.actor(shop.owner)
    for verb in (catalog.unpublish_product, catalog.archive_product):
        with pytest.raises(Conflict):
            verb(actor=owner, product_id=bad.product_id)
    standing.lift_takedown(actor=office, takedown_id=found.pk, reason="A new model.")
    assert catalog.publish_product(actor=owner, product_id=bad.product_id).state == "active"


def test_taking_down_reaches_the_rest_of_a_parcel_and_vouchers_that_nobody_used() -> None:
    shop = make.shop()
    bad, haircut = make.variant(shop, stock=10, price=1_000), voucher(of=shop, price=800)
    partly = make.pay(make.place((bad, 3))).orders.get()
    [line] = partly.lines.all()
    orders.ship(
        actor=make.actor(shop.owner), order_id=partly.pk, carrier="Post", units={line.pk: 1}
    )
    cuts = make.pay(make.place((haircut, 2))).orders.get()
    used, _left = Voucher.objects.order_by("number")
    delivery.redeem(
        actor=make.actor(shop.owner), shop_id=shop.pk, code=delivery.open_voucher(used), key="one"
    )
    office = make.actor(make.staff("moderation"))

    for item in (bad, haircut):
        found = standing.take_down(
            actor=office, product_id=item.product_id, reason="unsafe", words="It cuts."
        )
        for _twice in range(2):
            standing.settle_takedown(actor=SYSTEM, takedown_id=found.pk)

    partly.refresh_from_db()
    cuts.refresh_from_db()
    assert (partly.state, partly.refunded_amount) == ("shipped", 2_000)
    assert cuts.refunded_amount == 800
    assert set(Voucher.objects.values_list("state", flat=True)) == {"redeemed", "refunded"}
    assert set(Takedown.objects.values_list("state", flat=True)) == {"settled"}
    assert recount() == {}
    assert verify().clean


def test_the_relay_leaves_many_orders_of_a_takedown_to_a_job() -> None:
    bad = make.variant(stock=10, price=1_000)
    waiting = paid(bad, 3)
    found = standing.take_down(
        actor=make.actor(make.staff("moderation")),
        product_id=bad.product_id,
        reason="unsafe",
        words="It gets hot.",
    )

    relay.drain()
    assert ProcrastinateJob.objects.filter(
        task_name="standing.settle", args={"takedown_id": str(found.pk)}
    ).exists()
    jobs.settle(takedown_id=str(found.pk))

    found.refresh_from_db()
    assert (found.state, found.result["refunded"]) == ("settled", 3)
    assert {Order.objects.get(pk=one.pk).state for one in waiting} == {"closed"}


def test_reviews_are_of_what_was_received() -> None:
    buyer = make.member()
    item = make.variant()
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    line = order.lines.get()
    who = make.actor(buyer)
    with pytest.raises(Conflict):
        standing.write_review(actor=who, line_id=line.pk, stars=5)
    ship(order)
    orders.confirm_receipt(actor=who, order_id=order.pk)
    with pytest.raises(NotFound):
        standing.write_review(actor=make.actor(make.member()), line_id=line.pk, stars=1)
    with pytest.raises(Invalid):
        standing.write_review(actor=who, line_id=line.pk, stars=6)
    first = standing.write_review(actor=who, line_id=line.pk, stars=4, body="Good.")
    assert standing.write_review(actor=who, line_id=line.pk, stars=1).pk == first.pk
    assert standing_of(item.product.shop_id).rating == 4.0


def test_reports_are_decided_and_count() -> None:
    item = make.variant(stock=20)
    paid(item, 5)
    who = make.actor(make.member())
    first = standing.report_product(
        actor=who, product_id=item.product_id, reason="counterfeit", body="It is a copy."
    )
    again = standing.report_product(
        actor=who, product_id=item.product_id, reason="counterfeit", body="It is a copy."
    )
    assert again.pk == first.pk
    assert standing_of(item.product.shop_id).facts.complaints == ()
    standing.decide_report(
        actor=make.actor(make.staff("moderation")), report_id=first.pk, upheld=True, reason="Yes."
    )
    assert standing_of(item.product.shop_id).verdict.over == ("complaints",)
