"""URLs of the earnings pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
