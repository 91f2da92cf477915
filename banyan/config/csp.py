"""Content security policy; the desk has one of its own: ``web.desk.site.POLICY``."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF, STRICT_DYNAMIC

from .env import env

# The stream is on the page's own host, whatever that is called, one port further.
_LIVE = [env.live_url or f"*:{env.live_port or env.port + 1}"]
_PAY = sorted({env.sandbox_url, env.sandbox_public_url} - {""}) if env.env != "production" else []


def _hosts_of(address: str) -> str:
    """Return every host of an address's domain; its own origin where there is no https."""
    parts = urlsplit(address)
    domain = ".".join((parts.hostname or "").split(".")[-2:])
    return f"https://*.{domain}" if parts.scheme == "https" else f"http://{parts.netloc}"


# The form that starts a payment may lead on to the pay pages of the providers in use; Alipay's
# gateway sends the browser from host to host of its own.
_PAGES = {
    "alipay": _hosts_of(env.alipay_gateway),
    "stripe": env.stripe_checkout_url,
    "wechat": "https://wx.tenpay.com",
}
_PAY += [page for name, page in _PAGES.items() if name in env.payment_providers.split(",")]
if "wechat" in env.payment_providers.split(",") and env.wechat_app_secret:
    # Inside WeChat, Pay leads by way of the page that says who pays.
    _PAY.append("{0.scheme}://{0.netloc}".format(urlsplit(env.wechat_authorize_url)))
if os.environ.get("BANYAN_WECHAT_NOTICE_TEMPLATE"):
    # Inside WeChat, "Tell me in WeChat" leads to the page that asks.
    _PAY.append("https://mp.weixin.qq.com")

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/api/docs"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [NONCE, STRICT_DYNAMIC, SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF, *_LIVE],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "form-action": [SELF, *_PAY],
    },
}
