"""App configuration."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.moderation"
    label = "moderation"

    def ready(self) -> None:
        """Judge accounts ourselves, keep blocked pictures out, tell people what was decided."""
        from banyan.media import ports as media
        from banyan.people import ports as people

        from . import subjects, telling  # noqa: F401 - registers on import
        from .actions import check_names
        from .actions.pictures import refuse_blocked
        from .queries import is_suspended

        subjects.register()
        people.register_name_check(check_names)
        media.register_check(refuse_blocked)
        people.keep_closed("moderation", is_suspended)
