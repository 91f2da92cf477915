"""Who gets into the desk, and into which of its rooms."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import Ring
from banyan.kernel.models import Flag
from banyan.kernel.office import OfficeAdmin
from banyan.people import actions as people
from banyan.web.desk.pages import PURPOSES
from tests.support import factories as make

from .scene import as_staff, name_of, tables

pytestmark = pytest.mark.django_db
ROLES = ("support", "finance", "moderation", "owner")


def test_a_visitor_is_led_to_the_sign_in_and_back(client: Client) -> None:
    answer = client.get("/desk/refunds/")

    assert answer.status_code == 302
    assert answer["Location"] == "/login?next=%2Fdesk%2Frefunds%2F"


def test_a_member_finds_nothing(client: Client) -> None:
    client.force_login(make.member())
    for model in tables():
        assert client.get(reverse(name_of(model, "changelist"))).status_code == 404
    for path in ("/desk/", "/desk/orders/", "/desk/orders/X-1/", "/desk/keys/", "/desk/words/"):
        assert client.get(path).status_code == 404, path


def test_staff_without_any_role_find_nothing() -> None:
    assert as_staff().get("/desk/").status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_rooms_and_no_others(role: str) -> None:
    client = as_staff(role)
    assert client.get("/desk/").status_code == 200
    for model in tables():
        office = admin.site.get_model_admin(model)
        assert isinstance(office, OfficeAdmin)
        allowed = role == "owner" or role in office.roles
        answer = client.get(reverse(name_of(model, "changelist")))
        assert answer.status_code == (200 if allowed else 404), model


def test_support_does_not_see_payouts_and_moderation_no_orders() -> None:
    order = make.pay(make.place((make.variant(), 1))).orders.get()

    assert as_staff("support").get("/desk/payouts/").status_code == 404
    assert as_staff("moderation").get("/desk/refunds/").status_code == 404
    assert as_staff("moderation").get(f"/desk/orders/{order.number}/").status_code == 404
    assert as_staff("moderation").get(f"/desk/orders/?q={order.number}").status_code == 404
    assert as_staff("finance").get("/desk/keys/").status_code == 404
    assert as_staff("support").get(f"/desk/orders/{order.number}/").status_code == 200


def test_every_ring_of_keys_says_what_it_is_for() -> None:
    page = as_staff("owner").get("/desk/keys/").content.decode()
    assert PURPOSES.keys() == set(Ring)
    for ring, purpose in PURPOSES.items():
        assert ring.value in page
        assert str(purpose) in page


def test_the_menu_leads_only_where_the_role_may_go() -> None:
    for role in ROLES:
        client = as_staff(role)
        page = client.get("/desk/").content.decode()
        for model in tables():
            url = reverse(name_of(model, "changelist"))
            if f'href="{url}"' in page:
                assert client.get(url).status_code == 200, (role, url)


def test_staff_without_a_second_factor_are_led_to_set_one_up(settings: Any) -> None:
    settings.STAFF_TOTP_REQUIRED = True
    client = as_staff("owner")

    answer = client.get("/desk/")

    assert answer.status_code == 302
    assert answer["Location"] == reverse("mfa_activate_totp")
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == ["The desk needs a second factor. Please set one up first."]


def test_a_session_older_than_the_second_factor_has_to_show_it(settings: Any) -> None:
    settings.STAFF_TOTP_REQUIRED = True
    boss = make.staff("owner")
    client = Client()
    client.force_login(boss)
    Authenticator.objects.create(user=boss, type="totp", data={"secret": "x"})

    answer = client.get("/desk/")

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("mfa_reauthenticate"))


def test_a_session_that_has_shown_it_gets_in(settings: Any) -> None:
    settings.STAFF_TOTP_REQUIRED = True
    boss = make.staff("owner")
    client = Client()
    client.force_login(boss)
    Authenticator.objects.create(user=boss, type="totp", data={"secret": "x"})
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0}]
    session["account_authentication_methods_user"] = str(boss.pk)
    session.save()

    assert client.get("/desk/").status_code == 200


def test_a_taken_role_closes_the_desk_at_once() -> None:
    client = as_staff("support")
    assert client.get("/desk/").status_code == 200
    account_id = client.session["_auth_user_id"]
    people.take_role(actor=Actor.system("test"), account_id=int(account_id), role="support")

    assert client.get("/desk/").status_code == 404


def test_the_desk_has_a_policy_of_its_own_and_nobody_else_has_it(client: Client) -> None:
    inside = as_staff("owner").get("/desk/")["Content-Security-Policy"]
    outside = client.get("/")["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval'" in inside
    assert "frame-ancestors 'none'" in inside
    assert "unsafe-eval" not in outside
    assert "unsafe-inline" not in outside


def test_signing_out_of_the_desk_is_the_same_as_anywhere() -> None:
    client = as_staff("owner")
    client.post("/desk/leave/")
    assert client.get("/desk/").status_code == 302


def test_nobody_but_the_owner_sees_the_machine_room() -> None:
    Flag.objects.create(name="sale", enabled=False)
    for role in ("support", "finance", "moderation"):
        assert as_staff(role).get(reverse("admin:kernel_flag_act", args=["sale", "turn"])
                                  ).status_code == 404  # fmt: skip
