"""Starting a payment over the HTTP API: the device counts as it does on the pages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from banyan.payments.access import get_intent_of
from banyan.payments.models import Attempt, Intent
from tests.api.client import Program
from tests.payments.wechat.driver import APPID, Wechat, trade_no
from tests.support import factories

pytestmark = pytest.mark.django_db


def start(device: dict[str, str] | None) -> tuple[int, dict[str, Any]]:
    checkout = factories.place((factories.variant(price=10_000), 1), provider="wechat")
    answer = Program().send(
        "POST",
        f"/checkouts/{checkout.pk}/payment",
        device,
        headers={"Access-Token": checkout.access_token},
    )
    if answer.status_code == 200:
        assert get_intent_of("checkout", checkout.pk).state == "pending"
    return answer.status_code, json.loads(answer.content)


@pytest.mark.parametrize(
    ("device", "kind"),
    [(None, "qr"), ({}, "qr"), ({"channel": "web"}, "qr"), ({"channel": "wap"}, "redirect")],
)
def test_a_program_says_where_the_buyer_pays(
    wechat: Wechat, device: dict[str, str] | None, kind: str
) -> None:
    status, _ = start(device)
    assert (status, Attempt.objects.get().action["kind"]) == (200, kind)


def test_wechat_pay_is_told_the_whole_address(wechat: Wechat) -> None:
    """Its page opens to that very address; a rate limit would count the network."""
    here = "2001:db8:1:2:3:4:5:6"
    checkout = factories.place((factories.variant(price=10_000), 1), provider="wechat")
    program = Program()
    program.client.defaults["REMOTE_ADDR"] = here
    program.send(
        "POST",
        f"/checkouts/{checkout.pk}/payment",
        {"channel": "wap"},
        headers={"Access-Token": checkout.access_token},
    )
    asked = wechat.control("order", out_trade_no=trade_no(Intent.objects.get()))
    assert asked["scene_info"]["payer_client_ip"] == here


def test_inside_wechat_the_code_says_who_pays(wechat: Wechat) -> None:
    code = wechat.control("code", appid=APPID, person="bob")["code"]
    status, told = start({"channel": "in_app", "payer_code": code})
    openid = wechat.control("openid", appid=APPID, person="bob")["openid"]
    assert (status, Attempt.objects.get().action["kind"]) == (200, "client")
    assert openid not in json.dumps(told)
    assert openid not in str(Attempt.objects.get().request)


def test_the_page_of_a_second_device_is_for_that_device(wechat: Wechat) -> None:
    """Given a program that was opened on a desk first, where a code is scanned."""
    checkout = factories.place((factories.variant(price=10_000), 1), provider="wechat")
    buyer, opens = Program(), {"Access-Token": checkout.access_token}
    path = f"/checkouts/{checkout.pk}/payment"
    desk = buyer.do("POST", path, {"channel": "web"}, **opens)["pay_url"]
    code = wechat.control("code", appid=APPID, person="bob")["code"]
    app = buyer.do("POST", path, {"channel": "in_app", "payer_code": code}, **opens)["pay_url"]

    pages = [buyer.client.get(url).content.decode() for url in (desk, app)]

    assert ["wechat-pay.js" in page for page in pages] == [False, True]
    assert ["Code to pay with" in page for page in pages] == [True, False]


def test_a_telephone_comes_back_to_its_own_page(wechat: Wechat) -> None:
    checkout = factories.place((factories.variant(price=10_000), 1), provider="wechat")
    buyer, opens = Program(), {"Access-Token": checkout.access_token}
    path = f"/checkouts/{checkout.pk}/payment"
    buyer.do("POST", path, {"channel": "web"}, **opens)
    url = buyer.do("POST", path, {"channel": "wap"}, **opens)["pay_url"]
    back = parse_qs(urlsplit(url).query)["redirect_url"][0]
    page = buyer.client.get(back, follow=True).content.decode()
    assert "Waiting for the payment" in page
    assert "Code to pay with" not in page


def test_a_code_of_another_app_starts_nothing(wechat: Wechat) -> None:
    code = wechat.control("code", appid="wxother", person="bob")["code"]
    status, told = start({"channel": "in_app", "payer_code": code})
    assert (status, told["code"], told["reason"]) == (409, "provider_refused", "40029")
    assert not Attempt.objects.exists()


def test_nobody_may_name_somebody_elses_id(wechat: Wechat) -> None:
    status, _ = start({"channel": "in_app", "payer_ref": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})
    assert status == 422
    assert not Attempt.objects.exists()


def test_inside_wechat_without_a_code_says_what_is_missing(wechat: Wechat) -> None:
    status, told = start({"channel": "in_app"})
    assert (status, told["reason"]) == (409, "payer_ref_missing")
