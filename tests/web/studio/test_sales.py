"""Flash sales, planned and run through the studio's forms."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from banyan.catalog.models import Stock
from banyan.kernel import clock
from banyan.sales.models import Right, Sale
from tests.sales.scene import buyer, claim, on, planned
from tests.support import factories

from .scene import client

pytestmark = pytest.mark.django_db


def _form(variant_id: int, **changed: str) -> dict[str, str]:
    soon = clock.now() + dt.timedelta(hours=9)  # the shop's clock is ahead of ours
    return {
        "title": "Singles' day",
        "starts_at": f"{soon:%Y-%m-%dT%H:%M}",
        "ends_at": f"{soon + dt.timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "variant_1": str(variant_id),
        "price_1": "50",
        "public_1": "3",
        "code_1": "2",
        "per_person": "1",
        "ttl_minutes": "10",
        "first_seconds": "30",
        "at_once": "50",
        "admission": "queue",
    } | changed


def test_a_sale_is_planned_looked_at_published_paused_and_ended() -> None:
    item = factories.variant(price=10_000, stock=9)
    shop = item.product.shop
    browser = client(shop.owner)

    made = browser.post(reverse("studio_sales", args=[shop.slug]), _form(item.pk))
    sale = Sale.objects.get()
    page = reverse("studio_sale", args=[shop.slug, sale.pk])
    act = reverse("studio_sale_act", args=[shop.slug, sale.pk])
    assert made["Location"] == page
    assert browser.get(page).status_code == 200
    assert browser.get(reverse("sale", args=[sale.pk])).status_code == 200
    assert client().get(reverse("sale", args=[sale.pk])).status_code == 404

    for wanted, state, held in (
        ("publish", "scheduled", 5),
        ("pause", "scheduled", 5),
        ("resume", "scheduled", 5),
        ("end", "ended", 5),
    ):
        assert browser.post(act, {"do": wanted}).status_code == 302
        sale.refresh_from_db()
        assert (sale.state, Stock.objects.get(variant=item).held) == (state, held), wanted
        assert browser.get(page).status_code == 200
    assert client().get(reverse("sale", args=[sale.pk])).status_code == 200


def test_a_draft_is_thrown_away() -> None:
    item = factories.variant(stock=9)
    shop = item.product.shop
    sale = planned(item)
    browser = client(shop.owner)
    browser.post(reverse("studio_sale_act", args=[shop.slug, sale.pk]), {"do": "discard"})
    assert not Sale.objects.exists()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("title", ""),
        ("starts_at", "soon"),
        ("ends_at", "2020-01-01T00:00"),
        ("ttl_minutes", "4"),
        ("per_person", "0"),
        ("price_1", "-1"),
        ("public_1", "x"),
        ("variant_1", "123"),
        ("variant_1", ""),
        ("leftover_at", "2020-01-01T00:00"),
    ],
)
def test_nonsense_is_refused_and_what_was_typed_stays(name: str, typed: str) -> None:
    item = factories.variant(stock=9)
    shop = item.product.shop
    form = _form(item.pk, title="My sale") | {name: typed}
    answer = client(shop.owner).post(reverse("studio_sales", args=[shop.slug]), form)
    assert answer.status_code == 422
    assert not Sale.objects.exists()
    if name != "title":
        assert "My sale" in answer.content.decode()


def test_a_price_above_the_lowest_of_the_week_is_not_published() -> None:
    item = factories.variant(price=5_000, stock=9)
    shop = item.product.shop
    sale = planned(item, price=6_000)
    browser = client(shop.owner)
    page = browser.get(reverse("studio_sale", args=[shop.slug, sale.pk])).content.decode()
    assert "above the lowest one" in page
    act = reverse("studio_sale_act", args=[shop.slug, sale.pk])
    assert browser.post(act, {"do": "publish"}).status_code == 422
    assert Stock.objects.get(variant=item).held == 0


def test_codes_are_made_taken_as_a_file_and_called_back() -> None:
    item = factories.variant(stock=9)
    shop = item.product.shop
    sale = on(item, public=1, code=2)
    browser, url = client(shop.owner), reverse("studio_sale_codes", args=[shop.slug, sale.pk])

    browser.post(url, {"variant": item.pk, "channel": "radio", "count": "2"})
    too_many = browser.post(url, {"variant": item.pk, "channel": "radio", "count": "1"})
    batch = Right.objects.order_by("id")[0].batch
    assert batch is not None
    file = browser.get(reverse("studio_sale_codes_file", args=[shop.slug, batch.pk]))

    rows = list(csv.reader(io.StringIO(file.content.decode())))
    assert [row[0] for row in rows[1:]] == list(
        Right.objects.order_by("id").values_list("code", flat=True)
    )
    assert too_many.status_code == 422
    browser.post(url, {"revoke": batch.pk})
    assert set(Right.objects.values_list("state", flat=True)) == {"revoked"}


def test_no_recipient_of_a_code_is_a_formula_in_the_file() -> None:
    item = factories.variant(stock=9)
    shop = item.product.shop
    sale = on(item, public=1, code=2)
    browser, url = client(shop.owner), reverse("studio_sale_codes", args=[shop.slug, sale.pk])
    typed = "=1+1@x.example lin@example.com"
    browser.post(url, {"variant": item.pk, "channel": "letter", "recipients": typed})
    batch = Right.objects.order_by("id")[0].batch
    assert batch is not None

    file = browser.get(reverse("studio_sale_codes_file", args=[shop.slug, batch.pk]))

    rows = list(csv.reader(io.StringIO(file.content.decode())))
    assert {row[1] for row in rows[1:]} == {
        "'=1+1@x.example",
        "lin@example.com",
    }


def test_codes_for_somebody_are_for_whom_they_name() -> None:
    item = factories.variant(stock=9)
    shop = item.product.shop
    sale = on(item, public=1, code=3)
    browser, url = client(shop.owner), reverse("studio_sale_codes", args=[shop.slug, sale.pk])
    form = {"variant": str(item.pk), "channel": "mail"}

    wrong = browser.post(url, form | {"recipients": "ana@example.com, 138"})

    assert wrong.status_code == 422
    assert "No e-mail address or phone number: 138" in wrong.content.decode()
    browser.post(url, form | {"recipients": "Ana@example.com, 138 0000 0001"})
    made = Right.objects.order_by("recipient").values_list("recipient", flat=True)
    assert list(made) == ["+8613800000001", "ana@example.com"]


def test_how_it_goes_is_shown() -> None:
    item = factories.variant(stock=9)
    shop = item.product.shop
    sale = on(item, public=3)
    claim(sale, item, buyer(1))
    html = client(shop.owner).get(reverse("studio_sale", args=[shop.slug, sale.pk]))
    assert "Claimed, not ordered" in html.content.decode()
    listed = client(shop.owner).get(reverse("studio_sales", args=[shop.slug]))
    assert 'class="error"' not in listed.content.decode()
    assert sale.title.replace("'", "&#39;") in listed.content.decode()


def test_strangers_and_clerks_see_and_change_nothing() -> None:
    item, mine = factories.variant(stock=9), factories.variant(stock=9)
    shop, own = item.product.shop, mine.product.shop
    sale = planned(item, public=1, code=1)
    stranger = client(own.owner)
    for slug in (shop.slug, own.slug):
        assert stranger.get(reverse("studio_sale", args=[slug, sale.pk])).status_code == 404
        for name, data in (
            ("studio_sale_act", {"do": "publish"}),
            ("studio_sale_codes", {"count": "1"}),
            ("studio_sale_fans", {"handles": "x"}),
        ):
            answer = stranger.post(reverse(name, args=[slug, sale.pk]), data)
            assert answer.status_code == 404, (name, slug)
    sale.refresh_from_db()
    assert sale.state == "draft"
