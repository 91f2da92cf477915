"""Which page at the provider suits the payer's device."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from banyan.payments import actions, providers
from banyan.payments.providers.base import Capabilities
from banyan.web.payments.device import payer_context
from tests.payments.alipay.driver import Alipay, fields
from tests.payments.till import BUYER, opened

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "channel"),
    [
        (PHONE, "wap"),
        (ANDROID, "wap"),
        (DESKTOP, "web"),
        ("", "web"),
        (f"{PHONE} AlipayClient/10.5", "in_app"),
        (f"{ANDROID} MicroMessenger/8.0", "web"),
    ],
)
def test_the_device_decides_the_page(alipay: Alipay, agent: str, channel: str) -> None:
    request = RequestFactory().get("/", headers={"user-agent": agent})
    assert payer_context(request, "alipay") == {"channel": channel}


def test_the_address_goes_only_to_who_needs_it(
    alipay: Alipay, monkeypatch: pytest.MonkeyPatch
) -> None:
    needing = Capabilities(needs_client_ip=True)
    monkeypatch.setattr(providers.get("alipay"), "capabilities", needing)

    def context(agent: str) -> dict[str, Any]:
        request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT=agent)
        return payer_context(request, "alipay")

    assert context(PHONE) == {"channel": "wap", "client_ip": "203.0.113.7"}
    assert context(DESKTOP) == {"channel": "web"}


@pytest.mark.django_db
def test_the_address_to_come_back_to_has_no_query(alipay: Alipay) -> None:
    """Alipay takes none with one, and puts its own behind."""
    intent = opened("alipay")
    link = reverse("pay_link_go", args=[actions.open_link(actor=BUYER, intent=intent)])
    phone = Client(headers={"user-agent": PHONE, "origin": "http://testserver"})
    for press in (reverse("payment_again", args=[intent.token]), link):
        sent = fields(urlsplit(phone.post(press)["location"]).query)
        assert sent["return_url"].startswith("http://testserver/pay/")
        assert "?" not in sent["return_url"]
