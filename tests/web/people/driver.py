"""A browser without cookies' help: posts with an origin, and reads codes from where they went."""

from __future__ import annotations

import re
from typing import Any

from django.core import mail
from django.http import HttpResponse
from django.test import Client

from banyan.notify.models import Message
from banyan.people.models import Account

ORIGIN = {"origin": "http://testserver"}


def post(client: Client, url: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
    """Post as a browser does from our own page."""
    return client.post(url, data or {}, headers=ORIGIN | options.pop("headers", {}), **options)


def latest_code(destination: str) -> str:
    """Return the code of the latest message to ``destination``."""
    waiting = Message.objects.filter(destination=destination, state="queued").order_by("-id")
    sent = [message.body for message in mail.outbox if message.to == [destination]]
    body = waiting[0].body if waiting else sent[-1]
    found = re.search(r"\d{6}", str(body))
    assert found, body
    return found.group()


def ask(client: Client, contact: str, **data: str) -> str:
    """Ask for a code; return the address of the page that takes it."""
    response = post(client, "/login", {"contact": contact} | data)
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def enter(client: Client, contact: str = "ana@example.com", **data: str) -> HttpResponse:
    """Sign in from the first page to the last; return the answer to the code."""
    page = ask(client, contact, **data)
    response: HttpResponse = post(client, page, {"code": latest_code(contact)})
    return response


def who(client: Client) -> Account | None:
    """Return whose session the browser has."""
    key = client.session.get("_auth_user_id")
    return Account.objects.get(pk=key) if key else None
