"""Runs the stand-in for WeChat Pay as a process of its own, and plays payer, bank and time."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from banyan.payments.models import Intent, Refund
from banyan.payments.rules import Reference
from tests.sandbox.driver import ROOT, environment

MCHID, APPID, SERIAL = (
    "1900000001",
    "wxd678efh567hg6787",
    "444F4864EA9B34415FA4A8A0D1F3D3C1B5E6F701",
)
APP_SECRET = "d4624c36b6795d1d99dcf0547af5443d"
API_KEY = "0123456789abcdef0123456789ABCDEF"
FIRST, SECOND = "PUB_KEY_ID_0000000001", "PUB_KEY_ID_0000000002"


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@dataclass(frozen=True)
class Pair:
    """The keys of both sides, made for this run."""

    merchant: rsa.RSAPrivateKey
    first: rsa.RSAPrivateKey
    second: rsa.RSAPrivateKey

    @classmethod
    def make(cls) -> Pair:
        merchant, first, second = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3)
        )
        return cls(merchant, first, second)


class Wechat:
    """A running gateway; ``settings`` makes it ours."""

    def __init__(self, pair: Pair, port: int) -> None:
        self.pair, self.port = pair, port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        theirs = {FIRST: self.pair.first, SECOND: self.pair.second}
        return {
            "WECHAT_URL": self.url,
            "WECHAT_APPID": APPID,
            "WECHAT_APP_SECRET": APP_SECRET,
            "WECHAT_AUTHORIZE_URL": f"{self.url}/connect/oauth2/authorize",
            "WECHAT_IDENTITY_URL": self.url,
            "WECHAT_MCHID": MCHID,
            "WECHAT_PRIVATE_KEY": private_pem(self.pair.merchant),
            "WECHAT_CERT_SERIAL": SERIAL,
            "WECHAT_API_V3_KEY": API_KEY,
            "WECHAT_PLATFORM_KEYS": ",".join(
                f"{key_id}={public_pem(key)}" for key_id, key in theirs.items()
            ),
        }

    def control(self, verb: str, **asked: Any) -> Any:
        """Ask for what payers, banks, networks and time do."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", f"/control/{verb}", json.dumps(asked))
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, (verb, answer.status, said)
        return said

    def configure(self, **changes: Any) -> None:
        self.control("settings", **changes)

    def pay(self, intent: Intent, number: int = 1, **how: Any) -> Any:
        """The payer pays."""
        return self.control("pay", out_trade_no=trade_no(intent, number), **how)

    def opens(self, url: str, *, address: str, referer: str = "https://shop.test/") -> str:
        """A telephone's browser goes to the pay page; what it says."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"X-Test-Address": address} | ({"Referer": referer} if referer else {})
        try:
            connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def told(self, **changes: Any) -> dict[str, Any]:
        """Return the latest notification as it goes out, signed now."""
        latest = self.control("notifications")[-1]["id"]
        return self.envelope(latest, **changes)

    def envelope(self, notice_id: str, **changes: Any) -> dict[str, Any]:
        envelope: dict[str, Any] = self.control("envelope", id=notice_id, changes=changes)
        return envelope

    def settle(self, refund: Refund, status: str = "SUCCESS") -> Any:
        """The payer's bank answers."""
        number = str(Reference("refund", refund.pk, refund.sequence))
        return self.control("settle", out_refund_no=number, status=status)


def trade_no(intent: Intent, number: int = 1) -> str:
    return str(Reference("pay", intent.pk, number))


def deliver(envelope: dict[str, Any], **headers: str) -> int:
    """Post a notification to our webhook address; the answer's status."""
    answer = Client().post(
        "/pay/hook/wechat",
        envelope["body"],
        content_type="application/json; charset=utf-8",
        headers=envelope["headers"] | headers,
    )
    return int(answer.status_code)


def china(moment: dt.datetime) -> str:
    return moment.astimezone(dt.timezone(dt.timedelta(hours=8))).replace(microsecond=0).isoformat()


@contextlib.contextmanager
def run_wechat(folder: Path) -> Iterator[Wechat]:
    """Make keys and run a gateway for the length of a block."""
    pair = Pair.make()
    keys = folder / "keys.json"
    keys.write_text(
        json.dumps(
            {
                "mchid": MCHID,
                "appid": APPID,
                "app_secret": APP_SECRET,
                "api_v3_key": API_KEY,
                "merchant_serial": SERIAL,
                "merchant_public_key": public_pem(pair.merchant),
                "platform_keys": [
                    {"id": FIRST, "private_key": private_pem(pair.first)},
                    {"id": SECOND, "private_key": private_pem(pair.second)},
                ],
            }
        )
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateways.wechat", "--keys", str(keys)],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "fake WeChat Pay" in line, line
        yield Wechat(pair, int(line.rsplit(":", 1)[1]))
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()
