"""App configuration."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.people"
    label = "people"
