"""The table of providers, and what every provider promises."""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, get_type_hints

import pytest

from banyan.kernel.money import Money
from banyan.payments import providers
from banyan.payments.checks import check_providers
from banyan.payments.problems import ProviderRefused, ProviderUnknown, ProviderUnreachable
from banyan.payments.providers.base import Provider, RefundOrder
from banyan.payments.providers.sandbox import SandboxProvider
from banyan.payments.providers.transport import HttpClient
from banyan.payments.rules import Reference
from tests.support.sandbox import Sandbox

VERBS = [
    name for name in vars(Provider) if not name.startswith("_") and callable(vars(Provider)[name])
]


@pytest.mark.parametrize("name", ["sandbox", "wallet", "scripted"])
def test_every_provider_has_every_verb_with_the_same_signature(name: str) -> None:
    provider = providers.get(name)
    assert provider.name == name
    assert len(VERBS) == 10
    for verb in VERBS:
        wanted = get_type_hints(getattr(Provider, verb))
        assert get_type_hints(getattr(type(provider), verb)) == wanted, verb


def test_the_operator_chooses_and_orders(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["wallet", "sandbox"]
    assert [p.name for p in providers.enabled()] == ["wallet", "sandbox"]
    with pytest.raises(ProviderUnknown):
        providers.get("scripted")


def test_production_never_has_the_sandbox(settings: Any) -> None:
    settings.PRODUCTION = True
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]
    assert list(providers.table()) == ["wallet"]
    with pytest.raises(ProviderUnknown):
        providers.get("sandbox")
    assert [found.id for found in check_providers(None)] == ["payments.W001"]


def test_a_provider_that_cannot_be_loaded_is_a_start_up_error(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["x=no.such:Thing", "typing_error"]
    assert [found.id for found in check_providers(None)] == ["payments.E001"] * 2


def test_our_references_survive_the_way_there_and_back() -> None:
    for kind in ("pay", "refund", "payout"):
        reference = Reference(kind, 2**62, 9)
        assert Reference.parse(str(reference)) == reference
        assert len(str(reference)) <= 31 - 1
    for text in ("", "7311", "pay-0-1", "pay-1", "pay-1-1-1", "order-1-1", "pay-1-1\n"):
        assert Reference.parse(text) is None


ORDER = RefundOrder(
    reference="refund-1-1",
    payment_ref="pay_nope",
    money=Money(1, "CNY"),
    whole=Money(1, "CNY"),
    reason="",
)


def test_a_refusal_keeps_the_gateways_own_reason(sandbox: Sandbox) -> None:
    with pytest.raises(ProviderRefused) as refused:
        SandboxProvider().refund(ORDER)
    assert refused.value.reason in {"not_found", "invalid_field"}


def test_a_wrong_key_is_a_refusal(sandbox: Sandbox, settings: Any) -> None:
    settings.SANDBOX_API_KEY = "wrong"
    with pytest.raises(ProviderRefused) as refused:
        SandboxProvider().refund(ORDER)
    assert refused.value.reason == "not_authenticated"


def test_a_gateway_that_is_down_is_unreachable(settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.SANDBOX_URL = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ProviderUnreachable) as away:
        SandboxProvider().refund(ORDER)
    assert (away.value.status, away.value.retry_after) == (503, 5)


def _speaks_once(answers: list[bytes], server: socket.socket) -> None:
    for answer in answers:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}"], ProviderUnreachable),
        ([b"HTTP/1.1 429 Slow\r\nContent-Length: 2\r\n\r\n{}"], ProviderUnreachable),
        ([b"not http at all\r\n\r\n"], ProviderUnreachable),
        ([b"HTTP/1.1 402 No\r\nContent-Length: 3\r\n\r\n???"], ProviderRefused),
    ],
)
def test_broken_answers_are_told_apart(
    settings: Any, answers: list[bytes], error: type[Exception]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.SANDBOX_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        speaker = threading.Thread(target=_speaks_once, args=(answers, server))
        speaker.start()
        with pytest.raises(error):
            SandboxProvider().refund(ORDER)
        speaker.join(timeout=60)


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(settings: Any) -> None:
    answer = b'HTTP/1.1 404 No\r\nContent-Length: 20\r\n\r\n{"code":"not_found"}'
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.SANDBOX_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        speaker = threading.Thread(target=_speaks_once, args=([answer, answer], server))
        speaker.start()
        provider = SandboxProvider()
        for _ in range(2):
            with pytest.raises(ProviderRefused) as refused:
                provider.refund(ORDER)
            assert refused.value.reason == "not_found"
        speaker.join(timeout=60)


@pytest.mark.parametrize("promised", ["", str(2**30)])
def test_an_answer_that_is_too_long_or_cut_off_is_no_answer(promised: str) -> None:
    pieces = 1 if promised else 40

    class Endless(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if promised:
                self.send_header("Content-Length", promised)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _piece in range(pieces):
                    self.wfile.write(b" " * 2**20)

        def log_message(self, format: str, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with pytest.raises(ProviderUnreachable):
                HttpClient().send("GET", f"http://127.0.0.1:{server.server_port}/", headers={})
        finally:
            server.shutdown()
