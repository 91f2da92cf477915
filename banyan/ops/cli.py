"""The ``banyan`` command: run, set up, check, and reach every management command.

Whatever a command does, it finds the database by itself: ``DATABASE_URL`` when set, else the
embedded server below ``BANYAN_VAR``, attached to when it runs and started for the command
when it does not.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from banyan import __version__
from banyan.ops import doctor, draws
from banyan.ops.assets import compile_catalogues
from banyan.ops.binaries import PostgresError, find_binaries, reachable_binaries, server_user
from banyan.ops.database import database_for, release_connections
from banyan.ops.environment import SetupError, Surroundings
from banyan.ops.progress import complain, step

# (words on our command line) -> the management command that does it
DELEGATES: Mapping[tuple[str, ...], str] = {
    ("ledger", "verify"): "ledger_verify",
    ("stock", "verify"): "stock_verify",
    ("reconcile",): "reconcile",
    ("import", "cascades"): "import_cascades",
    ("import", "products"): "import_products",
    ("export", "products"): "export_products",
    ("search", "reindex"): "search_reindex",
    ("cascades", "report"): "cascades_report",
    ("demo",): "load_demo",
    ("staff",): "staff",
}
USAGE = """\
banyan run                      start the database and every process; Ctrl-C stops them
banyan setup [--skip-database]  compile catalogues, collect static files, migrate
banyan doctor                   check this machine and say what to do
banyan demo                     load the demo
banyan ledger verify            recount every account and prove that journals sum to zero
banyan stock verify             recount every stock figure from its movements
banyan reconcile PROVIDER DAY   compare a provider's own bill of a day with the books
banyan staff give WHO ROLE      make somebody staff: support, finance, moderation, owner
banyan import cascades FILE     read share cascades from a file
banyan import products FILE --shop SLUG [--dry-run] [--set-stock]
banyan export products --shop SLUG [--output FILE]
banyan search reindex           write the search words of goods, shops, posts, members
banyan cascades report          size, depth, broadcast and virality of every cascade
banyan verify-draw FILE         check the proof file of a draw, packet, bargain, pack
banyan backup FOLDER            database, pictures and secrets, while the shop goes on
banyan restore FOLDER           bring a backup into an empty installation
banyan db shell|address         open psql, or print the database's address
banyan manage COMMAND ...       any Django management command
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. This is the console script ``banyan``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(given)
    except (SetupError, PostgresError) as error:
        complain(f"banyan: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _dispatch(given: list[str]) -> int:
    for words, command in DELEGATES.items():
        if tuple(given[: len(words)]) == words:
            return _manage([command, *given[len(words) :]], spoken=" ".join(["banyan", *words]))
    if given[:1] == ["manage"]:
        return _manage(given[1:] or ["help"], spoken="banyan manage")
    options = _parser().parse_args(given)
    if options.command == "run":
        return _run(options)
    if options.command == "setup":
        return _setup(skip_database=options.skip_database)
    if options.command == "doctor":
        return doctor.main()
    if options.command == "verify-draw":
        return draws.main(Path(options.file))
    if options.command in {"backup", "restore"}:
        return _copy(options.command, Path(options.folder).resolve())
    return _database(options.action)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="banyan", usage=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"banyan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="start the database and every process")
    run.add_argument("--no-qr", action="store_true", help="print no QR code")
    setup = commands.add_parser("setup", help="compile, collect and migrate")
    setup.add_argument("--skip-database", action="store_true", help="leave the database alone")
    commands.add_parser("doctor", help="check this machine")
    verify = commands.add_parser("verify-draw", help="check a proof file")
    verify.add_argument("file")
    for word, does in (("backup", "copy everything"), ("restore", "bring a copy back")):
        commands.add_parser(word, help=does).add_argument("folder")
    database = commands.add_parser("db", help="the database itself")
    database.add_argument("action", choices=["shell", "address"])
    for word in ("manage", *dict.fromkeys(words[0] for words in DELEGATES)):
        commands.add_parser(word, help="see above")
    return parser


def _run(options: argparse.Namespace) -> int:
    from banyan.ops.supervisor import Supervisor

    return Supervisor(Surroundings.read(), show_qr=not options.no_qr).run()


def _copy(direction: str, folder: Path) -> int:
    from banyan.ops import backup

    {"backup": backup.backup, "restore": backup.restore}[direction](Surroundings.read(), folder)
    return 0


def _setup(*, skip_database: bool) -> int:
    with step("Compiling the catalogues"):
        compile_catalogues()
    surroundings = Surroundings.read()
    if skip_database:
        return _prepare(surroundings, database_url="", arguments=["--static-only"])
    with database_for(surroundings) as address:
        return _prepare(surroundings, database_url=address, arguments=[])


def _prepare(surroundings: Surroundings, *, database_url: str, arguments: list[str]) -> int:
    from banyan.ops import prepare

    os.environ.update(surroundings.child_environment(database_url=database_url))
    try:
        return prepare.main(arguments)
    finally:
        release_connections()


def _manage(arguments: list[str], *, spoken: str) -> int:
    """Run a management command in this process, with the database within reach."""
    surroundings = Surroundings.read()
    with database_for(surroundings) as address:
        os.environ.update(surroundings.child_environment(database_url=address))
        import django
        from django.core.management import ManagementUtility, get_commands

        django.setup()
        name = arguments[0]
        if name != "help" and name not in get_commands():
            complain(f"{spoken}: this installation has no command {name!r}; see `banyan manage`.")
            return 2
        try:
            ManagementUtility(["banyan", *arguments]).execute()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            release_connections()
        return 0


def _database(action: str) -> int:
    surroundings = Surroundings.read()
    with database_for(surroundings) as address:
        if action == "address":
            print(address)
            return 0
        folder = reachable_binaries(find_binaries(), server_user(surroundings.data_dir))
        return subprocess.run([str(folder / "psql"), address], check=False).returncode
