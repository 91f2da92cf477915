"""The page on which members say where their earnings go, and what finance does with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from banyan.earnings import actions as earnings
from banyan.earnings.models import Destination, PayoutBatch
from banyan.kernel.models import AuditEntry
from banyan.orders.models import Checkout
from banyan.payments.models import Payout
from banyan.people.models import Account
from tests.earnings import story
from tests.support import factories as make

pytestmark = pytest.mark.django_db
IBAN = "DE02120300000000202051"
PLACE = "/earnings/destination"


@pytest.fixture(autouse=True)
def _providers(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["hand", "sandbox", "wallet"]


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def earned(handle: str = "ana") -> Account:
    ana, shop = story.member(handle), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=50_000)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, ana))))
    story.due(order)
    return ana


def submitted(provider: str = "hand") -> PayoutBatch:
    batch = earnings.draft_batch(actor=story.FINANCE)
    return earnings.submit_batch(actor=story.FINANCE, batch_id=batch.pk, provider=provider)


def test_a_member_says_where_reads_four_signs_of_it_and_takes_it_away() -> None:
    ana = make.member("ana")
    mine = browser(ana)
    assert PLACE in mine.get("/earnings").content.decode()
    assert "You have named no account" in mine.get(PLACE).content.decode()

    refused = mine.post(PLACE, {"name": "Ana Roe", "account": ""})
    assert refused.status_code == 422
    assert "Ana Roe" in refused.content.decode()
    assert not Destination.objects.exists()

    assert mine.post(PLACE, {"name": "Ana Roe", "account": IBAN}).status_code == 302
    page = mine.get(PLACE)
    assert "••••2051" in page.content.decode()
    assert IBAN not in page.content.decode()
    assert "no-store" in page["Cache-Control"]

    assert mine.get(f"{PLACE}/remove").status_code == 405
    for _time in range(2):
        assert mine.post(f"{PLACE}/remove").status_code == 302
    assert not Destination.objects.exists()


def test_a_guest_and_another_member_see_nothing_of_it() -> None:
    ana = make.member("ana")
    browser(ana).post(PLACE, {"name": "Ana Roe", "account": IBAN})
    assert Client().get(PLACE).status_code == 302
    assert Client().post(PLACE, {"name": "X", "account": "Y"}).status_code == 401
    other = browser(make.member("ben"))
    assert "2051" not in other.get(PLACE).content.decode()
    other.post(f"{PLACE}/remove")
    assert Destination.objects.get().account == ana


def test_the_checkout_offers_what_takes_payments_and_not_the_hand(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = [
        "hand",
        "sandbox",
        "other=banyan.payments.providers.sandbox:SandboxProvider",
    ]
    item, buyer = make.variant(make.shop(), price=9_000), make.member()
    shopping = browser(buyer)
    page = shopping.get(f"/checkout?variant={item.pk}&n=1")
    text = page.content.decode()
    assert page.status_code == 200
    assert 'value="sandbox"' in text
    assert 'value="hand"' not in text
    assert (
        Client().post("/pay/hook/hand", b"{}", content_type="application/json").status_code == 401
    )
    assert not Checkout.objects.exists()


def test_finance_takes_the_list_pays_and_says_so_on_the_desk() -> None:
    ana = earned()
    earnings.set_destination(actor=make.actor(ana), name="Ana Roe", account=IBAN)
    batch = submitted()
    payout = Payout.objects.get()
    till = browser(make.staff("finance"))
    assert "payout waits to be sent by hand" in till.get("/desk/").content.decode()
    waiting = till.get("/desk/provider-payouts/?by=hand").content.decode()
    assert f"/desk/provider-payouts/{payout.pk}/" in waiting

    file = till.post(f"/desk/payouts/{batch.pk}/do/bank-list/", {"reason": "to the bank"})
    assert file.status_code == 200
    assert file["Content-Type"].startswith("text/csv")
    assert "no-store" in file["Cache-Control"]
    assert f"payout-{payout.pk}-1,Ana Roe,{IBAN},50.00,CNY" in file.content.decode()
    assert AuditEntry.objects.get(action="payout_batch.bank_list").reason == "to the bank"

    page = till.get(f"/desk/provider-payouts/{payout.pk}/").content.decode()
    assert "Ana Roe, ••••2051" in page
    assert IBAN not in page
    batch_page = till.get(f"/desk/payouts/{batch.pk}/").content.decode()
    assert f"/desk/provider-payouts/{payout.pk}/" in batch_page
    assert IBAN not in batch_page

    sent = f"/desk/provider-payouts/{payout.pk}/do/sent/"
    assert till.post(sent, {"reason": "paid", "bank_ref": ""}).status_code == 422
    assert till.post(sent, {"reason": "paid", "bank_ref": "B-1"}).status_code == 302
    payout.refresh_from_db()
    assert payout.state == "paid"
    assert "payout waits to be sent by hand" not in till.get("/desk/").content.decode()
    assert till.get(f"/desk/payouts/{batch.pk}/do/bank-list/").status_code == 302, "nothing is left"


def test_support_and_moderation_take_no_list_and_say_nothing() -> None:
    ana = earned()
    earnings.set_destination(actor=make.actor(ana), name="Ana Roe", account=IBAN)
    batch = submitted()
    payout = Payout.objects.get()
    for role in ("support", "moderation"):
        desk = browser(make.staff(role))
        for path in (
            f"/desk/payouts/{batch.pk}/do/bank-list/",
            f"/desk/provider-payouts/{payout.pk}/do/sent/",
            f"/desk/provider-payouts/{payout.pk}/do/not-sent/",
        ):
            answer = desk.post(path, {"reason": "because", "bank_ref": "B-1"})
            assert answer.status_code == 404, (role, path)
    payout.refresh_from_db()
    assert payout.state == "requested"
    assert not AuditEntry.objects.filter(action__in=["payout.sent", "payout.not_sent"]).exists()
    assert not AuditEntry.objects.filter(action="payout_batch.bank_list").exists()


def test_the_desk_asks_who_pays_and_says_why_somebody_was_left_out(settings: Any) -> None:
    earned()
    batch = earnings.draft_batch(actor=story.FINANCE)
    till = browser(make.staff("finance"))
    approve = f"/desk/payouts/{batch.pk}/do/approve/"
    form = till.get(approve).content.decode()
    for name in ("hand", "sandbox"):
        assert f'<option value="{name}">' in form
    assert '<option value="wallet"' not in form
    assert till.post(approve, {"reason": "ok", "provider": ""}).status_code == 422
    settings.PAYMENT_PROVIDERS = ["wallet"]
    refused = till.post(approve, {"reason": "ok", "provider": ""})
    assert refused.status_code == 409
    assert "BANYAN_PAYMENT_PROVIDERS" in refused.content.decode()
    settings.PAYMENT_PROVIDERS = ["hand", "sandbox"]
    assert till.post(approve, {"reason": "ok", "provider": "hand"}).status_code == 302
    page = till.get(f"/desk/payouts/{batch.pk}/").content.decode()
    assert "has not said where it goes" in page
    assert not Payout.objects.exists()


def test_programs_read_say_and_take_it_away() -> None:
    from tests.api.client import Program, problem

    ana = Program(make.member("ana"))
    path = "/me/payout-destination"
    assert ana.get(path) is None
    said = ana.do("PUT", path, {"name": "Ana Roe", "account": IBAN})
    assert (said["name"], said["account"]) == ("Ana Roe", "••••2051")
    assert ana.get(path) == said
    assert problem(ana.send("PUT", path, {"name": "Ana Roe", "account": "  "}))[0] == 422
    assert Program(make.member("ben")).get(path) is None
    reader = Program(make.member("cy"), scopes=("read",))
    assert reader.send("PUT", path, {"name": "X", "account": "Y"}).status_code == 403
    assert Program().send("GET", path).status_code == 401
    for _time in range(2):
        ana.do("DELETE", path)
    assert not Destination.objects.exists()
