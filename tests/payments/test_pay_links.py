"""Paying by a link, in any browser and by anybody, once; nothing of the buyer is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.payments import actions, jobs
from banyan.payments.access import get_intent_of
from banyan.payments.models import Intent, Refund
from banyan.payments.problems import DestinationNotSupported, LinkNotOffered, PaymentClosed
from banyan.payments.providers.base import Action, Status
from banyan.payments.queries import destinations_for
from banyan.payments.rules import TO_WALLET
from banyan.web.shop.orders.pay_link import first_name
from tests.payments.scripted import script
from tests.payments.till import BUYER, Placer, message, opened, post, refunded, started
from tests.support import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def proved() -> Iterator[None]:
    """The books hold after each."""
    yield
    assert verify().clean


def friend() -> Client:
    return Client(headers={"origin": "http://testserver"})


def bought() -> tuple[Checkout, Intent, str]:
    """Return a purchase under way, its payment and the code of its link."""
    checkout = factories.place((factories.variant(price=10_000), 2), provider="scripted")
    intent = get_intent_of("checkout", checkout.pk)
    return checkout, intent, actions.open_link(actor=Actor.guest(), intent=intent)


def paid_by(intent: Intent, number: int) -> None:
    """The provider tells of a paid attempt."""
    told = message(
        intent,
        message_id=f"m{number}",
        reference=f"pay-{intent.pk}-{number}",
        provider_ref=f"ref-pay-{intent.pk}-{number}",
    )
    assert post(told).status_code == 200


def press_pay(code: str, client: Client | None = None) -> Any:
    return (client or friend()).post(reverse("pay_link_go", args=[code]))


def shows(code: str) -> tuple[int, str]:
    answer = friend().get(reverse("pay_link", args=[code]))
    return answer.status_code, answer.content.decode()


# ---- what it shows -----------------------------------------------------------------------------


def test_the_buyer_gets_a_link_and_a_code_on_the_waiting_page() -> None:
    intent = started()
    buyer = Client()
    answer = buyer.post(reverse("payment_link", args=[intent.token]), follow=True)
    page = answer.content.decode()

    intent.refresh_from_db()
    assert f"http://testserver/pay/link/{intent.link_code}" in page
    assert 'src="data:image/svg+xml' in page
    assert len(intent.link_code) >= 14  # 80 bits and more
    again = buyer.post(reverse("payment_link", args=[intent.token]), follow=True)
    assert intent.link_code in again.content.decode()


def test_a_friend_sees_what_and_for_whom_and_nothing_else() -> None:
    checkout, intent, code = bought()
    status, page = shows(code)

    line = checkout.orders.get().lines.get()
    assert status == 200
    assert line.title in page
    assert first_name(checkout.address["recipient"]) in page
    for secret in (
        checkout.address["street"],
        checkout.address["recipient"],
        checkout.address.get("phone", "-no phone-"),
        checkout.contact_email,
        checkout.access_token,
        intent.token,
    ):
        assert secret not in page, secret
    assert "style=" not in page


@pytest.mark.parametrize(
    ("whole", "first"),
    [
        ("Ada Lovelace", "Ada"),
        ("王小明", "小明"),
        ("欧阳娜娜", "娜娜"),
        ("李", "李"),
        ("Ada", "Ada"),
        ("", ""),
    ],
)
def test_a_first_name(whole: str, first: str) -> None:
    assert first_name(whole) == first


# ---- paying ------------------------------------------------------------------------------------


def test_a_friend_pays_and_the_buyers_page_finishes_by_itself() -> None:
    checkout, intent, code = bought()
    client = friend()
    assert press_pay(code, client)["location"] == "https://pay.example/"
    _, return_url, _, _ = script.asked("start")[0]
    assert intent.token not in return_url
    htmx = {"hx-request": "true"}
    waits = Client().get(reverse("payment_state", args=[intent.token]), headers=htmx)
    assert "hx-redirect" not in waits.headers

    script.status = Status.SUCCEEDED
    back = client.get(return_url.removeprefix("http://testserver"), follow=True)

    assert "It is paid. Thank you." in back.content.decode()
    assert checkout.access_token not in back.content.decode()
    checkout.refresh_from_db()
    assert checkout.state == "paid"
    done = Client().get(reverse("payment_state", args=[intent.token]), headers=htmx)
    assert checkout.access_token in done["hx-redirect"]


def test_a_friends_code_to_scan_is_on_the_friends_page() -> None:
    _, intent, code = bought()
    script.action = Action(kind="qr", url="weixin://wxpay/1")
    client = friend()
    location = press_pay(code, client)["location"]
    page = client.get(location).content.decode()
    assert location.startswith(f"/pay/link/{code}/wait")
    assert 'src="data:image/svg+xml' in page
    assert intent.token not in page


def test_pay_pressed_twice_is_one_attempt_whoever_presses() -> None:
    _, intent, code = bought()
    assert press_pay(code)["location"] == press_pay(code)["location"]
    assert len(script.asked("start")) == 1
    assert intent.attempts.get().lane == "link"


def test_who_pays_second_gets_it_back_and_is_told() -> None:
    checkout, intent, code = bought()
    buyer, helper = Client(), friend()
    buyer.post(reverse("purchase_pay", args=[checkout.access_token]))
    press_pay(code, helper)

    paid_by(intent, 1)
    paid_by(intent, 2)

    intent.refresh_from_db()
    assert (intent.state, intent.refunded_amount) == ("captured", 0)
    refund = Refund.objects.get()
    assert refund.amount == intent.amount
    assert refund.intent.provider_ref == f"ref-pay-{intent.pk}-2"
    told = helper.get(f"{reverse('pay_link_wait', args=[code])}?lane=link").content.decode()
    assert "sent back in full" in told
    assert checkout.orders.get().state == "paid"


def test_a_friends_second_payment_never_becomes_the_buyers_credit() -> None:
    """Given a refund that cannot go back the way it came: it is the friend's, not the buyer's."""
    buyer = factories.member()
    checkout = factories.place((factories.variant(), 1), buyer=buyer, provider="scripted")
    intent = get_intent_of("checkout", checkout.pk)
    code = actions.open_link(actor=factories.actor(buyer), intent=intent)
    Client().post(reverse("purchase_pay", args=[checkout.access_token]))
    press_pay(code)
    paid_by(intent, 1)
    paid_by(intent, 2)
    refund = Refund.objects.get()
    script.refuses = "card_gone"
    actions.submit_refund(actor=BUYER, refund_id=refund.pk)

    assert not destinations_for(refund.intent).wallet
    with pytest.raises(DestinationNotSupported):
        actions.redirect_refund(
            actor=factories.actor(factories.staff("support")),
            refund_id=refund.pk,
            destination=TO_WALLET,
            reason="as suggested",
        )
    assert refund.intent.payer_id is None


def test_a_buyers_own_second_payment_may_become_credit() -> None:
    buyer = factories.member()
    checkout = factories.place((factories.variant(), 1), buyer=buyer, provider="scripted")
    intent = get_intent_of("checkout", checkout.pk)
    code = actions.open_link(actor=factories.actor(buyer), intent=intent)
    Client().post(reverse("purchase_pay", args=[checkout.access_token]))
    press_pay(code)
    paid_by(intent, 2)
    paid_by(intent, 1)
    assert destinations_for(Refund.objects.get().intent).wallet


def test_who_did_not_pay_is_told_that_somebody_has() -> None:
    checkout, intent, code = bought()
    Client().post(reverse("purchase_pay", args=[checkout.access_token]))
    press_pay(code)
    paid_by(intent, 1)

    told = friend().get(f"{reverse('pay_link_wait', args=[code])}?lane=link").content.decode()
    assert "Nothing was taken from you" in told
    assert not Refund.objects.exists()


def test_what_others_opened_is_closed_once_it_is_paid() -> None:
    checkout, intent, code = bought()
    Client().post(reverse("purchase_pay", args=[checkout.access_token]))
    press_pay(code)
    paid_by(intent, 2)

    jobs.run_sweep()

    assert [charge.provider_ref for charge in script.asked("cancel")] == [f"ref-pay-{intent.pk}-1"]
    assert not intent.attempts.filter(outcome="").exists()


# ---- the end of a link -------------------------------------------------------------------------


def test_a_paid_link_is_used_up_and_stays_so_after_a_refund() -> None:
    _, intent, code = bought()
    press_pay(code)
    paid_by(intent, 1)
    assert shows(code)[0] == 410
    refunded(intent, intent.amount)
    jobs.run_sweep()

    status, page = shows(code)
    again = press_pay(code)

    assert (status, "It has been paid" in page) == (410, True)
    assert again["location"] == reverse("pay_link", args=[code])
    assert len(script.asked("start")) == 1


def test_an_expired_link_says_so() -> None:
    _, intent, code = bought()
    with clock.at(intent.expires_at + dt.timedelta(seconds=1)):
        status, page = shows(code)
        assert press_pay(code)["location"] == reverse("pay_link", args=[code])
    assert (status, "The time to pay has passed" in page) == (410, True)
    assert script.asked("start") == []


def test_a_cancelled_purchase_has_a_dead_link_and_late_money_goes_back() -> None:
    checkout, intent, code = bought()
    press_pay(code)
    orders.cancel_checkout(
        actor=Actor.guest(), checkout_id=checkout.pk, access_token=checkout.access_token
    )
    assert shows(code)[0] == 410
    assert "cancelled" in shows(code)[1]

    paid_by(intent, 1)

    intent.refresh_from_db()
    assert (intent.state, intent.refunded_amount) == ("captured_unplaced", intent.amount)


def test_a_message_about_an_expired_payment_is_refunded() -> None:
    _, intent, code = bought()
    press_pay(code)
    with clock.at(intent.expires_at + dt.timedelta(seconds=1)):
        jobs.run_sweep()
        paid_by(intent, 1)
    intent.refresh_from_db()
    assert (intent.state, intent.refunded_amount) == ("captured_unplaced", intent.amount)


# ---- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["nope", "a" * 23, "%00"])
@pytest.mark.parametrize("page", ["pay_link", "pay_link_wait", "pay_link_state", "pay_link_back"])
def test_a_guessed_link_is_a_404(code: str, page: str) -> None:
    bought()
    assert friend().get(reverse(page, args=[code])).status_code == 404


def test_the_buyers_token_is_no_link_and_the_link_no_token() -> None:
    _, intent, code = bought()
    assert friend().get(reverse("pay_link", args=[intent.token])).status_code == 404
    assert friend().get(reverse("payment_wait", args=[code])).status_code == 404


def test_a_post_from_another_site_starts_nothing() -> None:
    _, _, code = bought()
    stranger = Client(headers={"origin": "https://evil.example"})
    assert stranger.post(reverse("pay_link_go", args=[code])).status_code == 403
    assert script.asked("start") == []


def test_credit_is_spent_by_its_owner_only() -> None:
    with pytest.raises(LinkNotOffered):
        actions.open_link(actor=BUYER, intent=opened("wallet"))


def test_what_is_over_gets_no_link(placer: Placer) -> None:
    intent = started()
    actions.cancel_intent(actor=BUYER, intent_id=intent.pk)
    with pytest.raises(PaymentClosed):
        actions.open_link(actor=BUYER, intent=intent)
    intent.refresh_from_db()
    assert intent.link_code == ""


def test_another_amount_is_not_booked() -> None:
    _, intent, code = bought()
    friend().post(reverse("pay_link_go", args=[code]), {"amount": "1"})
    assert script.asked("start")[0][0].money.amount == intent.amount
    post(message(intent, amount=1, reference=f"pay-{intent.pk}-1"))
    intent.refresh_from_db()
    assert intent.state == "pending"


def test_a_buyer_who_paid_second_is_told_on_the_way_back() -> None:
    checkout, intent, code = bought()
    buyer = Client()
    buyer.post(reverse("purchase_pay", args=[checkout.access_token]))
    press_pay(code)
    paid_by(intent, 2)
    script.status = Status.SUCCEEDED

    back = buyer.get(reverse("payment_return", args=[intent.token]), follow=True)

    assert "sent back in full" in back.content.decode()
    assert Refund.objects.get().intent.provider_ref == f"ref-pay-{intent.pk}-1"


def test_a_page_that_was_open_when_a_friend_paid_leads_on() -> None:
    checkout, intent, code = bought()
    open_page = Client().get(reverse("payment_wait", args=[intent.token])).content.decode()
    assert f"checkout:{checkout.pk}" in open_page
    press_pay(code)
    paid_by(intent, 1)
    fresh = Client().get(reverse("payment_wait", args=[intent.token])).content.decode()
    assert 'hx-trigger="load' in fresh
    friends = friend().get(f"{reverse('pay_link_wait', args=[code])}?lane=link").content.decode()
    assert "hx-get" not in friends
    assert "data-live=" not in friends


@pytest.mark.parametrize(("number", "wallet"), [(1, True), (2, False)])
def test_what_a_friend_paid_is_no_credit_of_the_buyers(number: int, wallet: bool) -> None:
    buyer = factories.member()
    item = factories.variant(price=10_000)
    checkout = factories.place((item, 1), buyer=buyer, provider="scripted")
    intent = get_intent_of("checkout", checkout.pk)
    code = actions.open_link(actor=factories.actor(buyer), intent=intent)
    client = Client()
    client.post(reverse("purchase_pay", args=[checkout.access_token]))
    press_pay(code)
    paid_by(intent, number)
    intent.refresh_from_db()
    assert destinations_for(intent).wallet is wallet
