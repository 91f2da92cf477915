"""Row 16: members sell to members; the buyer's money waits, a dispute freezes it, words decide."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.ledger.models import Account as LedgerAccount
from banyan.ledger.proof import verify
from banyan.market.actions import release_due
from banyan.market.models import Dispute, Escrow
from banyan.orders.actions import auto_confirm
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker, payment_ref

pytestmark = pytest.mark.django_db


def signed_in(account: Account) -> Client:
    browser = Client()
    browser.force_login(account)
    return browser


def put_up(seller: Account, **typed: Any) -> str:
    """Fill in the form; return the address of the listing's page."""
    form = {
        "pictures": staged_picture(make.actor(seller)),
        "title": "Old bicycle",
        "price": "150.00",
        "currency": "CNY",
        "condition": "good",
        "handover": "post",
        "level1": "Zhejiang",
        "lat": "30.27",
        "lon": "120.15",
    }
    answer = signed_in(seller).post("/market/new", form | typed)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return str(answer["Location"])


def balance(kind: str, owner_id: int) -> int:
    found = LedgerAccount.objects.filter(kind=kind, owner_id=owner_id).first()
    return int(found.balance or 0) if found else 0


def paid_order(town: Town, sandbox: Sandbox, buyer: Account, page: str) -> tuple[Order, str]:
    """Buy a listing through its page; return the order and the buyer's address of it."""
    walker = Walker(town, buyer)
    walker.go(page)
    sandbox.pay(payment_ref(walker.buy(email="buyer@example.com")))
    order = Order.objects.select_related("checkout").get(checkout__buyer=buyer)
    walker.go(f"/o/{order.checkout.access_token}?payment=x&status=succeeded")
    order.refresh_from_db()
    assert order.state == "paid"
    return order, f"/o/{order.checkout.access_token}"


def test_row_16_a_dispute_freezes_both_sides_see_all_and_the_decision_balances(
    town: Town, sandbox: Sandbox
) -> None:
    mei = make.member("mei", email="mei@example.com")
    ben, eve = make.member("ben"), make.member("eve")
    page = put_up(mei)
    assert "Old bicycle" in Client().get("/market?lat=30.3&lon=120.2&km=10").content.decode()
    assert "Old bicycle" not in Client().get("/market?lat=31.2&lon=121.5&km=25").content.decode()

    order, at = paid_order(town, sandbox, ben, page)
    assert balance("escrow", order.pk) == 15_000
    assert balance("earner_payable", mei.pk) == 0

    buyer, seller = signed_in(ben), signed_in(mei)
    asked = buyer.post(
        f"{at}/{order.pk}/dispute",
        {"reason": "not_as_described", "amount": "150.00", "body": "The frame is bent."},
    )
    assert asked.status_code == 302
    dispute = Dispute.objects.get()
    seller.post(f"/disputes/{dispute.pk}", {"body": "It was straight when I sent it."})

    # both see the same timeline, strangers see nothing
    shown = [each.get(f"/disputes/{dispute.pk}").content.decode() for each in (buyer, seller)]
    for html in shown:
        assert "The frame is bent." in html
        assert "It was straight when I sent it." in html
        assert "The money is frozen until the decision" in html
    assert signed_in(eve).get(f"/disputes/{dispute.pk}").status_code == 404
    assert signed_in(eve).post(f"/disputes/{dispute.pk}", {"body": "x"}).status_code == 404
    assert Escrow.objects.get().state == "disputed"
    # frozen: neither the buyer's receipt nor a month moves it
    buyer.post(f"{at}/{order.pk}/received")
    with clock.at(clock.now() + dt.timedelta(days=31)):
        auto_confirm(actor=Actor.system("test"))
        release_due(actor=Actor.system("test"))
    assert balance("escrow", order.pk) == 15_000
    assert balance("earner_payable", mei.pk) == 0
    assert Escrow.objects.get().state == "disputed"

    office = signed_in(make.staff("support"))
    desk = f"/desk/disputes/{dispute.pk}/do/decide/"
    form = office.get(desk)
    assert form.status_code == 200, form.status_code
    token = re.search(r'name="token" value="([^"]+)"', form.content.decode())
    sent = {"amount": "50.00", "reason": "Both have a point."}
    if token:
        sent["token"] = token.group(1)
    assert office.post(desk, sent).status_code == 302

    assert balance("escrow", order.pk) == 0
    assert balance("earner_payable", mei.pk) == 10_000
    order.refresh_from_db()
    assert order.refunded_amount == 5_000
    assert verify().clean
    for each in (buyer, seller):
        assert "Both have a point." in each.get(f"/disputes/{dispute.pk}").content.decode()


def test_row_16_a_what_cannot_be_disputed(town: Town, sandbox: Sandbox) -> None:
    mei, ben = make.member("mei", email="mei@example.com"), make.member("ben")
    order, at = paid_order(town, sandbox, ben, put_up(mei))
    buyer = signed_in(ben)
    bad: list[dict[str, str]] = [
        {"reason": "not_arrived", "amount": "150.01", "body": "More than I paid."},
        {"reason": "not_arrived", "amount": "-1", "body": "Less than nothing."},
        {"reason": "because", "amount": "1", "body": "No such reason."},
        {"reason": "not_arrived", "amount": "1", "body": " "},
        {"reason": "not_arrived", "amount": "1", "body": "x", "picture": "no-such-token"},
    ]
    for typed in bad:
        assert buyer.post(f"{at}/{order.pk}/dispute", typed).status_code == 422, typed
    assert not Dispute.objects.exists()
    assert balance("escrow", order.pk) == 15_000
