"""Opening a payment with WeChat Pay, and learning that it was paid, however that comes about."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client, RequestFactory
from django.urls import reverse

from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.payments import actions, jobs, providers
from banyan.payments.actions.intents import charge_of
from banyan.payments.models import Attempt, Intent, ProviderMessage
from banyan.payments.problems import ProviderRefused, ProviderUnknown, ProviderUnreachable
from banyan.payments.providers.base import RefundOrder
from banyan.payments.providers.wechat.gateway import Gateway
from banyan.payments.rules import Outcome
from banyan.web.payments.device import payer_context
from tests.gateways.wechat.orders import OPENED
from tests.payments.test_requests import asked, page_of
from tests.payments.till import (
    BUYER,
    SHOP_URL,
    Placer,
    balance,
    keys,
    names,
    opened,
    refunded,
    started,
)
from tests.payments.wechat.driver import APPID, Wechat, deliver, trade_no

pytestmark = pytest.mark.django_db


def begun(**context: str) -> tuple[Intent, str]:
    intent = opened("wechat")
    url = actions.start(
        actor=BUYER,
        intent_id=intent.pk,
        return_url=f"{SHOP_URL}/pay/return/{intent.token}",
        locale="en",
        context=context,
    )
    intent.refresh_from_db()
    return intent, url


def action_of(intent: Intent) -> dict[str, Any]:
    action: dict[str, Any] = Attempt.objects.get(intent=intent, outcome="").action
    return action


def test_a_note_in_chinese_is_cut_to_the_bytes_that_wechat_pay_takes(wechat: Wechat) -> None:
    """A shop may say in 120 letters what it asks an amount for."""
    intent = opened("wechat")
    Intent.objects.filter(pk=intent.pk).update(description="青花瓷茶杯十二只，" * 13)
    actions.start(actor=BUYER, intent_id=intent.pk, return_url=SHOP_URL, locale="zh-hans")
    intent.refresh_from_db()
    assert intent.state == "pending"


@pytest.mark.parametrize("channel", ["", "web", "native"])
def test_a_browser_shows_a_code_to_scan(wechat: Wechat, channel: str) -> None:
    intent, url = begun(**({"channel": channel} if channel else {}))

    action = action_of(intent)
    assert (action["kind"], action["url"][:10]) == ("qr", "weixin://w")
    assert (intent.state, intent.provider_ref) == ("pending", trade_no(intent))
    assert url == f"/pay/{intent.token}"
    assert b"data:image/svg+xml" in Client().get(url).content


def test_inside_wechat_the_bridge_gets_signed_parameters(wechat: Wechat) -> None:
    intent, _ = begun(channel="in_app", payer_ref="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")

    action = action_of(intent)
    params = action["params"]
    assert action["kind"] == "client"
    assert (params["appId"], params["signType"]) == (APPID, "RSA")
    assert params["package"].startswith("prepay_id=wx")
    text = "".join(f"{params[name]}\n" for name in ("appId", "timeStamp", "nonceStr", "package"))
    wechat.pair.merchant.public_key().verify(
        base64.b64decode(params["paySign"]), text.encode(), PKCS1v15(), SHA256()
    )


def test_a_phones_browser_goes_to_the_pay_page_and_comes_back(wechat: Wechat) -> None:
    intent, url = begun(channel="wap", client_ip="203.0.113.7")

    parts = urlsplit(url)
    assert parts.hostname == "wx.tenpay.com"
    back = parse_qs(parts.query)["redirect_url"]
    assert back == [f"{SHOP_URL}/pay/return/{intent.token}"]
    assert action_of(intent)["kind"] == "redirect"


def phone(agent: str = "Safari/604.1", address: str = "203.0.113.7") -> Client:
    told = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 {agent}"
    origin = "http://testserver"
    return Client(REMOTE_ADDR=address, headers={"user-agent": told, "origin": origin})


def test_an_address_that_has_run_out_is_asked_for_anew(wechat: Wechat, settings: Any) -> None:
    """Given WeChat's page, which opens for five minutes, and a payer who comes back after six."""
    intent, first = begun(channel="wap", client_ip="203.0.113.7")
    again = reverse("payment_again", args=[intent.token])
    assert wechat.opens(first, address="203.0.113.7") == OPENED

    later = dt.timedelta(minutes=6)
    wechat.configure(offset=later.total_seconds())
    with clock.at(clock.now() + later):
        waiting = phone().get(f"/pay/{intent.token}").content.decode()
        fresh = phone().post(again)["location"]

    assert wechat.opens(first, address="203.0.113.7") != OPENED
    assert wechat.opens(fresh, address="203.0.113.7") == OPENED
    attempt = Attempt.objects.get()  # the same order at WeChat Pay: it is paid once
    intent.refresh_from_db()
    assert (attempt.provider_ref, intent.pay_url) == (trade_no(intent), fresh)
    assert first not in waiting  # no dead link: Pay is pressed again
    assert again in waiting


def test_another_network_gets_an_order_of_its_own(wechat: Wechat) -> None:
    """Given a telephone that leaves the house, and a friend: the page opens to each, once."""
    intent, at_home = begun(channel="wap", client_ip="203.0.113.7")
    outside = phone(address="198.51.100.9").post(reverse("payment_again", args=[intent.token]))
    code = actions.open_link(actor=BUYER, intent=intent)
    link = reverse("pay_link_go", args=[code])
    friends = [phone(address=address).post(link) for address in ("192.0.2.1", "192.0.2.2")]

    for url, address in (
        (at_home, "203.0.113.7"),
        (outside["location"], "198.51.100.9"),
        (friends[0]["location"], "192.0.2.1"),
        (friends[1]["location"], "192.0.2.2"),
    ):
        assert wechat.opens(url, address=address) == OPENED, address
    assert Attempt.objects.count() == 4


def test_who_pays_what_a_shop_asks_for_second_is_told_that_it_goes_back(wechat: Wechat) -> None:
    page = page_of(asked())
    phones = [phone(address=address) for address in ("192.0.2.1", "192.0.2.2")]
    pages = [urlsplit(each.post(page)["location"]) for each in phones]
    intent = Intent.objects.get()
    for number in (1, 2):
        wechat.pay(intent, number=number)
        assert deliver(wechat.told()) == 200

    backs = [parse_qs(each.query)["redirect_url"][0] for each in pages]
    first, second = (
        each.get(back.removeprefix("http://testserver"), follow=True).content.decode()
        for each, back in zip(phones, backs, strict=True)
    )
    assert "Your payment is sent back in full" not in first
    assert "Your payment is sent back in full" in second


def test_what_was_paid_before_its_address_ran_out_is_not_asked_for_anew(
    wechat: Wechat, placer: Placer
) -> None:
    intent, _ = begun(channel="wap", client_ip="203.0.113.7")
    wechat.pay(intent)
    later = dt.timedelta(minutes=6)
    wechat.configure(offset=later.total_seconds())
    with clock.at(clock.now() + later):
        phone().post(reverse("payment_again", args=[intent.token]))
    intent.refresh_from_db()
    assert (intent.state, placer.placed) == ("captured", [intent.pk])


@pytest.mark.parametrize(
    ("app", "kind"),
    [("Safari/604.1", "redirect"), ("MicroMessenger/8.0.50", "qr")],
)
def test_a_telephone_gets_what_opens_there(wechat: Wechat, app: str, kind: str) -> None:
    """WeChat's page for telephones opens in every browser but WeChat's own."""
    agent = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 {app}"
    request = RequestFactory().get("/", HTTP_USER_AGENT=agent, REMOTE_ADDR="203.0.113.7")

    intent, _ = begun(**payer_context(request, "wechat"))

    assert action_of(intent)["kind"] == kind


@pytest.mark.parametrize(
    ("context", "reason"),
    [({"channel": "in_app"}, "payer_ref_missing"), ({"channel": "wap"}, "client_ip_missing")],
)
def test_what_wechat_pay_needs_is_missed_before_it_is_asked(
    wechat: Wechat, context: dict[str, str], reason: str
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        begun(**context)
    assert refused.value.reason == reason
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.failure) == ("refused", reason)
    assert Intent.objects.get().state == "created"


def test_only_yuan_are_taken(wechat: Wechat) -> None:
    with pytest.raises(ProviderUnknown):
        actions.new_intent(
            subject_kind="test",
            subject_id=1,
            provider="wechat",
            amount=Money(100, "USD"),
            description="B-1",
            payer_id=None,
            expires_at=clock.now() + dt.timedelta(minutes=15),
        )


def test_the_same_start_twice_is_one_order(wechat: Wechat) -> None:
    intent = opened("wechat")
    charge = charge_of(intent, Attempt(number=1, started_at=clock.now()))
    asked: dict[str, Any] = {
        "return_url": SHOP_URL,
        "webhook_url": "https://shop.test/pay/hook/wechat",
        "locale": "en",
        "context": {},
    }
    first, second = (providers.get("wechat").start(charge, **asked) for _ in range(2))
    assert first == second


def test_a_notification_captures(wechat: Wechat, placer: Placer) -> None:
    intent = started("wechat")
    paid = wechat.pay(intent)

    assert deliver(wechat.told()) == 200

    intent.refresh_from_db()
    assert (intent.state, placer.placed) == ("captured", [intent.pk])
    assert intent.captured_at == dt.datetime.fromisoformat(paid["success_time"])
    kept = ProviderMessage.objects.get()
    assert (kept.outcome, kept.kind) == (Outcome.CAPTURED, "payment.succeeded")
    assert kept.payload["raw"]["resource"]["transaction_id"] == paid["transaction_id"]
    assert balance("gateway", "wechat") == -12900


def test_the_answer_is_in_wechat_pays_words(wechat: Wechat) -> None:
    provider = providers.get("wechat")
    taken, later = (provider.acknowledge(accepted=accepted) for accepted in (True, False))
    assert (taken.status, json.loads(taken.body)) == (200, {"code": "SUCCESS"})
    assert (later.status, json.loads(later.body)["code"]) == (503, "FAIL")
    assert taken.content_type == "application/json"


def test_a_notification_told_five_times_is_one_capture(wechat: Wechat, placer: Placer) -> None:
    intent = started("wechat")
    wechat.pay(intent)

    assert [deliver(wechat.told()) for _ in range(5)] == [200] * 5

    assert placer.placed == [intent.pk]
    assert ProviderMessage.objects.get().repeats == 4
    assert keys() == [f"intent:{intent.pk}:captured"]
    assert names(intent) == ["payment.captured"]


def test_the_way_back_asks_and_the_notification_comes_later(wechat: Wechat, placer: Placer) -> None:
    intent = started("wechat")
    wechat.pay(intent)

    Client().get(f"/pay/return/{intent.token}")
    assert Intent.objects.get(pk=intent.pk).state == "captured"
    assert deliver(wechat.told()) == 200

    assert placer.placed == [intent.pk]
    outcomes = ProviderMessage.objects.order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.CAPTURED, Outcome.ALREADY_CAPTURED]


def test_a_payment_whose_notification_never_comes_is_found_out(
    wechat: Wechat, placer: Placer
) -> None:
    intent = started("wechat")
    wechat.pay(intent)
    with clock.at(clock.now() + dt.timedelta(seconds=31)):
        assert jobs.run_sweep()["intents"] == 1
    assert Intent.objects.get(pk=intent.pk).state == "captured"
    assert placer.placed == [intent.pk]


def test_what_was_paid_and_sent_back_behind_our_back_was_paid_all_the_same(
    wechat: Wechat, placer: Placer
) -> None:
    intent = started("wechat")
    wechat.pay(intent)
    by_hand = RefundOrder(
        reference="by-hand-1",
        payment_ref=trade_no(intent),
        money=Money(100, "CNY"),
        whole=Money(12900, "CNY"),
        reason="on the merchant platform",
    )
    providers.get("wechat").refund(by_hand)

    assert actions.sync(actor=BUYER, intent_id=intent.pk).state == "captured"

    assert ProviderMessage.objects.get().payload["raw"]["trade_state"] == "REFUND"
    assert balance("gateway", "wechat") == -12900


def test_an_unpaid_order_stays_open(wechat: Wechat) -> None:
    intent = started("wechat")
    assert actions.sync(actor=BUYER, intent_id=intent.pk).state == "pending"
    wechat.control("paying", out_trade_no=trade_no(intent))
    assert actions.sync(actor=BUYER, intent_id=intent.pk).state == "pending"
    assert not ProviderMessage.objects.exists()


def test_a_notification_before_our_own_start_is_recorded_counts(
    wechat: Wechat, placer: Placer
) -> None:
    intent = opened("wechat")
    attempt = Attempt.objects.create(intent=intent, number=1, started_at=clock.now())
    providers.get("wechat").start(
        charge_of(intent, attempt),
        return_url=SHOP_URL,
        webhook_url="https://shop.test/pay/hook/wechat",
        locale="en",
        context={},
    )
    wechat.pay(intent)

    assert deliver(wechat.told()) == 200

    assert Intent.objects.get(pk=intent.pk).state == "captured"
    assert placer.placed == [intent.pk]


@pytest.mark.parametrize("fault", ["500", "429", "cut", "garbage"])
def test_a_gateway_that_is_down_is_unreachable_and_nothing_is_half_done(
    wechat: Wechat, fault: str
) -> None:
    wechat.configure(fault=fault)
    with pytest.raises(ProviderUnreachable):
        started("wechat")
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.provider_ref, attempt.action) == ("", "", {})

    wechat.configure(fault="")
    actions.start(actor=BUYER, intent_id=attempt.intent_id, return_url=SHOP_URL, locale="en")

    assert Attempt.objects.get().provider_ref == trade_no(attempt.intent)


@pytest.mark.parametrize("sign", ["stranger", "missing", "stale"])
def test_an_answer_that_wechat_pay_did_not_sign_is_not_believed(
    wechat: Wechat, placer: Placer, sign: str
) -> None:
    intent = started("wechat")
    wechat.pay(intent)
    wechat.configure(sign=sign)
    with pytest.raises(ProviderUnreachable):
        actions.sync(actor=BUYER, intent_id=intent.pk)
    assert Intent.objects.get(pk=intent.pk).state == "pending"
    assert placer.placed == []


def test_an_answer_about_another_order_is_not_believed(
    wechat: Wechat, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = started("wechat"), started("wechat")
    wechat.pay(second)
    real, ours, theirs = Gateway.get, trade_no(first), trade_no(second)
    monkeypatch.setattr(Gateway, "get", lambda self, path: real(self, path.replace(ours, theirs)))
    with pytest.raises(ProviderUnreachable, match="told about"):
        actions.sync(actor=BUYER, intent_id=first.pk)
    assert Intent.objects.get(pk=first.pk).state == "pending"


def test_a_wrong_merchant_key_decides_nothing(
    wechat: Wechat, placer: Placer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the operator's to mend: nobody's refund fails for it."""
    intent = started("wechat")
    wechat.pay(intent)
    deliver(wechat.told())
    refund = refunded(intent, 100)
    right, settings.WECHAT_CERT_SERIAL = settings.WECHAT_CERT_SERIAL, "00"
    with pytest.raises(ProviderUnreachable, match="SIGN_ERROR"):
        started("wechat")
    actions.submit_refund(actor=BUYER, refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == "requested"
    assert "WeChat Pay does not accept our signature" in caplog.text

    settings.WECHAT_CERT_SERIAL = right
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        actions.submit_refund(actor=BUYER, refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == "submitted"
