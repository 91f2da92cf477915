"""What an operator sees of settings that are missing, wrong, or right."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from django.test import Client

from banyan.payments import providers
from banyan.payments.checks import check_providers
from banyan.payments.problems import ProviderRefused, ProviderUnknown
from banyan.payments.providers.base import Provider
from banyan.payments.providers.wechat import WechatProvider
from banyan.payments.providers.wechat.merchant import merchant
from tests.payments.test_providers import VERBS
from tests.payments.wechat.driver import FIRST, Wechat, private_pem, public_pem
from tests.sandbox.driver import ROOT, environment

EC = ec.generate_private_key(ec.SECP256R1())
EC_PRIVATE = EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
EC_PUBLIC = EC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_it_has_every_verb_with_the_same_signature(wechat: Wechat) -> None:
    for verb in VERBS:
        wanted = get_type_hints(getattr(Provider, verb))
        assert get_type_hints(getattr(WechatProvider, verb)) == wanted, verb


def test_right_settings_say_nothing(wechat: Wechat) -> None:
    assert check_providers(None) == []
    assert [provider.name for provider in providers.enabled()] == ["wechat", "wallet"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WECHAT_APPID", "", "BANYAN_WECHAT_APPID must be set"),
        ("WECHAT_MCHID", "", "BANYAN_WECHAT_MCHID must be set"),
        ("WECHAT_CERT_SERIAL", "", "BANYAN_WECHAT_CERT_SERIAL must be set"),
        ("WECHAT_API_V3_KEY", "short", "BANYAN_WECHAT_API_V3_KEY must have 32 characters"),
        ("WECHAT_PRIVATE_KEY", "/no/such/file.pem", "BANYAN_WECHAT_PRIVATE_KEY is no readable"),
        ("WECHAT_PRIVATE_KEY", "-----BEGIN NOTHING", "BANYAN_WECHAT_PRIVATE_KEY is no readable"),
        ("WECHAT_PRIVATE_KEY", EC_PRIVATE, "BANYAN_WECHAT_PRIVATE_KEY is no readable"),
        ("WECHAT_PLATFORM_KEYS", f"{FIRST}=/no/such/file.pem", "BANYAN_WECHAT_PLATFORM_KEYS"),
        ("WECHAT_PLATFORM_KEYS", f"{FIRST}={EC_PUBLIC}", "BANYAN_WECHAT_PLATFORM_KEYS"),
        ("WECHAT_PLATFORM_KEYS", FIRST, "BANYAN_WECHAT_PLATFORM_KEYS"),
    ],
)
@pytest.mark.django_db
def test_a_wrong_setting_turns_it_off_with_one_message(
    wechat: Wechat, settings: Any, name: str, value: str, said: str
) -> None:
    setattr(settings, name, value)

    found = check_providers(None)

    assert [one.id for one in found] == ["payments.W002"]
    assert "'wechat' is off" in found[0].msg
    assert said in found[0].msg
    assert "PRIVATE KEY-----" not in found[0].msg
    assert [provider.name for provider in providers.enabled()] == ["wallet"]
    with pytest.raises(ProviderUnknown):
        providers.get("wechat")
    with pytest.raises(ProviderRefused):
        merchant()
    assert providers.label_of("wechat") == "wechat"
    assert Client().post("/pay/hook/wechat", b"{}", "application/json").status_code == 404


def test_every_missing_setting_is_named_at_once(wechat: Wechat, settings: Any) -> None:
    for name in wechat.settings:
        setattr(settings, name, "")
    assert "BANYAN_WECHAT_APPID, BANYAN_WECHAT_MCHID" in check_providers(None)[0].msg


@pytest.mark.parametrize(("named", "allowed"), [("wechat,wallet", True), ("wallet", False)])
def test_forms_may_lead_to_the_pay_page_only_where_it_is_used(named: str, allowed: bool) -> None:
    asks = "from banyan.config import csp; print(csp.CONTENT_SECURITY_POLICY['DIRECTIVES'])"
    told = subprocess.run(
        [sys.executable, "-c", asks],
        env=environment(BANYAN_PAYMENT_PROVIDERS=named),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("https://wx.tenpay.com" in told.stdout) is allowed


def test_the_web_process_says_once_at_its_start_that_it_is_off() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import banyan.config.wsgi"],
        env=environment(BANYAN_PAYMENT_PROVIDERS="wechat,wallet", BANYAN_WECHAT_MCHID="1900000109"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stderr.count("payments.W002: payment provider 'wechat' is off") == 1
    assert "BANYAN_WECHAT_APPID, BANYAN_WECHAT_PRIVATE_KEY" in told.stderr
    assert "BANYAN_WECHAT_MCHID" not in told.stderr
    assert "Traceback" not in told.stderr


def test_keys_may_be_files_and_certificates(wechat: Wechat, settings: Any, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "apiclient_key.pem", tmp_path / "pub_key.pem"
    ours.write_text(private_pem(wechat.pair.merchant))
    theirs.write_text(public_pem(wechat.pair.first))
    certificate = tmp_path / "cert.pem"
    certificate.write_bytes(self_signed(wechat))
    settings.WECHAT_PRIVATE_KEY = str(ours)
    settings.WECHAT_PLATFORM_KEYS = f"{FIRST}={theirs}, 5157F09EFDC096DE={certificate}"

    assert check_providers(None) == []

    assert list(merchant().platform_keys) == [FIRST, "5157F09EFDC096DE"]
    second = merchant().platform_keys["5157F09EFDC096DE"]
    assert second.public_numbers() == wechat.pair.second.public_key().public_numbers()


def self_signed(wechat: Wechat) -> bytes:
    """Return a certificate of the platform's second key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(wechat.pair.second.public_key())
        .serial_number(0x5157F09EFDC096DE)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(wechat.pair.second, SHA256())
    )
    return built.public_bytes(Encoding.PEM)
