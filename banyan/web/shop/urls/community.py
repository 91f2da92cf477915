"""URLs of the community pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
