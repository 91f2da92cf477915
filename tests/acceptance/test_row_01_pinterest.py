"""Row 1: a pin is shown on, and the order that comes of it knows the whole way."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.community.models import Post
from banyan.earnings.actions import set_plan
from banyan.earnings.models import Commission
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout, OrderLine
from banyan.people.models import Account
from banyan.sharing.models import Link
from tests.payments.fixtures import sandbox, sandbox_process
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.support.sandbox import Sandbox

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"


def browser(account: Account | None = None) -> Client:
    client = Client(headers={"user-agent": PHONE})
    if account is not None:
        client.force_login(account)
    return client


def test_row_01_pin_repin_order(sandbox: Sandbox) -> None:
    shop = make.shop()
    product = make.product(shop, price=10_000)
    set_plan(
        actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000, levels=2, direct_bps=8_000
    )
    ana, ben = make.member("ana"), make.member("ben")
    _has_bought(ana)
    _has_bought(ben)

    # Ana pins a tagged photo, Ben shows it on
    pinned = browser(ana).post(
        "/post",
        {
            "pictures": staged_picture(make.actor(ana)),
            "title": "Winter cups",
            "product": product.pk,
            "tag_x": 40,
            "tag_y": 60,
        },
    )
    assert pinned.status_code == 302
    pin = Post.objects.get(author=ana)
    assert browser(ben).post(f"/p/{pin.pk}/repin").status_code == 302
    repin = Post.objects.get(author=ben)

    # Cy opens Ben's pin, goes to the goods, buys as a guest in two steps
    cy = browser()
    assert repin.link is not None
    landed = cy.get(f"/s/{repin.link.code}")
    page = cy.get(landed["Location"]).content.decode()
    goods = re.search(r'href="(/shop/[^"]+)"', page)
    assert goods is not None
    product_page = cy.get(goods.group(1).replace("&amp;", "&")).content.decode()
    buy = re.search(r'href="(/checkout\?[^"]+)"', product_page)
    assert buy is not None
    form = cy.get(buy.group(1).replace("&amp;", "&")).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    answer = cy.post("/checkout", {**fields, **make.ADDRESS, "email": "cy@example.com"})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    checkout = Checkout.objects.get(contact_email="cy@example.com")
    sandbox.pay(answer["Location"].rsplit("/", 1)[1])
    cy.get(f"/o/{checkout.access_token}?payment=x&status=succeeded")

    checkout.refresh_from_db()
    assert checkout.state == "paid"
    line = OrderLine.objects.get(order__checkout=checkout)
    assert [step["handle"] for step in line.path] == ["ana", "ben"]
    assert all(step["at"] for step in line.path)
    order_page = cy.get(f"/o/{checkout.access_token}").content.decode()
    assert order_page.index("Ana") < order_page.index("Ben")

    # Ana's pin report counts the one order; the money adds up
    pin_link = Link.objects.get(owner=ana, target_kind="post", target_id=pin.pk)
    report = browser(ana).get(f"/me/links/{pin_link.code}")
    assert report.context["report"].orders == 1
    earned = dict(
        Commission.objects.filter(order__checkout=checkout).values_list("payee__handle", "amount")
    )
    assert earned == {"ben": 800, "ana": 200}
    assert verify().clean


def _has_bought(account: Account) -> None:
    """Give somebody a purchase of their own: paid levels are for verified payers."""
    make.pay(make.place((make.variant(price=1_000), 1), buyer=account))
