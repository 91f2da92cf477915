"""What every page knows: theme, language, demo, live address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.safestring import mark_safe

from banyan.kernel import clock
from banyan.kernel.http import actor

from .accounts import unread_text
from .cookies import cart_count
from .meter import PLACEHOLDER
from .streams import stream_url


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Return the variables of the page frame; costs no query but the account's."""
    return {
        "theme": request.COOKIES.get("banyan_theme", ""),
        "languages": settings.LANGUAGES,
        "demo": settings.DEMO,
        "demo_bar_template": "shop/demo_bar.html" if settings.DEMO else "",
        "page_meter": mark_safe(PLACEHOLDER) if settings.DEMO else "",  # noqa: S308 - a constant
        "live_url": _live_url(request),
        "cart_kept": cart_count(request),
        "page_zone": clock.zone_told,
        "worker_url": "/sw.js" if settings.SERVICE_WORKER else "",
        "actor": actor(request) if hasattr(request, "actor") else None,
        "bell_unread": unread_text(request) if hasattr(request, "user") else "",
    }


def _live_url(request: HttpRequest) -> str:
    try:
        return stream_url(request)
    except DisallowedHost:  # the page that refuses a wrong host is drawn by this, too
        return ""
