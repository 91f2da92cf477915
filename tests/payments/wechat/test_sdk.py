"""A foreign SDK (wechatpayv3) reads what we sign and seal, and we what it signs.

It also drives the stand-in, so that the stand-in is not only as we imagine WeChat Pay.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from wechatpayv3 import WeChatPay, WeChatPayType

from banyan.payments import providers
from banyan.payments.actions.intents import charge_of
from banyan.payments.models import Attempt
from banyan.payments.payers import mark
from banyan.payments.providers.wechat.merchant import merchant
from banyan.payments.providers.wechat.signing import Unverified, authorization, signed, verify
from tests.payments.till import started
from tests.payments.wechat.driver import (
    API_KEY,
    APPID,
    FIRST,
    MCHID,
    SERIAL,
    Wechat,
    private_pem,
    public_pem,
    trade_no,
)

pytestmark = pytest.mark.django_db
GATE = "https://api.mch.weixin.qq.com"
NOTIFY = "https://shop.test/pay/hook/wechat"


def sdk_of(wechat: Wechat, **changes: Any) -> Any:
    given = {
        "wechatpay_type": WeChatPayType.NATIVE,
        "mchid": MCHID,
        "private_key": private_pem(wechat.pair.merchant),
        "cert_serial_no": SERIAL,
        "appid": APPID,
        "apiv3_key": API_KEY,
        "notify_url": NOTIFY,
        "public_key": public_pem(wechat.pair.first),
        "public_key_id": FIRST,
        "timeout": 5,
    }
    return WeChatPay(**(given | changes))


@pytest.fixture
def sdk(wechat: Wechat, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK as a merchant; its requests to WeChat Pay go to the stand-in."""
    real = requests.Session.request

    def rerouted(session: requests.Session, method: str, url: str, **how: Any) -> Any:
        assert url.startswith(GATE)
        return real(session, method, wechat.url + url.removeprefix(GATE), **how)

    monkeypatch.setattr(requests.Session, "request", rerouted)
    return sdk_of(wechat)


def test_our_signatures_are_the_sdks(wechat: Wechat, sdk: Any) -> None:
    lines = ["POST", "/v3/pay/transactions/native", "1554208460", "593BEC0C930BF1AF", '{"a": "杯"}']
    assert signed(merchant().private_key, *lines) == sdk.sign(lines)

    header = authorization(merchant(), method="GET", path="/v3/x?y=1", body=b"", at=1554208460)
    told = dict(part.split("=", 1) for part in header.partition(" ")[2].split(","))
    told = {name: value.strip('"') for name, value in told.items()}
    assert told["signature"] == sdk.sign(["GET", "/v3/x?y=1", "1554208460", told["nonce_str"], ""])
    assert (told["mchid"], told["serial_no"]) == (MCHID, SERIAL)


def test_our_bridge_parameters_are_signed_as_the_sdk_signs_them(wechat: Wechat, sdk: Any) -> None:
    intent = started("wechat")
    wechat.control("reset")
    told = providers.get("wechat").start(
        charge_of(intent, Attempt.objects.get()),
        return_url="https://shop.test/",
        webhook_url=NOTIFY,
        locale="en",
        context={"channel": "in_app", "payer_ref": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    )
    params = told.action.params
    lines = [params[name] for name in ("appId", "timeStamp", "nonceStr", "package")]
    assert params["paySign"] == sdk.sign(lines)


def test_what_the_sdk_signs_as_the_platform_we_believe(wechat: Wechat) -> None:
    platform = sdk_of(wechat, private_key=private_pem(wechat.pair.first))
    body = '{"code_url": "weixin://wxpay/bizpayurl?pr=杯"}'
    headers = {
        "wechatpay-timestamp": "1722850421",
        "wechatpay-nonce": "d824f2e086d3c1df967785d13fcd22ef",
        "wechatpay-serial": FIRST,
    }
    lines = [headers["wechatpay-timestamp"], headers["wechatpay-nonce"], body]
    headers["wechatpay-signature"] = platform.sign(lines)
    keys = merchant().platform_keys

    verify(keys, headers, body.encode(), now=1722850421.5)

    for broken in (
        headers | {"wechatpay-nonce": "x"},
        headers | {"wechatpay-timestamp": "1722850422"},
    ):
        with pytest.raises(Unverified, match="signature_wrong"):
            verify(keys, broken, body.encode(), now=1722850421.5)
    with pytest.raises(Unverified, match="signature_wrong"):
        verify(keys, headers, body.encode() + b"\n", now=1722850421.5)


def test_the_sdk_opens_the_stand_ins_notifications(wechat: Wechat, sdk: Any) -> None:
    intent = started("wechat")
    wechat.pay(intent)
    envelope = wechat.told()

    told = sdk.callback(envelope["headers"], envelope["body"])

    assert told["event_type"] == "TRANSACTION.SUCCESS"
    assert told["resource"]["out_trade_no"] == trade_no(intent)
    assert told["resource"]["amount"]["total"] == 12900
    ours = providers.get("wechat").parse_webhook(envelope["headers"], envelope["body"].encode())
    openid = told["resource"].pop("payer")["openid"]
    assert ours[0].raw["resource"] == told["resource"] | {"payer": mark(openid)}
    assert not sdk.callback(envelope["headers"], envelope["body"].replace("支付", "退款"))
    stranger = wechat.told(sign="stranger")
    assert not sdk.callback(stranger["headers"], stranger["body"])


def test_the_sdk_does_business_with_the_stand_in(wechat: Wechat, sdk: Any) -> None:
    """Its requests are let in, and it believes the answers: both sides' signatures hold."""

    def said(answer: tuple[int, str], status: int = 200) -> Any:
        assert answer[0] == status, answer
        return json.loads(answer[1]) if answer[1] else None

    number = "sdk-order-1"
    placed = said(sdk.pay("杯子", number, {"total": 100, "currency": "CNY"}))
    assert placed["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    phone = sdk.pay(
        "杯子",
        "sdk-order-2",
        {"total": 100},
        payer={"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        pay_type=WeChatPayType.JSAPI,
    )
    assert said(phone)["prepay_id"].startswith("wx")
    assert said(sdk.query(out_trade_no=number))["trade_state"] == "NOTPAY"
    wechat.control("pay", out_trade_no=number)
    assert said(sdk.query(out_trade_no=number))["trade_state"] == "SUCCESS"
    assert sdk.close("sdk-order-2")[0] == 204
    amount = {"refund": 40, "total": 100, "currency": "CNY"}
    asked = said(sdk.refund("sdk-refund-1", amount, out_trade_no=number, notify_url=NOTIFY))
    assert asked["status"] == "PROCESSING"
    wechat.control("settle", out_refund_no="sdk-refund-1", status="SUCCESS")
    assert said(sdk.query_refund("sdk-refund-1"))["status"] == "SUCCESS"
    told = wechat.told()
    resource = sdk.callback(told["headers"], told["body"])["resource"]
    assert (resource["refund_status"], resource["amount"]["refund"]) == ("SUCCESS", 40)


def test_the_sdk_does_not_believe_a_stranger(wechat: Wechat, sdk: Any) -> None:
    wechat.configure(sign="stranger")
    with pytest.raises(Exception, match="failed to verify the signature"):
        sdk.pay("杯子", "sdk-order-3", {"total": 100, "currency": "CNY"})


def test_the_stand_in_lets_no_stranger_in(wechat: Wechat, sdk: Any) -> None:
    stranger = sdk_of(wechat, private_key=private_pem(wechat.pair.second))
    status, body = stranger.query(out_trade_no="sdk-order-1")
    assert (status, json.loads(body)["code"]) == (401, "SIGN_ERROR")


def test_the_sdk_shares_profit_with_the_stand_in(wechat: Wechat, sdk: Any) -> None:
    """Its requests have the shape that the stand-in asks for, and the sealed name opens."""

    def said(answer: tuple[int, str], status: int = 200) -> Any:
        assert answer[0] == status, answer
        return json.loads(answer[1]) if answer[1] else None

    number, to = "sdk-shared-1", "1900000109"
    shared = {"profit_sharing": True}
    said(sdk.pay("杯子", number, {"total": 100, "currency": "CNY"}, settle_info=shared))
    wechat.control("pay", out_trade_no=number)
    transaction = said(sdk.query(out_trade_no=number))["transaction_id"]
    added = said(sdk.profitsharing_add_receiver("MERCHANT_ID", to, "SUPPLIER", name="示例商户全称"))
    assert added["account"] == to
    part = [{"type": "MERCHANT_ID", "account": to, "amount": 60, "description": "part"}]
    made = said(sdk.profitsharing_order(transaction, "part-1", part, False))
    assert made["receivers"][0]["result"] == "SUCCESS"
    assert said(sdk.profitsharing_order_query(transaction, "part-1"))["state"] == "FINISHED"
    too_much = [{**part[0], "amount": 41}]
    said(sdk.profitsharing_order(transaction, "part-2", too_much, False), 403)
    back = said(sdk.profitsharing_return("back-1", to, 10, "refund", out_order_no="part-1"))
    assert back["result"] == "SUCCESS"
    assert said(sdk.profitsharing_return_query("part-1", "back-1"))["amount"] == 10
    said(sdk.profitsharing_unfreeze(transaction, "rest-1", "settled"))
    assert wechat.control("shares")["let_go"] == [number]


def test_a_name_that_nobody_sealed_is_refused(wechat: Wechat, sdk: Any) -> None:
    status, _ = sdk.profitsharing_add_receiver("MERCHANT_ID", "1900000109", "SUPPLIER")
    assert status == 400
