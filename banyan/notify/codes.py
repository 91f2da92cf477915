"""Sign-in codes: the message that people asks to be carried."""

from __future__ import annotations

from .actions import send


def send_code(
    *, channel: str, destination: str, code: str, language: str, key: str, minutes: int
) -> None:
    """Send a typed code, never a link; see ``people.ports.CodeSender``."""
    send(
        channel=channel,
        destination=destination,
        kind="people.code",
        context={"code": code, "minutes": minutes},
        language=language,
        key=key,
        secret=code,
        urgent=True,
    )
