"""App configuration."""

from django.apps import AppConfig


class LegalConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.legal"
    label = "legal"

    def ready(self) -> None:
        """Say who is leaving; keep closed what waits to be erased."""
        from banyan.people import ports

        from . import leaving, subscribers, telling  # noqa: F401 - registers on import
        from .queries import is_leaving, leaving_on

        leaving.register()
        ports.keep_closed("legal", is_leaving)
        ports.register_leaving(leaving_on)
