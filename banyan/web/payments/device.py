"""What a provider is told of the payer's device, and which way to pay works there."""

from __future__ import annotations

import re
from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest

from banyan.kernel.http import whole_address_of
from banyan.payments.providers import get
from banyan.payments.providers.base import AsksWhoPays, Provider
from banyan.sharing.channels import channel_of

_TELEPHONE = re.compile(r"Mobi|Android|iPhone|HarmonyOS", re.IGNORECASE)


class Way(StrEnum):
    """How somebody gets on from Pay.

    here: start at the provider. ask: the app must first say who pays. elsewhere: the provider's
    page does not open in this app; the payer gets a link for their browser.
    """

    HERE = "here"
    ASK = "ask"
    ELSEWHERE = "elsewhere"


def way_to_pay(request: HttpRequest, provider: str) -> Way:
    """Return how paying with ``provider`` goes on, by the User-Agent. No statement.

    The table of it: docs/explanation/payments.md.
    """
    return way_in(channel_of(request.headers.get("user-agent", "")), get(provider))


def way_in(app: str, adapter: Provider) -> Way:
    """Return how paying with a provider goes on in ``app``, one of ``sharing.channels``."""
    if app in adapter.capabilities.blocked_in:
        return Way.ELSEWHERE
    asks = isinstance(adapter, AsksWhoPays) and adapter.asks_in(app)
    return Way.ASK if asks else Way.HERE


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
        behind = bool(settings.SECURE_PROXY_SSL_HEADER)
        whole = whole_address_of(request.META, behind_proxy=behind)
        return {"channel": "wap", "client_ip": whole}
    return {"channel": "wap"}
