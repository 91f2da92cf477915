"""App configuration."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Primitives used by every package."""

    name = "banyan.kernel"
    label = "kernel"
