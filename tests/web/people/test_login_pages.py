"""Signing in by pages: one field, one code, and back to where one was."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from banyan.people.models import Account, Follow, SignInCode
from tests.support.factories import member

from .driver import ask, enter, latest_code, post, who

pytestmark = pytest.mark.django_db


def test_a_new_visitor_is_a_member_after_one_field_and_one_code(client: Client) -> None:
    page = client.get("/login")
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]

    code_page = ask(client, "ana@example.com", next="/me")
    assert client.get(code_page).status_code == 200
    response = post(client, code_page, {"code": latest_code("ana@example.com")})

    assert response.status_code == 302
    done = client.get(response["Location"])
    assert done["Location"] == "/me"
    account = who(client)
    assert account is not None
    assert account.email == "ana@example.com"
    assert client.get("/me").status_code == 200


def test_a_phone_number_does_as_well(client: Client) -> None:
    ben = member(phone="+8613800138000")
    asked = post(
        client, "/login", {"contact": "138 0013 8000"}, headers={"accept-language": "zh-CN,zh"}
    )
    page = asked["Location"]
    response = post(client, page, {"code": latest_code("+8613800138000")})
    assert client.get(response["Location"]).status_code == 302
    assert who(client) == ben


def test_known_and_unknown_contacts_get_the_same_answers(client: Client) -> None:
    member(email="known@example.com")
    pages = []
    for contact in ("known@example.com", "xnown@example.com"):
        browser = Client()
        asked = post(browser, "/login", {"contact": contact})
        shown = browser.get(asked["Location"])
        text = re.sub(
            r"login/\w+|Demo: the code is \d+|[kx]•••|nonce=\"[^\"]+\"|This page: [^<]+",
            "",
            shown.content.decode(),
        )
        pages.append((asked.status_code, shown.status_code, text))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("contact", ["", "hello", "ana@", "<b>@x"])
def test_a_refused_contact_answers_422_and_keeps_what_was_typed(
    client: Client, contact: str
) -> None:
    response = post(client, "/login", {"contact": contact, "next": "/p/1", "intent": "t0ken"})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'aria-invalid="true"' in page
    assert 'value="/p/1"' in page
    assert 'value="t0ken"' in page
    if contact:
        assert contact.replace("<b>", "&lt;b&gt;") in page
    assert not SignInCode.objects.exists()


def test_a_wrong_code_answers_422_and_says_how_many_tries_are_left(client: Client) -> None:
    page = ask(client, "ana@example.com")
    code = latest_code("ana@example.com")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    response = post(client, page, {"code": wrong})
    assert response.status_code == 422
    assert "4 more tries" in response.content.decode()
    assert wrong in response.content.decode()
    assert who(client) is None


def test_a_new_code_can_be_had_from_the_page(client: Client) -> None:
    page = ask(client, "ana@example.com")
    first = latest_code("ana@example.com")
    assert post(client, page, {"action": "resend"})["Location"] == page
    second = latest_code("ana@example.com")
    assert first != second
    assert post(client, page, {"code": second}).status_code == 302


def test_a_demo_shows_the_code_and_anything_else_does_not(client: Client, settings: Any) -> None:
    page = ask(client, "ana@example.com")
    code = latest_code("ana@example.com")
    settings.DEMO = True
    assert f"Demo: the code is {code}" in client.get(page).content.decode()
    settings.DEMO = False
    assert code not in client.get(page).content.decode()


def test_the_way_back_is_one_of_ours(client: Client) -> None:
    for bad in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "evil"):
        browser = Client()
        response = enter(browser, next=bad)
        assert browser.get(response["Location"])["Location"] == "/"


def test_other_sites_cannot_send_our_sign_in_forms(client: Client) -> None:
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        response = client.post("/login", {"contact": "ana@example.com"}, headers=headers)
        assert response.status_code == 403
    assert not SignInCode.objects.exists()


def test_a_session_gets_a_new_key_at_sign_in(client: Client) -> None:
    client.session.save()
    before = client.session.session_key
    enter(client)
    assert client.session.session_key != before


def test_signing_out_asks_first_and_ends_the_session(client: Client) -> None:
    enter(client)
    assert client.get("/logout").status_code == 200
    assert who(client) is not None
    assert client.post("/logout").status_code == 302
    assert who(client) is None


def test_a_closed_account_does_not_get_in(client: Client) -> None:
    member(email="ana@example.com", is_active=False)
    response = enter(client)
    assert response.status_code == 403
    assert who(client) is None


def test_pages_of_one_s_own_lead_visitors_to_the_sign_in_and_back(client: Client) -> None:
    response = client.get("/me/addresses")
    assert response["Location"] == "/login?next=%2Fme%2Faddresses"
    assert client.post("/me/consent").status_code == 401


def test_passkeys_are_offered_only_where_they_work(client: Client) -> None:
    assert "passkey_login" not in client.get("/login").content.decode()
    assert "passkey_login" in client.get("/login", secure=True).content.decode()
    assert (
        "passkey_login" in client.get("/login", headers={"host": "localhost:8000"}).content.decode()
    )


def test_a_visitor_s_follow_is_done_after_the_sign_in(client: Client) -> None:
    ben = member("ben")
    to_login = client.get("/people/ben/follow")["Location"]
    assert "Follow @ben" in client.get(to_login).content.decode()
    intent = re.search(r"intent=(\w+)", to_login)
    assert intent
    response = enter(client, intent=intent.group(1), next="/@ben")
    assert client.get(response["Location"])["Location"] == "/@ben"
    assert Follow.objects.get().followee == ben
    assert Account.objects.filter(email="ana@example.com").exists()


def test_an_address_prepared_by_a_stranger_asks_before_it_acts(client: Client) -> None:
    member("eve")
    to_login = client.get("/people/eve/follow")["Location"]
    victim = Client()
    enter(victim)
    asked = victim.get(to_login, follow=True)
    assert "Follow @eve" in asked.content.decode()
    assert not Follow.objects.exists()
    victim.post(asked.redirect_chain[-1][0])
    assert Follow.objects.count() == 1


def test_somebody_else_s_finished_sign_in_resumes_nothing(client: Client) -> None:
    member("ben")
    intent = client.get("/people/ben/follow")["Location"].partition("intent=")[2]
    done = enter(client, intent=intent)["Location"]
    other = Client()
    enter(other, "eve@example.com")
    assert other.get(done).status_code == 302
    assert not Follow.objects.exists()
