"""The surroundings of one installation: folders, ports, secrets, and what children are told.

Everything is read from the environment once. No Django is imported here: the supervisor that
uses it stays small, and the settings read the same names for themselves.
"""

import contextlib
import os
import secrets
import socket
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SETTINGS_MODULE = "banyan.config.settings"
PORTS_USED = {"web": 0, "live": 1, "sandbox": 2}


class SetupError(RuntimeError):
    """The installation cannot run as configured; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """One installation on this machine, as its environment describes it."""

    var: Path
    host: str
    port: int
    database_url: str
    production: bool
    demo: bool
    web_workers: int
    blocking_threads: int
    own_processor: bool

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> "Surroundings":
        """Read the ``BANYAN_*`` names and ``DATABASE_URL``; raise SetupError for a bad value."""
        given = os.environ if environment is None else environment
        port = _number(given, "BANYAN_PORT", 8000, least=1, most=65_533)
        production = given.get("BANYAN_ENV", "") == "production"
        return cls(
            var=Path(given.get("BANYAN_VAR") or "var").expanduser().resolve(),
            host=given.get("BANYAN_HOST") or "0.0.0.0",
            port=port,
            database_url=given.get("DATABASE_URL", ""),
            production=production,
            demo=_truth(given.get("BANYAN_DEMO", "1")) and not production,
            web_workers=_number(given, "BANYAN_WEB_WORKERS", 1, least=1, most=256),
            blocking_threads=_number(given, "BANYAN_BLOCKING_THREADS", 6, least=1, most=128),
            own_processor=_truth(given.get("BANYAN_OWN_PROCESSOR", "1")),
        )

    @property
    def data_dir(self) -> Path:
        """Where the embedded database keeps its data."""
        return self.var / "postgres"

    @property
    def static_root(self) -> Path:
        """Where the collected static files are."""
        return self.var / "static"

    @property
    def run_dir(self) -> Path:
        """Files that live as long as a run does."""
        return self.var / "run"

    def port_of(self, process: str) -> int:
        """The port of ``web``, ``live`` or ``sandbox``: three in a row."""
        return self.port + PORTS_USED[process]

    @property
    def only_here(self) -> bool:
        """Whether nobody but this machine is to reach it."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    @property
    def reached_by(self) -> str:
        """The host to write into an address: that of BANYAN_HOST, or the one neighbours see."""
        if self.host in {"0.0.0.0", "::"}:
            return lan_address()
        return f"[{self.host}]" if ":" in self.host else self.host

    def child_environment(self, *, database_url: str) -> dict[str, str]:
        """What a process of this installation finds in its environment.

        Names that the operator set are kept; secrets that nobody set are made once and kept
        below ``var/secrets``, readable by their owner alone.
        """
        defaults = {
            "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE,
            "BANYAN_ENV": "development",
            "BANYAN_BLOCKING_THREADS": str(self.blocking_threads),
            "BANYAN_LIVE_PORT": str(self.port_of("live")),
            "BANYAN_LETTERS_URL": f"http://{self.reached_by}:{self.port_of('web')}",
            "SANDBOX_URL": f"http://127.0.0.1:{self.port_of('sandbox')}",
            "SANDBOX_PUBLIC_URL": f"http://{self.reached_by}:{self.port_of('sandbox')}",
            "SANDBOX_WEBHOOK_HOSTS": f"localhost,127.0.0.1,[::1],{self.reached_by}",
            "SANDBOX_HOST": self.host,
            "SANDBOX_PORT": str(self.port_of("sandbox")),
            "SANDBOX_STATE": str(self.var / "sandbox.sqlite"),
            "PYTHONUNBUFFERED": "1",
        }
        fixed = {
            "DATABASE_URL": database_url,
            "BANYAN_VAR": str(self.var),
            "BANYAN_PORT": str(self.port),
            **self._secrets(),
        }
        return {**defaults, **os.environ, **fixed}

    def _secrets(self) -> dict[str, str]:
        """Generated secrets for names the operator left unset; production needs its own key."""
        if self.production:
            return {}
        fresh = {
            "BANYAN_SECRET_KEY": secrets.token_urlsafe(48),
            "SANDBOX_API_KEY": f"sk_sandbox_{secrets.token_hex(16)}",
            "SANDBOX_SECRET": f"whsec_{b64encode(secrets.token_bytes(32)).decode()}",
        }
        folder = self.var / "secrets"
        return {
            name: kept_secret(folder / name.lower(), secret)
            for name, secret in fresh.items()
            if not os.environ.get(name)
        }


def kept_secret(path: Path, fresh: str) -> str:
    """The secret in ``path``; written there as ``fresh`` when there was none. Mode 0600."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.exists():
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(fresh)
        # A hard link appears whole or not at all, and never replaces another starter's.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


def lan_address() -> str:
    """This machine's address as its neighbours see it, or 127.0.0.1 without a network."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Connecting a datagram socket picks the outgoing interface and sends nothing.
    with contextlib.suppress(OSError), datagrams as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return "127.0.0.1"


def taken_ports(host: str, ports: Mapping[str, int]) -> dict[str, int]:
    """Those of ``ports`` that somebody else listens on, by name."""
    taken = {}
    for name, port in ports.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                taken[name] = port
    return taken


def _number(given: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = given.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SetupError(f"{name}={text!r} must be a whole number from {least} to {most}.")
    return int(text)


def _truth(text: str) -> bool:
    return text.strip().lower() not in {"", "0", "no", "off", "false"}
