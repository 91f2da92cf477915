"""One supervised process: how it is started, read, restarted and swept away with its own."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from banyan.ops.processes import die_with_parent

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_AFTER = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to start one process: its name, command and environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


def next_delay(delay: float, *, lived: float) -> float:
    """Seconds to wait before the next start: doubled each time, forgotten after a steady life."""
    if lived >= STEADY_AFTER:
        return FIRST_DELAY
    return min(delay * 2, LONGEST_DELAY) if delay else FIRST_DELAY


@dataclass(slots=True)
class Child:
    """A process in a session of its own, so that its descendants can be ended with it."""

    recipe: Recipe
    process: subprocess.Popen[bytes] | None = None
    restart_at: float = 0.0
    _delay: float = 0.0
    _born: float = 0.0
    _rest: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """The name its output is prefixed with."""
        return self.recipe.name

    @property
    def pid(self) -> int | None:
        """Its pid while it has one."""
        return None if self.process is None else self.process.pid

    def start(self) -> int:
        """Start it and return the file descriptor of its output. Call from the main thread."""
        self.process = subprocess.Popen(
            list(self.recipe.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.recipe.environment),
            # A terminal's Ctrl-C goes to the supervisor alone, which ends everybody in order.
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self._born = time.monotonic()
        self.restart_at = 0.0
        output = self.process.stdout
        if output is None:
            raise RuntimeError("a child was started without an output pipe")
        os.set_blocking(output.fileno(), False)
        return output.fileno()

    def lines(self) -> list[str]:
        """Whole lines of output that have arrived since the last call."""
        if self.process is None or self.process.stdout is None or self.process.stdout.closed:
            return []
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.process.stdout.fileno(), 65_536):
                self._rest += chunk
                if len(self._rest) > 1_048_576:
                    break
        *whole, self._rest = self._rest.split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole]

    def end_of_life(self, *, now: float) -> int | None:
        """The exit code when it has just died, with the restart planned; None while it lives.

        Whatever it left running in its session is killed, so that nothing holds its port.
        """
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        self.sweep()
        self._delay = next_delay(self._delay, lived=now - self._born)
        self.restart_at = now + self._delay
        return code

    def ask_to_stop(self) -> None:
        """Send SIGTERM; its own clean shutdown follows."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def sweep(self) -> None:
        """Kill its whole session and reap it. Repeatable."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def forget(self) -> None:
        """Close the output after the last line was read."""
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        self._rest = b""
