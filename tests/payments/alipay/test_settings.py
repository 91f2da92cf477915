"""Keys and numbers of the merchant: read in every usual form, and never a traceback on a page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.test import Client

from banyan.kernel.money import Money
from banyan.payments import providers
from banyan.payments.checks import check_providers
from banyan.payments.problems import ProviderUnknown
from banyan.payments.providers.base import Provider
from banyan.payments.queries import methods_for
from tests.payments.alipay.driver import Alipay
from tests.payments.test_providers import VERBS
from tests.sandbox.driver import environment


def told() -> list[str]:
    return [found.msg for found in check_providers(None) if found.id == "payments.W002"]


def test_with_all_settings_it_is_offered(alipay: Alipay) -> None:
    assert told() == []
    assert list(providers.table()) == ["alipay", "wallet"]
    offered = methods_for(amount=Money(100, "CNY"), account_id=None)
    assert [(method.provider, str(method.label)) for method in offered] == [
        ("alipay", "Alipay 支付宝")
    ]
    assert methods_for(amount=Money(100, "USD"), account_id=None) == []


def test_it_has_every_verb_with_the_same_signature(alipay: Alipay) -> None:
    from typing import get_type_hints

    for verb in VERBS:
        wanted = get_type_hints(getattr(Provider, verb))
        assert get_type_hints(getattr(type(providers.get("alipay")), verb)) == wanted, verb


def small_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def curve_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALIPAY_APP_ID", ""),
        ("ALIPAY_APP_ID", "my app"),
        ("ALIPAY_SELLER_ID", ""),
        ("ALIPAY_SELLER_ID", "shop@example.com"),
        ("ALIPAY_PRIVATE_KEY", ""),
        ("ALIPAY_PRIVATE_KEY", "/no/such/file.pem"),
        ("ALIPAY_PRIVATE_KEY", "MIInonsense"),
        ("ALIPAY_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----"),
        ("ALIPAY_PRIVATE_KEY", small_key()),
        ("ALIPAY_PRIVATE_KEY", curve_key()),
        ("ALIPAY_PUBLIC_KEY", ""),
        ("ALIPAY_PUBLIC_KEY", "MII*"),
        ("ALIPAY_GATEWAY", "openapi.alipay.com"),
    ],
)
def test_what_is_missing_or_unreadable_is_told_once_and_alipay_is_left_out(
    alipay: Alipay, settings: Any, name: str, value: str
) -> None:
    setattr(settings, name, value)

    (said,) = told()

    assert said.startswith(f"payment provider 'alipay' is off: BANYAN_{name} ")
    assert "\n" not in said
    assert value == "" or value not in said or name in ("ALIPAY_PRIVATE_KEY", "ALIPAY_GATEWAY")
    assert list(providers.table()) == ["wallet"]
    with pytest.raises(ProviderUnknown):
        providers.get("alipay")
    assert Client().post("/pay/hook/alipay", {}).status_code == 404
    assert methods_for(amount=Money(100, "CNY"), account_id=None) == []


def test_production_wants_a_gateway_over_https(alipay: Alipay, settings: Any) -> None:
    settings.PRODUCTION = True
    assert "BANYAN_ALIPAY_GATEWAY" in told()[0]
    settings.ALIPAY_GATEWAY = "https://openapi.alipay.com/gateway.do"
    assert told() == []


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_may_be_a_line_or_pem_or_a_file_of_either(
    alipay: Alipay, settings: Any, tmp_path: Path, form: PrivateFormat
) -> None:
    line, pem = alipay.app.private_line(form), alipay.app.private_pem(form)
    (tmp_path / "line").write_text(f"{line}\n")
    (tmp_path / "pem").write_text(pem)
    forms = [line, pem, pem.replace("\n", "\\n"), str(tmp_path / "line"), str(tmp_path / "pem")]
    for value in forms:
        settings.ALIPAY_PRIVATE_KEY = value
        assert told() == []
    settings.ALIPAY_PUBLIC_KEY = alipay.own.public_pem()
    assert told() == []


def printed(code: str, **changes: str) -> str:
    changes = {"BANYAN_ENV": "test", "DJANGO_SETTINGS_MODULE": "banyan.config.settings"} | changes
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(
        command, env=environment(**changes), check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_the_form_that_pays_may_lead_to_alipay_only_where_it_is_in_use() -> None:
    code = (
        "from banyan.config.csp import CONTENT_SECURITY_POLICY as policy;"
        "print(*policy['DIRECTIVES']['form-action'])"
    )
    assert "alipay" not in printed(code)
    used = printed(code, BANYAN_PAYMENT_PROVIDERS="alipay,wallet")
    assert used.split()[-1] == "https://*.alipay.com"


def test_the_gateway_process_knows_nothing_of_banyan() -> None:
    code = (
        "import sys, tests.gateways.alipay.__main__;"
        "print(*{name.partition('.')[0] for name in sys.modules} & {'banyan', 'django', 'sandbox'})"
    )
    assert printed(code) == ""
