"""Where the gateway listens, what it signs with, and where it must not run."""

from __future__ import annotations

import argparse
import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SECRET_PREFIX = "whsec_"
DEFAULT_WEBHOOK_HOSTS = "localhost,127.0.0.1,[::1]"
PRODUCTION_NAMES = frozenset({"production", "prod"})


class UnfitSettings(Exception):  # noqa: N818 - reads as the sentence the operator sees
    """The process must not start; the message says what to change."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a gateway process is told from outside. Times are milliseconds."""

    host: str
    port: int
    state: Path
    api_key: str | None
    secret: str | None
    public_url: str | None
    webhook_url: str | None
    webhook_hosts: frozenset[str]
    settle_ms: int
    senders: int
    access_log: bool


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Return the settings from command line and environment; the command line wins.

    Raises:
        UnfitSettings: in production, or with a value that cannot work.
    """
    refuse_production(environment)
    chosen = _parser(environment).parse_args(arguments)
    secret = environment.get("SANDBOX_SECRET") or None
    if secret is not None:
        check_secret(secret)
    public_url = chosen.public_url or None
    if public_url is not None:
        parts = urlsplit(public_url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
            raise UnfitSettings(f"SANDBOX_PUBLIC_URL must be an http(s) address: {public_url!r}")
        public_url = public_url.rstrip("/")
    return Settings(
        host=chosen.host,
        port=chosen.port,
        state=Path(chosen.state),
        api_key=environment.get("SANDBOX_API_KEY") or None,
        secret=secret,
        public_url=public_url,
        webhook_url=chosen.webhook_url or None,
        webhook_hosts=_hosts(environment.get("SANDBOX_WEBHOOK_HOSTS") or DEFAULT_WEBHOOK_HOSTS),
        settle_ms=chosen.settle_ms,
        senders=chosen.senders,
        access_log=chosen.access_log,
    )


def refuse_production(environment: Mapping[str, str]) -> None:
    """Raise UnfitSettings when the environment says that real people shop here."""
    if environment.get("BANYAN_ENV", "").strip().casefold() in PRODUCTION_NAMES:
        raise UnfitSettings(
            "The payment sandbox takes no real money and must not run in production "
            "(BANYAN_ENV=production). Configure a real payment provider instead."
        )


def check_secret(secret: str) -> bytes:
    """Return the key bytes of a ``whsec_`` secret, or raise UnfitSettings."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise UnfitSettings(
            f"SANDBOX_SECRET must be {SECRET_PREFIX!r} followed by base64 of 24 to 64 bytes."
        )
    return key


def _hosts(listed: str) -> frozenset[str]:
    """Return the lower-case host names of a comma-separated list, IPv6 without brackets."""
    names = (name.strip().strip("[]").casefold() for name in listed.split(","))
    return frozenset(name for name in names if name)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return port


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    def known(name: str, fallback: str) -> str:
        return environment.get(name) or fallback

    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    add = parser.add_argument
    add("--host", default=known("SANDBOX_HOST", "127.0.0.1"), help="address to listen on")
    add("--port", type=_port, default=known("SANDBOX_PORT", "8002"), help="0 picks a free one")
    add("--state", default=known("SANDBOX_STATE", "sandbox.sqlite"), help="state file")
    add(
        "--public-url",
        default=known("SANDBOX_PUBLIC_URL", ""),
        help="how browsers reach the pay pages; default: as the API caller reached us",
    )
    add(
        "--webhook-url",
        default=known("SANDBOX_WEBHOOK_URL", ""),
        help="webhook target of payments and payouts that name none",
    )
    add(
        "--settle-ms",
        type=int,
        default=known("SANDBOX_SETTLE_MS", "200"),
        help="time until a pending refund or payout is final",
    )
    add("--senders", type=int, default=known("SANDBOX_SENDERS", "4"), help="webhook threads")
    add("--access-log", action="store_true", help="print a line for each request")
    return parser
