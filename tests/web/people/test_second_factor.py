"""A second factor: asked for after the code, and before the desk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.people.rules import Contact
from banyan.web.shop.people.second_factor import staff_only
from tests.support.factories import actor, member, staff

from .driver import ask, enter, latest_code, post, who


def now_code(secret: str) -> str:
    """Return what an authenticator app shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


@pytest.fixture
def ana(threaded_db: None) -> Account:
    """A member, really committed: the second factor is recorded after the commit."""
    return people.create_account(
        actor=Actor.guest(), contact=Contact("email", "ana@example.com"), handle="ana"
    )


def set_up(client: Client) -> str:
    """Set the app up by its page; return its secret."""
    page = client.get("/me/security/totp/activate/").content.decode()
    found = re.search(r"<code>([A-Z2-7]{16,})</code>", page)
    assert found
    secret = found.group(1)
    wrong = client.post("/me/security/totp/activate/", {"code": "000000"})
    assert wrong.status_code == 422
    assert not Authenticator.objects.exists()
    done = client.post("/me/security/totp/activate/", {"code": now_code(secret)})
    codes = client.get(done["Location"])
    assert codes.status_code == 200
    assert "Recovery codes" in codes.content.decode()
    return secret


def test_a_secret_is_sealed_and_asked_for_after_the_code(client: Client, ana: Account) -> None:
    enter(client)
    secret = set_up(client)
    row = Authenticator.objects.get(type="totp")
    assert secret not in str(row.data)

    other = Client()
    first = enter(other, next="/me")
    assert first["Location"] == "/me/security/authenticate/"
    assert who(other) is None
    assert other.get("/me").status_code == 302
    assert other.get(first["Location"]).status_code == 200
    wrong = other.post(first["Location"], {"code": "000000"})
    assert wrong.status_code == 422
    assert who(other) is None

    # The code of this half minute was used to set it up; a second one would be a replay.
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    done = other.post(first["Location"], {"code": recovery})
    assert who(other) == ana
    assert other.get(done["Location"])["Location"] == "/me"


def test_an_intended_act_waits_for_the_second_factor(client: Client, ana: Account) -> None:
    ben = member("ben")
    enter(client)
    set_up(client)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    other = Client()
    intent = other.get("/people/ben/follow")["Location"].partition("intent=")[2]
    page = ask(other, "ana@example.com", intent=intent)
    step = post(other, page, {"code": latest_code("ana@example.com")})
    assert not ana.following.exists()
    done = other.post(step["Location"], {"code": codes[0]})
    other.get(done["Location"])
    assert ana.following.get().followee == ben


def request_of(account: Account | None, url: str) -> HttpRequest:
    """Return a request for the desk as the middleware hands it on."""
    request = RequestFactory().get(url)
    request.actor = actor(account) if account else Actor.guest()  # type: ignore[attr-defined]
    request.user = account  # type: ignore[assignment]
    request.session = SessionStore()
    request._messages = type("Sink", (), {"add": lambda *args: None})()  # type: ignore[attr-defined]
    return request


def ask_for_the_desk(
    account: Account | None, *, shown: Sequence[Mapping[str, Any]] = (), url: str = "/desk/"
) -> Any:
    """Ask a view that only staff may see; ``shown``: the proofs of this session."""
    request = request_of(account, url)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = list(shown)
    whose = str(account.pk) if account else ""
    request.session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = whose
    return staff_only(lambda request: HttpResponse("desk"))(request)


@pytest.mark.django_db
def test_the_desk_wants_a_second_factor_where_it_is_switched_on(settings: Any) -> None:
    support = staff("support")
    settings.STAFF_TOTP_REQUIRED = True
    assert ask_for_the_desk(support)["Location"] == "/me/security/totp/activate/"
    Authenticator.objects.create(user=support, type="totp", data={})
    assert ask_for_the_desk(support)["Location"].startswith("/me/security/reauthenticate/?next=")
    asked = ask_for_the_desk(support, url="/desk/orders/refund/?state__exact=failed")["Location"]
    assert parse_qs(urlsplit(asked).query)["next"] == ["/desk/orders/refund/?state__exact=failed"]
    shown = [{"method": "mfa", "type": "totp", "at": 0.0}]
    assert ask_for_the_desk(support, shown=shown).content == b"desk"


@pytest.mark.django_db
def test_a_demo_lets_staff_in_without_one(settings: Any) -> None:
    settings.STAFF_TOTP_REQUIRED = False
    assert ask_for_the_desk(staff("support")).content == b"desk"


@pytest.mark.django_db
def test_members_see_no_desk_and_visitors_are_asked_to_sign_in() -> None:
    with pytest.raises(NotFound):
        ask_for_the_desk(member())
    assert ask_for_the_desk(None)["Location"] == "/login?next=%2Fdesk%2F"
