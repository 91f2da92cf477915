"""A piece that is sent in exchange: found by who packs it, and sent back like the first one."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from banyan.catalog.actions import VariantInput
from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.orders import actions as orders
from banyan.orders.access import visible_orders
from banyan.orders.finding import counts
from banyan.orders.models import Order, OrderLine, Return
from banyan.orders.queries import units_by_storefront
from banyan.standing import actions as standing
from tests.delivery import goods
from tests.support import factories as make
from tests.support.recount import recount
from tests.web.studio.scene import client

from .test_returns import approve, ask, boss, settle, two_kinds

pytestmark = pytest.mark.django_db


def agreed() -> tuple[Order, OrderLine, Return]:
    """An order of the red one, to be exchanged for a blue one that is set aside."""
    order, _red, blue = two_kinds()
    line = order.lines.get()
    asked = ask(order, exchange={line.pk: blue.pk}, reason="wrong_size")
    approve(asked)
    return order, order.lines.get(replaces=line), asked


def looked_at(asked: Return) -> None:
    orders.receive_return(actor=boss(asked.order), return_id=asked.pk)
    settle(asked)


def to_ship(order: Order) -> int:
    return counts(visible_orders(boss(order), order.shop_id))["paid"]


def page_of(shop: Shop, name: str, query: str) -> str:
    answer = client(shop.owner).get(f"{reverse(name, args=[shop.slug])}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_piece_that_is_owed_stands_among_what_is_to_be_sent_until_it_is() -> None:
    order, piece, asked = agreed()
    assert to_ship(order) == 0, "not before the first one has come back"

    looked_at(asked)

    assert to_ship(order) == 1
    listed = page_of(order.shop, "studio_orders", "state=paid")
    assert order.number in listed
    assert "Another piece to send" in listed
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF", units={piece.pk: 1})
    assert to_ship(order) == 0


def test_a_piece_that_is_set_aside_is_packed_only_when_the_first_one_has_come() -> None:
    order, piece, asked = agreed()
    assert piece.title not in page_of(order.shop, "studio_packing", f"order={order.pk}")
    waiting = page_of(order.shop, "studio_bulk_ship", f"order={order.pk}")
    assert piece.title not in waiting
    assert f"Nothing of these can be sent now: {order.number}." in waiting

    looked_at(asked)

    assert piece.title in page_of(order.shop, "studio_packing", f"order={order.pk}")
    assert piece.title in page_of(order.shop, "studio_bulk_ship", f"order={order.pk}")


def test_an_exchange_is_one_purchase_to_who_counts_and_who_rates() -> None:
    order, _red, blue = two_kinds()
    line = order.lines.get()
    OrderLine.objects.filter(pk=line.pk).update(storefront_id=7)
    asked = ask(order, exchange={line.pk: blue.pk}, reason="wrong_size")
    approve(asked)
    piece = order.lines.get(replaces=line)
    looked_at(asked)
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF", units={piece.pk: 1})

    reviews = {
        standing.write_review(
            actor=Actor.guest(),
            line_id=pk,
            stars=stars,
            access_token=order.checkout.access_token,
        )
        for pk, stars in ((piece.pk, 4), (line.pk, 1))
    }

    assert [(one.line_id, one.stars) for one in reviews] == [(line.pk, 4)]
    product = blue.product
    product.refresh_from_db()
    assert (product.ratings, product.stars) == (1, 4)
    assert units_by_storefront([product.pk]) == {(product.pk, 7): 1}
    page = client().get(reverse("purchase", args=[order.checkout.access_token]))
    assert reverse("review_write", args=[order.checkout.access_token, piece.pk]) not in (
        page.content.decode()
    )


def test_what_is_not_paid_is_on_no_packing_list() -> None:
    item = make.variant()
    order = make.place((item, 1)).orders.get()
    sheet = page_of(item.product.shop, "studio_packing", f"order={order.pk}")
    assert order.number in sheet
    assert item.product.title not in sheet


def test_a_paid_voucher_is_nothing_to_send() -> None:
    item = goods.voucher()
    order = make.pay(make.place((item, 1))).orders.get()
    assert order.state == "paid"
    assert to_ship(order) == 0


def late_piece() -> tuple[Order, OrderLine, dt.datetime]:
    """The piece leaves twenty days after receipt, long after the seven days of the first one."""
    order, piece, asked = agreed()
    sent_at = clock.now() + dt.timedelta(days=20)
    with clock.at(sent_at):
        looked_at(asked)
        orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    return order, piece, sent_at


def test_a_piece_has_its_own_days_from_when_it_is_taken_as_received() -> None:
    order, piece, sent_at = late_piece()

    # ten days until it is taken as received, seven to send it back
    with clock.at(sent_at + dt.timedelta(days=17)), pytest.raises(Conflict) as late:
        ask(order, {piece.pk: 1}, key="late")
    assert late.value.code == "return_too_late"
    with clock.at(sent_at + dt.timedelta(days=16)):
        asked = ask(order, {piece.pk: 1}, key="second")
        looked_at(approve(asked))

    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("closed", 2_000)
    assert recount() == {}


def test_the_days_of_a_piece_are_no_longer_days_for_what_was_bought_beside_it() -> None:
    shop = make.shop()
    other = make.variant(shop, price=700)
    product = make.product(shop, options=["Colour"], variants=two_colours())
    red, blue = product.variants.order_by("id")
    order = make.pay(make.place((red, 1), (other, 1))).orders.get()
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    token = order.checkout.access_token
    orders.confirm_receipt(actor=Actor.guest(), order_id=order.pk, access_token=token)
    first = order.lines.get(variant=red)
    asked = approve(ask(order, {first.pk: 1}, exchange={first.pk: blue.pk}))
    later = clock.now() + dt.timedelta(days=10)
    with clock.at(later):
        looked_at(asked)
        orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")

    with clock.at(later + dt.timedelta(days=1)):
        form = client().get(reverse("return_ask", args=[token, order.pk])).content.decode()
        with pytest.raises(Conflict) as late:
            ask(order, {order.lines.get(variant=other).pk: 1}, key="beside")

    assert late.value.code == "return_too_late"
    assert f"unit_{order.lines.get(replaces=first).pk}" in form
    assert f"unit_{order.lines.get(variant=other).pk}" not in form


def two_colours() -> list[VariantInput]:
    return [VariantInput(values=[name], price=2_000, on_hand=3) for name in ("red", "blue")]
