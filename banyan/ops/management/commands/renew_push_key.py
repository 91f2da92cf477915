"""``renew_push_key``: a new pair of push keys; browsers that know an older one keep working."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from banyan.kernel.actors import Actor
from banyan.notify.actions import renew_key


class Command(BaseCommand):
    """Make a new pair of push keys, and seal the older ones with the newest secret."""

    help = "Make a new pair of push keys, and seal the older ones with the newest secret."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        made = renew_key(actor=Actor.system("renew_push_key"))
        self.stdout.write(made.public)
