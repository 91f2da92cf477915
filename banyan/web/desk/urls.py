"""URLs of the desk."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk", RedirectView.as_view(pattern_name="admin:index")),
    path("desk/", admin.site.urls),
]
