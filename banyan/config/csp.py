"""Content security policy; the desk has one of its own: ``web.desk.site.POLICY``."""

from __future__ import annotations

from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF, STRICT_DYNAMIC

from .env import env

# The stream is on the page's own host, whatever that is called, one port further.
_LIVE = [env.live_url or f"*:{env.live_port or env.port + 1}"]
_PAY = sorted({env.sandbox_url, env.sandbox_public_url} - {""}) if env.env != "production" else []


def _around(address: str) -> list[str]:
    """Return the origin of an address, and with https every host of its domain."""
    parts = urlsplit(address)
    domain = ".".join((parts.hostname or "").split(".")[-2:])
    wider = [f"https://*.{domain}"] if parts.scheme == "https" else []
    return [f"{parts.scheme}://{parts.netloc}", *wider]


# The form that starts a payment is led on to the pay pages of the providers in use: Alipay's
# gateway sends the browser from host to host of its own.
_PAGES = {"alipay": _around(env.alipay_gateway)}
for _name, _hosts in _PAGES.items():
    if _name in env.payment_providers.split(","):
        _PAY += _hosts

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/api/docs"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [NONCE, STRICT_DYNAMIC, SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF, *_LIVE],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "form-action": [SELF, *_PAY],
    },
}
