"""App configuration."""

from django.apps import AppConfig


class GroupsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.groups"
    label = "groups"
