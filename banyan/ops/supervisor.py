"""``banyan run``: the database and every process of one installation, from one terminal.

Single-threaded on purpose: one loop reads all output, sees every death and every signal, and the
kernel ends the children should the supervisor be killed. Imports no Django, so it stays small.
"""

import contextlib
import http.client
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from banyan.config import processor
from banyan.ops.assets import compile_catalogues
from banyan.ops.children import Child, Recipe
from banyan.ops.environment import (
    PORTS_USED,
    SetupError,
    Surroundings,
    taken_ports,
)
from banyan.ops.filelock import FileLock, LockHeldError
from banyan.ops.postgres import EmbeddedPostgres
from banyan.ops.predecessor import RUN_MARK, RunRecord
from banyan.ops.preparation import Preparation, noted_logins
from banyan.ops.processes import die_with_parent
from banyan.ops.progress import complain, say, step

STOP_GRACE = 10.0
CONNECTIONS = 2048
TICK = 0.25
WANTED_FILES = 65_536


class Stopped(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived before the loop was there to see it."""


class Supervisor:
    """One run of one installation: ``run()`` returns its exit code."""

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        show_qr: bool = True,
        make_recipes: Callable[[Surroundings, Mapping[str, str]], list[Recipe]] | None = None,
        preparation: Sequence[str] = ("-m", "banyan.ops.prepare", "--serve"),
    ) -> None:
        """Name the run; nothing is touched before ``run``.

        ``make_recipes`` and ``preparation`` (arguments to Python) are what is supervised; tests
        bring their own.
        """
        self.surroundings = surroundings
        self.make_recipes = make_recipes or recipes
        self.preparation = preparation
        self.show_qr = show_qr
        self.record = RunRecord(surroundings.run_dir)
        self.server: EmbeddedPostgres | None = None
        self.children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._looping = False
        self._signals = 0
        self._welcomed = False
        self._next_probe = 0.0

    def run(self) -> int:
        """Start everything, watch it until a signal comes, and leave nothing behind.

        Raises SetupError or PostgresError when the installation cannot start.
        """
        self.surroundings.run_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.surroundings.run_dir / "supervisor.lock")
        try:
            lock.acquire()
        except LockHeldError as held:
            raise SetupError(
                f"Banyan already runs on {self.surroundings.var} (process {held.pid}). "
                "Stop it first, or set BANYAN_VAR and BANYAN_PORT for a second one."
            ) from held
        code = 0
        try:
            self._catch_signals()
            environment = self._get_ready()
            self._start_children(environment)
            self._loop()
        except Stopped:
            pass
        except BrokenPipeError:
            code = self._go_quiet()
        finally:
            self._stop_everything()
            lock.release()
        return 130 if self._signals > 1 else code

    # -- before -------------------------------------------------------------------------------

    def _get_ready(self) -> dict[str, str]:
        """Everything before the first process: leftovers, ports, database, schema, demo."""
        raise_file_limit()
        if ended := self.record.end_predecessor():
            say(f"Ended {ended} processes of a run that was killed.")
        self._check_ports()
        address = self.surroundings.database_url or self._start_database()
        environment = self.surroundings.child_environment(database_url=address)
        environment[RUN_MARK] = self.record.mark
        self.record.write({})
        with step("Compiling the catalogues"):
            compile_catalogues()
        self._prepare(environment)
        return environment

    def _check_ports(self) -> None:
        ports = {name: self.surroundings.port_of(name) for name in self._served()}
        if taken := taken_ports(self.surroundings.host, ports):
            listed = ", ".join(f"{port} ({name})" for name, port in taken.items())
            raise SetupError(
                f"In use by another program: port {listed}. Set BANYAN_PORT to the first of "
                f"{len(PORTS_USED)} free ports, for example BANYAN_PORT=9000."
            )

    def _served(self) -> list[str]:
        return [n for n in PORTS_USED if n != "sandbox" or not self.surroundings.production]

    def _start_database(self) -> str:
        self.server = EmbeddedPostgres(self.surroundings.data_dir)
        with step("Starting the database"):
            self.server.start()
        return self.server.dsn()

    def _prepare(self, environment: Mapping[str, str]) -> None:
        """Static files, schema and demo, in a process that ends: Django is not kept here."""
        if Preparation.of(self.surroundings).is_current(self.surroundings):
            return
        if self.server is not None:
            self.server.ensure_database()
        preparing = subprocess.Popen(
            [sys.executable, *self.preparation],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        try:
            code = preparing.wait()
        except BaseException:
            # Its whole session: it may have started helpers of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(preparing.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                preparing.wait(STOP_GRACE)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(preparing.pid, signal.SIGKILL)
            preparing.wait()
            raise
        if code != 0:
            raise SetupError(f"Preparing the installation failed (exit code {code}); see above.")

    # -- the loop -----------------------------------------------------------------------------

    def _start_children(self, environment: Mapping[str, str]) -> None:
        self._place_database()
        for recipe in self.make_recipes(self.surroundings, environment):
            child = Child(recipe)
            self.children.append(child)
            self._start(child)

    def _start(self, child: Child) -> None:
        self._selector.register(child.start(), selectors.EVENT_READ, child)
        self.record.write({c.name: c.pid for c in self.children})

    def _loop(self) -> None:
        self._looping = True
        wake, alarm = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(alarm, False)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        self._selector.register(wake, selectors.EVENT_READ, None)
        while not self._signals:
            for key, _ in self._selector.select(TICK):
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake, 4096)
                else:
                    self._show(key.data)
            self._revive_database()
            for child in self.children:
                self._revive(child)
            self._probe()

    def _show(self, child: Child) -> None:
        for line in child.lines():
            print(f"{child.name:<8}│ {line}", flush=True)

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at:
            if now >= child.restart_at:
                self._start(child)
            return
        code = child.end_of_life(now=now)
        if code is None:
            return
        self._drop(child)
        wait = child.restart_at - now
        say(f"{child.name} ended ({_cause(code)}); starting it again in {wait:.1f} s.")

    def _drop(self, child: Child) -> None:
        """Show the last words of a dead child and close its pipe."""
        if child.process is None or child.process.stdout is None:
            return
        self._show(child)
        with contextlib.suppress(KeyError):
            self._selector.unregister(child.process.stdout)
        child.forget()

    def _revive_database(self) -> None:
        if self.server is not None and not self.server.is_running():
            say("The database ended; starting it again.")
            with step("Recovering the database"):
                self.server.start()
            self._place_database()

    def _place_database(self) -> None:
        """Leave the web process's processor to it; sessions that begin from now on do."""
        places = _places(self.surroundings)
        if places and self.server is not None and self.server.pid is not None:
            processor.keep_to(places[1], pid=self.server.pid)

    # -- the welcome --------------------------------------------------------------------------

    def _probe(self) -> None:
        """Ask the web process now and then until it answers, then say where it is."""
        now = time.monotonic()
        if self._welcomed or now < self._next_probe:
            return
        self._next_probe = now + TICK
        if self._answers():
            self._welcome()

    def _answers(self) -> bool:
        """Whether the web process serves pages (anything but a server error will do)."""
        host = self.surroundings.host
        local = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
        connection = http.client.HTTPConnection(local, self.surroundings.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _welcome(self) -> None:
        self._welcomed = True
        address = f"http://{self.surroundings.reached_by}:{self.surroundings.port}/"
        if self.surroundings.only_here:
            print(f"\n  Banyan is ready:  {address}\n")
        else:
            self._welcome_others(address)
        if logins := noted_logins(self.surroundings):
            print(logins + "\n")
        print("  Ctrl-C stops everything.\n", flush=True)

    def _welcome_others(self, address: str) -> None:
        print(f"\n  Banyan is ready:  http://localhost:{self.surroundings.port}/")
        print(f"  On your network:  {address}\n")
        if self.show_qr:
            import segno

            segno.make(address, error="l").terminal(compact=True)
            print()

    # -- the end ------------------------------------------------------------------------------

    def _catch_signals(self) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._on_signal)
        # A handler must exist for the wake-up pipe to hear of a child's death.
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            for child in self.children:
                child.sweep()
        elif not self._looping:
            raise Stopped

    def _go_quiet(self) -> int:
        """Nobody reads our output any more: stop in order without printing."""
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, sys.stdout.fileno())
        os.dup2(quiet, sys.stderr.fileno())
        return 1

    def _stop_everything(self) -> None:
        self._looping = True  # from here on a signal only counts: it must not break the clean-up
        with contextlib.suppress(BrokenPipeError):
            if self.children:
                say("Stopping ...")
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_GRACE
        while self._alive() and time.monotonic() < deadline and self._signals < 2:
            for key, _ in self._selector.select(0.05):
                if key.data is not None:
                    with contextlib.suppress(BrokenPipeError):
                        self._show(key.data)
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                complain(f"{child.name} did not stop in time and was killed.")
            child.sweep()
            child.forget()
        if self.server is not None:
            self.server.stop(timeout=1 if self._signals > 1 else 20)
        self.record.remove()
        signal.set_wakeup_fd(-1)
        self._selector.close()

    def _alive(self) -> bool:
        return any(c.process is not None and c.process.poll() is None for c in self.children)


def recipes(surroundings: Surroundings, environment: Mapping[str, str]) -> list[Recipe]:
    """The processes of one installation, in the order they are started."""
    threads = str(surroundings.blocking_threads)
    serve = [sys.executable, "-m", "granian", "--host", surroundings.host, "--no-ws"]
    serve += ["--log-level", "error", "--respawn-failed-workers", "--respawn-interval", "0.5"]
    web = [*serve, "--interface", "wsgi", "--port", str(surroundings.port)]
    web += ["--workers", str(surroundings.web_workers), "--workers-kill-timeout", "5"]
    # Threads bound the work: more requests in flight would only starve each other under the GIL.
    # What Granian calls backpressure bounds open connections, idle ones too: as low as the threads
    # it would let a handful of browsers that keep theirs open shut everybody else out.
    web += ["--blocking-threads", threads, "--backpressure", str(CONNECTIONS)]
    live = [*serve, "--interface", "asgi", "--port", str(surroundings.port_of("live"))]
    live += ["--workers", "1", "--workers-kill-timeout", "1"]
    # A stream is a request that lasts; the process itself says when it is full.
    live += ["--backlog", "8192", "--backpressure", "8192"]
    commands = {
        "web": [*web, "banyan.config.wsgi:application"],
        "live": [*live, "banyan.web.live:application"],
        "worker": [sys.executable, "-m", "banyan.ops.worker"],
    }
    if not surroundings.production:
        commands["sandbox"] = [sys.executable, "-m", "sandbox"]
    places = _places(surroundings)
    for_web = {**environment, processor.NAME: str(places[0])} if places else environment
    return [
        Recipe(name=name, command=command, environment=environment if name != "web" else for_web)
        for name, command in commands.items()
    ]


def _places(surroundings: Surroundings) -> tuple[int, set[int]] | None:
    if not surroundings.own_processor:
        return None
    return processor.shared_out(web_processes=surroundings.web_workers)


def raise_file_limit() -> None:
    """Let this process and its children open as many files as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
