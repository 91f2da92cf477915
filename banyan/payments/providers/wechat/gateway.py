"""Signed calls to WeChat Pay, and answers that are believed only when they are signed."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from banyan.kernel import clock

from ...problems import ProviderRefused, ProviderUnreachable
from ..transport import FILE_BYTES, MOST_BYTES, HttpClient, Reply
from .merchant import merchant
from .signing import Unverified, authorization, verify

logger = logging.getLogger(__name__)


class Gateway:
    """Calls of the API at ``settings.WECHAT_URL``. Raises ProviderUnreachable, ProviderRefused."""

    def __init__(self) -> None:
        self._client = HttpClient()

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a JSON document; return the one that comes back, {} when there is none."""
        payload = json.dumps(body, ensure_ascii=False).encode()
        return self._believed(self._send("POST", settings.WECHAT_URL + path, payload), path)

    def get(self, path: str) -> Mapping[str, Any]:
        """Return the document at ``path``, which has its query."""
        return self._believed(self._send("GET", settings.WECHAT_URL + path, b""), path)

    def download(self, url: str) -> bytes:
        """Return a file. Such an answer has no signature: the caller checks the file's hash."""
        return self._send("GET", url, b"", most=FILE_BYTES).content

    def _send(self, method: str, url: str, payload: bytes, most: int = MOST_BYTES) -> Reply:
        ours, parts = merchant(), urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        at = int(clock.now().timestamp())
        headers = {
            "Accept": "application/json",
            "Authorization": authorization(ours, method=method, path=path, body=payload, at=at),
            "User-Agent": "Banyan",
            # Asks to be answered with this key; while keys are changed it is the newer one.
            "Wechatpay-Serial": next(iter(ours.platform_keys)),
        }
        if payload:
            headers["Content-Type"] = "application/json"
        reply = self._client.send(method, url, headers=headers, payload=payload or None, most=most)
        if reply.status >= 400:
            said = _document(reply.content)
            code = str(said.get("code") or "")
            detail = f"{method} {parts.path}: {reply.status} {said.get('message', '')}"
            if reply.status == 401:
                # A key that is not accepted is the operator's to mend: no refund fails for it.
                logger.error("WeChat Pay does not accept our signature: %s %s", code, detail)
                raise ProviderUnreachable(detail=f"{detail} ({code})")
            if not code:
                # Somebody in between answers, as a page: WeChat Pay has not said no.
                raise ProviderUnreachable(detail=detail)
            raise ProviderRefused(code, detail=detail)
        return reply

    def _believed(self, reply: Reply, path: str) -> Mapping[str, Any]:
        keys, now = merchant().platform_keys, clock.now().timestamp()
        try:
            verify(keys, reply.headers, reply.content, now=now)
        except Unverified as reason:
            # Whoever answered, it was not WeChat Pay: nothing is known, so it is asked again.
            raise ProviderUnreachable(detail=f"{path}: answer not believed: {reason}") from reason
        return _document(reply.content)


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(content) if content else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
