"""Signatures and seals of WeChat Pay's API v3. No settings, no network, no clock.

Requests:
https://pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-generation.html;
answers and notifications:
https://pay.weixin.qq.com/docs/merchant/development/interface-rules/build-verify-sign-src.html.
Each signed text is a number of lines, every one of them, the last too, ended by a line feed.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from .merchant import Merchant

SCHEME = "WECHATPAY2-SHA256-RSA2048"
SEAL = "AEAD_AES_256_GCM"
WINDOW = 300  # seconds either way that a signature is good for


class Unverified(Exception):  # noqa: N818 - a verdict on somebody else's text
    """A text is not to be believed; the first argument is a stable code of the reason."""


def signed(key: RSAPrivateKey, *lines: str | bytes) -> str:
    """Return the signature over ``lines``: SHA-256 with RSA (PKCS #1 v1.5), in Base64."""
    return base64.b64encode(key.sign(_text(lines), PKCS1v15(), SHA256())).decode()


def authorization(merchant: Merchant, *, method: str, path: str, body: bytes, at: int) -> str:
    """Return the ``Authorization`` of a request. ``path`` has its query; ``at`` is a Unix time."""
    nonce = secrets.token_hex(16)
    signature = signed(merchant.private_key, method, path, str(at), nonce, body)
    return (
        f'{SCHEME} mchid="{merchant.mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{at}",serial_no="{merchant.serial}"'
    )


def bridge_params(merchant: Merchant, *, prepay_id: str, at: int) -> dict[str, str]:
    """Return what the page hands to the bridge inside WeChat, with its ``paySign``.

    https://pay.weixin.qq.com/docs/partner/apis/ecommerce-payment/jsapi-transfer-payment.html
    """
    nonce, package = secrets.token_hex(16), f"prepay_id={prepay_id}"
    return {
        "appId": merchant.appid,
        "timeStamp": str(at),
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": signed(merchant.private_key, merchant.appid, str(at), nonce, package),
    }


def verify(
    keys: Mapping[str, RSAPublicKey], headers: Mapping[str, str], body: bytes, *, now: float
) -> None:
    """Check that WeChat Pay signed ``body`` within five minutes of ``now``, else Unverified.

    ``headers`` by their names in small letters. ``keys`` may hold several: old and new ones are
    both in use while they are changed.
    """
    told = {
        name: headers.get(f"wechatpay-{name}", "")
        for name in ("signature", "timestamp", "nonce", "serial")
    }
    if not all(told.values()):
        raise Unverified("signature_missing")
    if headers.get("wechatpay-signature-type", SCHEME) != SCHEME:
        raise Unverified("signature_type_unknown")
    at = told["timestamp"]
    if not (at.isascii() and at.isdigit() and abs(now - int(at[:12])) <= WINDOW):
        raise Unverified("timestamp_outside_window")
    key = keys.get(told["serial"])
    if key is None:
        raise Unverified("platform_key_unknown")
    try:
        signature = base64.b64decode(told["signature"], validate=True)
        key.verify(signature, _text((at, told["nonce"], body)), PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise Unverified("signature_wrong") from error


def opened(api_key: bytes, resource: Mapping[str, Any]) -> bytes:
    """Return the plain text of a notification's sealed ``resource``, else Unverified.

    https://pay.weixin.qq.com/docs/partner/products/platform-certificate/decryption-certificate.html
    """
    try:
        if resource["algorithm"] != SEAL:
            raise Unverified("seal_unknown")
        sealed = base64.b64decode(resource["ciphertext"], validate=True)
        extra = (resource.get("associated_data") or "").encode()
        return AESGCM(api_key).decrypt(resource["nonce"].encode(), sealed, extra)
    except (KeyError, TypeError, AttributeError, ValueError, InvalidTag) as error:
        raise Unverified("seal_broken") from error


def sealed_for(key: RSAPublicKey, text: str) -> str:
    """Return a field that only WeChat Pay may read: RSAES-OAEP, in Base64.

    https://pay.weixin.qq.com/docs/partner/development/interface-rules/sensitive-data-encryption.html
    """
    padding = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - as published
    return base64.b64encode(key.encrypt(text.encode(), padding)).decode()


def _text(lines: tuple[str | bytes, ...]) -> bytes:
    return b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
