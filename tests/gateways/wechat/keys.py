"""Keys, signatures and seals of the platform's side.

What a merchant signs (five lines) and the ``Authorization`` header:
https://pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-generation.html
What the platform signs (three lines) and its ``Wechatpay-*`` headers:
https://pay.weixin.qq.com/docs/merchant/development/interface-rules/build-verify-sign-src.html
How a notification's resource is sealed (``algorithm``, ``ciphertext``, ``nonce``,
``associated_data``, ``original_type``):
https://pay.weixin.qq.com/docs/partner/products/platform-certificate/decryption-certificate.html
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

TYPE = "WECHATPAY2-SHA256-RSA2048"
_FIELD = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Keys:
    """Who the merchant is, and what the platform signs and seals with."""

    mchid: str
    appid: str
    app_secret: str
    api_v3_key: bytes
    merchant_serial: str
    merchant_key: rsa.RSAPublicKey
    platform: dict[str, rsa.RSAPrivateKey]
    stranger: rsa.RSAPrivateKey

    @classmethod
    def read(cls, given: dict[str, Any]) -> Keys:
        merchant = load_pem_public_key(given["merchant_public_key"].encode())
        assert isinstance(merchant, rsa.RSAPublicKey)
        platform = {}
        for one in given["platform_keys"]:
            key = load_pem_private_key(one["private_key"].encode(), password=None)
            assert isinstance(key, rsa.RSAPrivateKey)
            platform[one["id"]] = key
        return cls(
            mchid=given["mchid"],
            appid=given["appid"],
            app_secret=given["app_secret"],
            api_v3_key=given["api_v3_key"].encode(),
            merchant_serial=given["merchant_serial"],
            merchant_key=merchant,
            platform=platform,
            stranger=rsa.generate_private_key(public_exponent=65537, key_size=2048),
        )

    def fault_in(self, header: str, method: str, target: str, body: bytes, now: int) -> str:
        """Return what is wrong with a request's Authorization; "" when nothing is."""
        scheme, _, rest = header.partition(" ")
        told = dict(_FIELD.findall(rest))
        if scheme != TYPE or set(told) != {
            "mchid",
            "serial_no",
            "nonce_str",
            "timestamp",
            "signature",
        }:
            return "Http头Authorization值格式错误"
        if told["mchid"] != self.mchid or told["serial_no"] != self.merchant_serial:
            return "商户证书序列号有误"
        if abs(now - int(told["timestamp"])) > 300:
            return "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
        text = f"{method}\n{target}\n{told['timestamp']}\n{told['nonce_str']}\n".encode()
        try:
            self.merchant_key.verify(
                base64.b64decode(told["signature"]),
                text + body + b"\n",
                padding.PKCS1v15(),
                SHA256(),
            )
        except InvalidSignature:
            return "错误的签名,验签失败"
        return ""

    def headers(self, body: bytes, at: int, key_id: str = "") -> dict[str, str]:
        """Sign a body; ``key_id`` "stranger" signs with a key that is not the platform's."""
        serial = key_id if key_id in self.platform else next(iter(self.platform))
        key = self.stranger if key_id == "stranger" else self.platform[serial]
        nonce = secrets.token_hex(16)
        text = f"{at}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(key.sign(text, padding.PKCS1v15(), SHA256())).decode()
        return {
            "Wechatpay-Timestamp": str(at),
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": signature,
            "Wechatpay-Serial": serial,
            "Wechatpay-Signature-Type": TYPE,
        }

    def opened(self, sealed: str, serial: str) -> str:
        """Open a field that was sealed for one of our keys; "" when it was not.

        https://pay.weixin.qq.com/docs/partner/development/interface-rules/sensitive-data-encryption.html
        """
        how = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)
        try:
            return self.platform[serial].decrypt(base64.b64decode(sealed), how).decode()
        except (KeyError, ValueError):
            return ""

    def seal(self, kind: str, resource: dict[str, Any]) -> dict[str, str]:
        """Seal a resource of the type ``transaction`` or ``refund``."""
        nonce = secrets.token_hex(6)  # twelve characters
        plain = json.dumps(resource, ensure_ascii=False).encode()
        sealed = AESGCM(self.api_v3_key).encrypt(nonce.encode(), plain, kind.encode())
        return {
            "original_type": kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": kind,
            "nonce": nonce,
        }
