"""A push service and the browsers behind it, written from RFC 8030, 8188, 8291 and 8292.

It shares nothing with what it tests but the curve: what we send is opened here by hand. It judges
the VAPID signature against the key with which the browser subscribed, as the real ones do.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CURVE = ec.SECP256R1()


def b64(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Return the bytes of :func:`b64`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """A subscription: its keys, the key it was made with, and what it was shown."""

    number: int
    application_key: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(CURVE)
    )
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    shown: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def point(self) -> bytes:
        """Return the public key as a browser hands it out."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def keys(self) -> dict[str, str]:
        """Return p256dh and auth as a browser hands them out."""
        return {"p256dh": b64(self.point), "auth": b64(self.secret)}

    def open(self, body: bytes) -> bytes:
        """Decrypt an aes128gcm body of one record (RFC 8291, section 3.4)."""
        salt, length = body[:16], body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self.private.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender)
        )
        info = b"WebPush: info\0" + self.point + sender
        material = HKDF(hashes.SHA256(), 32, self.secret, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert padded[-1] == 2, "the last record ends with a two"
        return padded[:-1]


class PushService:
    """Answers as told (``answers``), else by what it thinks of the message."""

    def __init__(self) -> None:
        self.browsers: list[Browser] = []
        self.answers: list[int] = []
        self.refusals: list[str] = []
        self.port = 0

    def subscribe(self, application_key: str) -> Browser:
        """Do what ``pushManager.subscribe`` does."""
        browser = Browser(len(self.browsers), application_key)
        self.browsers.append(browser)
        return browser

    @property
    def host(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"

    def endpoint(self, browser: Browser) -> str:
        """Return the address that a browser hands out."""
        return f"http://{self.host}/push/{browser.number}"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Judge one message and show it; return the status."""
        if self.answers and (told := self.answers.pop(0)) >= 300:
            return told
        browser = self.browsers[int(path.rsplit("/", 1)[1])]
        fault = self._fault(browser, headers)
        if fault:
            self.refusals.append(fault)
            return 403 if "key" in fault or "signature" in fault else 400
        browser.headers.append(headers)
        browser.shown.append(json.loads(browser.open(body)))
        return 201

    def _fault(self, browser: Browser, headers: dict[str, str]) -> str:
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        if scheme != "vapid" or parts.get("k") != browser.application_key:
            return "another key"
        head, claims, signature = parts["t"].split(".")
        raw = unb64(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, unb64(parts["k"]))
        try:
            public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "bad signature"
        told = json.loads(unb64(claims))
        if told["aud"] != f"http://{self.host}":
            return "another audience"
        if not time.time() < told["exp"] <= time.time() + 86_400:
            return "expiry"
        if not told["sub"].startswith(("mailto:", "https:")):
            return "nobody to write to"
        topic = headers.get("topic", "")
        if len(topic) > 32 or not topic.replace("-", "").replace("_", "").isalnum():
            return "topic"
        return "" if headers.get("ttl", "").isdigit() else "no TTL"


@contextmanager
def running() -> Iterator[PushService]:
    """Run the service in threads of its own."""
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(service.take(self.path, told, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
