"""App configuration."""

from django.apps import AppConfig


class EntitlementsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.entitlements"
    label = "entitlements"
