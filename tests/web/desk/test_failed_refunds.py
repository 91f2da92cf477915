"""A refund that the gateway could not send: the buyer is asked, the operator alerted."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from banyan.catalog.models import ShopStaff
from banyan.kernel import clock, relay
from banyan.ledger.proof import verify
from banyan.notify import actions as notify
from banyan.notify.models import Message, Notification
from banyan.orders.models import OrderNote, OrderRefund
from banyan.payments.models import Refund
from banyan.payments.queries import wallet_balance
from tests.support import factories as make
from tests.support.sandbox import Receiver, Sandbox

from .scene import act_url, as_staff, deliver, failed_refund, settle_all

pytestmark = pytest.mark.django_db


def test_operators_see_it_on_the_desk_and_are_notified(sandbox: Sandbox, mailbox: Receiver) -> None:
    support, finance = make.staff("support"), make.staff("finance")
    refund = failed_refund(sandbox, mailbox, make.member())
    relay.drain()

    client = Client()
    client.force_login(support)
    home = client.get("/desk/").content.decode()
    assert "refund failed and needs another destination" in home
    assert 'href="/desk/refunds/?state__exact=failed"' in home
    listed = client.get("/desk/refunds/?state__exact=failed").content.decode()
    assert refund.order.number in listed
    assert Notification.objects.filter(recipient=support, kind="desk.refund_failed").exists()
    assert not Notification.objects.filter(recipient=finance).exists()
    assert "A refund failed" in client.get("/notifications").content.decode()


def test_a_member_takes_credit_instead(sandbox: Sandbox, mailbox: Receiver) -> None:
    buyer = make.member()
    refund = failed_refund(sandbox, mailbox, buyer)
    relay.drain()
    assert Notification.objects.filter(recipient=buyer, kind="refund.failed").exists()
    client = Client()
    client.force_login(buyer)
    page = client.get(f"/refunds/{refund.pk}").content.decode()
    assert "Credit here, at once" in page
    assert "Another account" in page

    answer = client.post(f"/refunds/{refund.pk}/retry", {"where": "wallet"})
    assert answer.status_code == 302
    again = client.post(f"/refunds/{refund.pk}/retry", {"where": "wallet"})
    assert again.status_code == 409, "a second click finds it on its way"
    settle_all(mailbox)
    relay.drain()

    refund.refresh_from_db()
    assert (refund.state, refund.destination) == ("succeeded", "wallet")
    assert wallet_balance(account_id=buyer.pk, currency="CNY").amount == refund.amount
    done = client.get(f"/refunds/{refund.pk}").content.decode()
    assert "Credit here" in done
    assert "The money was sent back" in done
    assert verify().clean


def test_a_member_names_another_account(sandbox: Sandbox, mailbox: Receiver) -> None:
    buyer = make.member()
    refund = failed_refund(sandbox, mailbox, buyer)
    client = Client()
    client.force_login(buyer)

    empty = client.post(f"/refunds/{refund.pk}/retry", {"where": "account", "destination": " "})
    assert empty.status_code == 422
    short = client.post(f"/refunds/{refund.pk}/retry", {"where": "account", "destination": "x"})
    assert short.status_code == 422
    none = client.post(f"/refunds/{refund.pk}/retry", {"where": "moon"})
    assert none.status_code == 422
    refund.refresh_from_db()
    assert refund.state == "failed"

    client.post(f"/refunds/{refund.pk}/retry", {"where": "account", "destination": "buyer-2"})
    settle_all(mailbox)
    refund.refresh_from_db()
    assert (refund.state, refund.destination) == ("succeeded", "buyer-2")
    assert verify().clean


def test_the_second_destination_may_fail_too_and_is_asked_for_again(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    buyer = make.member()
    refund = failed_refund(sandbox, mailbox, buyer)
    client = Client()
    client.force_login(buyer)

    client.post(f"/refunds/{refund.pk}/retry", {"where": "account", "destination": "fail"})
    settle_all(mailbox)

    refund.refresh_from_db()
    assert refund.state == "failed"
    assert "say where it shall go" in client.get(f"/refunds/{refund.pk}").content.decode()
    assert verify().clean


def test_a_guest_goes_through_support(sandbox: Sandbox, mailbox: Receiver) -> None:
    support = make.staff("support")
    refund = failed_refund(sandbox, mailbox, None)
    relay.drain()
    message = Message.objects.get(kind="refund.failed")
    assert message.cause_id == refund.order.checkout_id
    notify.deliver_due()
    assert f"/refunds/{refund.pk}?o=" in mail.outbox[-1].body

    token = refund.order.checkout.access_token
    guest = Client()
    page = guest.get(f"/refunds/{refund.pk}?o={token}").content.decode()
    assert "Credit here" not in page
    assert "Another account" not in page
    assert "How can support reach you?" in page

    stolen = guest.post(
        f"/refunds/{refund.pk}/retry",
        {"o": token, "where": "account", "destination": "somebody-else"},
    )
    assert stolen.status_code == 403, "a link proves nobody"
    refund.refresh_from_db()
    assert (refund.state, refund.destination) == ("failed", "")

    empty = guest.post(f"/refunds/{refund.pk}/help", {"o": token, "body": " "})
    assert empty.status_code == 422
    asked = guest.post(f"/refunds/{refund.pk}/help", {"o": token, "body": "Call +86 139"})
    assert asked.status_code == 302
    relay.drain()
    assert OrderNote.objects.get().body == "Call +86 139"
    assert Notification.objects.filter(recipient=support, kind="desk.help_asked").exists()

    desk = Client()
    desk.force_login(support)
    assert "Call +86 139" in desk.get(f"/desk/refunds/{refund.pk}/").content.decode()
    done = desk.post(
        act_url(refund, "send-again"),
        {"where": "account", "account": "guest-account", "reason": "named on the phone"},
    )
    assert done.status_code == 302
    settle_all(mailbox)
    refund.refresh_from_db()
    assert (refund.state, refund.destination) == ("succeeded", "guest-account")
    assert verify().clean


def test_a_guest_may_try_the_way_they_paid_once_more(sandbox: Sandbox, mailbox: Receiver) -> None:
    refund = failed_refund(sandbox, mailbox, None)
    token = refund.order.checkout.access_token

    Client().post(f"/refunds/{refund.pk}/retry", {"o": token, "where": "back"})
    settle_all(mailbox)

    refund.refresh_from_db()
    assert refund.state == "succeeded"


def test_neither_shop_nor_strangers_lead_the_money_elsewhere(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    refund = failed_refund(sandbox, mailbox, make.member())
    clerk, stranger = make.member(), make.member()
    ShopStaff.objects.create(
        shop=refund.order.shop, account=clerk, role="clerk", created_at=clock.now()
    )
    asked = {"where": "account", "destination": "mine"}
    for who, status in ((clerk, 403), (refund.order.shop.owner, 403), (stranger, 404)):
        client = Client()
        client.force_login(who)
        assert client.post(f"/refunds/{refund.pk}/retry", asked).status_code == status
        credit = client.post(f"/refunds/{refund.pk}/retry", {"where": "wallet"})
        assert credit.status_code == status
    refund.refresh_from_db()
    assert (refund.state, refund.destination) == ("failed", "")
    assert Refund.objects.get().sequence == 1


def test_a_late_word_about_the_first_try_changes_nothing(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    buyer = make.member()
    refund = failed_refund(sandbox, mailbox, buyer)
    hooks = mailbox.wait(0)
    client = Client()
    client.force_login(buyer)
    client.post(f"/refunds/{refund.pk}/retry", {"where": "wallet"})
    settle_all(mailbox)

    deliver(hooks[-1])

    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert wallet_balance(account_id=buyer.pk, currency="CNY").amount == refund.amount


def test_support_may_only_choose_what_the_provider_can_do(
    sandbox: Sandbox, mailbox: Receiver, settings: Any
) -> None:
    refund = failed_refund(sandbox, mailbox, None)
    client = as_staff("support")
    page = client.get(act_url(refund, "send-again")).content.decode()
    assert "Credit here" not in page, "a guest has no credit"

    forged = client.post(act_url(refund, "send-again"), {"where": "wallet", "reason": "x"})
    assert forged.status_code in {409, 422}
    assert OrderRefund.objects.get(pk=refund.pk).state == "failed"
