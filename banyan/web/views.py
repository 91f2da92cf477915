"""Health, language, theme and locally stored pictures."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.static import serve

YEAR = 31_536_000


def back_to(request: HttpRequest, default: str = "/") -> str:
    """Return the page named by ``next`` or the referrer, if it is ours."""
    for url in (request.POST.get("next"), request.GET.get("next"), request.headers.get("referer")):
        # An address, not a word: Django would look that up among the names of pages.
        if not url or not url.startswith(("/", "http://", "https://")):
            continue
        if url_has_allowed_host_and_scheme(url, {request.get_host()}):
            return url
    return default


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """The process and its database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"database": "ok"})


@csrf_exempt  # visitors' pages carry no token; this only sets a display cookie
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Store the language in a cookie (and on the account, by the people pages)."""
    response = redirect(back_to(request))
    code = request.POST.get("language", "")
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=YEAR,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


@csrf_exempt
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Store the theme (light, dark, or empty for the system's) in a cookie."""
    response = redirect(back_to(request))
    theme = request.POST.get("theme", "")
    if theme in {"light", "dark", ""}:
        response.set_cookie(
            "banyan_theme", theme, max_age=YEAR, samesite="Lax", secure=request.is_secure()
        )
    return response


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a rendition; its name holds the content's hash, so it never changes."""
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
