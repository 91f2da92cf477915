"""Who asks, for whatever is counted by address: one person is one, and nobody is everybody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory

from banyan.kernel.http import address_of, whole_address_of
from banyan.web.payments.device import payer_context
from banyan.web.shop.people.sessions import client_address

PROXY = ("HTTP_X_FORWARDED_PROTO", "https")
ONE_NETWORK = (
    *("2001:db8::1", "2001:db8::a:b:c:d", "2001:db8:0:0:1:2:3:4", "2001:DB8::", "2001:db8::7%eth0"),
)


def test_all_addresses_of_one_ipv6_network_are_one_client() -> None:
    counted = {address_of({"REMOTE_ADDR": one}, behind_proxy=False) for one in ONE_NETWORK}
    asked = {client_address(RequestFactory().get("/", REMOTE_ADDR=one)) for one in ONE_NETWORK}
    assert counted == asked == {"2001:db8::"}
    others = {
        address_of({"REMOTE_ADDR": one}, behind_proxy=False)
        for one in ("2001:db8:0:1::1", "::ffff:203.0.113.7", "::ffff:203.0.113.8", "203.0.113.9")
    }
    assert others == {"2001:db8:0:1::", "203.0.113.7", "203.0.113.8", "203.0.113.9"}
    assert address_of({"REMOTE_ADDR": "no:address"}, behind_proxy=False) == "no:address"


def test_the_provider_is_told_the_whole_address(monkeypatch: pytest.MonkeyPatch) -> None:
    from banyan.payments.providers.base import Capabilities

    class Provider:
        capabilities = Capabilities(needs_client_ip=True)

    monkeypatch.setattr("banyan.web.payments.device.get", lambda name: Provider())
    telephone = "Mozilla/5.0 (Linux; Android 14) Mobile"
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8::7", HTTP_USER_AGENT=telephone)
    assert payer_context(request, "wechat")["client_ip"] == "2001:db8::7"
    assert whole_address_of({"REMOTE_ADDR": "2001:db8::7"}, behind_proxy=False) == "2001:db8::7"


@pytest.mark.django_db
@pytest.mark.usefixtures("midday")
def test_codes_cannot_be_asked_for_from_each_address_of_a_network_anew() -> None:
    def ask(n: int) -> int:
        browser = Client(
            REMOTE_ADDR=f"2001:db8:1:2::{n:x}", headers={"sec-fetch-site": "same-origin"}
        )
        return browser.post("/login", {"contact": f"somebody{n}@example.com"}).status_code

    assert {ask(n) for n in range(100)} == {302}
    assert ask(100) == 429


@pytest.mark.django_db
@pytest.mark.usefixtures("midday")
@pytest.mark.parametrize("path", ["/orders/find", "/v/{n}"])
def test_behind_a_proxy_nobody_uses_up_what_others_may_ask(path: str, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = PROXY

    def ask(who: str, n: int) -> int:
        headers = {"x-forwarded-for": f"198.51.100.1, {who}"}
        if path == "/orders/find":
            return Client().post(path, {"number": "1", "contact": "x"}, headers=headers).status_code
        return Client().get(path.format(n=n), headers=headers).status_code

    answers = [ask("203.0.113.7", n) for n in range(130)]
    assert answers[0] != 429
    assert answers[-1] == 429, "one client runs into the limit"
    assert ask("203.0.113.8", 0) == answers[0], "and nobody else"
