"""URLs of the studio."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
