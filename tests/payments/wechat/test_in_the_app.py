"""Paying inside WeChat: who pays is asked at Pay, silently, and never before."""

from __future__ import annotations

import datetime as dt
import http.client
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.orders.models import Checkout
from banyan.payments import actions
from banyan.payments.access import get_intent_of
from banyan.payments.models import Attempt, Intent, ProviderMessage
from banyan.payments.payers import mark
from banyan.web.payments.identity import ASKED
from banyan.web.shop.market.cards import product_url
from tests.payments.wechat.driver import APPID, Wechat, deliver
from tests.support import factories

pytestmark = pytest.mark.django_db

INSIDE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Mobile/15E148 MicroMessenger/8.0.49"
)
DESK = "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0"


def browser(agent: str = INSIDE) -> Client:
    return Client(headers={"user-agent": agent})


def bought() -> tuple[Checkout, Intent]:
    checkout = factories.place((factories.variant(price=10_000, stock=3), 1), provider="wechat")
    return checkout, get_intent_of("checkout", checkout.pk)


def press_pay(client: Client, checkout: Checkout) -> str:
    answer = client.post(reverse("purchase_pay", args=[checkout.access_token]))
    assert answer.status_code == 302
    return str(answer["location"])


def follow(wechat: Wechat, address: str) -> str:
    """Go where WeChat leads to; the path that it sends the browser back to."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", wechat.port, timeout=60)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 302, answer.status
    back = urlsplit(str(answer.headers["location"]))
    return f"{back.path}?{back.query}"


def waiting(wechat: Wechat, client: Client, checkout: Checkout) -> str:
    """Press Pay and be known; the path of the waiting page."""
    answer = client.get(follow(wechat, press_pay(client, checkout)))
    assert answer.status_code == 302
    return str(answer["location"])


def test_pay_asks_who_pays_and_the_page_gets_the_bridges_parameters(wechat: Wechat) -> None:
    checkout, intent = bought()
    client = browser()

    address = press_pay(client, checkout)
    asked = parse_qs(urlsplit(address).query)
    assert (asked["appid"], asked["scope"]) == ([APPID], ["snsapi_base"])
    assert urlsplit(address).fragment == "wechat_redirect"
    assert re.fullmatch(r"[A-Za-z0-9]{1,128}", asked["state"][0])
    page = client.get(client.get(follow(wechat, address))["location"]).content.decode()

    assert "wechat-pay.js" in page
    assert '"package": "prepay_id=wx' in page
    assert "style=" not in page
    intent.refresh_from_db()
    attempt = intent.attempts.get()
    openid = wechat.control("openid", appid=APPID, person="alice")["openid"]
    assert attempt.lane == f"in_app:{mark(openid)[:16]}"
    assert (intent.state, attempt.action["kind"]) == ("pending", "client")
    assert openid not in str(attempt.request)


def test_no_page_before_pay_redirects_or_sets_anything(wechat: Wechat) -> None:
    """Given WeChat's browser, reading asks nobody: not the product, the cart, nor a link to pay."""
    checkout, intent = bought()
    code = actions.open_link(actor=Actor.guest(), intent=intent)
    product = checkout.orders.get().lines.get().variant.product
    pages = [
        "/",
        product_url(product),
        reverse("cart"),
        reverse("purchase", args=[checkout.access_token]),
        reverse("pay_link", args=[code]),
    ]
    for page in pages:
        client = browser()
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert ASKED not in client.session
        assert "banyan_session" not in answer.cookies, page
    assert browser().get(reverse("pay_link", args=[code])).cookies == {}
    assert wechat.control("asked_back") == []
    assert not Attempt.objects.exists()


def test_the_payers_id_is_nowhere_in_the_open(wechat: Wechat) -> None:
    checkout, intent = bought()
    waiting(wechat, browser(), checkout)
    openid = wechat.control("openid", appid=APPID, person="alice")["openid"]
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200

    kept = ProviderMessage.objects.get()
    assert kept.payload["raw"]["resource"]["payer"] == mark(openid)
    assert openid not in str(kept.payload)
    intent.refresh_from_db()
    assert intent.state == "captured"


def test_pay_pressed_again_is_the_same_order_at_wechat(wechat: Wechat) -> None:
    checkout, intent = bought()
    first, second = browser(), browser()
    assert waiting(wechat, first, checkout) == waiting(wechat, second, checkout)
    assert intent.attempts.count() == 1


def test_a_desk_and_the_app_can_both_pay_and_one_is_captured(wechat: Wechat) -> None:
    checkout, intent = bought()
    press_pay(browser(DESK), checkout)
    waiting(wechat, browser(), checkout)
    assert list(intent.attempts.order_by("number").values_list("outcome", flat=True)) == ["", ""]

    wechat.pay(intent, 1)
    assert deliver(wechat.told()) == 200
    wechat.pay(intent, 2)
    assert deliver(wechat.told()) == 200

    intent.refresh_from_db()
    assert (intent.state, intent.refunded_amount) == ("captured", 0)
    second = Intent.objects.exclude(pk=intent.pk).get()
    assert (second.state, second.refunded_amount) == ("captured_unplaced", second.captured_amount)
    assert checkout.orders.get().state == "paid"


def test_who_comes_back_before_it_is_told_waits_on_the_page_of_their_own_device(
    wechat: Wechat,
) -> None:
    checkout, intent = bought()
    press_pay(browser(DESK), checkout)
    client = browser()
    page = waiting(wechat, client, checkout)
    lane = parse_qs(urlsplit(page).query)["lane"][0]

    answer = client.get(reverse("payment_return", args=[intent.token, lane]))

    assert answer["location"] == f"{page}&back=1"
    assert "wechat-pay.js" in client.get(page).content.decode()


# ---- attacks -----------------------------------------------------------------------------------


def test_a_state_of_another_session_is_refused(wechat: Wechat) -> None:
    checkout, intent = bought()
    back = follow(wechat, press_pay(browser(), checkout))

    stranger = browser()
    answer = stranger.get(back)
    other_checkout, _ = bought()
    press_pay(stranger, other_checkout)
    again = stranger.get(back)

    assert (answer.status_code, again.status_code) == (409, 409)
    assert not intent.attempts.exists()


@pytest.mark.parametrize("change", ["state", "mac", "missing", "unicode"])
def test_a_tampered_return_is_refused(wechat: Wechat, change: str) -> None:
    checkout, intent = bought()
    client = browser()
    back = follow(wechat, press_pay(client, checkout))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    state = asked["state"]
    asked["state"] = {
        "state": "A" * 23 + state[23:],
        "mac": state[:-1] + ("0" if state[-1] != "0" else "1"),
        "missing": "",
        "unicode": "é" * 87,
    }[change]

    answer = client.get(f"{urlsplit(back).path}?{urlencode(asked)}")

    assert answer.status_code == 409
    assert not intent.attempts.exists()


def test_the_same_way_back_twice_starts_nothing_new(wechat: Wechat) -> None:
    checkout, intent = bought()
    client = browser()
    back = follow(wechat, press_pay(client, checkout))
    client.get(back)

    assert client.get(back).status_code == 409
    assert intent.attempts.count() == 1


def test_a_code_that_was_used_is_refused_by_wechat(wechat: Wechat) -> None:
    """Given a fresh state of the victim's browser, somebody's used code opens nothing."""
    checkout, intent = bought()
    client = browser()
    used = parse_qs(urlsplit(follow(wechat, press_pay(client, checkout))).query)["code"][0]
    other = browser()
    back = follow(wechat, press_pay(other, checkout))
    other.get(back.replace(parse_qs(urlsplit(back).query)["code"][0], used))
    state = parse_qs(urlsplit(press_pay(client, checkout)).query)["state"][0]

    answer = client.get(f"/pay/identity/wechat?{urlencode({'code': used, 'state': state})}")

    assert answer["location"] == f"/pay/{intent.token}"
    assert intent.attempts.count() == 1


def test_an_openid_of_another_app_pays_nothing(wechat: Wechat) -> None:
    checkout, intent = bought()
    client = browser()
    state = parse_qs(urlsplit(press_pay(client, checkout)).query)["state"][0]
    foreign = wechat.control("code", appid="wxother", person="mallory")["code"]

    answer = client.get(f"/pay/identity/wechat?{urlencode({'code': foreign, 'state': state})}")

    assert answer["location"] == f"/pay/{intent.token}"
    assert not intent.attempts.exists()
    page = client.get(answer["location"]).content.decode()
    assert "refused" in page


def test_a_state_is_good_for_ten_minutes(wechat: Wechat) -> None:
    checkout, intent = bought()
    client = browser()
    back = follow(wechat, press_pay(client, checkout))
    with clock.at(clock.now() + dt.timedelta(minutes=11)):
        assert client.get(back).status_code == 409
    assert not intent.attempts.exists()


def test_a_page_seen_without_consent_has_no_payer(wechat: Wechat) -> None:
    checkout, intent = bought()
    wechat.configure(snapshot=True)
    client = browser()
    answer = client.get(follow(wechat, press_pay(client, checkout)))
    assert answer["location"] == f"/pay/{intent.token}"
    assert not intent.attempts.exists()


def test_the_amount_is_ours_whatever_the_browser_says(wechat: Wechat) -> None:
    checkout, intent = bought()
    client = browser()
    answer = client.post(
        reverse("purchase_pay", args=[checkout.access_token]), {"amount": "1", "total": "1"}
    )
    client.get(follow(wechat, answer["location"]) + "&amount=1")
    wechat.pay(intent, total=1)
    assert deliver(wechat.told()) == 200

    intent.refresh_from_db()
    assert intent.state == "pending"
    assert ProviderMessage.objects.get().outcome == "amount_mismatch"


def test_without_the_accounts_secret_wechats_browser_shows_a_code(
    wechat: Wechat, settings: Any
) -> None:
    settings.WECHAT_APP_SECRET = ""
    checkout, intent = bought()
    assert press_pay(browser(), checkout) == f"/pay/{intent.token}"
    assert intent.attempts.get().action["kind"] == "qr"


def order_form(variant_id: int, provider: str) -> dict[str, Any]:
    form = {"variant": variant_id, "n": 1, "email": "cy@example.com", "provider": provider}
    return {**factories.ADDRESS, **form, "token": new_code(80)}


def test_the_order_form_leads_to_who_pays_and_then_to_the_bridge(wechat: Wechat) -> None:
    item = factories.variant(price=10_000)
    client = browser()
    answer = client.post(reverse("checkout"), order_form(item.pk, "wechat"))
    checkout = Checkout.objects.get()
    assert (checkout.state, Attempt.objects.count()) == ("placed", 0)

    location = client.get(follow(wechat, answer["location"]))["location"]

    assert "wechat-pay.js" in client.get(location).content.decode()
    wechat.pay(get_intent_of("checkout", checkout.pk))
    back = client.get(f"/pay/return/{get_intent_of('checkout', checkout.pk).token}")
    assert back["location"] == reverse("purchase", args=[checkout.access_token])
    checkout.refresh_from_db()
    assert checkout.state == "paid"


def test_what_does_not_open_in_an_app_gives_a_link_for_the_browser(wechat: Wechat) -> None:
    """Given WeChat Pay inside Alipay, Pay shows the link; in a browser it pays."""
    item = factories.variant(price=10_000)
    client = browser(f"{DESK} AlipayClient/10.6.50")
    answer = client.post(reverse("checkout"), order_form(item.pk, "wechat"))
    checkout = Checkout.objects.get()
    intent = get_intent_of("checkout", checkout.pk)
    assert answer["location"] == f"/pay/{intent.token}"
    page = client.get(answer["location"]).content.decode()
    assert f"/pay/link/{intent.link_code}" in page
    assert not Attempt.objects.exists()
    inside = client.get(reverse("pay_link", args=[intent.link_code])).content.decode()
    assert "does not open in this app" in inside

    desk = Client(headers={"user-agent": DESK, "origin": "http://testserver"})
    waits = desk.post(reverse("pay_link_go", args=[intent.link_code]))["location"]
    assert b"data:image/svg+xml" in desk.get(waits).content
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    htmx = {"hx-request": "true"}
    done = client.get(reverse("payment_state", args=[intent.token]), headers=htmx)
    assert done["hx-redirect"] == reverse("purchase", args=[checkout.access_token])


def test_a_friend_inside_wechat_pays_by_the_bridge_too(wechat: Wechat) -> None:
    checkout, intent = bought()
    code = actions.open_link(actor=Actor.guest(), intent=intent)
    friend = Client(headers={"user-agent": INSIDE, "origin": "http://testserver"})
    wechat.configure(person="bob")

    address = friend.post(reverse("pay_link_go", args=[code]))["location"]
    location = friend.get(follow(wechat, address))["location"]
    page = friend.get(location).content.decode()

    assert location.startswith(f"/pay/link/{code}/wait")
    assert "wechat-pay.js" in page
    assert intent.token not in page
    assert checkout.access_token not in page
    assert intent.attempts.get().lane.startswith("link:in_app:")
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    assert "It is paid. Thank you." in friend.get(location).content.decode()
