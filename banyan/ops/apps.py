"""App configuration."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Command line, embedded database, supervisor, demo, doctor."""

    name = "banyan.ops"
    label = "ops"
