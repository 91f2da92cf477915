"""Calls to Alipay's gateway: signed on the way out, verified on the way back."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from banyan.kernel import clock

from ...problems import ProviderRefused, ProviderUnreachable
from ..transport import FILE_BYTES, HttpClient
from . import signing
from .config import merchant
from .values import beijing_text

logger = logging.getLogger(__name__)

_SUCCESS = "10000"
# The gateway is away, or does not know or trust the caller: what was asked is as yet undecided.
_NOT_DECIDED = {"20000", "20001", "40001", "40006"}
_NOT_TRUSTED = {
    "isv.invalid-app-id",
    "isv.invalid-signature",
    "isv.invalid-signature-type",
    "isv.invalid-timestamp",
    "isv.missing-signature",
}
_FORM = "application/x-www-form-urlencoded;charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAnswer:
    """A verified answer: ``fields`` of its node; ``code`` and ``sub_code`` are the gateway's."""

    method: str
    code: str
    sub_code: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the call was carried out."""
        return self.code == _SUCCESS

    def require(self) -> Mapping[str, Any]:
        """Return the fields of a call that was carried out.

        ProviderUnreachable when it was not decided, ProviderRefused with Alipay's own sub_code
        when the answer is no.
        """
        if self.succeeded:
            return self.fields
        reason = self.sub_code or self.code
        detail = f"{self.method}: {self.code} {reason} {self.fields.get('sub_msg', '')}"
        if self.sub_code in _NOT_TRUSTED:
            logger.error("Alipay does not accept our requests: %s", detail)
        undecided = self.code in _NOT_DECIDED or self.sub_code in _NOT_TRUSTED
        if undecided or reason.endswith("SYSTEM_ERROR") or reason.startswith("isp."):
            raise ProviderUnreachable(detail=detail)
        raise ProviderRefused(reason, detail=detail)


class GatewayClient:
    """Speaks the gateway's protocol (https://opendocs.alipay.com/common/02kf5q); no state."""

    def __init__(self) -> None:
        self._http = HttpClient()

    def page(
        self,
        method: str,
        content: Mapping[str, str],
        *,
        at: dt.datetime,
        return_url: str,
        notify_url: str,
    ) -> str:
        """Return the signed address of a page at Alipay; nothing is sent."""
        more = {"return_url": return_url, "notify_url": notify_url}
        params = _signed(method, content, at=at, **more)
        return f"{merchant().gateway}?{urlencode(params)}"

    def call(self, method: str, content: Mapping[str, str]) -> GatewayAnswer:
        """Ask the gateway. ProviderUnreachable when no answer comes that Alipay has signed."""
        params = _signed(method, content, at=clock.now())
        payload = urlencode({"biz_content": params.pop("biz_content")}).encode()
        answer = self._http.send(
            "POST",
            f"{merchant().gateway}?{urlencode(params)}",
            headers={"Content-Type": _FORM, "Accept": "application/json"},
            payload=payload,
        )
        return _verified(method, answer.content)

    def download(self, url: str) -> bytes:
        """Fetch a file from an address that the gateway gave; as secure as the gateway's own."""
        if merchant().gateway.startswith("https:") and url.startswith("http:"):
            url = f"https:{url.removeprefix('http:')}"
        if urlsplit(url).scheme not in ("https", "http"):
            raise ProviderRefused("bill_unreadable", detail="no address to download it from")
        answer = self._http.send("GET", url, headers={"Accept": "*/*"}, most=FILE_BYTES)
        if answer.status != 200:
            raise ProviderUnreachable(detail=f"bill download: {answer.status}")
        return answer.content


def _signed(
    method: str, content: Mapping[str, str], *, at: dt.datetime, **more: str
) -> dict[str, str]:
    params = {
        "app_id": merchant().app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": beijing_text(at),
        "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        **{name: text for name, text in more.items() if text},
    }
    params["sign"] = signing.sign(signing.request_content(params), merchant().private_key)
    return params


def _verified(method: str, body: bytes) -> GatewayAnswer:
    """Read an answer of which Alipay's signature holds; all else decides nothing."""
    text = body.decode("utf-8", errors="replace")
    name = f"{method.replace('.', '_')}_response"
    node = signing.node_of(text, name) or signing.node_of(text, "error_response")
    signature = signing.node_of(text, "sign")
    if node is None or not isinstance(node[1], dict):
        raise ProviderUnreachable(detail=f"{method}: unreadable answer {text[:200]!r}")
    raw, fields = node
    code, sub_code = str(fields.get("code", "")), str(fields.get("sub_code", ""))
    given = signature[1] if signature and isinstance(signature[1], str) else ""
    if not signing.holds(raw.encode(), given, merchant().alipay_key):
        logger.error("Alipay's answer to %s is not signed as it must be: %s", method, sub_code)
        raise ProviderUnreachable(detail=f"{method}: signature does not hold, {code} {sub_code}")
    return GatewayAnswer(method=method, code=code, sub_code=sub_code, fields=fields)
