"""Row 1: a pin is shown on, and the order that comes of it knows the whole way."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from banyan.catalog.models import Product
from banyan.community.models import Post
from banyan.earnings.actions import set_plan
from banyan.earnings.models import Commission
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout, OrderLine
from banyan.people.models import Account
from banyan.sharing.models import Link, Touch
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.support.reading import Oracle, Shown, cents, read_story, rows_of
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker, payment_ref

pytestmark = pytest.mark.django_db


def product_for_sharers() -> Product:
    shop = make.shop()
    set_plan(
        actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000, levels=2, direct_bps=8_000
    )
    return make.product(shop, price=10_000)


def verified_payer(handle: str) -> Account:
    """Return a member with a purchase of their own: paid levels are for verified payers."""
    account = make.member(handle)
    make.pay(make.place((make.variant(price=1_000), 1), buyer=account))
    return account


def pin(walker: Walker, author: Account, product: Product) -> Post:
    """Pin a photo that is tagged with the product."""
    answer = walker.browser.post(
        "/post",
        {
            "pictures": staged_picture(make.actor(author)),
            "title": "Winter cups",
            "product": product.pk,
            "tag_x": 40,
            "tag_y": 60,
        },
    )
    assert answer.status_code == 302
    return Post.objects.get(author=author)


def buy_from_post(walker: Walker, sandbox: Sandbox, email: str) -> Checkout:
    """Go from a post to its goods and buy there, as a guest, in two steps; pay; come back."""
    walker.follow(r"^/shop/[^/]+/[^/?]+\?")
    pay = walker.buy(email=email)
    checkout = Checkout.objects.get(contact_email=email)
    back = sandbox.pay(payment_ref(pay))
    walker.go(f"/o/{checkout.access_token}?payment=x&status=succeeded")
    assert "status=" in back
    checkout.refresh_from_db()
    assert checkout.state == "paid"
    return checkout


def report(walker: Walker, link: Link) -> Shown:
    """Open the report of a pin by way of My shares."""
    walker.go("/me/links")
    return read_story(walker.follow(rf"^/me/links/{link.code}$"))


def edges(page: str) -> list[tuple[str, dt.datetime]]:
    """Return the edges of the share path on an order's page, with their times."""
    path = re.search(r'<ol class="lines" id="path">(.*?)</ol>', page, re.DOTALL)
    assert path
    return [
        (text, dt.datetime.fromisoformat(at))
        for text, at in re.findall(
            r'<span class="grow">([^<]+)</span><time class="muted" datetime="([^"]+)"',
            path.group(1),
        )
    ]


def test_row_01_pin_repin_order(town: Town, sandbox: Sandbox) -> None:
    product = product_for_sharers()
    ana_account, ben_account = verified_payer("ana"), verified_payer("ben")
    ana, ben = Walker(town, ana_account), Walker(town, ben_account)

    pinned = pin(ana, ana_account, product)
    assert ben.browser.post(f"/p/{pinned.pk}/repin").status_code == 302
    repin = Post.objects.get(author=ben_account)
    assert repin.link is not None
    ana_link = Link.objects.get(owner=ana_account, target_kind="post", target_id=pinned.pk)
    assert repin.link.parent_id == ana_link.pk

    # noise that must not count: previews, robots, HEAD, sharers at their own pins
    for agent in ("facebookexternalhit/1.1", "WhatsApp/2.23", "Googlebot/2.1"):
        town.knock(repin.link.code, agent=agent)
    town.knock(ana_link.code, method="HEAD")
    ana.open(ana_link.code)
    ben.open(repin.link.code)

    # Cy opens Ben's pin twice, on a phone and a laptop, and buys on the phone
    cy, laptop = Walker(town), Walker(town)
    laptop.open(repin.link.code)
    cy.open(repin.link.code)
    cy.open(repin.link.code)
    checkout = buy_from_post(cy, sandbox, "cy@example.com")
    for walker in (cy, laptop):
        walker.sign_up("cy@example.com")

    # the order page: Ana -> Ben -> Cy, and when
    line = OrderLine.objects.get(order__checkout=checkout)
    assert [step["handle"] for step in line.path] == ["ana", "ben"]
    shown_edges = edges(cy.go(f"/o/{checkout.access_token}"))
    assert [text for text, _at in shown_edges] == ["Ana to Ben", "Ben to you"]
    assert line.touch_id is not None
    touched = Touch.objects.get(pk=line.touch_id).at
    assert [at for _text, at in shown_edges] == [
        repin.link.created_at,
        touched,
    ]

    # Ana's pin report counts one order, and every number on it is a list
    seen = report(ana, ana_link)
    assert seen.number("orders") == 1
    assert cents(seen.figures["sales"]) == 10_000
    assert cents(seen.figures["earned"]) == 200
    assert seen.number("people") == 3
    assert {why: n for why, (n, _url) in seen.left_out.items()} == {
        "robots": 4,
        "own": 2,
        "repeats": 2,
    }
    Oracle.of(ana, seen.export).check(ana, seen)
    (row,) = rows_of(ana, seen.links["orders"])
    assert (row[2], cents(row[3]), cents(row[5])) == ("Ben", 10_000, 200)
    assert cents(report(ben, repin.link).figures["earned"]) == 800

    earned = dict(
        Commission.objects.filter(order__checkout=checkout).values_list("payee__handle", "amount")
    )
    assert earned == {"ben": 800, "ana": 200}
    assert verify().clean


def test_row_01_a_refund_changes_the_report_and_its_list_alike(
    town: Town, sandbox: Sandbox
) -> None:
    product = product_for_sharers()
    account = verified_payer("ana")
    ana, cy = Walker(town, account), Walker(town)
    pinned = pin(ana, account, product)
    link = Link.objects.get(owner=account, target_id=pinned.pk)
    cy.open(link.code)
    checkout = buy_from_post(cy, sandbox, "cy@example.com")
    order = checkout.orders.get()
    merchant = Walker(town, product.shop.owner)
    granted = merchant.browser.post(
        f"/studio/{product.shop.slug}/orders/{order.pk}/refund",
        {"amount": "40.00", "reason": "scratched", "key": "k"},
    )
    assert granted.status_code == 302, granted.content.decode()[-2000:]

    seen = report(ana, link)

    assert cents(seen.figures["refunded"]) == 4_000
    assert cents(seen.figures["earned"]) < 1_000
    Oracle.of(ana, seen.export).check(ana, seen)
    assert verify().clean
