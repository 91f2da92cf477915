"""Display preferences, and the gallery of components."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from banyan.web.ui import gallery_data

_YEAR = 365 * 24 * 3600


@csrf_exempt  # sets display cookies only, and visitors' pages carry no token
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep ``language`` and ``theme`` (light, dark, auto) in cookies and go back to ``next``."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    response = HttpResponseRedirect(target)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=_YEAR,
            secure=request.is_secure(),
            samesite="Lax",
        )
    chosen = request.POST.get("theme", "")
    if chosen in ("light", "dark"):
        response.set_cookie(
            "banyan_theme", chosen, max_age=_YEAR, secure=request.is_secure(), samesite="Lax"
        )
    elif chosen == "auto":
        response.delete_cookie("banyan_theme", samesite="Lax")
    return response


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in its states (DEBUG only); ``?theme=``, ``?lang=``, ``?page=``."""
    if not settings.DEBUG:
        raise Http404
    page = request.GET.get("page", "parts")
    if page not in ("parts", "feed", "product", "studio", "checkout", "problem"):
        raise Http404
    with translation.override(request.GET.get("lang") or translation.get_language()):
        context = gallery_data.context()
        context["ui_theme"] = request.GET.get("theme", "")
        return render(request, f"ui/gallery/{page}.html", context)
