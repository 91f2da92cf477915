"""The gallery; included under `/_ui/` in development and tests only."""

from __future__ import annotations

from django.urls import path

from banyan.web.ui import views

urlpatterns = [path("", views.gallery, name="ui_gallery")]
