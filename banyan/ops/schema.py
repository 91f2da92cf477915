"""Which migrations this code knows, so that it is never set onto a schema newer than itself.

Older code on a newer schema starts, and then fails or writes what the newer one forbids. Django
passes over migrations that it has no file of, so this is asked here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable

from banyan.ops.environment import SETTINGS_MODULE, SetupError

NAMED = 5

Migration = tuple[str, str]
"""An app's label and the name of one of its migrations."""


def known_migrations() -> set[Migration]:
    """All that this code has a file of, and those that one of them stands for. Needs Django."""
    from django.db.migrations.loader import MigrationLoader

    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    replaced = {(app, name) for each in on_disk.values() for app, name in each.replaces}
    return set(on_disk) | replaced


def known_elsewhere() -> set[Migration]:
    """Return the same without loading Django here, whatever the environment lacks; SetupError."""
    stand_in = {
        "BANYAN_ENV": "development",
        "BANYAN_SECRET_KEY": "reads no secret",
        "DATABASE_URL": "postgresql://asks.no.database/",
        "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE,
    }
    asked = subprocess.run(
        [sys.executable, "-m", "banyan.ops.schema"],
        env={**os.environ, **stand_in},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise SetupError(f"The migrations of this version cannot be read: {asked.stderr.strip()}")
    return {(app, name) for app, name in json.loads(asked.stdout)}


def unknown(applied: Iterable[Migration], known: set[Migration]) -> str:
    """Those of ``applied`` that are not known, as words for a message; empty where none is."""
    names = [f"{app}.{name}" for app, name in sorted(set(applied) - known)]
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join([*names[:NAMED], *more])


def main() -> int:
    """Print the known migrations as JSON."""
    import django

    django.setup()
    print(json.dumps(sorted(known_migrations())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
