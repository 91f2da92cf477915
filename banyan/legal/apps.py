"""App configuration."""

from django.apps import AppConfig


class LegalConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.legal"
    label = "legal"

    def ready(self) -> None:
        """Let who left come back within the grace; keep closed what waits to be erased."""
        from banyan.people import ports

        from . import leaving, subscribers, telling  # noqa: F401 - registers on import
        from .actions.erasing import come_back
        from .queries import is_leaving

        leaving.register()
        ports.keep_closed("legal", is_leaving)
        if come_back not in ports.on_come_back:
            ports.on_come_back.append(come_back)
