"""Signing in by way of another site: its word counts only for what it has verified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.socialaccount import providers
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.google.provider import GoogleProvider
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from banyan.people.models import Account
from tests.support.factories import member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def google(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google, as if it were configured."""
    app = {"client_id": "id", "secret": "secret"}
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [app]}}
    monkeypatch.setattr(providers.registry, "provider_map", {"google": GoogleProvider})
    monkeypatch.setattr(providers.registry, "loaded", True)


@pytest.fixture
def request_(rf: RequestFactory) -> Iterator[HttpRequest]:
    """A visitor's request as it comes back from the other site."""
    request: Any = rf.get("/login/with/google/login/callback/")
    SessionMiddleware(lambda r: HttpResponse()).process_request(request)
    MessageMiddleware(lambda r: HttpResponse()).process_request(request)
    request.user, request.LANGUAGE_CODE = AnonymousUser(), "en"
    request.allauth = type("State", (), {})()
    with context.request_context(request):
        yield request


def come_back(request: HttpRequest, uid: str, email: str, *, verified: bool) -> HttpResponse:
    """Finish the other site's part: it says who it was and which address they have."""
    login = SocialLogin(
        user=Account(),
        account=SocialAccount(provider="google", uid=uid),
        email_addresses=[EmailAddress(email=email, verified=verified, primary=True)],
        provider=get_adapter().get_provider(request, "google"),
    )
    login.user.display_name = "Ana from there"
    response: HttpResponse = complete_social_login(request, login)
    return response


def test_a_verified_address_makes_an_account_with_it(request_: HttpRequest) -> None:
    assert come_back(request_, "g1", "ana@example.com", verified=True).status_code == 302
    account = Account.objects.get()
    assert (account.email, account.display_name) == ("ana@example.com", "Ana from there")
    assert SocialAccount.objects.get().user == account
    assert request_.session["_auth_user_id"] == str(account.pk)
    assert EmailAddress.objects.get().verified


def test_an_unverified_address_is_not_taken_over(request_: HttpRequest) -> None:
    owner = member(email="ana@example.com")
    come_back(request_, "g1", "ana@example.com", verified=False)
    made = Account.objects.exclude(pk=owner.pk).get()
    assert made.email is None
    assert request_.session["_auth_user_id"] == str(made.pk)
    assert not EmailAddress.objects.filter(user=made).exists()


def test_a_verified_address_signs_in_to_the_account_that_has_it(request_: HttpRequest) -> None:
    owner = member(email="ana@example.com")
    EmailAddress.objects.create(user=owner, email="ana@example.com", verified=True, primary=True)
    come_back(request_, "g1", "ana@example.com", verified=True)
    assert Account.objects.get() == owner
    assert request_.session["_auth_user_id"] == str(owner.pk)


def test_buttons_are_shown_only_for_what_is_configured(client: Client, settings: Any) -> None:
    assert "Go on with" not in client.get("/login").content.decode()
    settings.SOCIAL_PROVIDERS = ["google"]
    assert "Go on with Google" in client.get("/login").content.decode()
