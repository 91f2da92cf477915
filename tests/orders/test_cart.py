"""Two carts that become one after the sign-in."""

from __future__ import annotations

import pytest

from banyan.catalog.models import ProductImage, Variant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media.actions import claim_staged
from banyan.orders import actions as orders
from banyan.orders.actions.cart import MOST_LINES
from banyan.orders.models import Cart, CartItem
from banyan.orders.queries import cart_lines
from banyan.people.models import Account
from banyan.standing import actions as standing
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db


def filled(cart: Cart, items: list[Variant]) -> Cart:
    now = clock.now()
    CartItem.objects.bulk_create(
        CartItem(cart=cart, variant=item, quantity=1, added_at=now) for item in items
    )
    return cart


def bought_by(who: Account, items: list[Variant]) -> Cart:
    return filled(orders.cart_for(actor=make.actor(who)), items)


def test_a_guests_cart_fills_the_members_as_far_as_there_is_room() -> None:
    item, ana = make.variant(), make.member()
    Variant.objects.bulk_create(
        Variant(product=item.product, price_amount=100, currency="CNY", position=n, values=[str(n)])
        for n in range(1, MOST_LINES)
    )
    known = list(Variant.objects.filter(product=item.product).exclude(pk=item.pk))
    mine = bought_by(ana, known)
    guests = filled(orders.cart_for(actor=Actor.guest()), [item, make.variant(), known[0]])

    orders.join_cart(actor=make.actor(ana), token=guests.token)

    assert mine.items.count() == MOST_LINES
    assert mine.items.filter(variant=item).exists(), "what came first has the last place"
    assert mine.items.get(variant=known[0]).quantity == 2
    assert not Cart.objects.filter(pk=guests.pk).exists()


def test_a_cart_shows_no_picture_that_no_card_shows() -> None:
    ana = make.member()
    who = make.actor(ana)
    goods = [make.product(title=f"Thing {n}", min_age=18 if n == 1 else None) for n in range(3)]
    for product in goods:
        image = claim_staged(actor=who, tokens=[staged_picture(who)])[0]
        ProductImage.objects.create(product=product, image=image)
    bought_by(ana, [product.variants.get() for product in goods])
    standing.take_down(
        actor=Actor.system("test"), product_id=goods[2].pk, reason="unsafe", words="It gets hot."
    )

    lines = cart_lines(actor=who, token="")

    assert [line.image_id is not None for line in lines] == [True, False, False]
    assert [line.problem for line in lines] == ["", "", "gone"]
