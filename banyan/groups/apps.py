"""App configuration."""

from django.apps import AppConfig


class GroupsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.groups"
    label = "groups"

    def ready(self) -> None:
        """Tell people of what happens in their groups; say who keeps the page of one."""
        from banyan.storefronts.ports import register_keepers

        from . import subscribers  # noqa: F401 - registers on import
        from .access import leads

        register_keepers(leads)
