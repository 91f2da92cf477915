"""What a provider is told of the payer's device: which kind of page suits it, and no more."""

from __future__ import annotations

import re

from django.http import HttpRequest

from banyan.payments.providers import get
from banyan.sharing.channels import channel_of

from ..people.sessions import client_address

_TELEPHONE = re.compile(r"Mobi|Android|iPhone|HarmonyOS", re.IGNORECASE)


def payer_context(request: HttpRequest, provider: str) -> dict[str, str]:
    """Return the ``context`` of ``Provider.start``, by the User-Agent.

    channel: "in_app" inside Alipay, "wap" on a telephone, else "web". client_ip only where the
    provider needs it.
    """
    agent = request.headers.get("user-agent", "")
    channel = channel_of(agent)
    if channel == "alipay":
        return {"channel": "in_app"}
    # WeChat opens no wallet's page for telephones inside itself, not even its own.
    if channel == "wechat" or not _TELEPHONE.search(agent):
        return {"channel": "web"}
    if get(provider).capabilities.needs_client_ip:
        return {"channel": "wap", "client_ip": client_address(request)}
    return {"channel": "wap"}
