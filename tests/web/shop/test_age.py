"""What asks for an age is neither named nor pictured on a page of its own before one says it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.catalog.models import Product
from banyan.chat import actions as chat
from banyan.community.models import PostImage
from banyan.media.actions import intake
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.standing import actions as standing
from banyan.standing.models import Review
from tests.media.samples import jpeg
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db
WORDS = "Sweet as a plum."


def reviewed(min_age: int | None) -> Review:
    """What a buyer says of goods that somebody else may not see yet."""
    buyer = make.member()
    item = make.product(title="Plum wine").variants.get()
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    orders.ship(actor=make.actor(item.product.shop.owner), order_id=order.pk, carrier="Post")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    Product.objects.update(min_age=min_age)
    return standing.write_review(
        actor=make.actor(buyer), line_id=order.lines.get().pk, stars=5, body=WORDS
    )


def read(browser: Client, page: str) -> str:
    answer = browser.get(page)
    assert answer.status_code == 200, page
    return answer.content.decode()


@pytest.mark.parametrize("min_age", [None, 18])
def test_pages_to_say_that_something_is_wrong_ask_first(min_age: int | None) -> None:
    review = reviewed(min_age)
    wine = review.product
    pages = {
        reverse("report_product", args=[wine.pk]): "Plum wine",
        reverse("rights_file", args=["product", wine.pk]): "Plum wine",
        reverse("report", args=["review", review.pk]): WORDS,
        reverse("rights_file", args=["review", review.pk]): WORDS,
    }
    browser = client(make.member())

    for page, said in pages.items():
        assert (said in read(browser, page)) is (min_age is None), page
    browser.post("/age", {"age": "18", "next": "/", "old_enough": "yes"})
    for page, said in pages.items():
        assert said in read(browser, page), page


@pytest.mark.parametrize("min_age", [None, 18])
def test_the_page_to_be_told_that_it_is_back_asks_first(min_age: int | None) -> None:
    item = make.product(min_age=min_age, title="Plum wine", stock=0).variants.get()
    page = reverse("stock_wish", args=[item.pk])
    browser = Client()

    assert ("Plum wine" in read(browser, page)) is (min_age is None)
    browser.post("/age", {"age": "18", "next": "/", "old_enough": "yes"})
    assert "Plum wine" in read(browser, page)


@pytest.mark.parametrize(("min_age", "pictures"), [(None, 1), (18, 0)])
def test_the_shops_picture_of_it_is_not_shown_to_friends(
    min_age: int | None, pictures: int
) -> None:
    shop, buyer = make.shop(), make.member()
    picture = intake(actor=make.actor(shop.owner), data=jpeg())
    wine = make.product(shop, images=[picture.pk])
    placed = make.place((wine.variants.get(), 1), buyer=buyer)
    Product.objects.update(min_age=min_age)
    line = make.pay(placed).orders.get().lines.get()

    page = reverse("purchase_show", args=[placed.access_token, line.pk])
    shown = client(buyer).post(page, {"visibility": "3", "body": "For tonight."})

    assert shown.status_code == 302
    assert PostImage.objects.count() == pictures


@pytest.mark.parametrize("values", [{"min_age": 18}, {"state": "taken_down"}])
def test_ones_own_orders_do_not_picture_it_nor_what_was_taken_down(values: dict[str, Any]) -> None:
    buyer = make.member()
    image = intake(actor=make.actor(make.member()), data=jpeg())
    product = make.product(images=[image.pk])
    bought = make.pay(make.place((product.variants.get(), 1), buyer=buyer))
    order, token = bought.orders.get(), bought.access_token
    room = chat.open_shop_room(actor=make.actor(buyer), shop_id=product.shop_id)
    card = chat.Words(card=chat.Wanted("order", order.pk))
    chat.send(actor=make.actor(buyer), room_id=room.pk, words=card)
    pages = [reverse("purchase", args=[token]), reverse("orders_mine"), f"/chat/{room.pk}"]
    browser = client(buyer)
    drawn = pictures([image.pk])[image.pk]["src"].rpartition("/")[2].partition("-")[0]

    for page in pages:
        assert drawn in read(browser, page), page
    Product.objects.filter(pk=product.pk).update(**values)
    for page in pages:
        assert drawn not in read(browser, page), page
