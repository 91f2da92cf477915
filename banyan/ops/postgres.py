"""The embedded PostgreSQL: a driver of our own over any installation's programs.

The server is a direct child of whoever starts it, so that its parent reaps it: a killed server
that nobody waits for would look alive and block the next start for ever. One ``flock`` beside the
data directory makes one process its owner; others ``attach()``. No Django is imported here.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from banyan.ops.binaries import (
    PostgresError,
    SystemUser,
    find_binaries,
    reachable_binaries,
    server_user,
)
from banyan.ops.filelock import FileLock, LockHeldError
from banyan.ops.processes import (
    ProcessIdentity,
    die_with_parent,
    process_identity,
    process_name,
    terminate,
    wait_until,
)

SUPERUSER = "postgres"
ROLE = "banyan"
DEFAULT_PORT = 5432
LOG_LIMIT = 10 * 1024 * 1024
# sockaddr_un holds 107 bytes and a terminator; "/.s.PGSQL.65535" is the longest name in it.
SOCKET_FOLDER_LIMIT = 107 - len("/.s.PGSQL.65535")
DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "update_process_title": "off",  # pg_stat_activity says the same, and nobody writes it anew
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class ServerInUseError(PostgresError):
    """Another process owns this data directory; ``attach()`` to it or stop it."""


class NotRunningError(PostgresError):
    """No server runs on this data directory."""


class EmbeddedPostgres:
    """One PostgreSQL server on one data directory.

    ``with EmbeddedPostgres(var / "postgres") as server: server.dsn("banyan")`` makes the cluster if
    there is none, starts it, and stops it on the way out. Start it from the main thread: only
    then does the server stop when its owner is killed.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        socket_dir: Path | str | None = None,
        durable_initdb: bool = True,
    ) -> None:
        """Name a server; nothing is touched before ``ensure_initdb`` or ``start``.

        ``port`` only numbers the socket file unless ``settings`` opens ``listen_addresses``;
        ``settings`` are server parameters that win over ours.
        """
        self.data_dir = Path(data_dir).absolute()
        self.port = port or DEFAULT_PORT
        self.settings = {**DEFAULT_SETTINGS, **(settings or {})}
        self.socket_dir = Path(socket_dir) if socket_dir else _socket_folder(self.data_dir)
        self.log_path = self.data_dir.with_name(self.data_dir.name + ".log")
        self._durable_initdb = durable_initdb
        self._lock = FileLock(self.data_dir.with_name(self.data_dir.name + ".lock"))
        self._process: subprocess.Popen[bytes] | None = None
        self._attached: ProcessIdentity | None = None

    # -- life ---------------------------------------------------------------------------------

    def ensure_initdb(self) -> bool:
        """Make the cluster unless it exists; True when it was made. Atomic: a half is discarded.

        Raises PostgresError when the server's user cannot reach the place, ServerInUseError when
        another process is making or running it.
        """
        if (self.data_dir / "PG_VERSION").exists():
            return False
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        had_lock = self._lock.held
        self._acquire()
        try:
            if (self.data_dir / "PG_VERSION").exists():
                return False
            self._initdb()
            return True
        finally:
            if not had_lock:
                self._lock.release()

    def start(self, *, timeout: float = 120) -> Self:
        """Start the server as a child of this process and wait until it answers.

        Recovers from a killed server or owner: a stale or foreign pid file and a zombie are
        cleared away, an orphaned server is shut down first. Raises ServerInUseError when another
        process owns the directory, PostgresError with the log's end when it does not come up
        within ``timeout`` seconds.
        """
        if self._process is not None and self._process.poll() is None:
            return self
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self._acquire()
        try:
            self.ensure_initdb()
            self._clear_predecessor()
            self._make_socket_dir()
            self._launch(timeout=timeout)
        except BaseException:
            self._kill()
            self._clean_up()
            raise
        return self

    def attach(self) -> Self:
        """Use the server that another process runs here; ``stop()`` will leave it alone.

        Raises NotRunningError when none is up.
        """
        facts = self._pid_file()
        identity = self._server_behind(facts)
        if identity is None or len(facts) < 8 or facts[7].strip() != "ready":
            raise NotRunningError(f"No database runs on {self.data_dir}.")
        self.port = int(facts[3])
        self.socket_dir = Path(facts[4])
        self._attached = identity
        return self

    def start_or_attach(self, *, timeout: float = 30) -> Self:
        """Start the server, or attach to its owner's once that has come up."""
        try:
            return self.start()
        except ServerInUseError:
            deadline = time.monotonic() + timeout
            while True:
                try:
                    return self.attach()
                except NotRunningError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)

    def stop(self, *, timeout: float = 20) -> None:
        """Shut down fast: sessions are ended, data is flushed. Repeatable.

        After ``timeout`` seconds the server is told to quit at once and recovers on its next
        start. Removes the socket folder and the lock. A server we only attached to keeps running.
        """
        if self._attached is not None:
            self._attached = None
            return
        process = self._process
        if process is not None and process.poll() is None:
            for signum, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 5.0)):
                process.send_signal(signum)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(patience)
                    break
        self._kill()
        self._clean_up()

    def is_running(self) -> bool:
        """Whether the server we started or attached to is alive."""
        if self._attached is not None:
            return self._attached.is_alive()
        return self._process is not None and self._process.poll() is None

    @property
    def owned(self) -> bool:
        """Whether the running server is ours to stop (started here, not attached to)."""
        return self._process is not None and self.is_running()

    @property
    def pid(self) -> int | None:
        """The postmaster's pid while it runs."""
        if self._attached is not None:
            return self._attached.pid
        return self._process.pid if self._process is not None and self.is_running() else None

    def __enter__(self) -> Self:
        """Start, or give the running server back."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    # -- use ----------------------------------------------------------------------------------

    def dsn(self, dbname: str = ROLE, *, user: str = ROLE) -> str:
        """A ``postgresql://`` address of ``dbname`` over the private socket; no password in it."""
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{quote(user)}@/{quote(dbname)}?host={host}&port={self.port}"

    def ensure_database(self, dbname: str = ROLE) -> bool:
        """Make the application's role and ``dbname`` unless they exist; True when made.

        The role owns its databases and may make more, but is no superuser, so that privileges
        taken from it (such as TRUNCATE on the ledger) really bind.
        """
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.dsn(SUPERUSER, user=SUPERUSER), autocommit=True) as connection:
            role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if role.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE))
                )
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [dbname])
            if known.fetchone() is not None:
                return False
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(dbname), sql.Identifier(ROLE)
                )
            )
            return True

    # -- parts --------------------------------------------------------------------------------

    def _acquire(self) -> None:
        try:
            self._lock.acquire()
        except LockHeldError as held:
            raise ServerInUseError(
                f"The database in {self.data_dir} is in use by process {held.pid}. "
                "Stop that one first, or set BANYAN_VAR to another folder."
            ) from held
        except PermissionError as error:
            raise PostgresError(
                f"{error.filename} cannot be written. Set BANYAN_VAR to a folder of your own."
            ) from error

    def _initdb(self) -> None:
        draft = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        user = self._user()
        draft.mkdir(mode=0o700)
        os.chown(draft, user.uid, user.gid)
        command = [
            str(reachable_binaries(find_binaries(), user) / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--encoding=UTF8",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--no-instructions",
            *([] if self._durable_initdb else ["--no-sync"]),
        ]
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, **user.popen_arguments()
        )
        if answer.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise PostgresError(f"initdb failed: {(answer.stderr or answer.stdout).strip()}")
        if self.data_dir.exists():
            # Only an empty folder may be replaced; rmdir refuses anything that holds data.
            try:
                self.data_dir.rmdir()
            except OSError:
                shutil.rmtree(draft, ignore_errors=True)
                raise PostgresError(
                    f"{self.data_dir} holds files but no database. Move them away, or set "
                    "BANYAN_VAR to another folder."
                ) from None
        draft.rename(self.data_dir)

    def _user(self) -> SystemUser:
        user = server_user(self.data_dir)
        if (wall := user.may_traverse(self.data_dir.parent)) is not None:
            raise PostgresError(
                f"The database runs as user {user.name}, who cannot enter {wall}. "
                "Set BANYAN_VAR to a folder that every user may enter (such as /var/lib/banyan)."
            )
        return user

    def _clear_predecessor(self) -> None:
        """Leave no former server and no pid file that would be taken for one."""
        facts = self._pid_file()
        identity = self._server_behind(facts)
        if identity is not None:
            # Its owner is gone (we hold the lock), so nobody else will ever stop it.
            terminate([identity], grace=20, first=signal.SIGINT)
        if facts:
            with contextlib.suppress(FileNotFoundError):
                (self.data_dir / "postmaster.pid").unlink()

    def _pid_file(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _server_behind(self, facts: list[str]) -> ProcessIdentity | None:
        """The living server a pid file speaks of; None for the dead, zombies and reused pids."""
        if not facts or not facts[0].strip().isdigit():
            return None
        pid = int(facts[0])
        identity = process_identity(pid)
        if identity is None or not process_name(pid).startswith("postgres"):
            return None
        with contextlib.suppress(OSError):
            # A postmaster's working directory is its data directory.
            if Path(os.readlink(f"/proc/{pid}/cwd")) != self.data_dir.resolve():
                return None
        return identity

    def _make_socket_dir(self) -> None:
        user = self._user()
        with contextlib.suppress(FileExistsError):
            self.socket_dir.mkdir(mode=0o700, parents=True)
            os.chown(self.socket_dir, user.uid, user.gid)
        info = self.socket_dir.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != user.uid:
            raise PostgresError(f"{self.socket_dir} is not a folder of {user.name}; remove it.")
        self.socket_dir.chmod(0o700)
        for leftover in self.socket_dir.glob(".s.PGSQL.*"):
            leftover.unlink()

    def _launch(self, *, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            log_start = self._spawn()
            if wait_until(self._is_up_or_over, timeout=deadline - time.monotonic()):
                process = self._process
                if process is not None and process.poll() is None:
                    return
            else:
                raise PostgresError(
                    f"The database did not come up in {timeout:.0f} s.\n{self._log_end(log_start)}"
                )
            log = self._log_end(log_start)
            # Children of a killed server may outlive it by some milliseconds.
            if "still in use" not in log or time.monotonic() > deadline:
                raise PostgresError(f"The database does not start ({self.log_path}):\n{log}")
            time.sleep(0.1)

    def _spawn(self) -> int:
        """Start the postmaster; the offset in the log where its lines begin."""
        user = self._user()
        options = {**self.settings, "unix_socket_directories": str(self.socket_dir)}
        options |= {"unix_socket_permissions": "0700", "port": str(self.port)}
        binaries = reachable_binaries(find_binaries(), user)
        command = [str(binaries / "postgres"), "-D", str(self.data_dir)]
        command += [word for pair in options.items() for word in ("-c", "=".join(pair))]
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_LIMIT:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        with self.log_path.open("ab") as log:
            # Before the start: server and parent share one offset, which its first words move.
            began = log.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in a terminal must reach the supervisor alone: the database goes last.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),
                **user.popen_arguments(),
            )
            return began

    def _is_up_or_over(self) -> bool:
        process = self._process
        if process is None or process.poll() is not None:
            return True
        facts = self._pid_file()
        return len(facts) >= 8 and facts[0] == str(process.pid) and facts[7].strip() == "ready"

    def _log_end(self, start: int) -> str:
        with contextlib.suppress(OSError), self.log_path.open("rb") as log:
            log.seek(start)
            return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-12:])
        return ""

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _clean_up(self) -> None:
        if not self._lock.held:
            return
        with contextlib.suppress(OSError):
            for leftover in self.socket_dir.glob(".s.PGSQL.*"):
                leftover.unlink()
            self.socket_dir.rmdir()
        self._lock.release()


class TemporaryPostgres(EmbeddedPostgres):
    """A throw-away server for tests: made below /tmp, deleted on ``stop()``.

    ``durable=True`` keeps fsync and full-page writes on, for tests that kill the server and read
    what survived. The role may set ``session_replication_role``, so that a fixture can clear
    append-only tables.
    """

    def __init__(self, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> None:
        """Make the folder; the server starts with ``start()`` or ``with``."""
        _sweep_abandoned()
        self.home = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir="/tmp"))
        self.home.chmod(0o755)
        self._home_lock = FileLock(self.home / "owner.lock")
        self._home_lock.acquire()
        super().__init__(
            self.home / "data",
            settings={**({} if durable else FAST_SETTINGS), **(settings or {})},
            socket_dir=self.home / "s",
            durable_initdb=durable,
        )

    def start(self, *, timeout: float = 120) -> Self:
        """Start and make the role and the database ``banyan``."""
        atexit.register(self.stop)
        super().start(timeout=timeout)
        self.ensure_database()
        self._grant_replication_role()
        return self

    def stop(self, *, timeout: float = 5) -> None:
        """Stop and delete everything. Repeatable."""
        atexit.unregister(self.stop)
        super().stop(timeout=timeout)
        shutil.rmtree(self.home, ignore_errors=True)
        self._home_lock.release()

    def _grant_replication_role(self) -> None:
        import psycopg

        with psycopg.connect(self.dsn(SUPERUSER, user=SUPERUSER), autocommit=True) as connection:
            connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {ROLE}")


_TEMPORARY_PREFIX = "banyan-testdb-"


def _sweep_abandoned(*, older_than: float = 60) -> None:
    """Delete what killed test runs left: their owner's lock is free again."""
    for owner in Path("/tmp").glob(f"{_TEMPORARY_PREFIX}*/owner.lock"):
        home = owner.parent
        lock = FileLock(owner)
        with contextlib.suppress(OSError, LockHeldError):
            if time.time() - home.stat().st_mtime > older_than:
                lock.acquire()
                shutil.rmtree(home, ignore_errors=True)
                lock.release()


def _socket_folder(data_dir: Path) -> Path:
    """Beside the data, or below /tmp when that path would not fit into a socket address."""
    beside = data_dir.with_name(data_dir.name + ".socket")
    if len(os.fsencode(beside)) <= SOCKET_FOLDER_LIMIT:
        return beside
    seal = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"banyan-{seal}"
