"""App configuration."""

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.experiments"
    label = "experiments"
