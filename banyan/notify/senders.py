"""Senders: how a message leaves the house. One per channel, named in ``NOTIFY_SENDERS``."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

TIMEOUT = 10


class NotSent(Exception):  # noqa: N818 - named for what it says
    """The message did not leave; ``lasting`` when trying again cannot help."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class Sender(Protocol):
    """Delivers one message; called outside any transaction, and again after a failure."""

    def send(self, *, destination: str, subject: str, body: str) -> None:
        """Deliver, or raise :class:`NotSent`."""


class ConsoleSender:
    """Prints messages to the terminal: the sender of development and of the demo."""

    def send(self, *, destination: str, subject: str, body: str) -> None:
        """Print the message between two lines."""
        line = "-" * 60
        text = (
            f"{line}\nTo {destination}" + (f": {subject}" if subject else "") + f"\n{body}\n{line}"
        )
        print(text, file=sys.stdout, flush=True)


class EmailSender:
    """Sends through Django's e-mail backend."""

    def send(self, *, destination: str, subject: str, body: str) -> None:
        """Send a plain text e-mail."""
        try:
            EmailMessage(subject=subject, body=body, to=[destination]).send()
        except OSError as error:  # smtplib's errors are OSErrors
            raise NotSent(str(error)) from error


class HttpSmsSender:
    """Hands text messages to a gateway: POST ``{"to", "text"}`` with a bearer token.

    ``SMS_URL`` and ``SMS_TOKEN`` say where; any 2xx answer counts as accepted.
    """

    def send(self, *, destination: str, subject: str, body: str) -> None:
        """Post one text message."""
        request = urllib.request.Request(  # noqa: S310 (the operator's own https address)
            settings.SMS_URL,
            data=json.dumps({"to": destination, "text": body}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {settings.SMS_TOKEN}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 - the operator's own address
                return
        except urllib.error.HTTPError as error:
            lasting = 400 <= error.code < 500 and error.code not in (408, 429)
            raise NotSent(f"gateway answered {error.code}", lasting=lasting) from error
        except OSError as error:
            raise NotSent(str(error)) from error


def sender_for(channel: str) -> Sender:
    """Return the sender of ``channel`` (email, sms); ImproperlyConfigured when there is none."""
    path = settings.NOTIFY_SENDERS.get(channel)
    if not path:
        raise ImproperlyConfigured(f"NOTIFY_SENDERS names no sender for {channel}")
    return _make(path)


@lru_cache(maxsize=8)
def _make(path: str) -> Sender:
    sender: Sender = import_string(path)()
    return sender
