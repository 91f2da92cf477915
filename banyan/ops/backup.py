"""``banyan backup FOLDER`` and ``banyan restore FOLDER``: everything an installation keeps.

The database is dumped first, in one snapshot, while the shop goes on; the files follow. Pictures
are never changed once they are written, so every picture of the snapshot is among them; spooled
touches that the snapshot has loaded already are known by file and offset and not loaded again.
"""

import contextlib
import datetime as dt
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from banyan import __version__
from banyan.ops.binaries import find_binaries, reachable_binaries, server_user
from banyan.ops.database import database_for
from banyan.ops.environment import SetupError, Surroundings
from banyan.ops.progress import say, step
from banyan.ops.schema import Migration, known_elsewhere, unknown

FOLDERS = ("media", "originals", "secrets", "spool")
DUMP, FILES, CONTENTS = "database.dump", "files.tar", "backup.json"


def backup(surroundings: Surroundings, folder: Path) -> None:
    """Write a backup to ``folder``, which must not exist yet; it appears whole or not at all.

    Raises SetupError where the folder exists or the dump fails.
    """
    if folder.exists():
        raise SetupError(f"{folder} exists; a backup goes into a folder of its own.")
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)  # of one that broke off
    draft.mkdir(mode=0o700, parents=True)
    with database_for(surroundings) as address, step("Dumping the database"):
        _program(surroundings, "pg_dump", "--format=custom", address, output=draft / DUMP)
    # Of what lies elsewhere and is linked here, the files themselves: a link would hold none.
    with (
        step("Copying the files"),
        tarfile.open(draft / FILES, "w", dereference=True) as archive,
    ):
        for name in FOLDERS:
            if (surroundings.var / name).is_dir():
                _add(archive, surroundings.var / name, name)
    contents = {
        "banyan": __version__,
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "sha256": {name: _digest(draft / name) for name in (DUMP, FILES)},
    }
    (draft / CONTENTS).write_text(json.dumps(contents, indent=2) + "\n")
    draft.rename(folder)
    say(f"The backup is in {folder}. It holds secrets and addresses: keep it as you keep these.")


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add a file, or a folder and all below it; what is removed meanwhile is left out."""
    with contextlib.suppress(FileNotFoundError):
        entry = archive.gettarinfo(path, arcname=name)
        if entry is not None and entry.isfile():
            with path.open("rb") as file:
                archive.addfile(entry, file)
        elif entry is not None and entry.isdir():
            archive.addfile(entry)
            for each in sorted(path.iterdir()):
                _add(archive, each, f"{name}/{each.name}")


def restore(surroundings: Surroundings, folder: Path) -> None:
    """Bring a backup into an empty installation: all of it, or the database stays empty.

    Raises SetupError for a damaged backup, one that is newer than this code, a database with
    tables, or a folder that is taken.
    """
    contents = _contents(folder)
    taken = [name for name in ("media", "originals", "spool") if (surroundings.var / name).exists()]
    if taken:
        raise SetupError(f"{surroundings.var} holds {', '.join(taken)} already; name another.")
    applied = _migrations(surroundings, folder / DUMP)
    if strange := unknown(applied, known_elsewhere()):
        raise SetupError(
            f"The backup is newer than this code: version {contents['banyan']} made it, and "
            f"{__version__} does not know {strange}. Restore it with version "
            f"{contents['banyan']} or a later one."
        )
    with database_for(surroundings) as address:
        if _tables(address):
            raise SetupError("The database is not empty; a backup is restored into an empty one.")
        surroundings.var.mkdir(parents=True, exist_ok=True)
        # Beside their places first: whatever is wrong with them, the database is still empty then.
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=surroundings.var) as draft:
            with step("Restoring the files"), tarfile.open(folder / FILES) as archive:
                _unpack(archive, Path(draft))
            with step("Restoring the database"):
                _program(
                    surroundings,
                    "pg_restore",
                    "--single-transaction",
                    "--no-owner",
                    f"--dbname={address}",
                    source=folder / DUMP,
                )
            _put_in_place(Path(draft), surroundings.var)
    say(f"Restored what was backed up on {contents['made_at']} by version {contents['banyan']}.")
    say("Now: banyan setup (brings it up to this version), then banyan ledger verify.")


def _migrations(surroundings: Surroundings, dump: Path) -> list[Migration]:
    """Read the migrations that a dump has been through out of it; nothing is restored."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "migrations.sql"
        table = ("--data-only", "--table=django_migrations", "--file=-")
        _program(surroundings, "pg_restore", *table, source=dump, output=listed)
        lines = iter(listed.read_text(encoding="utf-8").splitlines())
    copied = itertools.dropwhile(lambda line: not line.startswith("COPY "), lines)
    rows = itertools.takewhile(lambda line: line != "\\.", itertools.islice(copied, 1, None))
    return [(app, name) for _, app, name, _ in (row.split("\t") for row in rows)]


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack the files of a backup; one that leads out of ``folder`` is not ours, so none is."""
    for member in archive.getmembers():
        path = Path(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise SetupError(f"The backup holds {member.name}, which no backup of ours does.")
    # Python before 3.11.4 knows no filters.
    how: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    archive.extractall(folder, **how)


def _put_in_place(draft: Path, var: Path) -> None:
    """Move what was unpacked to where it belongs; of the secrets, one by one, over fresh ones."""
    for each in sorted(draft.iterdir()):
        place = var / each.name
        if not place.exists():
            each.rename(place)
        else:
            _put_in_place(each, place) if each.is_dir() else each.replace(place)


def _contents(folder: Path) -> dict[str, Any]:
    try:
        contents: dict[str, Any] = json.loads((folder / CONTENTS).read_text())
        digests = contents["sha256"]
        damaged = [name for name in (DUMP, FILES) if _digest(folder / name) != digests[name]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{folder} is not a backup: {error}") from error
    if damaged:
        raise SetupError(f"{folder} is damaged: {', '.join(damaged)} is not what was written.")
    return contents


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tables(address: str) -> int:
    with psycopg.connect(address) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    return int(row[0]) if row else 0


def _program(
    surroundings: Surroundings,
    name: str,
    *arguments: str,
    source: Path | None = None,
    output: Path | None = None,
) -> None:
    """Run one of PostgreSQL's programs over our files; SetupError with its words when it fails."""
    programs = reachable_binaries(find_binaries(), server_user(surroundings.data_dir))
    with (
        (source or Path(os.devnull)).open("rb") as given,
        (output or Path(os.devnull)).open("wb") as taken,
    ):
        done = subprocess.run(
            [str(programs / name), *arguments],
            stdin=given,
            stdout=taken,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SetupError(f"{name}: {done.stderr.strip()}")
