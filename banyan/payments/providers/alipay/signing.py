"""RSA2 (SHA256withRSA) as Alipay's gateway signs and wants it signed. No network, no settings.

Source: https://opendocs.alipay.com/common/02kf5q (requests) and
https://opendocs.alipay.com/common/02mse7 (notifications and answers).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_FEWEST_BITS = 2048
K = TypeVar("K", RSAPrivateKey, RSAPublicKey)


def request_content(params: Mapping[str, str]) -> bytes:
    """Return what a request's signature is over: sorted ``k=v``, without ``sign`` and empties."""
    return _joined({name: text for name, text in params.items() if text and name != "sign"})


def notice_content(params: Mapping[str, str]) -> bytes:
    """Return what a notification's signature is over: all but ``sign`` and ``sign_type``."""
    return _joined(
        {name: text for name, text in params.items() if name not in ("sign", "sign_type")}
    )


def sign(content: bytes, key: RSAPrivateKey) -> str:
    """Return the signature in base64."""
    signature = key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signature).decode("ascii")


def holds(content: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Tell whether ``signature`` (base64) is over exactly ``content``."""
    try:
        key.verify(
            base64.b64decode(signature, validate=True),
            content,
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def node_of(text: str, name: str) -> tuple[str, Any] | None:
    """Return the member ``name`` of the JSON object ``text``: its raw text, and its value.

    The signature of an answer is over the member as it was written, so it is not written anew.
    None where there is no such member, or no JSON object. Only members of the outermost object
    count: a value may hold anything.
    """
    decoder = json.JSONDecoder()
    at = _past_space(text, 0)
    if not text.startswith("{", at):
        return None
    at = _past_space(text, at + 1)
    found = None
    try:
        while text.startswith('"', at):
            member, at = decoder.raw_decode(text, at)
            at = _past_space(text, at)
            if not text.startswith(":", at):
                return None
            start = _past_space(text, at + 1)
            value, at = decoder.raw_decode(text, start)
            if member == name:
                if found is not None:
                    return None  # twice: which one was signed is anybody's guess
                found = (text[start:at], value)
            at = _past_space(text, at)
            if text.startswith(",", at):
                at = _past_space(text, at + 1)
    except ValueError:
        return None
    return found if text[at:].strip() == "}" else None


def private_key(text: str) -> RSAPrivateKey:
    """Read our key: PEM, or the line of base64 that Alipay's key tool writes. ValueError if not."""
    data, pem = _material(text)
    load = serialization.load_pem_private_key if pem else serialization.load_der_private_key
    try:
        key = load(data, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("it is locked with a password, or of an unknown kind") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("it is no RSA key")
    return _long_enough(key)


def public_key(text: str) -> RSAPublicKey:
    """Read Alipay's key: PEM, or a line of base64. ValueError if it is none."""
    data, pem = _material(text)
    load = serialization.load_pem_public_key if pem else serialization.load_der_public_key
    try:
        key = load(data)
    except UnsupportedAlgorithm as error:
        raise ValueError("it is of an unknown kind") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("it is no RSA key")
    return _long_enough(key)


def _long_enough(key: K) -> K:
    if key.key_size < _FEWEST_BITS:
        raise ValueError(f"it has {key.key_size} bits; {_FEWEST_BITS} are needed")
    return key


def _material(text: str) -> tuple[bytes, bool]:
    if "-----BEGIN" in text:
        return text.encode(), True
    try:
        return base64.b64decode("".join(text.split()), validate=True), False
    except binascii.Error as error:
        raise ValueError("it is neither PEM nor base64") from error


def _joined(params: Mapping[str, str]) -> bytes:
    return "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\r", "\n") and at < len(text):
        at += 1
    return at
