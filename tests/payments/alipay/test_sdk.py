"""Alipay's own SDK as a third opinion: it checks what we and the gateway sign, and the reverse."""

from __future__ import annotations

import http.client
import inspect
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import (
    AlipayTradeFastpayRefundQueryModel,
)
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.domain.AlipayTradeWapPayModel import AlipayTradeWapPayModel
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import (
    AlipayTradeFastpayRefundQueryRequest,
)
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.response.AlipayDataDataserviceBillDownloadurlQueryResponse import (
    AlipayDataDataserviceBillDownloadurlQueryResponse,
)
from alipay.aop.api.response.AlipayTradeCloseResponse import AlipayTradeCloseResponse
from alipay.aop.api.response.AlipayTradeFastpayRefundQueryResponse import (
    AlipayTradeFastpayRefundQueryResponse,
)
from alipay.aop.api.response.AlipayTradeQueryResponse import AlipayTradeQueryResponse
from alipay.aop.api.response.AlipayTradeRefundResponse import AlipayTradeRefundResponse
from alipay.aop.api.util import WebUtils
from alipay.aop.api.util.SignatureUtils import (
    get_sign_content,
    sign_with_rsa2,
    verify_with_rsa,
)
from cryptography.hazmat.primitives.serialization import PrivateFormat
from rsa import VerificationError

from banyan.kernel.actors import Actor
from banyan.payments import actions, providers
from banyan.payments.models import Intent
from banyan.payments.providers.alipay import signing
from banyan.payments.providers.base import Status
from tests.payments.alipay.driver import APP_ID, Alipay, KeyPair, deliver, fields
from tests.payments.alipay.test_refunds import order
from tests.payments.till import started

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


@pytest.fixture
def sdk(alipay: Alipay, monkeypatch: pytest.MonkeyPatch) -> DefaultAlipayClient:
    """The SDK's client, as a merchant sets it up."""

    def connect(url: str, query: str, timeout: float) -> tuple[str, http.client.HTTPConnection]:
        netloc = urlsplit(alipay.url).netloc
        return f"{url}?{query}", http.client.HTTPConnection(netloc, timeout=timeout)

    # It cannot speak to an address with a port; all that it signs and verifies is its own.
    monkeypatch.setattr(WebUtils, "get_http_connection", connect)
    config = AlipayClientConfig()
    config.server_url = f"{alipay.url}/gateway.do"
    config.app_id = APP_ID
    config.app_private_key = alipay.app.private_line(PrivateFormat.TraditionalOpenSSL)
    config.alipay_public_key = alipay.own.public_line()
    return DefaultAlipayClient(config)


def sdk_verifies(key: KeyPair, content: str, signature: str) -> bool:
    try:
        return bool(verify_with_rsa(key.public_line(), content.encode(), signature))
    except VerificationError:
        return False


def sdk_signs(key: KeyPair, content: str) -> str:
    line = key.private_line(PrivateFormat.TraditionalOpenSSL)
    return str(sign_with_rsa2(line, content, "utf-8"))


def unsigned(told: Mapping[str, str], *left_out: str) -> dict[str, str]:
    return {name: text for name, text in told.items() if name not in left_out}


# -- what we sign ---------------------------------------------------------------------------------


def test_the_sdk_verifies_the_address_that_we_sign(alipay: Alipay) -> None:
    sent = fields(urlsplit(started("alipay").pay_url).query)
    content = get_sign_content(unsigned(sent, "sign"))
    assert sdk_verifies(alipay.app, content, sent["sign"])
    assert not sdk_verifies(alipay.app, content.replace("129.00", "1.29"), sent["sign"])
    assert not sdk_verifies(alipay.own, content, sent["sign"])


def test_we_and_the_sdk_make_the_same_signature() -> None:
    key = KeyPair()
    for told in ({"b": "2", "a": "1"}, {"subject": "杯子 & tea", "biz_content": '{"x":"ü"}'}):
        ours = signing.sign(signing.request_content(told), key.private)
        assert ours == sdk_signs(key, get_sign_content(told))
        assert signing.holds(signing.request_content(told), ours, key.public)


@pytest.mark.parametrize("model", [AlipayTradePagePayModel, AlipayTradeWapPayModel])
def test_what_we_ask_for_has_the_published_names(alipay: Alipay, model: Any) -> None:
    channel = "wap" if model is AlipayTradeWapPayModel else "web"
    intent = started("alipay")
    actions.cancel_intent(actor=CRON, intent_id=intent.pk)
    provider = providers.get("alipay")
    from tests.payments.alipay.test_payments import charge

    begun = provider.start(
        charge(),
        return_url="http://a.test/",
        webhook_url="http://a.test/h",
        locale="",
        context={"channel": channel},
    )
    content = json.loads(fields(urlsplit(begun.action.url).query)["biz_content"])
    assert set(content) <= published(model)
    assert json.loads(json.dumps(model.from_alipay_dict(content).to_alipay_dict())) == content


# -- what the gateway signs -----------------------------------------------------------------------


def test_the_sdk_verifies_notifications_and_returns(alipay: Alipay) -> None:
    intent = started("alipay")
    back = alipay.pay(intent.pay_url)
    (notice,) = alipay.notices()
    for told in (fields(notice), fields(urlsplit(back.location).query)):
        content = get_sign_content(unsigned(told, "sign", "sign_type"))
        assert sdk_verifies(alipay.own, content, told["sign"])
        assert not sdk_verifies(alipay.own, content + "&a=b", told["sign"])


def test_a_notification_that_the_sdk_signs_is_taken(alipay: Alipay) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    told = unsigned(fields(alipay.notices()[0]), "sign", "sign_type")
    sign = sdk_signs(alipay.own, get_sign_content(told))
    assert deliver(urlencode(told | {"sign": sign, "sign_type": "RSA2"})) == 200
    assert Intent.objects.get(pk=intent.pk).state == "captured"


def published(kind: Any) -> set[str]:
    """Return the names of the fields that a class of the SDK has."""
    return {
        name for name, _ in inspect.getmembers(kind, lambda member: isinstance(member, property))
    }


def test_the_sdk_pays_asks_and_refunds_at_our_gateway(
    alipay: Alipay, sdk: DefaultAlipayClient
) -> None:
    pay = AlipayTradePagePayModel()
    pay.out_trade_no, pay.total_amount, pay.subject = "sdk_1", "88.88", "Iphone6 16G"
    pay.product_code = "FAST_INSTANT_TRADE_PAY"
    alipay.pay(sdk.page_execute(AlipayTradePagePayRequest(biz_model=pay), http_method="GET"))

    ask = AlipayTradeQueryModel()
    ask.out_trade_no = "sdk_1"
    found = AlipayTradeQueryResponse()
    found.parse_response_content(sdk.execute(AlipayTradeQueryRequest(biz_model=ask)))
    assert found.is_success()
    assert (found.trade_status, found.total_amount) == ("TRADE_SUCCESS", "88.88")

    back = AlipayTradeRefundModel()
    back.out_trade_no, back.out_request_no, back.refund_amount = "sdk_1", "r_1", "8.88"
    moved = AlipayTradeRefundResponse()
    moved.parse_response_content(sdk.execute(AlipayTradeRefundRequest(biz_model=back)))
    assert (moved.fund_change, moved.refund_fee) == ("Y", "8.88")

    again = AlipayTradeFastpayRefundQueryModel()
    again.out_trade_no, again.out_request_no = "sdk_1", "r_1"
    known = AlipayTradeFastpayRefundQueryResponse()
    known.parse_response_content(sdk.execute(AlipayTradeFastpayRefundQueryRequest(biz_model=again)))
    assert (known.refund_status, known.refund_amount) == ("REFUND_SUCCESS", "8.88")


def test_the_sdk_reads_a_refusal(alipay: Alipay, sdk: DefaultAlipayClient) -> None:
    ask = AlipayTradeQueryModel()
    ask.out_trade_no = "nobody"
    found = AlipayTradeQueryResponse()
    found.parse_response_content(sdk.execute(AlipayTradeQueryRequest(biz_model=ask)))
    assert (found.code, found.sub_code) == ("40004", "ACQ.TRADE_NOT_EXIST")


@pytest.mark.parametrize("answers", ["tampered", "unsigned"])
def test_the_sdk_too_believes_no_such_answer(
    alipay: Alipay, sdk: DefaultAlipayClient, answers: str
) -> None:
    alipay.pay(started("alipay").pay_url)
    alipay.set(answers=answers)
    ask = AlipayTradeQueryModel()
    ask.out_trade_no = f"pay_{Intent.objects.get().pk}_1"
    with pytest.raises(Exception, match=r"sign verify failed|shape maybe illegal"):
        sdk.execute(AlipayTradeQueryRequest(biz_model=ask))


def test_every_answer_has_only_published_fields(alipay: Alipay) -> None:
    """The SDK's classes are generated from the published schema."""
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    payment = Intent(provider_ref=f"pay_{intent.pk}_1")
    gateway = providers.get("alipay")._gateway  # type: ignore[attr-defined]
    number = {"out_trade_no": payment.provider_ref}
    refund = {"out_request_no": "r_1", "refund_amount": "1.00"}
    unpaid = started("alipay")
    alipay.open(unpaid.pay_url)
    asked: list[tuple[str, dict[str, str], Any]] = [
        ("alipay.trade.query", number, AlipayTradeQueryResponse),
        ("alipay.trade.refund", number | refund, AlipayTradeRefundResponse),
        (
            "alipay.trade.fastpay.refund.query",
            number | {"out_request_no": "r_1"},
            AlipayTradeFastpayRefundQueryResponse,
        ),
        (
            "alipay.trade.close",
            {"out_trade_no": f"pay_{unpaid.pk}_1"},
            AlipayTradeCloseResponse,
        ),
    ]
    for method, content, kind in asked:
        told = gateway.call(method, content).require()
        assert set(told) <= published(kind) | {"code", "msg"}, method
    assert "bill_download_url" in published(AlipayDataDataserviceBillDownloadurlQueryResponse)
    assert providers.get("alipay").query_refund(order(payment)).status == Status.SUCCEEDED


# -- the node of an answer ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a_response":{"x":"1"},"sign":"s"}', '{"x":"1"}'),
        ('{"sign":"s","a_response":{"x":"\\u4e2d\\/"}}', '{"x":"\\u4e2d\\/"}'),
        ('{ "a_response" : {"x": {"y": "}"}} , "sign":"s" }', '{"x": {"y": "}"}}'),
        ('{"b":"\\"a_response\\":{}","a_response":{}}', "{}"),
        ('{"b":{"a_response":{"x":"2"}}}', None),
        ('{"a_response":{},"a_response":{"x":"3"}}', None),
        ('{"a_response":{"x":"1"}', None),
        ('{"a_response":{}} trailing', None),
        ("[]", None),
        ("", None),
        ("<html>", None),
        ('{"a_response" {}}', None),
    ],
)
def test_the_node_of_an_answer_is_taken_as_it_was_written(text: str, found: str | None) -> None:
    node = signing.node_of(text, "a_response")
    assert (node[0] if node else None) == found


def test_forms_survive_the_way_there_and_back() -> None:
    told = {"subject": "杯子 & ü=1", "empty": ""}
    assert dict(parse_qsl(urlencode(told), keep_blank_values=True)) == told
