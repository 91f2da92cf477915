"""App configuration."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Command line, embedded database, supervisor, demo, doctor."""

    name = "banyan.ops"
    label = "ops"

    def ready(self) -> None:
        """Let the demo's race page run races, where the demo is."""
        from django.conf import settings

        if settings.DEMO:
            from banyan.ops.demo.race.desk import RaceDesk
            from banyan.web.shop import race

            race.register(RaceDesk())
