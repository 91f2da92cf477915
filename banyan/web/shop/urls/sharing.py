"""URLs of the sharing pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
