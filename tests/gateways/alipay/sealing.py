"""RSA2: SHA256withRSA, PKCS #1 v1.5, base64, over ``k=v`` pairs or over a node's own text.

https://opendocs.alipay.com/common/02kf5q says what a request signs,
https://opendocs.alipay.com/common/02mse7 what a notification and an answer sign.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)


class Seal:
    """The gateway's own private key and the application's public one."""

    def __init__(self, private_key: Path, app_public_key: Path) -> None:
        own = load_pem_private_key(private_key.read_bytes(), None)
        app = load_pem_public_key(app_public_key.read_bytes())
        assert isinstance(own, RSAPrivateKey)
        assert isinstance(app, RSAPublicKey)
        self._own, self._app = own, app

    def sign(self, text: str) -> str:
        """Sign with the gateway's key."""
        return base64.b64encode(self._own.sign(text.encode(), PKCS1v15(), SHA256())).decode()

    def request_holds(self, params: Mapping[str, str]) -> bool:
        """Tell whether the application signed this request."""
        signed = "&".join(
            f"{name}={value}"
            for name, value in sorted(params.items())
            if name != "sign" and value != ""
        )
        try:
            given = base64.b64decode(params.get("sign", ""), validate=True)
            self._app.verify(given, signed.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def sealed(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return a notification with ``sign_type`` and ``sign``; neither is signed itself."""
        bare = {k: v for k, v in fields.items() if k not in ("sign", "sign_type") and v != ""}
        text = "&".join(f"{name}={bare[name]}" for name in sorted(bare))
        return bare | {"sign_type": "RSA2", "sign": self.sign(text)}
