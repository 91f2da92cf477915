"""The hosted pay page: plain HTML, three languages, one capture however often it is pressed."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from sandbox.amounts import display
from sandbox.texts import ENGLISH, SIMPLIFIED, TEXTS, TRADITIONAL
from tests.sandbox.driver import Answer, Client, Receiver, together


def page(client: Client, payment: dict[str, object]) -> Answer:
    return client.send("GET", f"/pay/{payment['id']}")


def test_the_page_says_what_is_paid_and_that_it_is_a_test(client: Client) -> None:
    payment = client.open(description="<b>Cup</b> & saucer")

    answer = page(client, payment)

    html = answer.body.decode()
    assert answer.status == 200
    assert "CN¥129.00" in html
    assert "No real money moves here" in html
    assert "&lt;b&gt;Cup&lt;/b&gt; &amp; saucer" in html
    assert "<b>Cup" not in html
    assert "shop.test" in html
    for outcome in ("success", "insufficient_funds", "late", "never", "twice", "before_redirect"):
        assert f'value="{outcome}"' in html
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_runs_nothing_and_leads_only_to_the_shop(client: Client) -> None:
    answer = page(client, client.open(return_url="https://shop.test:8443/back"))

    html, policy = answer.body.decode(), answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' https://shop.test:8443")
    assert "unsafe" not in policy
    assert not re.search(r"<script|style=|\son\w+=|<link|src=", html)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("locale", "lang", "words"),
    [
        ("en", "en", "Cancel and go back"),
        ("fr-FR", "en", "Cancel and go back"),
        ("zh-Hans", "zh-Hans", "取消并返回"),
        ("zh_CN", "zh-Hans", "取消并返回"),
        ("zh-Hant", "zh-Hant", "取消並返回"),
        ("zh-TW", "zh-Hant", "取消並返回"),
        ("zh-HK", "zh-Hant", "取消並返回"),
        ("zh-Hans-HK", "zh-Hans", "取消并返回"),
    ],
)
def test_the_page_speaks_the_language_of_the_payment(
    client: Client, locale: str, lang: str, words: str
) -> None:
    html = page(client, client.open(locale=locale)).body.decode()

    assert f'<html lang="{lang}">' in html
    assert words in html


def test_the_three_languages_say_the_same_things() -> None:
    for texts in TEXTS.values():
        assert texts.keys() == ENGLISH.keys()
        for name, text in texts.items():
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", ENGLISH[name]))
    same = {name for name in ENGLISH if SIMPLIFIED[name] == ENGLISH[name]}
    assert not same | {name for name in ENGLISH if TRADITIONAL[name] == ENGLISH[name]}


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (12900, "CNY", "CN¥129.00"),
        (123456789, "CNY", "CN¥1,234,567.89"),
        (5, "CNY", "CN¥0.05"),
        (1234, "JPY", "JP¥1,234"),
        (100, "USD", "US$1.00"),
        (1999, "EUR", "€19.99"),
        (50000, "KRW", "KRW\xa050,000"),
        (1050, "CHF", "CHF\xa010.50"),
    ],
)
def test_amounts_are_written_right(amount: int, currency: str, shown: str) -> None:
    assert display(amount, currency) == shown


def test_paying_leads_back_with_a_hint_and_keeps_the_shops_query(client: Client) -> None:
    payment = client.open(return_url="http://shop.test/back?intent=7311&a=%20#end")

    answer = client.confirm(payment)

    assert answer.status == 303
    assert answer.headers["location"] == (
        f"http://shop.test/back?intent=7311&a=%20&payment={payment['id']}&status=succeeded#end"
    )
    assert client.payment(payment)["captured"] == 12900


def test_a_form_without_a_choice_pays(client: Client) -> None:
    payment = client.open()

    answer = client.send("POST", f"/pay/{payment['id']}/confirm", b"")

    assert answer.returned["status"] == "succeeded"


def test_pressing_pay_in_eight_threads_captures_once(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    answers = together(lambda _: client.confirm(payment), 8)

    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    later = client.confirm(payment, "insufficient_funds")
    assert later.headers["location"] == answers[0].headers["location"]
    shop.wait(1)
    events = client.get("/v1/events?limit=500").json["data"]
    mine = [event for event in events if event["data"]["object"]["id"] == payment["id"]]
    assert [event["type"] for event in mine] == ["payment.succeeded"]


def test_a_declined_buyer_stays_on_the_page_and_can_pay(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    declined = client.confirm(payment, "insufficient_funds")

    assert (declined.status, declined.headers["location"]) == (303, f"/pay/{payment['id']}")
    assert "insufficient funds" in page(client, payment).body.decode()
    after = client.payment(payment)
    assert (after["status"], after["captured"], after["failed_attempts"]) == ("open", 0, 1)
    (failed,) = shop.wait(1)
    assert failed.kind == "payment.failed"
    assert failed.event["data"]["object"]["last_error"] == {"code": "insufficient_funds"}

    assert client.confirm(payment).returned["status"] == "succeeded"
    assert [hook.kind for hook in shop.wait(2)] == ["payment.failed", "payment.succeeded"]
    assert client.payment(payment)["last_error"] is None


def test_cancelling_on_the_page_ends_the_payment(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    answer = client.send("POST", f"/pay/{payment['id']}/cancel", b"")

    assert (answer.status, answer.returned["status"]) == (303, "cancelled")
    after = client.payment(payment)
    assert (after["status"], after["cancel_reason"]) == ("cancelled", "buyer")
    assert [hook.kind for hook in shop.wait(1)] == ["payment.cancelled"]


def test_cancelling_after_paying_keeps_the_payment(client: Client) -> None:
    payment = client.paid()

    answer = client.send("POST", f"/pay/{payment['id']}/cancel", b"")

    assert answer.returned["status"] == "succeeded"
    assert client.payment(payment)["status"] == "succeeded"


def test_leaving_decides_nothing(client: Client) -> None:
    payment = client.open()

    html = page(client, payment).body.decode()

    assert f"&amp;payment={payment['id']}&amp;status=open" in html
    assert client.payment(payment)["status"] == "open"


def test_a_closed_page_offers_the_way_back_and_nothing_to_press(client: Client) -> None:
    paid, cancelled = client.paid(), client.open()
    client.post(f"/v1/payments/{cancelled['id']}/cancel", {})

    for payment, status in ((paid, "succeeded"), (cancelled, "cancelled")):
        html = page(client, payment).body.decode()
        assert f"status={status}" in html
        assert "<form" not in html


def test_wrong_addresses_and_choices_are_pages(client: Client) -> None:
    payment = client.open()

    missing = client.send("GET", "/pay/pay_none")
    nowhere = client.send("GET", "/etc/passwd")
    odd = client.confirm(payment, "<script>")
    read = client.send("GET", f"/pay/{payment['id']}/confirm")

    assert [answer.status for answer in (missing, nowhere, odd, read)] == [404, 404, 422, 405]
    for answer in (missing, nowhere, odd, read):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<script>" not in answer.body.decode()
    assert client.payment(payment)["status"] == "open"


def test_head_answers_like_get_without_a_body(client: Client) -> None:
    payment = client.open()

    answer = client.send("HEAD", f"/pay/{payment['id']}")

    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000
