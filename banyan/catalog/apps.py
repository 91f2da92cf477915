"""App configuration."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.catalog"
    label = "catalog"
