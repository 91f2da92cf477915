"""Payment requests: asked for by a shop, paid once by anybody, receipted, refundable."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid
from banyan.ledger.proof import verify
from banyan.payments import actions, jobs
from banyan.payments.models import Intent, PaymentRequest, Refund
from banyan.payments.problems import RefundTooLarge, RequestNotOpen
from banyan.payments.providers.base import Status
from tests.payments.scripted import ENTRY, script
from tests.payments.till import balance, message, post
from tests.support import factories

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


@pytest.fixture(autouse=True)
def scripted_only(settings: Any) -> Iterator[None]:
    settings.PAYMENT_PROVIDERS = [ENTRY, "wallet"]
    yield
    assert verify().clean


def asked(shop: Shop | None = None, amount: int = 5000, **how: Any) -> PaymentRequest:
    shop = shop or factories.shop()
    return actions.ask_for_payment(
        actor=factories.actor(shop.owner),
        payee_kind="shop",
        payee_id=shop.pk,
        amount=Money(amount, shop.currency),
        note=how.get("note", "Two cups"),
        good_for=how.get("good_for", dt.timedelta(days=1)),
    )


def payer() -> Client:
    return Client(headers={"origin": "http://testserver"})


def page_of(request: PaymentRequest) -> str:
    return reverse("payment_request", args=[request.code])


def paid(request: PaymentRequest) -> Intent:
    client = payer()
    assert client.post(page_of(request))["location"] == "https://pay.example/"
    intent = Intent.objects.get(subject_kind="payment_request", subject_id=request.pk)
    script.status = Status.SUCCEEDED
    back = client.get(f"/pay/return/{intent.token}")
    assert back["location"] == page_of(request)
    intent.refresh_from_db()
    request.refresh_from_db()
    return intent


def test_a_shop_asks_and_somebody_pays_and_gets_a_receipt() -> None:
    request = asked()
    page = payer().get(page_of(request)).content.decode()
    assert "Two cups" in page
    assert "style=" not in page

    intent = paid(request)

    assert (request.state, request.intent_id, intent.state) == ("paid", intent.pk, "captured")
    assert (balance("shop_payable", owner_id=request.payee_id), balance("clearing")) == (5000, 0)
    receipt = payer().get(page_of(request)).content.decode()
    assert "Receipt" in receipt
    assert str(request.pk) in receipt


def test_reading_sets_and_starts_nothing() -> None:
    answer = payer().get(page_of(asked()))
    assert (answer.status_code, answer.cookies) == (200, {})
    assert not Intent.objects.exists()


def test_two_who_pay_the_same_way_share_what_is_open() -> None:
    request = asked()
    payer().post(page_of(request))
    payer().post(page_of(request))
    assert Intent.objects.count() == 1
    assert len(script.asked("start")) == 1


def test_who_presses_pay_later_gets_time_to_pay() -> None:
    """Given somebody who began two hours ago, less a moment, and did not pay."""
    request = asked()
    payer().post(page_of(request))
    begun = Intent.objects.get()
    with clock.at(begun.expires_at - dt.timedelta(seconds=20)):
        payer().post(page_of(request))
        late = Intent.objects.latest("id")
        left = late.expires_at - clock.now()
    with clock.at(late.expires_at - dt.timedelta(minutes=1)):
        paid = actions.Paid(
            provider_ref=late.provider_ref, money=Money(5000, late.currency), at=clock.now()
        )
        actions.capture(actor=CRON, intent_id=late.pk, paid=paid)
    request.refresh_from_db()
    assert left >= dt.timedelta(minutes=15)
    assert (request.state, request.intent_id) == ("paid", late.pk)


def test_what_ends_with_its_request_is_shared_to_the_end() -> None:
    request = asked(good_for=dt.timedelta(minutes=40))
    payer().post(page_of(request))
    with clock.at(request.expires_at - dt.timedelta(minutes=1)):
        payer().post(page_of(request))
    assert Intent.objects.get().expires_at == request.expires_at


def test_a_second_payment_of_another_intent_goes_back() -> None:
    request = asked()
    first = paid(request)
    late = Intent.objects.create(
        subject_kind="payment_request",
        subject_id=request.pk,
        provider="scripted",
        amount=5000,
        currency=request.currency,
        token="another",
        created_at=clock.now(),
        expires_at=clock.now() + dt.timedelta(hours=1),
    )
    told = actions.Paid(provider_ref="other", money=Money(5000, request.currency), at=clock.now())
    actions.capture(actor=CRON, intent_id=late.pk, paid=told)

    late.refresh_from_db()
    request.refresh_from_db()
    assert (late.state, late.refunded_amount) == ("captured_unplaced", 5000)
    assert request.intent_id == first.pk
    assert balance("shop_payable", owner_id=request.payee_id) == 5000


def test_a_paid_request_cannot_be_paid_or_taken_back() -> None:
    request = asked()
    paid(request)
    assert payer().post(page_of(request))["location"] == page_of(request)
    assert Intent.objects.count() == 1
    with pytest.raises(RequestNotOpen):
        actions.cancel_request(actor=CRON, request_id=request.pk)


def test_what_was_begun_is_closed_at_the_provider_once_there_is_nothing_to_pay(
    settings: Any,
) -> None:
    """Given a request that somebody pays another way, and one that is taken back."""
    settings.PAYMENT_PROVIDERS = [ENTRY, "other=tests.payments.scripted:ScriptedProvider"]
    first, second = asked(), asked()
    for request in (first, second):
        payer().post(page_of(request), {"provider": "other"})
    left = Intent.objects.filter(provider="other")
    one = actions.intent_for_request(actor=CRON, request=first, provider="scripted")
    money = Money(5000, first.currency)
    paid = actions.Paid(provider_ref="one", money=money, at=clock.now())
    actions.capture(actor=CRON, intent_id=one.pk, paid=paid)
    actions.cancel_request(actor=CRON, request_id=second.pk)
    open_still = actions.intent_for_request(actor=CRON, request=asked(), provider="scripted")

    done = jobs.run_sweep()

    assert done["left_over"] == 2
    assert set(left.values_list("state", flat=True)) == {"cancelled"}
    assert len(script.asked("cancel")) == 2
    open_still.refresh_from_db()
    assert open_still.state == "created"
    assert jobs.run_sweep()["left_over"] == 0


def test_money_for_a_request_that_was_taken_back_goes_back() -> None:
    request = asked()
    payer().post(page_of(request))
    intent = Intent.objects.get()
    actions.cancel_request(actor=CRON, request_id=request.pk)
    assert payer().get(page_of(request)).status_code == 410

    post(message(intent, amount=5000, currency=request.currency))

    intent.refresh_from_db()
    assert (intent.state, intent.failure) == ("captured_unplaced", "payment_request_not_open")
    assert balance("shop_payable", owner_id=request.payee_id) == 0


@pytest.mark.parametrize("told_first", [True, False])
@pytest.mark.parametrize("over", ["paid", "cancelled"])
def test_whose_payment_goes_back_is_told_so_and_gets_no_receipt(
    settings: Any, over: str, told_first: bool
) -> None:
    """Given somebody at another provider, while the request is paid or taken back."""
    settings.PAYMENT_PROVIDERS = [ENTRY, "other=tests.payments.scripted:ScriptedProvider"]
    request, late = asked(), payer()
    late.post(page_of(request), {"provider": "other"})
    intent = Intent.objects.get()
    if over == "paid":
        first = actions.intent_for_request(actor=CRON, request=request, provider="scripted")
        money = Money(5000, request.currency)
        told = actions.Paid(provider_ref="one", money=money, at=clock.now())
        actions.capture(actor=CRON, intent_id=first.pk, paid=told)
    else:
        actions.cancel_request(actor=CRON, request_id=request.pk)
    if told_first:
        post(message(intent, amount=5000, currency=request.currency), "other")
    script.status = Status.SUCCEEDED

    page = late.get(f"/pay/return/{intent.token}", follow=True).content.decode()
    polled = late.get(f"/pay/{intent.token}/state", headers={"hx-request": "true"})

    assert "It is sent back in full" in page
    assert not re.search("Receipt|It is paid|Nothing was taken", page)
    assert "It is sent back in full" in polled.content.decode()


def test_who_comes_back_to_what_was_taken_back_is_not_told_that_nothing_was_taken() -> None:
    """Given a payment that was given up, and whose provider has not said yet how it ended."""
    request, client = asked(), payer()
    client.post(page_of(request))
    intent = Intent.objects.get()
    actions.cancel_request(actor=CRON, request_id=request.pk)
    script.away = True
    jobs.run_sweep()
    page = client.get(f"/pay/return/{intent.token}", follow=True).content.decode()
    assert "If you have paid, it is sent back in full" in page
    assert "Nothing was taken" not in page
    assert "hx-get" in page, "it follows by itself"
    script.away = False
    actions.check_intent(actor=CRON, intent_id=intent.pk)
    polled = client.get(f"/pay/{intent.token}/state", headers={"hx-request": "true"})
    assert polled.headers["HX-Redirect"] == page_of(request)


def test_a_request_runs_out() -> None:
    request = asked()
    with clock.at(request.expires_at):
        assert payer().get(page_of(request)).status_code == 410
        assert payer().post(page_of(request))["location"] == page_of(request)
        jobs.run_sweep()
    request.refresh_from_db()
    assert request.state == "expired"
    assert not Intent.objects.exists()


def test_a_refund_goes_back_the_way_it_came_once() -> None:
    request = asked()
    paid(request)
    for _ in range(2):
        actions.refund_request(
            actor=CRON, request_id=request.pk, amount=2000, reason="one broke", key="a"
        )
    with pytest.raises(RefundTooLarge):
        actions.refund_request(
            actor=CRON, request_id=request.pk, amount=3001, reason="more", key="b"
        )
    assert Refund.objects.get().amount == 2000
    assert balance("shop_payable", owner_id=request.payee_id) == 3000
    script.refund_status = Status.SUCCEEDED
    jobs.run_sweep()
    assert balance("clearing") == 0


@pytest.mark.parametrize(
    ("amount", "how", "field"),
    [
        (0, {}, "amount"),
        (-1, {}, "amount"),
        (10**12, {}, "amount"),
        (1, {"note": " "}, "note"),
        (1, {"note": "x" * 121}, "note"),
        (1, {"good_for": dt.timedelta(0)}, "days"),
        (1, {"good_for": dt.timedelta(days=31)}, "days"),
    ],
)
def test_what_cannot_be_asked_for(amount: int, how: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        asked(amount=amount, **how)
    assert set(refused.value.fields) == {field}
    assert not PaymentRequest.objects.exists()


def test_the_database_knows_no_paid_request_without_a_payment() -> None:
    request = asked()
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentRequest.objects.filter(pk=request.pk).update(state="paid")


def test_a_guessed_code_is_a_404() -> None:
    asked()
    assert payer().get(reverse("payment_request", args=["a" * 23])).status_code == 404


# ---- the studio --------------------------------------------------------------------------------


def studio(account: Any) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_staff_ask_take_back_and_refund_in_the_studio() -> None:
    shop = factories.shop()
    client = studio(shop.owner)
    here = reverse("studio_payments", args=[shop.slug])

    page = client.post(here, {"note": "A cake", "amount": "12.50", "days": "3"}, follow=True)
    request = PaymentRequest.objects.get()
    assert (request.amount, request.note) == (1250, "A cake")
    assert request.code in page.content.decode()
    paid(request)
    client.post(
        reverse("studio_payment_give_back", args=[shop.slug, request.pk]), {"reason": "sorry"}
    )
    request.refresh_from_db()
    assert request.refunded_amount == 1250
    second = asked(shop)
    client.post(reverse("studio_payment_take_back", args=[shop.slug, second.pk]))
    second.refresh_from_db()
    assert second.state == "cancelled"


def test_what_was_paid_long_ago_can_still_be_given_back_in_the_studio() -> None:
    """Given a stall that asks for more than fit on a page."""
    shop = factories.shop()
    old = asked(shop, note="The first one")
    paid(old)
    for n in range(50):
        asked(shop, note=f"Cup {n}")
    client, here = studio(shop.owner), reverse("studio_payments", args=[shop.slug])
    give_back = reverse("studio_payment_give_back", args=[shop.slug, old.pk])

    first = client.get(here).content.decode()
    more = re.search(r'href="(\?before=\d+)"', first)
    assert more is not None
    second = client.get(here + more[1]).content.decode()

    assert [give_back in page for page in (first, second)] == [False, True]
    assert 'href="?before=' not in second


@pytest.mark.parametrize("typed", [{}, {"note": "x", "amount": "0", "days": "1"}, {"amount": "x"}])
def test_what_is_wrong_is_said_and_kept(typed: dict[str, str]) -> None:
    shop = factories.shop()
    answer = studio(shop.owner).post(reverse("studio_payments", args=[shop.slug]), typed)
    assert answer.status_code == 422
    assert not PaymentRequest.objects.exists()


def test_strangers_have_no_business_there() -> None:
    request = asked()
    shop = Shop.objects.get(pk=request.payee_id)
    mallory, own = factories.member(), factories.shop()
    for client in (studio(mallory), studio(own.owner)):
        assert client.get(reverse("studio_payments", args=[shop.slug])).status_code == 404
        act = reverse("studio_payment_take_back", args=[shop.slug, request.pk])
        assert client.post(act).status_code == 404
    foreign = reverse("studio_payment_take_back", args=[own.slug, request.pk])
    assert studio(own.owner).post(foreign).status_code == 404
    request.refresh_from_db()
    assert request.state == "open"


def test_a_message_about_a_request_that_ran_out_is_refunded() -> None:
    request = asked()
    payer().post(page_of(request))
    intent = Intent.objects.get()
    with clock.at(request.expires_at + dt.timedelta(seconds=1)):
        jobs.run_sweep()
        post(message(intent, amount=5000, currency=request.currency))
    intent.refresh_from_db()
    assert (intent.state, intent.refunded_amount) == ("captured_unplaced", 5000)
    assert balance("shop_payable", owner_id=request.payee_id) == 0


@pytest.mark.parametrize("columns", [{"state": "suspended"}, {"kind": "member"}])
def test_who_is_not_an_approved_merchant_collects_nothing(columns: dict[str, str]) -> None:
    shop = factories.shop()
    request = asked(shop)
    Shop.objects.filter(pk=shop.pk).update(**columns)
    owner = Client(headers={"origin": "http://testserver"})
    owner.force_login(shop.owner)

    seen, pressed = payer().get(page_of(request)), payer().post(page_of(request))
    another = owner.post(
        reverse("studio_payments", args=[shop.slug]), {"amount": "5", "note": "Tea", "days": "1"}
    )

    assert (seen.status_code, pressed.status_code, another.status_code) == (410, 410, 422)
    assert not Intent.objects.exists()
    assert PaymentRequest.objects.get() == request
