"""Row 26: from a share straight to paying, and nothing that goes wrong on the way costs twice."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.catalog.models import Product
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout, Order
from banyan.payments.models import Intent
from banyan.sharing.actions import share
from banyan.sharing.models import Link
from tests.support import factories as make
from tests.support.sandbox import Sandbox
from tests.support.walkers import PHONE, Town, Walker, payment_ref

pytestmark = pytest.mark.django_db


def shared_product() -> tuple[Product, Link]:
    product = make.product(price=10_000, stock=5)
    link = share(
        actor=make.actor(make.member("ana")), target_kind="product", target_id=product.pk, via=None
    )
    return product, link


def at_the_form(town: Town, link: Link) -> Walker:
    """A visitor who came by a link and stands before the order form."""
    walker = Walker(town)
    walker.open(link.code)
    walker.follow(r"^/checkout\?")
    return walker


def one_paid_order(product: Product) -> Checkout:
    """Assert that exactly one order exists, paid once, with one unit taken and sound books."""
    checkout = Checkout.objects.get()
    assert checkout.state == "paid"
    assert Order.objects.get().total_amount == checkout.total_amount
    assert [intent.state for intent in Intent.objects.all()] == ["captured"]
    stock = make.stock_of(product.variants.get())
    assert (stock.on_hand - stock.allocated, stock.reserved) == (4, 0)
    assert verify().clean
    return checkout


@pytest.mark.parametrize(
    "tampered",
    [
        {"price": "1", "unit_amount": "1", "goods_amount": "1", "amount": "1", "total": "1"},
        {"total_amount": "1", "shipping": "0", "tax_amount": "-1"},
        {"discount": "9999", "discount_amount": "9999", "buyer": "1", "seller": "1"},
    ],
    ids=["price", "sums", "discount"],
)
def test_row_26_what_a_form_says_of_money_is_not_believed(
    town: Town, sandbox: Sandbox, tampered: dict[str, str]
) -> None:
    product, link = shared_product()
    walker = at_the_form(town, link)

    walker.place(email="cy@example.com", **tampered)

    checkout = Checkout.objects.get()
    assert (checkout.total_amount, checkout.currency) == (10_000, "CNY")
    assert Intent.objects.get().amount == 10_000
    assert checkout.orders.get().shop_id == product.shop_id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agreed", "1"),
        ("coupon", "FREE-FOR-ME"),
        ("currency", "JPY"),
        ("n", "2"),
        ("n", "1000"),
    ],
)
def test_row_26_a_form_that_asks_for_what_is_not_so_is_refused_whole(
    town: Town, field: str, value: str
) -> None:
    _product, link = shared_product()
    walker = at_the_form(town, link)

    answer = walker.browser.post(
        "/checkout", {**walker.form(), **make.ADDRESS, "email": "cy@example.com", field: value}
    )

    assert answer.status_code in {409, 422}
    page = answer.content.decode()
    assert "cy@example.com" in page
    assert make.ADDRESS["street"] in page
    assert not Checkout.objects.exists()


def test_row_26_a_form_from_elsewhere_is_refused(town: Town, sandbox: Sandbox) -> None:
    _product, link = shared_product()
    walker = at_the_form(town, link)
    fields = {**walker.form(), **make.ADDRESS, "email": "cy@example.com"}
    strict = Client(enforce_csrf_checks=True, headers={"user-agent": PHONE})
    strict.cookies = walker.browser.cookies

    without = {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}
    assert strict.post("/checkout", without).status_code == 403
    foreign = strict.post("/checkout", without, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert not Checkout.objects.exists()
    assert strict.post("/checkout", fields).status_code == 302


def test_row_26_connection_cut_after_pressing_pay(town: Town, sandbox: Sandbox) -> None:
    product, link = shared_product()
    walker = at_the_form(town, link)
    # the answer never arrives; the browser sends the same form again, and once more
    first = walker.place(email="cy@example.com")
    again = [walker.place(email="cy@example.com") for _ in range(2)]

    assert {payment_ref(url) for url in again} == {payment_ref(first)}
    sandbox.pay(payment_ref(first))
    checkout = Checkout.objects.get()
    walker.go(f"/o/{checkout.access_token}?payment=x&status=succeeded")
    one_paid_order(product)


def test_row_26_back_after_paying_and_pressing_again(town: Town, sandbox: Sandbox) -> None:
    product, link = shared_product()
    walker = at_the_form(town, link)
    form_page = walker.page
    sandbox.pay(payment_ref(walker.place(email="cy@example.com")))
    checkout = Checkout.objects.get()
    for _ in range(3):  # the way back, reloaded
        walker.go(f"/o/{checkout.access_token}?payment=x&status=succeeded")
        assert "It is paid" in walker.page

    walker.page = form_page
    landed = walker.place(email="cy@example.com")

    assert landed == f"/o/{checkout.access_token}"
    assert "It is paid" in walker.go(landed)
    one_paid_order(product)


def test_row_26_page_killed_and_reopened(town: Town, sandbox: Sandbox) -> None:
    product, link = shared_product()
    walker = at_the_form(town, link)
    pay = walker.place(email="cy@example.com")
    checkout = Checkout.objects.get()

    # the browser is gone with its cookies; the message's link still leads to the same order
    reopened = Walker(town)
    assert "Waiting for your payment" in reopened.go(f"/o/{checkout.access_token}")
    answer = reopened.browser.post(f"/o/{checkout.access_token}/pay")
    assert payment_ref(answer["Location"]) == payment_ref(pay)
    sandbox.pay(payment_ref(pay))
    # the provider sends nobody back: the order's page asks by itself
    assert "It is paid" in reopened.go(f"/o/{checkout.access_token}?payment=x")
    one_paid_order(product)


def test_row_26_two_tabs_that_both_pay(town: Town, sandbox: Sandbox) -> None:
    product, link = shared_product()
    walker = at_the_form(town, link)
    walker.place(email="cy@example.com")
    checkout = Checkout.objects.get()
    tabs = [walker.browser.post(f"/o/{checkout.access_token}/pay")["Location"] for _ in range(2)]

    sandbox.pay(payment_ref(tabs[0]))
    late = sandbox.api.confirm({"id": payment_ref(tabs[1])}, "success")

    assert late.status in {303, 409}
    walker.go(f"/o/{checkout.access_token}?payment=x&status=succeeded")
    paid = one_paid_order(product)
    assert re.search(r"It is paid", walker.go(f"/o/{paid.access_token}"))
