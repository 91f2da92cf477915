"""Senders: how a message leaves the house. One per channel, named in ``NOTIFY_SENDERS``."""

from __future__ import annotations

import http.client
import json
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

TIMEOUT = 10
MOST_READ = 64 * 1024


class NotSent(Exception):  # noqa: N818 - named for what it says
    """The message did not leave; ``lasting`` when trying again cannot help."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way out.

    ``link``: the whole address of the page it is about; ``leave``: of the page that ends such
    messages, which takes a POST without anything else (RFC 8058). Both are "" where there is none,
    and stand in ``body`` as far as people shall read them.
    """

    destination: str
    subject: str
    body: str
    link: str = ""
    leave: str = ""


class Sender(Protocol):
    """Delivers one letter; called outside any transaction, and again after a failure."""

    def send(self, letter: Letter) -> None:
        """Deliver, or raise :class:`NotSent`."""


class ConsoleSender:
    """Prints messages to the terminal: the sender of development and of the demo."""

    def send(self, letter: Letter) -> None:
        """Print the letter between two lines."""
        line = "-" * 60
        to = letter.destination + (f": {letter.subject}" if letter.subject else "")
        print(f"{line}\nTo {to}\n{letter.body}\n{line}", file=sys.stdout, flush=True)


class EmailSender:
    """Sends through Django's e-mail backend, with one-tap unsubscribing where there is any."""

    def send(self, letter: Letter) -> None:
        """Send a plain text e-mail."""
        headers = {}
        if letter.leave:
            headers = {
                "List-Unsubscribe": f"<{letter.leave}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
        mail = EmailMessage(
            subject=letter.subject, body=letter.body, to=[letter.destination], headers=headers
        )
        try:
            mail.send()
        except OSError as error:  # smtplib's errors are OSErrors
            raise NotSent(str(error)) from error


class HttpSmsSender:
    """Hands text messages to a gateway: POST ``{"to", "text"}`` with a bearer token.

    ``SMS_URL`` and ``SMS_TOKEN`` say where; any 2xx answer counts as accepted.
    """

    def send(self, letter: Letter) -> None:
        """Post one text message."""
        post_json(
            settings.SMS_URL,
            {"to": letter.destination, "text": letter.body},
            {"Authorization": f"Bearer {settings.SMS_TOKEN}"},
        )


class _Stays(urllib.request.HTTPRedirectHandler):
    """Follows nothing: what is posted would arrive as a mere question, and the token elsewhere."""

    def redirect_request(self, *args: Any, **how: Any) -> None:
        """Return that there is nothing to follow, so that it counts as an error."""


_opener = urllib.request.build_opener(_Stays)


def post_json(url: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> bytes:
    """Post ``body`` to an operator's own gateway and return its answer, or raise NotSent."""
    request = urllib.request.Request(  # noqa: S310 (the operator's own https address)
        url,
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with _opener.open(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read(MOST_READ))
    except urllib.error.HTTPError as error:
        lasting = 400 <= error.code < 500 and error.code not in (408, 429)
        raise NotSent(f"gateway answered {error.code}", lasting=lasting) from error
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(str(error)) from error


def sender_for(channel: str) -> Sender:
    """Return the sender of a channel (email, sms, wechat), or raise ImproperlyConfigured."""
    path = settings.NOTIFY_SENDERS.get(channel)
    if not path:
        raise ImproperlyConfigured(f"NOTIFY_SENDERS names no sender for {channel}")
    return _make(path)


@lru_cache(maxsize=8)
def _make(path: str) -> Sender:
    sender: Sender = import_string(path)()
    return sender
