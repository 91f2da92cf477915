"""The gallery alone, with every place of the navigation answering."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def _place(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


_PLACES = ("home", "explore", "post_new", "orders_mine", "me", "cart", "login", "studio_home")
urlpatterns = [
    path("", include("banyan.web.ui.urls")),
    *(path(name, _place, name=name) for name in _PLACES),
]
