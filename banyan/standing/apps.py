"""App configuration."""

from django.apps import AppConfig


class StandingConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.standing"
    label = "standing"

    def ready(self) -> None:
        """Answer what the catalogue asks; tell shops and buyers."""
        from banyan.catalog import ports

        from . import notices, subjects, subscribers  # noqa: F401 - registers on import
        from .gates import may_campaign, may_open, may_publish

        subjects.register()
        ports.register_opening_check(may_open)
        ports.register_publish_check(may_publish)
        ports.register_campaign_check(may_campaign)
