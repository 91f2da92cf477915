"""App configuration."""

from django.apps import AppConfig


class GroupsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.groups"
    label = "groups"

    def ready(self) -> None:
        """Tell people of what happens in their groups; say who keeps the page of one."""
        from banyan.legal.ports import register_check
        from banyan.storefronts.ports import register_groups

        from . import subjects, subscribers  # noqa: F401 - registers on import
        from .leaving import owned_alone
        from .pages import Pages

        register_groups(Pages())
        register_check("groups", owned_alone)
        subjects.register()
