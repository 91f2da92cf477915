"""Everything Django must do before pages can be served; run as a process that ends.

``python -m banyan.ops.prepare`` collects static files, migrates and makes the cache table, each
only when something changed. With ``--serve`` it also loads the demo into an empty database and
notes the outcome, so that the next start of an unchanged installation can skip all of it.
"""

import gc
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import django

from banyan import __version__
from banyan.ops.assets import is_collected, note_collected, static_inputs_seal
from banyan.ops.environment import SETTINGS_MODULE, SetupError, Surroundings
from banyan.ops.preparation import Preparation
from banyan.ops.processes import die_with_parent
from banyan.ops.progress import complain, step
from banyan.ops.schema import known_migrations, unknown

if TYPE_CHECKING:
    from banyan.ops.demo.pictures import Studio

# No page loads these: extensions of the next htmx, whose module imports no storage can resolve,
# and a second API viewer whose compression alone takes ten seconds.
UNUSED_STATIC = ["hx-*.js", "redoc*"]
# Nothing waits for them before the end, everything for the database and the demo.
STATIC_NICENESS = 5


def main(arguments: list[str] | None = None) -> int:
    """Prepare the installation named by the environment; an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    surroundings = Surroundings.read()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    if "--static-only" in given:
        os.nice(STATIC_NICENESS)
        collect_static(surroundings)
        return 0
    inputs = Preparation.of(surroundings)
    logins: str | None = ""
    with static_files_meanwhile(surroundings):
        with step("Loading the application"):
            django.setup()
        # Migrating makes and drops model classes by the hundred; the collector need not look
        # through the whole application each time.
        gc.freeze()
        if "--serve" in given and surroundings.demo:
            logins = migrate_and_load_demo()
        else:
            migrate()
    if "--serve" in given and logins is not None:
        inputs.note(surroundings, logins=logins)
    return 0


@contextmanager
def static_files_meanwhile(surroundings: Surroundings) -> Iterator[None]:
    """Collect stale static files in a second process while the block uses the database.

    Compressing them takes as long as migrating an empty database; neither needs the other.
    """
    if is_collected(surroundings.static_root, static_inputs_seal()):
        yield
        return
    command = [sys.executable, "-m", "banyan.ops.prepare", "--static-only"]
    collector = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent(signal.SIGTERM)
    )
    try:
        yield
        if collector.wait() != 0:
            raise SetupError("The static files could not be collected; see above.")
    finally:
        collector.terminate()
        collector.wait()


def collect_static(surroundings: Surroundings) -> bool:
    """Collect the static files unless nothing changed since the last time; True when done."""
    from django.core.management import call_command

    root = surroundings.static_root
    seal = static_inputs_seal()
    if is_collected(root, seal):
        return False
    with step("Collecting the static files"):
        django.setup()
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
    """Bring the schema up to date and make the cache table; False when nothing was pending.

    A migration that cannot get its lock in five seconds fails instead of stopping the shop: whoever
    waits for an exclusive lock makes all who come after it wait, too. Running it again is safe.
    Raises SetupError where the database is newer than this code.
    """
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if strange := unknown(executor.loader.applied_migrations, known_migrations()):
        raise SetupError(
            f"The database is newer than this code: version {__version__} does not know "
            f"{strange}. Start the version that migrated it, or a later one; or restore the "
            "backup from before that upgrade into an empty installation."
        )
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    with step("Migrating the database"):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    return True


def migrate_and_load_demo() -> str | None:
    """Migrate and load the demo; as :func:`load_demo`.

    What a new database will show is drawn by other processes meanwhile.
    """
    from django.db import connection

    if connection.introspection.table_names():
        migrate()
        return load_demo()
    from banyan.ops.demo.pictures import drawn_meanwhile

    with drawn_meanwhile() as studio:
        migrate()
        return load_demo(studio)


def load_demo(studio: "Studio | None" = None) -> str | None:
    """Load the demo unless the database holds data; its logins as text, None without a demo.

    ``studio`` may have begun on its pictures.
    """
    from django.core.management import call_command, get_commands

    if "load_demo" not in get_commands():
        complain("This installation has no demo (no load_demo command); starting empty.")
        return None
    with step("Loading the demo"):
        call_command("load_demo", if_empty=True, studio=studio)
    logins = io.StringIO()
    call_command("load_demo", print_logins=True, stdout=logins)
    return logins.getvalue().rstrip()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        complain(f"banyan: {error}")
        sys.exit(1)
