"""The `ui` application."""

from __future__ import annotations

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, static files and tags shared by every page."""

    name = "banyan.web.ui"
    label = "ui"
    verbose_name = "Look"
