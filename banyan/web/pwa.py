"""What makes the site an app: manifest, service worker with its kill switch, page without network.

``SERVICE_WORKER`` off serves a worker that removes itself and all it kept; browsers that have an
older one ask for the version at most hourly and get rid of it then.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

_SOURCE = Path(__file__).parent / "ui" / "static" / "ui" / "js" / "worker.js"
_FILES = (
    "ui/banyan.css",
    "ui/js/banyan.js",
    "django_htmx/htmx-2.min.js",
    "ui/favicon.svg",
)
_ICONS = (
    ("ui/app/icon-192.png", "192x192", "any"),
    ("ui/app/icon-512.png", "512x512", "any"),
    ("ui/app/maskable-512.png", "512x512", "maskable"),
)
PAPER, GREEN = "#fbf8f3", "#1e6b52"


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Say what the app is called, looks like and begins with, in the reader's language."""
    names = (("orders_mine", _("Orders")), ("notifications", _("Notifications")))
    found = {
        "id": "/",
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "description": _("Share what you like with people you know, and see where it travels."),
        "lang": get_language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": GREEN,
        "icons": [
            {"src": static(path), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for path, sizes, purpose in _ICONS
        ],
        "shortcuts": [{"name": str(text), "url": reverse(name)} for name, text in names],
    }
    text = json.dumps(found, ensure_ascii=False)
    answer = HttpResponse(text, content_type="application/manifest+json")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Serve the worker with what it keeps written above it."""
    build = _build() if settings.SERVICE_WORKER else {"version": "", "files": []}
    source = f"const BUILD = {json.dumps(build)};\n{_SOURCE.read_text()}"
    answer = HttpResponse(source, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@lru_cache(maxsize=1)
def _build() -> dict[str, object]:
    """Return what the worker keeps; its version changes with any of the files or the worker."""
    files = [static(path) for path in _FILES]
    offline = reverse("offline")
    text = _SOURCE.read_text() + json.dumps(files)
    return {
        "version": hashlib.sha256(text.encode()).hexdigest()[:12],
        "files": [*files, offline],
        "offline": offline,
        "icon": static(_ICONS[0][0]),
    }


@require_safe
def version(request: HttpRequest) -> HttpResponse:
    """Say which worker counts; "" ends all of them."""
    answer = JsonResponse({"version": _build()["version"] if settings.SERVICE_WORKER else ""})
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what stands where a page would be; the same for everybody, so that it can be kept."""
    return render(request, "ui/offline.html")
