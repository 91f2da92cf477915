"""The queue and what is done with many orders at once; papers and changes over their pages."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Document, Fapiao, Order, OrderChange, Shipment
from tests.delivery import goods
from tests.support import factories
from tests.support.recount import recount

from .scene import Scene, client, scene

pytestmark = pytest.mark.django_db
CODE = "91350100M000100Y43"


def queue(at: Scene, query: str = "") -> str:
    url = reverse("studio_orders", args=[at.shop.slug])
    answer = client(at.owner).get(f"{url}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def second(at: Scene, n: int = 1) -> Order:
    return factories.pay(factories.place((at.item, n))).orders.get()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("state=paid", True),
        ("state=partly", False),
        ("state=shipped", False),
        ("state=returns", False),
        ("q=0000", True),
        ("q=9999", False),
        ("q=Demo+Person", True),
        ("q=Nobody", False),
        ("from=2020-01-01&to=2020-01-02", False),
        ("from=2020-01-01", True),
        ("from=nonsense", True),
        ("state=nonsense", True),
    ],
)
def test_the_queue_finds_by_state_day_and_words(query: str, shown: bool) -> None:
    at = scene()
    assert (at.order.number in queue(at, query)) is shown


def test_who_has_not_paid_stands_in_no_list_and_is_found_by_nobody() -> None:
    at = scene()
    waiting = factories.place((at.item, 1)).orders.get()
    waiting.checkout.address |= {"recipient": "Someone Else", "phone": "+8613811112222"}
    waiting.checkout.save(update_fields=["address"])

    assert "Someone Else" not in queue(at, f"q={waiting.number}")
    for text in ("Someone", "11112222", waiting.checkout.contact_phone[-6:]):
        assert waiting.number not in queue(at, f"q={text}")
    factories.pay(waiting.checkout)
    for text in ("Someone", "11112222"):
        page = queue(at, f"q={text}")
        assert waiting.number in page
        assert "Someone Else" in page


def test_the_queue_finds_by_number_and_goods_and_counts_what_waits() -> None:
    at = scene(quantity=2)
    line = at.order.lines.get()
    owner = factories.actor(at.owner)
    orders.ship(actor=owner, order_id=at.order.pk, carrier="SF", units={line.pk: 1})
    assert at.order.number in queue(at, f"q={at.order.number.lower()}")
    assert at.order.number in queue(at, f"q={line.title[:6]}")
    page = queue(at, "state=partly")
    assert at.order.number in page
    assert "Partly sent" in page


def test_an_unused_voucher_is_handed_over_and_nothing_is_partly_sent() -> None:
    at = scene()
    haircut = goods.voucher(of=at.shop)
    only = factories.pay(factories.place((haircut, 1))).orders.get()
    beside = factories.pay(factories.place((haircut, 1), (at.item, 1))).orders.get()

    page = queue(at, "state=partly")
    assert only.number not in page
    assert beside.number not in page
    assert ">Handed over<" in queue(at, f"q={only.number}")
    assert ">To ship<" in queue(at, f"q={beside.number}")
    one = client(at.owner).get(reverse("studio_order", args=[at.shop.slug, only.pk]))
    assert "Partly sent" not in one.content.decode()
    bought = client().get(reverse("purchase", args=[only.checkout.access_token])).content.decode()
    assert "the rest follows" not in bought


def test_the_export_is_safe_for_spreadsheets_and_written_down() -> None:
    at = scene()
    Checkout.objects.update(
        address=factories.ADDRESS | {"recipient": "=HYPERLINK(1)", "street": "@x"}
    )
    url = reverse("studio_orders_export", args=[at.shop.slug])

    answer: Any = client(at.owner).get(url)

    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    heads, row = csv.reader(io.StringIO(text[1:]))
    found = dict(zip(heads, row, strict=True))
    assert found["order"] == at.order.number
    assert found["recipient"] == "'=HYPERLINK(1)"
    assert found["address"].startswith("'@x")
    assert (found["paid"], found["quantity"]) == ("100.01", "1")
    assert AuditEntry.objects.get(action="orders.export").actor_id == at.owner.pk
    assert client(at.stranger).get(url).status_code == 404


def test_each_line_of_an_order_is_a_whole_row_of_the_export() -> None:
    at = scene()
    both = factories.pay(factories.place((at.item, 1), (factories.variant(at.shop), 2)))
    order = both.orders.get()

    url = reverse("studio_orders_export", args=[at.shop.slug])
    answer: Any = client(at.owner).get(f"{url}?q={order.number}")
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["order"], row["recipient"], row["quantity"]) for row in rows] == [
        (order.number, "Demo Person", "1"),
        (order.number, "Demo Person", "2"),
    ]
    paid = sum(Money.parse(row["paid"], row["currency"]).amount for row in rows)
    assert paid == order.total_amount


def test_the_packing_list_shows_what_is_left_to_pack_without_prices() -> None:
    at = scene(quantity=3)
    line = at.order.lines.get()
    owner = factories.actor(at.owner)
    orders.ship(actor=owner, order_id=at.order.pk, carrier="SF", units={line.pk: 1})
    other = factories.pay(factories.place((factories.variant(), 1))).orders.get()
    url = reverse("studio_packing", args=[at.shop.slug])

    page = client(at.owner).get(f"{url}?order={at.order.pk}&order={other.pk}&order=x")

    text = page.content.decode()
    assert at.order.number in text
    assert "Lakeside Road 1" in text
    assert other.number not in text
    assert "100.01" not in text
    with_prices = client(at.owner).get(f"{url}?order={at.order.pk}&prices=1").content.decode()
    assert "100.01" in with_prices


def test_what_is_no_longer_sold_is_packed_by_its_sku() -> None:
    shop = factories.shop()
    kinds = [
        catalog.VariantInput(price=100, values=[size], sku=f"CUP-{size}", on_hand=5)
        for size in ("S", "M")
    ]
    cup = factories.product(shop, options=["Size"], variants=kinds)
    small = cup.variants.get(sku="CUP-S")
    order = factories.pay(factories.place((small, 1))).orders.get()

    def sell(*variants: catalog.VariantInput) -> None:
        data = catalog.ProductInput(title="Cup", options=["Size"], variants=variants)
        catalog.update_product(actor=factories.actor(shop.owner), product_id=cup.pk, data=data)

    sell(kinds[1])
    packing = reverse("studio_packing", args=[shop.slug]) + f"?order={order.pk}"
    assert "CUP-S" in client(shop.owner).get(packing).content.decode()
    sell(kinds[1], replace(kinds[0], values=["XS"]))
    assert cup.variants.get(sku="CUP-S").values == ["XS"], "another one may take it"
    sell(replace(kinds[1], sku="CUP-S"), replace(kinds[0], values=["XS"], sku="CUP-M"))
    assert cup.variants.get(sku="CUP-S").values == ["M"], "or swap it"


def test_many_are_sent_at_once_each_with_its_own_answer() -> None:
    at = scene()
    more = [second(at) for _ in range(2)]
    foreign = factories.pay(factories.place((factories.variant(), 1))).orders.get()
    url = reverse("studio_bulk_ship", args=[at.shop.slug])
    assert at.order.number in client(at.owner).get(f"{url}?order={at.order.pk}").content.decode()
    rows = (
        "order number,carrier,tracking\n"
        f"{more[0].number},UPS,1Z\n{foreign.number},UPS,2\n{more[1].number},,\n"
    )
    form = {
        "rows": rows,
        "number": [at.order.number],
        "carrier": "SF Express",
        f"tracking_{at.order.number}": "SF1",
    }

    for _ in range(2):
        answer = client(at.owner).post(url, form)
        assert answer.status_code == 200
        assert "2 of 4 sent" in answer.content.decode()

    sent = Shipment.objects.order_by("id").values_list("order_id", "carrier", "tracking")
    assert set(sent) == {(more[0].pk, "UPS", "1Z"), (at.order.pk, "SF Express", "SF1")}
    assert Order.objects.get(pk=foreign.pk).state == "paid"
    assert client(at.owner).post(url, {}).status_code == 422
    assert client(at.stranger).post(url, form).status_code == 404
    assert recount() == {}


def test_papers_are_written_and_sent_to_shop_and_buyer_only() -> None:
    at = scene()
    token = at.order.checkout.access_token
    issue = reverse("document_issue", args=[token, at.order.pk])
    assert client(at.buyer).post(issue, {"kind": "invoice"}).status_code == 409
    legal = {
        "form": "legal",
        "legal_name": "Kiln Ltd",
        "legal_address": "Lakeside Road 1",
        "tax_id": CODE,
    }
    settings_url = reverse("studio_after_sale", args=[at.shop.slug])
    assert client(at.owner).post(settings_url, legal | {"tax_id": "1"}).status_code == 422
    assert client(at.owner).post(settings_url, legal).status_code == 302

    got: Any = client(at.buyer).post(issue, {"kind": "invoice"})
    again: Any = client(at.owner).post(
        reverse("studio_document", args=[at.shop.slug, at.order.pk]), {"kind": "invoice"}
    )

    assert got.content.startswith(b"%PDF-")
    assert got.content == again.content
    url = reverse("document", args=[Document.objects.get().pk])
    assert client().get(f"{url}?o={token}").content == got.content
    assert client().get(url).status_code == 404
    assert client(at.stranger).get(url).status_code == 404
    page = client(at.buyer).get(f"/o/{token}").content.decode()
    assert Document.objects.get().number in page


def test_a_fapiao_over_its_pages() -> None:
    at = scene()
    token = at.order.checkout.access_token
    url = reverse("order_fapiao", args=[token, at.order.pk])
    form = {"title_kind": "company", "title": "杭州窑", "tax_id": CODE, "email": "a@example.com"}
    assert client(at.buyer).post(url, form | {"tax_id": "123"}).status_code == 422
    assert client(at.buyer).post(url, form).status_code == 302
    listed = client(at.owner).get(reverse("studio_fapiao", args=[at.shop.slug]))
    assert CODE in listed.content.decode()
    answer = reverse("studio_fapiao_answer", args=[at.shop.slug, at.order.pk])
    file = io.BytesIO(b"%PDF-1.4 paper")
    file.name = "../../<script>.pdf"
    done = client(at.owner).post(
        answer, {"do": "issue", "fapiao_number": "24332000000012345678", "file": file}
    )
    assert done.status_code == 302
    assert Fapiao.objects.get().state == "issued"
    sent = client(at.buyer).get(reverse("fapiao_file", args=[at.order.pk]))
    assert sent.content == b"%PDF-1.4 paper"
    assert sent["Content-Disposition"] == 'attachment; filename="24332000000012345678.pdf"'
    assert client(at.stranger).get(reverse("fapiao_file", args=[at.order.pk])).status_code == 404


def hidden(page: str) -> dict[str, str]:
    pairs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in pairs}


def test_a_change_is_shown_and_then_done_as_it_was_shown() -> None:
    at = scene(quantity=3)
    url = reverse("studio_order_change", args=[at.shop.slug, at.order.pk])
    browser = client(at.owner)
    assert browser.get(url).status_code == 200
    wish = {"kind": "quantity", "line": str(at.order.lines.get().pk), "quantity": "1"}

    page = browser.post(url, wish).content.decode()

    assert "200.02" in page
    assert not OrderChange.objects.exists()
    confirmed = hidden(page)
    for _ in range(2):
        assert browser.post(url, confirmed).status_code == 302
    assert OrderChange.objects.get().amount == 20_002
    assert browser.post(url, confirmed | {"key": "new"}).status_code == 422, "it has moved"
    assert browser.post(url, wish | {"quantity": "9"}).status_code == 422
    assert recount() == {}
    assert verify().clean


def test_the_buyer_changes_the_street_over_the_page() -> None:
    at = scene()
    token = at.order.checkout.access_token
    url = reverse("order_address", args=[token, at.order.pk])
    browser = client()
    fields = {"recipient": "Cy", "phone": "+8613800000001", "street": "Other Road 9"}
    page = browser.post(url, fields).content.decode()
    assert "Other Road 9" in page
    assert browser.post(url, hidden(page)).status_code == 302
    assert Checkout.objects.get().address["street"] == "Other Road 9"
    wrong = reverse("order_address", args=["nobody", at.order.pk])
    assert browser.post(wrong, fields).status_code == 404


def test_an_order_without_an_address_has_none_to_change() -> None:
    haircut = goods.voucher()
    shop = goods.shop_of(haircut)
    placed = orders.place(
        actor=Actor.guest(),
        lines=[orders.WantedLine(haircut.pk, 1)],
        contact=orders.Contact(email="ana@example.com"),
        address={"country": "CN"},
        placement_key="voucher",
        provider="sandbox",
    )
    order = factories.pay(placed).orders.get()
    assert order.checkout.address == {}
    change = reverse("studio_order_change", args=[shop.slug, order.pk])
    at_shop, at_home = client(shop.owner), client()

    assert 'value="address"' not in at_shop.get(change).content.decode()
    wish = {"kind": "address", "street": "Other Road 9"}
    assert at_shop.post(change, wish).status_code == 422
    address = reverse("order_address", args=[placed.access_token, order.pk])
    assert at_home.get(address).status_code == 200
    refused = at_home.post(address, wish)
    assert refused.status_code == 422
    assert "Nothing of this order is sent." in refused.content.decode()


def test_a_clerk_may_send_but_not_pay_back() -> None:
    at = scene()
    clerk = factories.member()
    catalog.hire(
        actor=factories.actor(at.owner), shop_id=at.shop.pk, account_id=clerk.pk, role="clerk"
    )
    browser = client(clerk)
    url = reverse("studio_order_change", args=[at.shop.slug, at.order.pk])
    assert browser.post(url, {"kind": "shipping", "amount": "1"}).status_code == 404
    ship = reverse("studio_order_ship", args=[at.shop.slug, at.order.pk])
    assert browser.post(ship, {"carrier": "SF"}).status_code == 302


def test_with_nothing_chosen_the_page_says_how_to_choose() -> None:
    at = scene()
    url = reverse("studio_bulk_ship", args=[at.shop.slug])
    bare = client(at.owner).get(url).content.decode()
    assert "Tick orders in the list of all orders" in bare
    assert ">Paste a list" in bare
    chosen = client(at.owner).get(f"{url}?order={at.order.pk}").content.decode()
    assert "Tick orders" not in chosen
    assert ">Or paste a list" in chosen


@pytest.mark.parametrize(
    ("language", "country"), [("en", "Germany"), ("zh-hans", "德国"), ("zh-hant", "德國")]
)
def test_a_country_is_named_to_people_and_coded_in_files(language: str, country: str) -> None:
    at = scene()
    at.order.checkout.address = {
        "recipient": "Cy",
        "street": "Uferstr. 1",
        "postcode": "10115",
        "level2": "Berlin",
        "country": "DE",
    }
    at.order.checkout.save(update_fields=["address"])
    seller, buyer = client(at.owner), client(at.buyer)
    for browser in (seller, buyer):
        browser.cookies["banyan_language"] = language
    order = reverse("studio_order", args=[at.shop.slug, at.order.pk])
    packing = reverse("studio_packing", args=[at.shop.slug]) + f"?order={at.order.pk}"
    bought = reverse("purchase", args=[at.order.checkout.access_token])
    for browser, url in ((seller, order), (seller, packing), (buyer, bought)):
        page = browser.get(url).content.decode()
        assert "10115 Berlin" in page
        assert country in page
        assert "DE<" not in page

    sent = seller.get(reverse("studio_orders_export", args=[at.shop.slug]))
    assert "Berlin, 10115, DE" in sent.getvalue().decode()


def test_the_buyer_reads_what_came_back_as_money() -> None:
    at = scene()
    url = reverse("studio_order_refund", args=[at.shop.slug, at.order.pk])
    client(at.owner).post(url, {"amount": "33.00", "reason": "Late", "key": "k"})
    page = client(at.buyer).get(reverse("purchase", args=[at.order.checkout.access_token]))
    assert "CN¥33.00 · Late" in page.content.decode()


def test_an_address_is_changed_in_the_order_in_which_it_was_asked_for() -> None:
    at = scene()
    url = reverse("order_address", args=[at.order.checkout.access_token, at.order.pk])
    page = client(at.buyer).get(url).content.decode()
    names = re.findall(r'<input[^>]* name="([a-z0-9]+)"', page[page.index("<main") :])
    asked = ["recipient", "phone", "level2", "level3", "street"]
    assert [name for name in names if name in asked] == asked
