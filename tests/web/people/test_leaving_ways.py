"""However one signs in while leaving, the same page asks; nothing is cancelled by coming."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress, Login
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.http import HttpRequest
from django.test import Client

from banyan.kernel.actors import Actor
from banyan.legal import actions as legal
from banyan.legal.models import Erasure
from banyan.people import actions as people
from banyan.people.actions.sign_in import _code_of
from banyan.people.models import Account
from tests.support.factories import actor, member
from tests.web.people.test_social import come_back, google, request_

__all__ = ["google", "request_"]
pytestmark = pytest.mark.django_db
MAIL = "ana@example.com"


@pytest.fixture
def ana() -> Account:
    """A member who is leaving."""
    found = member("ana", email=MAIL)
    EmailAddress.objects.create(user=found, email=MAIL, verified=True, primary=True)
    legal.ask_erasure(actor=actor(found), handle="ana")
    return found


def asked(request: HttpRequest, account: Account) -> bool:
    """Tell whether the browser is asked, and neither signed in nor believed by anybody else."""
    assert "_auth_user_id" not in request.session
    assert Erasure.objects.get().state == "waiting"
    return bool(request.session["leaving"]["account"] == account.pk)


def test_another_site_leads_to_the_question(request_: HttpRequest, ana: Account) -> None:
    assert come_back(request_, "g1", MAIL, verified=True)["Location"] == "/login/leaving"
    assert asked(request_, ana)


def test_a_passkey_leads_to_the_question(request_: HttpRequest, ana: Account) -> None:
    key = Authenticator.objects.create(user=ana, type=Authenticator.Type.WEBAUTHN, data={})
    ana.refresh_from_db()
    done = perform_passwordless_login(request_, key, Login(user=ana))
    assert done["Location"] == "/login/leaving"
    assert asked(request_, ana)


def test_a_code_leads_to_the_second_factor_before_the_question(ana: Account) -> None:
    client = Client(headers={"sec-fetch-site": "same-origin"})
    Authenticator.objects.create(user=ana, type=Authenticator.Type.TOTP, data={})
    attempt = people.request_code(actor=Actor.guest(), contact=MAIL)
    done = client.post(f"/login/{attempt.token}", {"code": _code_of(attempt)})
    assert done["Location"].startswith("/me/security/authenticate/")
    assert client.get("/login/leaving").status_code == 404
    assert Erasure.objects.get().state == "waiting"
