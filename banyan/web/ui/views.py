"""The gallery of components."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from banyan.web.ui import gallery_data

PAGES = ("parts", "feed", "product", "studio", "checkout", "problem")


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in its states; ``?page=`` one of PAGES, ``?theme=``, ``?lang=``."""
    page = request.GET.get("page", "parts")
    if page not in PAGES:
        raise Http404
    with translation.override(request.GET.get("lang") or translation.get_language()):
        context = gallery_data.context()
        context["ui_theme"] = request.GET.get("theme", "")
        return render(request, f"ui/gallery/{page}.html", context)
