"""Starts the gateway process, walks its pages as a buyer, and delivers what it sends."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.test import Client

from tests.sandbox.driver import environment

APP_ID = "2014072300007148"
SELLER_ID = "2088101106499364"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
PACE = 0.002  # seconds in a minute between two tries of a notification


class KeyPair:
    """An RSA key made for this run, in the forms that files, settings and the SDK want."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self.private.public_key()

    def private_pem(self, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
        return self.private.private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    def public_pem(self) -> str:
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def private_line(self, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
        return _bare(self.private_pem(form))

    def public_line(self) -> str:
        return _bare(self.public_pem())


def _bare(pem: str) -> str:
    return "".join(line for line in pem.splitlines() if "-----" not in line)


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    text: str
    location: str


class Alipay:
    """A running gateway; ``app`` and ``own`` are the merchant's and the gateway's keys."""

    def __init__(self, url: str, app: KeyPair, own: KeyPair) -> None:
        self.url, self.app, self.own = url, app, own

    @property
    def settings(self) -> dict[str, str]:
        """Django settings that make this gateway ours."""
        return {
            "ALIPAY_APP_ID": APP_ID,
            "ALIPAY_SELLER_ID": SELLER_ID,
            "ALIPAY_PRIVATE_KEY": self.app.private_line(),
            "ALIPAY_PUBLIC_KEY": self.own.public_line(),
            "ALIPAY_GATEWAY": f"{self.url}/gateway.do",
        }

    def visit(self, address: str, form: dict[str, str] | None = None) -> Page:
        """Ask for a page as a browser does, without following where it leads."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        body = None if form is None else urlencode(form)
        connection.request("GET" if form is None else "POST", path, body, {"Content-Type": FORM})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return Page(answer.status, text, answer.headers.get("Location", ""))

    def open(self, address: str) -> Page:
        """Open the signed address; from now on Alipay knows the trade."""
        return self.visit(address)

    def pay(self, address: str) -> Page:
        """Open the signed address and pay; where the browser goes then."""
        opened = self.visit(address)
        assert opened.status == 302, opened.text
        return self.visit(opened.location, {"action": "pay"})

    def control(self, verb: str, **asked: Any) -> Any:
        """Use a control of the test's."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request("POST", f"/control/{verb}", json.dumps(asked))
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        assert answer.status == 200
        return told

    def set(self, **settings: Any) -> None:
        """Change how the gateway behaves until the end of the test."""
        self.control("settings", **settings)

    def notices(self) -> list[str]:
        """Return the notifications made so far, as they are sent."""
        return [notice["body"] for notice in self.control("notices")]

    def sealed(self, number: str, **changes: str) -> str:
        """Return a truly signed notification about a trade that says what the test wants."""
        return str(self.control("seal", out_trade_no=number, changes=changes)["body"])


def deliver(body: str) -> int:
    """Send a notification to our address; the status of the answer."""
    answer = Client().post("/pay/hook/alipay", body, content_type=FORM)
    if answer.status_code == 200:
        assert answer.content == b"success"
    return int(answer.status_code)


def changed(body: str, **changes: str) -> str:
    """Return a notification of which somebody changed fields on the way."""
    return urlencode(dict(parse_qsl(body, keep_blank_values=True)) | changes)


def fields(body: str) -> dict[str, str]:
    """Return the fields of a notification or of an address."""
    return dict(parse_qsl(body, keep_blank_values=True))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Alipay]:
    """Run a gateway with fresh keys for the length of a block."""
    app, own = KeyPair(), KeyPair()
    (folder / "own.pem").write_text(own.private_pem())
    (folder / "app.pem").write_text(app.public_pem())
    command = [sys.executable, "-m", "tests.gateways.alipay", "--pace", str(PACE)]
    command += ["--app-id", APP_ID, "--seller-id", SELLER_ID]
    command += ["--private-key", str(folder / "own.pem")]
    command += ["--app-public-key", str(folder / "app.pem")]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "no real money" in line, line
        yield Alipay(line.split()[-1], app, own)
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout is not None:
            process.stdout.close()
