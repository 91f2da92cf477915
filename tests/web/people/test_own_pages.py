"""A member's own pages: hub, profile, contacts, addresses, tokens, relations, notifications."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.media.actions import stage
from banyan.notify.actions import notify
from banyan.people import actions as people
from banyan.people.access import agrees
from banyan.people.models import Account, Address, ApiToken, Block, Consent, Follow
from banyan.people.rules import Contact
from tests.support.factories import actor, member

from .driver import latest_code, post

pytestmark = pytest.mark.django_db

HOME = {
    "country": "DE",
    "recipient": "Ana",
    "street": "Hauptstr. 5",
    "postcode": "10115",
    "level2": "Berlin",
}


@pytest.fixture
def ana() -> Account:
    """The member."""
    return people.create_account(
        actor=Actor.guest(), contact=Contact("email", "ana@example.com"), handle="ana"
    )


@pytest.fixture
def hers(ana: Account, client: Client) -> Client:
    """Her hers."""
    client.force_login(ana)
    return client


PAGES = (
    "/me",
    "/me/edit",
    "/me/contact",
    "/me/addresses",
    "/me/addresses/new",
    "/me/tokens",
    "/me/security/",
    "/me/security/totp/activate/",
    "/me/security/webauthn/",
    "/me/security/webauthn/add/",
    "/notifications",
    "/me/privacy",
    "/me/friends",
    "/me/requests",
    "/me/requests/sent",
    "/me/people",
    "/me/lists",
    "/me/find",
    "/me/code",
    "/people/ana/followers",
    "/people/ana/following",
    "/logout",
)


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_every_page_answers_without_inline_styles(hers: Client, url: str, language: str) -> None:
    response = hers.get(url, headers={"accept-language": language})
    assert response.status_code == 200
    page = response.content.decode()
    assert " style=" not in page
    assert not re.search(r"\son(click|load|submit)=", page)
    for script in re.findall(r"<script[^>]*>", page):
        assert "nonce=" in script or "application/json" in script, script


def test_the_hub_leads_to_every_room_of_ours(hers: Client) -> None:
    page = hers.get("/me").content.decode()
    for url in ("/orders", "/me/addresses", "/me/edit", "/me/security/", "/me/tokens"):
        assert f'href="{url}"' in page, url


def test_a_profile_is_saved_and_a_bad_one_keeps_what_was_typed(hers: Client, ana: Account) -> None:
    good = {
        "display_name": "Ana B",
        "handle": "ana_b",
        "bio": "Tea",
        "birthday": "1990-02-03",
        "birthday_audience": "private",
    }
    assert hers.post("/me/edit", good).status_code == 302
    member("ben")
    response = hers.post("/me/edit", good | {"handle": "ben", "bio": "More tea"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "This name is taken already." in page
    assert "More tea" in page
    ana.refresh_from_db()
    assert (ana.handle, ana.profile.bio) == ("ana_b", "Tea")


def test_consent_is_given_and_taken_back(hers: Client, ana: Account) -> None:
    hers.post("/me/consent", {"purpose": "news_email", "answer": "yes"})
    assert agrees(ana.pk, "news_email")
    assert not agrees(ana.pk, "news_sms")
    hers.post("/me/consent", {"purpose": "news_email", "answer": "no"})
    assert not agrees(ana.pk, "news_email")
    assert Consent.objects.count() == 2


def test_language_and_theme_stay_with_the_account(hers: Client, ana: Account) -> None:
    response = hers.post("/me/display", {"language": "zh-hans"})
    assert response.cookies["banyan_language"].value == "zh-hans"
    hers.post("/me/display", {"theme": "dark"})
    ana.refresh_from_db()
    assert (ana.language, ana.theme) == ("zh-hans", "dark")
    assert hers.post("/me/display", {"language": "xx"}).status_code == 422


def test_a_second_contact_is_proven_by_a_code(hers: Client, ana: Account) -> None:
    page = hers.post("/me/contact", {"contact": "+8613800138000"})["Location"]
    assert hers.get(page).status_code == 200
    wrong = hers.post(page, {"code": "1"})
    assert wrong.status_code == 422
    assert hers.post(page, {"code": latest_code("+8613800138000")}).status_code == 302
    ana.refresh_from_db()
    assert ana.phone == "+8613800138000"


def test_a_code_for_a_second_contact_signs_nobody_in(hers: Client) -> None:
    page = hers.post("/me/contact", {"contact": "+8613800138000"})["Location"]
    token = page.rpartition("/")[2]
    stranger = Client()
    assert stranger.get(f"/login/{token}").status_code == 404
    code = latest_code("+8613800138000")
    assert post(stranger, f"/login/{token}", {"code": code}).status_code == 404
    assert not Account.objects.filter(phone="+8613800138000").exists()


def test_an_address_is_added_by_the_form_of_its_country(hers: Client) -> None:
    form = hers.get("/me/addresses/new?country=DE").content.decode()
    assert 'autocomplete="postal-code"' in form
    assert 'name="level1"' not in form
    assert hers.post("/me/addresses/new", HOME).status_code == 302
    shown = hers.get("/me/addresses").content.decode()
    assert "Hauptstr. 5, 10115, Berlin" in shown
    assert "Germany" in shown


def test_two_taps_keep_an_address_once(hers: Client) -> None:
    form = HOME | {"csrfmiddlewaretoken": "a" * 64}
    for _tap in range(2):
        assert hers.post("/me/addresses/new", form)["Location"] == "/me/addresses"
    assert Address.objects.count() == 1


def test_a_bad_address_is_refused_with_every_fault_and_kept(hers: Client) -> None:
    response = hers.post(
        "/me/addresses/new", HOME | {"postcode": "1", "recipient": "", "is_default": "on"}
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count('aria-invalid="true"') == 2
    assert "Hauptstr. 5" in page
    assert re.search(r'name="is_default"[^>]*checked', page)
    assert not Address.objects.exists()


def test_a_pasted_line_fills_the_form_and_is_saved_only_when_confirmed(hers: Client) -> None:
    line = "张三 13800138000 浙江省杭州市西湖区文三路90号"
    response = hers.post("/me/addresses/new", {"country": "CN", "line": line, "again": "line"})
    page = response.content.decode()
    for part in ("张三", "浙江省", "杭州市", "西湖区", "文三路90号"):
        assert f'value="{part}"' in page
    assert not Address.objects.exists()


def test_changing_the_country_keeps_what_was_typed(hers: Client) -> None:
    page = hers.post("/me/addresses/new", HOME | {"country": "US", "again": "country"})
    assert "Hauptstr. 5" in page.content.decode()
    assert 'name="level1"' in page.content.decode()


def test_another_s_address_is_not_there(hers: Client) -> None:
    theirs = people.add_address(actor=actor(member()), fields=HOME)
    for verb, url in (("get", ""), ("post", ""), ("post", "/remove"), ("post", "/default")):
        response = getattr(hers, verb)(f"/me/addresses/{theirs.pk}{url}", HOME)
        assert response.status_code == 404
    assert Address.objects.get() == theirs


def test_a_token_is_shown_in_one_answer_only(hers: Client, ana: Account) -> None:
    made = hers.post("/me/tokens", {"name": "script", "may_write": "on"})
    assert made.status_code == 201
    found = re.search(r"byn_\w{20,}", made.content.decode())
    assert found
    token = people.use_token(found.group())
    assert token is not None
    assert token.scopes == ["read", "write"]
    assert found.group() not in hers.get("/me/tokens").content.decode()
    hers.post(f"/me/tokens/{token.pk}/revoke")
    assert people.use_token(found.group()) is None
    assert hers.post("/me/tokens", {"name": ""}).status_code == 422
    assert ApiToken.objects.count() == 1


def test_following_works_as_a_form_and_as_a_fragment(hers: Client, ana: Account) -> None:
    member("ben")
    assert hers.post("/people/ben/follow")["Location"] == "/@ben"
    assert Follow.objects.get().follower == ana
    fragment = hers.post("/people/ben/unfollow", headers={"hx-request": "true"})
    assert fragment.status_code == 200
    assert 'aria-pressed="false"' in fragment.content.decode()
    assert 'action="/people/ben/follow"' in fragment.content.decode()
    assert not Follow.objects.exists()


def test_a_block_is_explained_made_and_taken_back(hers: Client, ana: Account) -> None:
    ben = member("ben")
    assert "Block @ben?" in hers.get("/people/ben/block").content.decode()
    assert not Block.objects.exists()
    hers.post("/people/ben/block")
    assert Block.objects.get().target == ben
    assert hers.get("/people/ben/followers").status_code == 404
    assert "@ben" in hers.get("/me/people").content.decode()
    hers.post("/people/ben/unblock")
    assert not Block.objects.exists()


def test_lists_go_on_page_by_page_with_the_same_number_of_queries(
    client: Client, ana: Account, django_assert_max_num_queries: Any
) -> None:
    for _fan in range(35):
        people.follow(actor=actor(member()), account_id=ana.pk)
    with django_assert_max_num_queries(3):
        first = client.get("/people/ana/followers").content.decode()
    assert first.count('class="person"') == 30
    more = re.search(r'href="(/people/ana/followers\?before=\d+)"', first)
    assert more
    assert client.get(more.group(1)).content.decode().count('class="person"') == 5


def test_notifications_are_told_opened_and_marked(hers: Client, ana: Account) -> None:
    ben = member("ben")
    notify(recipient_id=ana.pk, kind="follow", group_key="f", url="/me/followers", actor_id=ben.pk)
    assert "Ben follows you." in hers.get("/notifications").content.decode()
    row = ana.notification_set.get()
    assert hers.post(f"/notifications/{row.pk}/open")["Location"] == "/me/followers"
    row.refresh_from_db()
    assert row.read_at is not None
    stranger = Client()
    stranger.force_login(ben)
    assert stranger.post(f"/notifications/{row.pk}/open").status_code == 404


def picture(colour: str = "red") -> bytes:
    """Return a small picture file."""
    made = io.BytesIO()
    Image.new("RGB", (400, 400), colour).save(made, "PNG")
    return made.getvalue()


def test_a_face_is_sent_along_without_script_and_taken_away(hers: Client, ana: Account) -> None:
    file = SimpleUploadedFile("me.png", picture(), "image/png")
    assert hers.post("/me/avatar", {"avatar_files": file}).status_code == 302
    ana.refresh_from_db()
    assert ana.avatar is not None
    assert ana.avatar.owner_id == ana.pk
    assert re.search(r'<img[^>]+src="/media/', hers.get("/me").content.decode())
    hers.post("/me/avatar", {"remove": "1"})
    ana.refresh_from_db()
    assert ana.avatar is None


def test_what_is_no_picture_is_refused_by_name(hers: Client, ana: Account) -> None:
    file = SimpleUploadedFile("me.png", b"not a picture", "image/png")
    page = hers.post("/me/avatar", {"avatar_files": file}, follow=True).content.decode()
    assert "me.png" in page
    ana.refresh_from_db()
    assert ana.avatar is None


def test_a_face_staged_by_somebody_else_is_not_taken(hers: Client, ana: Account) -> None:
    theirs = stage(actor=actor(member()), data=picture(), filename="x.png")
    hers.post("/me/avatar", {"avatar": theirs.token})
    ana.refresh_from_db()
    assert ana.avatar is None


def test_the_badge_listens_to_its_members_topic_and_answers_alone(
    hers: Client, ana: Account
) -> None:
    quiet = hers.get(reverse("me")).content.decode()
    assert f'data-live="member:{ana.pk}.' in quiet
    assert f'data-live-refresh="{reverse("notifications_badge")}"' in quiet
    people.follow(actor=actor(member("ben")), account_id=ana.pk)
    relay.drain()

    alone = hers.get(reverse("notifications_badge")).content.decode()

    assert alone.startswith('<span id="unread"')
    assert ">1</span>" in alone
    assert 'data-say="Unread notifications: 1"' in alone
    listed = hers.get(reverse("notifications")).content.decode()
    assert f'id="notifications" data-live="member:{ana.pk}.' in listed
    assert Client().get(reverse("notifications_badge")).status_code == 302
