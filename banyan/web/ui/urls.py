"""Addresses of the design system; include at the root. The gallery answers in DEBUG only."""

from __future__ import annotations

from django.urls import path

from banyan.web.ui import views

urlpatterns = [
    path("preferences", views.preferences, name="ui_preferences"),
    path("_ui/", views.gallery, name="ui_gallery"),
]
