"""Everything Django must do before pages can be served; run as a process that ends.

``python -m banyan.ops.prepare`` collects static files, migrates and makes the cache table, each
only when something changed. With ``--serve`` it also loads the demo into an empty database and
writes the demo logins to ``var/run/prepared.json`` for the supervisor.
"""

import io
import json
import os
import sys
from pathlib import Path

from banyan.ops.assets import is_collected, note_collected, static_inputs_seal
from banyan.ops.environment import SETTINGS_MODULE, Surroundings
from banyan.ops.progress import complain, step

# No page loads these: extensions of the next htmx, whose module imports no storage can resolve,
# and a second API viewer whose compression alone takes ten seconds.
UNUSED_STATIC = ["hx-*.js", "redoc*"]


def main(arguments: list[str] | None = None) -> int:
    """Prepare the installation named by the environment; an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    surroundings = Surroundings.read()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    with step("Loading the application"):
        import django

        django.setup()
    collect_static()
    if "--static-only" in given:
        return 0
    migrate()
    if "--serve" in given:
        logins = load_demo() if surroundings.demo else ""
        surroundings.run_dir.mkdir(parents=True, exist_ok=True)
        report = surroundings.run_dir / "prepared.json"
        report.write_text(json.dumps({"logins": logins}), encoding="utf-8")
    return 0


def collect_static() -> bool:
    """Collect the static files unless nothing changed since the last time; True when done."""
    from django.conf import settings
    from django.core.management import call_command

    root = Path(settings.STATIC_ROOT)
    seal = static_inputs_seal()
    if is_collected(root, seal):
        return False
    with step("Collecting the static files"):
        call_command(
            "collectstatic",
            interactive=False,
            verbosity=0,
            ignore_patterns=UNUSED_STATIC,
        )
        root.mkdir(parents=True, exist_ok=True)
        note_collected(root, seal)
    return True


def migrate() -> bool:
    """Bring the schema up to date and make the cache table; False when nothing was pending."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    with step("Migrating the database"):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    return True


def load_demo() -> str:
    """Load the demo unless the database holds data; the demo's logins as text, if there are."""
    from django.core.management import call_command, get_commands

    if "load_demo" not in get_commands():
        complain("This installation has no demo (no load_demo command); starting empty.")
        return ""
    with step("Loading the demo"):
        call_command("load_demo", if_empty=True)
    logins = io.StringIO()
    call_command("load_demo", print_logins=True, stdout=logins)
    return logins.getvalue().rstrip()


if __name__ == "__main__":
    sys.exit(main())
