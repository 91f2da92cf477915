"""A shop's money from a paid order to its bank, page by page; and who may say where it goes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from banyan.catalog.models import Shop, ShopStaff
from banyan.earnings.models import Destination, PayoutBatch
from banyan.kernel import clock, relay
from banyan.kernel.models import AuditEntry
from banyan.ledger import proof
from banyan.notify.models import Message, Notification
from banyan.payments.models import Payout
from banyan.people.models import Account
from tests.earnings.shop_money import owed, refund, sold
from tests.support import factories as make

from .scene import client

pytestmark = pytest.mark.django_db
IBAN = "DE02120300000000202051"


@pytest.fixture(autouse=True)
def _providers(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["hand", "sandbox", "wallet"]


def hired(shop: Shop, role: str) -> Account:
    somebody = make.member(email=f"hired-{role}@example.com")
    ShopStaff.objects.create(shop=shop, account=somebody, role=role, created_at=clock.now())
    return somebody


def open_shop() -> Shop:
    shop: Shop = make.shop(make.member(email="owner@example.com"))
    return shop


def place_of(shop: Shop) -> str:
    return f"/studio/{shop.slug}/money/destination"


def money_of(shop: Shop, who: Account | None = None) -> str:
    answer = client(who or shop.owner).get(f"/studio/{shop.slug}/money")
    assert answer.status_code == 200
    return answer.content.decode()


def say(shop: Shop) -> None:
    answer = client(shop.owner).post(place_of(shop), {"name": "Tea Ltd", "account": IBAN})
    assert answer.status_code == 302


def long_ago(shop: Shop) -> None:
    """Sell something that nobody can send back any more."""
    with clock.at(clock.now() - dt.timedelta(days=8)):
        sold(shop)


def approved(till: Client) -> tuple[PayoutBatch, Payout]:
    """Prepare and approve a batch for shops on the desk."""
    assert till.post("/desk/payouts/do/draft-shops/", {"reason": "the month"}).status_code == 302
    batch = PayoutBatch.objects.latest("id")
    approve = f"/desk/payouts/{batch.pk}/do/approve/"
    assert till.post(approve, {"reason": "looked through", "provider": "hand"}).status_code == 302
    return batch, Payout.objects.latest("id")


def test_from_a_paid_order_to_the_shops_bank() -> None:
    shop = open_shop()
    long_ago(shop)
    assert place_of(shop) in money_of(shop)
    assert "No owner has named an account" in money_of(shop)
    say(shop)
    assert "Tea Ltd, ••••2051" in money_of(shop)

    till = client(make.staff("finance"))
    assert "Prepare a batch for shops" in till.get("/desk/payouts/").content.decode()
    batch, payout = approved(till)
    page = till.get(f"/desk/payouts/{batch.pk}/").content.decode()
    assert shop.name in page
    assert f"/desk/provider-payouts/{payout.pk}/" in page
    assert IBAN not in page
    assert "On its way to you" in money_of(shop)

    file = till.post(f"/desk/payouts/{batch.pk}/do/bank-list/", {"reason": "to the bank"})
    assert f"payout-{payout.pk}-1,Tea Ltd,{IBAN},100.00,CNY" in file.content.decode()
    sent = f"/desk/provider-payouts/{payout.pk}/do/sent/"
    assert till.post(sent, {"reason": "paid", "bank_ref": "B-4711"}).status_code == 302

    shown = money_of(shop)
    for text in ("Paid out to you", "100.00", "••••2051", "B-4711", "Paid out so far"):
        assert text in shown, text
    assert IBAN not in shown
    assert owed(shop) == 0
    relay.drain()
    told = Notification.objects.get(recipient=shop.owner, kind="shop.paid_out")
    assert told.url == f"/studio/{shop.slug}/money"
    notices = client(shop.owner).get("/notifications").content.decode()
    assert f"100.00 was paid out to {shop.name}." in notices.replace("\u00a0", " ")
    statement = client(shop.owner).get(f"/studio/{shop.slug}/money.csv?currency=CNY")
    assert "Paid out to you" in statement.content.decode()
    assert proof.verify().clean


def test_what_comes_back_stands_on_the_shops_page() -> None:
    shop = open_shop()
    long_ago(shop)
    say(shop)
    till = client(make.staff("finance"))
    _batch, payout = approved(till)
    row = f"/desk/provider-payouts/{payout.pk}/"
    assert "It came back" not in till.get(row).content.decode()
    till.post(f"{row}do/sent/", {"reason": "paid", "bank_ref": "B-1"})
    assert "It came back" in till.get(row).content.decode()
    assert till.post(f"{row}do/returned/", {"reason": ""}).status_code == 422
    assert till.post(f"{row}do/returned/", {"reason": "closed"}).status_code == 302
    assert "Came back from the bank" in till.get(row).content.decode()
    shown = money_of(shop)
    assert "Your bank sent it back; owed again" in shown
    assert "Your bank sent a payout back" in shown
    assert owed(shop) == 10_000
    relay.drain()
    notices = client(shop.owner).get("/notifications").content.decode()
    assert "sent" in notices
    assert proof.verify().clean

    second, again = approved(till)
    till.post(f"/desk/provider-payouts/{again.pk}/do/not-sent/", {"reason": "no such IBAN"})
    assert "Could not be sent; owed again" in money_of(shop)
    assert "Prepare failed ones again" in till.get(f"/desk/payouts/{second.pk}/").content.decode()


def test_what_is_switched_off_can_still_be_ended_on_the_desk(settings: Any) -> None:
    shop = open_shop()
    long_ago(shop)
    say(shop)
    till = client(make.staff("finance"))
    batch, payout = approved(till)
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]
    assert "payout waits to be sent by hand" in till.get("/desk/").content.decode()
    file = till.post(f"/desk/payouts/{batch.pk}/do/bank-list/", {"reason": "to the bank"})
    assert IBAN in file.content.decode()
    sent = f"/desk/provider-payouts/{payout.pk}/do/sent/"
    assert till.post(sent, {"reason": "paid", "bank_ref": "B-1"}).status_code == 302
    payout.refresh_from_db()
    assert payout.state == "paid"


def test_only_an_owner_says_where_and_reads_four_signs_of_it() -> None:
    shop = open_shop()
    manager, clerk, rival = hired(shop, "manager"), hired(shop, "clerk"), make.member()
    make.shop(rival)
    for who in (manager, clerk, rival):
        for path in (place_of(shop), f"{place_of(shop)}/remove"):
            answer = client(who).post(path, {"name": "Mine", "account": "mine"})
            assert answer.status_code == 404, (who.handle, path)
        assert client(who).get(place_of(shop)).status_code == 404
    assert client().get(place_of(shop))["Location"].startswith("/login?next=")
    assert not Destination.objects.exists()
    assert place_of(shop) not in money_of(shop, manager), "no door that does not open"

    refused = client(shop.owner).post(place_of(shop), {"name": "Tea Ltd", "account": ""})
    assert refused.status_code == 422
    assert "Tea Ltd" in refused.content.decode()
    say(shop)
    page = client(shop.owner).get(place_of(shop)).content.decode()
    assert "••••2051" in page
    assert IBAN not in page
    assert "Tea Ltd, ••••2051" in money_of(shop, manager)
    entry = AuditEntry.objects.get(action="shop_destination.change")
    assert (entry.subject_kind, entry.subject_id, entry.detail) == ("shop", shop.pk, {})


def test_each_change_is_told_to_the_owners_by_a_letter_and_to_managers() -> None:
    shop = open_shop()
    hired(shop, "owner")
    manager = hired(shop, "manager")
    say(shop)
    say(shop)  # the same again changes nothing
    letters = Message.objects.order_by("id")
    assert [(each.kind, each.destination) for each in letters] == [
        ("shop.destination", "owner@example.com"),
        ("shop.destination", "hired-owner@example.com"),
    ]
    for letter in letters:
        assert place_of(shop) in letter.body
        assert shop.name in letter.body
        assert "2051" not in letter.body
    told = Notification.objects.get(kind="shop.destination_changed")
    assert (told.recipient_id, told.url) == (manager.pk, f"/studio/{shop.slug}/money")
    for _time in range(2):
        answer = client(shop.owner).post(f"{place_of(shop)}/remove")
        assert answer.status_code == 302
    assert Message.objects.filter(kind="shop.destination_gone").count() == 2
    assert not Destination.objects.exists()


def test_it_changes_ten_times_a_day_at_most() -> None:
    shop = open_shop()
    owner = client(shop.owner)
    for number in range(10):
        typed = {"name": "Tea Ltd", "account": f"account {number}"}
        assert owner.post(place_of(shop), typed).status_code == 302
    answer = owner.post(place_of(shop), {"name": "Tea Ltd", "account": "one too many"})
    assert answer.status_code == 429
    assert "••••nt 9" in owner.get(place_of(shop)).content.decode()


def test_the_word_of_somebody_who_is_no_owner_any_more_does_not_count() -> None:
    shop = open_shop()
    long_ago(shop)
    say(shop)
    hired(shop, "owner")
    ShopStaff.objects.filter(shop=shop, account=shop.owner).update(role="clerk")
    left = ShopStaff.objects.get(shop=shop, role="owner").account
    assert "••••2051" not in money_of(shop, left)
    till = client(make.staff("finance"))
    till.post("/desk/payouts/do/draft-shops/", {"reason": "the month"})
    batch = PayoutBatch.objects.get()
    data = {"reason": "ok", "provider": "hand"}
    assert till.post(f"/desk/payouts/{batch.pk}/do/approve/", data).status_code == 302
    assert "has not said where it goes" in till.get(f"/desk/payouts/{batch.pk}/").content.decode()
    assert (owed(shop), Payout.objects.count()) == (10_000, 0)


def test_a_refund_after_it_stands_below_zero() -> None:
    shop = open_shop()
    with clock.at(clock.now() - dt.timedelta(days=8)):
        order = sold(shop)
    say(shop)
    approved(client(make.staff("finance")))
    refund(order, 4_000)
    shown = money_of(shop)
    assert "Below zero" in shown
    assert owed(shop) == -4_000


def test_one_whose_owner_leaves_is_paid_whatever_the_amount() -> None:
    shop, other = open_shop(), make.shop()
    with clock.at(clock.now() - dt.timedelta(days=8)):
        sold(shop, 300)
        sold(other, 20_000)
    till, path = client(make.staff("finance")), "/desk/payouts/do/draft-shops/"
    unknown = till.post(path, {"reason": "leaves", "only": "no-such-shop"})
    assert unknown.status_code == 422
    assert "No shop has this address." in unknown.content.decode()
    assert till.post(path, {"reason": "leaves", "only": shop.slug}).status_code == 302
    [item] = PayoutBatch.objects.get().items.all()
    assert (item.shop, item.amount) == (shop, 300)
    for typed in ("@nobody", "@"):
        nobody = till.post("/desk/payouts/do/draft/", {"reason": "leaves", "only": typed})
        assert nobody.status_code == 422, typed
    # A member without anything to be paid is found, and there is nothing to pay.
    member = {"reason": "leaves", "only": f"@{shop.owner.handle}"}
    assert till.post("/desk/payouts/do/draft/", member).status_code == 409
