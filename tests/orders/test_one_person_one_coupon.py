"""A coupon for one use each stays one use each, whoever signs in, out, or joins."""

from __future__ import annotations

import pytest

from banyan.catalog.models import Variant
from banyan.entitlements.actions import CouponRefused, create_coupon
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.orders import actions as orders
from banyan.orders.actions.persons import is_newcomer, same_person
from banyan.orders.models import Checkout
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from tests.support import factories as make

pytestmark = pytest.mark.django_db
EMAIL, PHONE = "ana@example.com", "+8613800138000"


@pytest.fixture
def item() -> Variant:
    variant = make.variant(price=10_000, stock=50)
    shop = variant.product.shop
    create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="Once each",
        code="ONCE",
        amount_off=500,
        cap=9,
        per_person=1,
    )
    return variant


def buy(item: Variant, *, as_: Account | None = None, email: str = EMAIL) -> Checkout:
    return orders.place(
        actor=make.actor(as_) if as_ else Actor.guest(),
        lines=[orders.WantedLine(item.pk, 1)],
        contact=orders.Contact(email=email),
        address={**make.ADDRESS, "phone": PHONE},
        placement_key=new_code(80),
        provider="sandbox",
        coupon_code="ONCE",
    )


def test_a_guest_who_signs_up_has_had_theirs_joined_or_not(item: Variant) -> None:
    make.pay(buy(item))
    ana = make.member("ana", email=EMAIL)
    with pytest.raises(CouponRefused, match="coupon_used_by_you"):
        buy(item, as_=ana, email="other@example.com")

    [offer] = people.offer_merge(ana)
    people.accept_merge(actor=make.actor(ana), merge_id=offer.pk)

    for buyer in (ana, None):
        with pytest.raises(CouponRefused, match="coupon_used_by_you"):
            buy(item, as_=buyer)


def test_a_member_who_signs_out_has_had_theirs(item: Variant) -> None:
    ana = make.member("ana", email=EMAIL)
    make.pay(buy(item, as_=ana))
    with pytest.raises(CouponRefused, match="coupon_used_by_you"):
        buy(item, email=EMAIL.upper())


def test_a_guest_is_known_by_the_phone_as_well(item: Variant) -> None:
    ana = make.member("ana", phone=PHONE)
    make.pay(buy(item, as_=ana, email="a@example.com"))
    with pytest.raises(CouponRefused, match="coupon_used_by_you"):
        buy(item, email="b@example.com")


def test_a_second_account_that_signs_out_is_the_same_person_still(item: Variant) -> None:
    ana, again = make.member("ana", email=EMAIL), make.member("again", email="again@example.com")
    make.pay(buy(item, as_=ana))
    for one in (ana, again):
        record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="payment")

    for who, email in ((again, ""), (None, "again@example.com")):
        with pytest.raises(CouponRefused, match="coupon_used_by_you"):
            orders.place(
                actor=make.actor(who) if who else Actor.guest(),
                lines=[orders.WantedLine(item.pk, 1)],
                contact=orders.Contact(email=email),
                address={**make.ADDRESS, "phone": "+8613900139000"},
                placement_key=new_code(80),
                provider="sandbox",
                coupon_code="ONCE",
            )


def test_a_second_account_has_had_what_the_first_ones_address_bought_as_a_guest(
    item: Variant,
) -> None:
    make.pay(buy(item))
    ana, again = make.member("ana", email=EMAIL), make.member("again", email="again@example.com")
    for one in (ana, again):
        record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="payment")

    for who, email in ((again, ""), (None, "again@example.com")):
        keys = same_person(make.actor(who) if who else Actor.guest(), orders.Contact(email=email))
        assert f"contact:{EMAIL}" in keys
        assert not is_newcomer(keys)
    with pytest.raises(CouponRefused, match="coupon_used_by_you"):
        orders.place(
            actor=make.actor(again),
            lines=[orders.WantedLine(item.pk, 1)],
            contact=orders.Contact(),
            address={**make.ADDRESS, "phone": "+8613900139000"},
            placement_key=new_code(80),
            provider="sandbox",
            coupon_code="ONCE",
        )


def test_somebody_else_still_has_theirs(item: Variant) -> None:
    make.pay(buy(item, as_=make.member("ana", email=EMAIL), email="a@example.com"))
    assert buy(item, as_=make.member("ben", email="ben@example.com"), email="").discount_amount
