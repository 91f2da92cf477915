"""Content security policy; /admin/ has one of its own (its Alpine build needs unsafe-eval)."""

from __future__ import annotations

from csp.constants import NONCE, NONE, SELF, STRICT_DYNAMIC

from .env import env

_LIVE = [env.live_url] if env.live_url else []

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/", "/api/docs"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [NONCE, STRICT_DYNAMIC, SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF, *_LIVE],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "form-action": [SELF, env.sandbox_url],
    },
}
