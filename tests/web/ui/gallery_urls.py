"""The gallery alone, with the places of the navigation and a few answers for its scripts."""

from __future__ import annotations

from itertools import count

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

_seen = count(1)
_PAGE = """<!doctype html><html lang="en"><title>Live</title>
<body data-offline="" data-busy=""><main><div id="box" data-live-refresh="/behaviour"
data-live-targets="count"><p>kept <input id="typed"></p><p id="count">{n}</p></div>
<form action="/home" method="post" id="once"><button>Send</button></form></main>
<div id="live" role="status"></div>
<script type="module" src="/static/ui/js/banyan.js" nonce="{nonce}"></script></body></html>"""
_PLACES = (
    "home",
    "explore",
    "post_new",
    "orders_mine",
    "me",
    "cart",
    "login",
    "studio_home",
    "set_language",
    "set_theme",
)


def _place(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def _upload(request: HttpRequest) -> JsonResponse:
    name = str(getattr(request.FILES["file"], "name", ""))
    if name.startswith("huge"):
        return JsonResponse({"detail": "Larger than 15 MB."}, status=413)
    return JsonResponse({"token": f"tok-{name}", "thumb_url": "/static/ui/favicon.svg"})


def _behaviour(request: HttpRequest) -> HttpResponse:
    nonce = str(getattr(request, "csp_nonce", ""))
    return HttpResponse(_PAGE.replace("{n}", str(next(_seen))).replace("{nonce}", nonce))


urlpatterns = [
    path("_ui/", include("banyan.web.ui.urls")),
    path("upload", _upload),
    path("behaviour", _behaviour),
    *(path(name, _place, name=name) for name in _PLACES),
]
