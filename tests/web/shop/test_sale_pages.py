"""A flash sale as shoppers see it; and asking to be told when something is back."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from banyan.kernel import clock
from banyan.media.actions import intake
from banyan.notify.models import Reminder
from banyan.sales import actions as sales
from banyan.sales.models import Entry, Right, Sale
from banyan.web.shop.market.cards import product_url
from tests.media.samples import jpeg
from tests.sales.scene import SYSTEM, bucket, buyer, claim, coming, on, planned
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def _page(sale: Sale, browser: Client) -> str:
    answer = browser.get(reverse("sale", args=[sale.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_everybody_buys_at_the_price_that_is_shown() -> None:
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000, public=3)
    browser = client()

    html = _page(sale, browser)
    assert "3 of 3 left" in html
    assert "lowest price of the last seven days was CN¥100.00" in html
    buy = re.search(r'href="(/checkout\?[^"]+)"', html)
    assert buy is not None
    checkout = browser.get(buy[1].replace("&amp;", "&")).content.decode()
    assert "CN¥50.00" in checkout
    product = browser.get(product_url(item.product)).content.decode()
    assert "Buy for CN¥50.00" in product
    assert f'href="/sale/{sale.pk}"' in product


def test_what_asks_for_an_age_has_no_picture_where_nobody_is_asked() -> None:
    shop = make.shop()
    picture = intake(actor=make.actor(shop.owner), data=jpeg())
    for min_age, shown in ((None, True), (18, False)):
        wine = make.product(shop, images=[picture.pk], min_age=min_age)
        html = _page(on(wine.variants.get()), client())
        assert wine.title in html
        assert ("<img" in html) is shown, min_age


def test_the_product_counts_down_to_what_comes_next_the_beginning_or_the_end() -> None:
    sale = coming()
    item = sale.items.get().variant
    page = client().get(product_url(item.product)).content.decode()
    assert "Begins in" in page
    assert f'data-deadline="{sale.starts_at:%Y-%m-%dT%H:%M}' in page
    assert f'data-deadline="{sale.ends_at:%Y-%m-%dT%H:%M}' not in page

    with clock.at(sale.starts_at + dt.timedelta(minutes=1)):
        page = client().get(product_url(item.product)).content.decode()
    assert "Begins in" not in page
    assert f'data-deadline="{sale.ends_at:%Y-%m-%dT%H:%M}' in page


def test_a_claim_leads_to_the_checkout_and_back() -> None:
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000, public=3, ticketed=True)
    ana = buyer(1)
    browser = client(ana)
    assert "Take one for CN¥50.00" in _page(sale, browser)
    assert "Sign in to buy" in _page(sale, client())

    answer = browser.post(reverse("sale_claim", args=[sale.pk]), {"variant": item.pk})

    assert answer["Location"] == f"/checkout?variant={item.pk}&n=1"
    assert "CN¥50.00" in browser.get(answer["Location"]).content.decode()
    assert "One is yours." in _page(sale, browser)
    again = browser.post(reverse("sale_claim", args=[sale.pk]), {"variant": item.pk})
    assert again.status_code == 409
    right = Right.objects.get()
    browser.post(reverse("sale_let_go", args=[sale.pk]), {"right": right.pk})
    right.refresh_from_db()
    assert right.state == "expired"


def test_the_waiting_room_shows_the_place_and_nobody_skips_it() -> None:
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000, admission="queue", first_seconds=0, at_once=1, public=5)
    ana, ben = buyer(1), buyer(2)
    for who in (ana, ben):
        client(who).post(reverse("sale_enter", args=[sale.pk]))
    sales.advance_sale(actor=SYSTEM, sale=Sale.objects.get(pk=sale.pk))
    first = Entry.objects.get(state="admitted").account
    second = ben if first == ana else ana

    assert "It is your turn." in _page(sale, client(first))
    waiting = client(second)
    html = _page(sale, waiting)
    assert "0 people are before you." in html
    assert 'hx-trigger="every 3s"' in html
    part = waiting.get(reverse("sale", args=[sale.pk]), headers={"hx-request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="sale"')
    skipped = waiting.post(reverse("sale_claim", args=[sale.pk]), {"variant": item.pk})
    assert skipped.status_code == 409
    assert "not your turn" in skipped.content.decode()
    checkout = waiting.get("/checkout", {"variant": item.pk, "n": 1}).content.decode()
    assert "CN¥100.00" in checkout
    assert bucket(sale).taken == 0
    client(first).post(reverse("sale_leave", args=[sale.pk]))
    sales.advance_sale(actor=SYSTEM, sale=Sale.objects.get(pk=sale.pk))
    assert "It is your turn." in _page(sale, waiting)


def test_a_code_opens_its_unit() -> None:
    item = make.variant(price=10_000, stock=9)
    sale = on(item, price=5_000, public=1, code=1, admission="queue")
    owner = make.actor(item.product.shop.owner)
    batch = sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="radio", count=1
    )
    [code] = sales.codes_of(actor=owner, batch_id=batch.pk)
    url = reverse("sale_code", args=[sale.pk])
    wrong = client(buyer(2)).post(url, {"code": "nonsense"})
    right = client(buyer(1)).post(url, {"code": code.code})
    assert wrong.status_code == 409
    assert right["Location"] == f"/checkout?variant={item.pk}&n=1"


@pytest.mark.parametrize(
    ("after", "words"),
    [(-HOUR, "Begins in"), (0 * HOUR, "Ends in"), (HOUR, "This sale is over.")],
)
def test_the_page_says_how_it_stands(after: dt.timedelta, words: str) -> None:
    item = make.variant(stock=9)
    start = clock.now() + HOUR
    sale = planned(item, starts_at=start, ends_at=start + HOUR, admission="queue")
    sales.publish_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk)
    with clock.at(start + after):
        assert words in _page(sale, client())
        cache.clear()


def test_a_paused_sale_says_so() -> None:
    item = make.variant(stock=9)
    sale = on(item, ticketed=True)
    sales.pause_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk)
    assert "has paused this sale" in _page(sale, client())
    answer = client(buyer(1)).post(reverse("sale_claim", args=[sale.pk]), {"variant": item.pk})
    assert answer.status_code == 409


def test_somebody_elses_unit_is_not_there() -> None:
    item = make.variant(stock=9)
    sale = on(item)
    right = claim(sale, item, buyer(1))
    url = reverse("sale_let_go", args=[sale.pk])
    assert client(buyer(2)).post(url, {"right": right.pk}).status_code == 404
    assert client().post(url, {"right": right.pk}).status_code in {302, 401}
    right.refresh_from_db()
    assert right.state == "bound"


# -- back in stock --------------------------------------------------------------------------------


def test_visitors_and_members_ask_to_be_told_and_take_it_back() -> None:
    item = make.variant(stock=0)
    product = client().get(product_url(item.product)).content.decode()
    url = reverse("stock_wish", args=[item.pk])
    assert f'href="{url}"' in product

    assert client().post(url, {"email": "nobody"}).status_code == 422
    assert client().post(url, {"email": "b@example.com"}).status_code == 200
    ana = client(buyer(1))
    assert ana.post(url).status_code == 200
    assert Reminder.objects.count() == 2
    ana.post(url, {"undo": "1"})
    wish = Reminder.objects.get(stopped_at=None)
    leave = reverse("stock_unwish", args=[wish.token])
    assert client().get(leave).status_code == 200
    wish.refresh_from_db()
    assert wish.destination == "b@example.com", "a mail reader that opens the link deletes nothing"
    client().post(leave)
    client().post(leave)
    wish.refresh_from_db()
    assert wish.destination == ""
    assert wish.stopped_at is not None


def test_what_is_there_needs_no_wish() -> None:
    item = make.variant(stock=1)
    url = reverse("stock_wish", args=[item.pk])
    assert client().post(url, {"email": "b@example.com"}).status_code == 409
    assert client().post(reverse("stock_wish", args=[1]), {"email": "b@x.com"}).status_code == 404


# -- the beginning of a sale ----------------------------------------------------------------------


def test_one_field_asks_to_be_told_when_a_sale_begins() -> None:
    sale = coming()
    url = reverse("sale_remind", args=[sale.pk])
    page = client().get(reverse("sale", args=[sale.pk])).content.decode()
    assert f'action="{url}"' in page
    assert client().post(url, {"contact": "b@example.com"}).status_code == 200
    assert client().post(url, {"contact": "b@example.com"}).status_code == 200
    assert client().post(url, {"contact": "neither"}).status_code == 422
    assert Reminder.objects.get().destination == "b@example.com"
