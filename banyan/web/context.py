"""What every page knows: theme, language, demo, live address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Return the variables of the page frame; costs no query."""
    return {
        "theme": request.COOKIES.get("banyan_theme", ""),
        "languages": settings.LANGUAGES,
        "demo": settings.DEMO,
        "demo_bar_template": "shop/demo_bar.html" if settings.DEMO else "",
        "live_url": settings.LIVE_URL,
        "actor": getattr(request, "actor", None),
    }
