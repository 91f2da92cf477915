"""Pages of relations work without script: ask, answer, mute, list, find, agree."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from banyan.people import actions as people
from banyan.people.access import agrees, mutes_of
from banyan.people.models import Account, AccountList, BookDigest, Follow, ListEntry, Mute
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Account:
    """The member."""
    return member("ana", email="ana@example.com")


@pytest.fixture
def hers(ana: Account, client: Client) -> Client:
    """Her browser."""
    client.force_login(ana)
    return client


def page(browser: Client, url: str) -> str:
    """Return a page that is there."""
    answer = browser.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def befriend(one: Account, other: Account) -> None:
    """Let two follow each other."""
    people.follow(actor=actor(one), account_id=other.pk)
    people.follow(actor=actor(other), account_id=one.pk)


def test_a_request_is_sent_seen_and_answered(hers: Client, ana: Account) -> None:
    ben = member("ben", approves_followers=True)
    his = Client()
    his.force_login(ben)
    fragment = hers.post("/people/ben/follow", headers={"hx-request": "true"}).content.decode()
    assert "Requested" in fragment
    assert 'action="/people/ben/unfollow"' in fragment
    assert "Requested" in page(hers, "/@ben")
    assert "@ben" in page(hers, "/me/requests/sent")

    shown = page(his, "/me/requests")
    assert "@ana" in shown
    assert 'action="/people/ana/accept"' in shown
    assert 'action="/people/ana/decline"' in page(his, "/@ana")
    assert his.post("/people/ana/accept")["Location"] == "/me/requests"
    assert Follow.objects.get().state == 1
    assert "@ana" not in page(his, "/me/requests")

    assert "Remove as a follower" in page(his, "/people/ana/relation")
    his.post("/people/ana/remove")
    assert not Follow.objects.exists()
    assert his.post("/people/ana/accept").status_code == 404
    hers.post("/people/ben/follow")
    back = his.post("/people/ana/decline", {"next": "/@ana"})
    assert back["Location"] == "/@ana"
    assert not Follow.objects.exists()


def test_the_relation_page_sets_level_mute_and_lists(hers: Client, ana: Account) -> None:
    ben = member("ben")
    hers.post("/people/ben/follow")
    near = people.make_list(actor=actor(ana), name="Near")
    far = people.make_list(actor=actor(ana), name="Far")
    people.add_to_list(actor=actor(ana), list_id=far.pk, account_id=ben.pk)
    assert "Tell me of every post" in page(hers, "/people/ben/relation")

    hers.post("/people/ben/level", {"level": "2"})
    assert Follow.objects.get().level == 2
    for bad in ("", "9", "x"):
        assert hers.post("/people/ben/level", {"level": bad}).status_code == 422
    hers.post("/people/ben/lists", {"list": [str(near.pk), "999", "x"]})
    assert list(ListEntry.objects.values_list("on", flat=True)) == [near.pk]

    hers.post("/people/ben/mute", {"span": "week"})
    assert mutes_of(actor(ana)).people == {ben.pk}
    assert "Hear of them again" in page(hers, "/people/ben/relation")
    assert "not shown" in page(hers, "/me/people")
    ended = hers.post(f"/me/people/{Mute.objects.get().pk}/end", {"next": "/people/ben/relation"})
    assert ended["Location"] == "/people/ben/relation"
    assert mutes_of(actor(ana)).people == frozenset()
    back = hers.post("/people/ben/mute", {"span": "less", "next": "/me/find"})
    assert back["Location"] == "/me/find"
    assert Mute.objects.get().degree == 1
    assert hers.post("/people/ben/mute", {"span": "never"}).status_code == 422
    assert hers.get("/people/ana/relation")["Location"] == "/@ana"
    assert hers.get("/people/nobody/relation").status_code == 404
    assert hers.get("/people/a%00/relation").status_code == 404
    assert hers.post("/people/a%00/unblock").status_code == 404


def test_words_are_muted_and_shown_again(hers: Client, ana: Account) -> None:
    assert hers.post("/me/people", {"word": "Spoiler", "span": "day"}).status_code == 302
    for bad in ({"word": ""}, {"word": "x", "span": "never"}):
        assert hers.post("/me/people", bad).status_code == 422
    assert hers.post("/me/people", {"word": "\0"}).status_code == 400
    mute = Mute.objects.get()
    assert mute.expires_at is not None
    assert "spoiler" in page(hers, "/me/people")
    hers.post(f"/me/people/{mute.pk}/end")
    assert not Mute.objects.exists()


def test_a_list_is_kept_on_its_page(hers: Client, ana: Account) -> None:
    member("ben")
    assert hers.post("/me/lists", {"name": ""}).status_code == 422
    assert hers.post("/me/lists", {"name": "\0"}).status_code == 400
    url = hers.post("/me/lists", {"name": "Near"})["Location"]
    assert hers.post(url, {"handle": "@ben"}).status_code == 302
    assert "@ben" in page(hers, url)
    assert hers.post(url, {"handle": "a\0"}).status_code == 400
    refused = hers.post(url, {"handle": "nobody"})
    assert refused.status_code == 422
    assert "There is nobody of this name." in refused.content.decode()
    hers.post(url, {"name": "Nearest"})
    assert "Nearest" in page(hers, "/me/lists")
    hers.post(f"{url}/take/ben")
    assert not ListEntry.objects.exists()
    hers.post(f"{url}/delete")
    assert not AccountList.objects.exists()


def test_friends_in_common_stand_on_the_profile(hers: Client, ana: Account) -> None:
    ben, cy = member("ben"), member("cy")
    befriend(ana, cy)
    befriend(ben, cy)
    text = page(hers, "/@ben")
    assert "1 friend in common" in text
    assert 'href="/@cy"' in text
    assert "@cy" in page(hers, "/me/friends")
    assert "in common" not in page(Client(), "/@ben")
    found = page(hers, "/me/find")
    assert "1 friend in common" in found
    assert "@ben" in found or "/people/ben/follow" in found
    hers.post("/people/ben/mute", {"span": "less", "next": "/me/find"})
    assert "/people/ben/follow" not in page(hers, "/me/find")


def test_ones_own_code_leads_to_ones_own_page(hers: Client, ana: Account) -> None:
    text = page(hers, "/me/code")
    assert 'value="http://testserver/@ana?add"' in text
    assert 'src="data:image/svg+xml,' in text
    his = Client()
    his.force_login(member("ben"))
    assert "This is the code of a member" in page(his, "/@ana?add")
    assert "This is the code of a member" not in page(his, "/@ana")
    assert "This is the code of a member" in page(Client(), "/@ana?add")
    assert "This is the code of a member" not in page(hers, "/@ana?add")


def test_a_book_is_sent_after_a_yes_and_erased(hers: Client, ana: Account) -> None:
    ben = member("ben", email="ben@example.com")
    people.record_consent(actor=actor(ben), purpose="findable_by_contact", granted=True)
    assert 'name="book"' not in page(hers, "/me/find")
    assert hers.post("/me/find", {"book": "ben@example.com"}).status_code == 409
    assert not BookDigest.objects.exists()

    agreed = hers.post("/me/consent", {"purpose": "contacts", "answer": "yes", "next": "/me/find"})
    assert agreed["Location"] == "/me/find"
    shown = page(hers, "/me/find")
    assert re.search(r'<script type="module" src="[^"]*contacts[^"]*" nonce=', shown)
    assert hers.post("/me/find", {"book": "nothing"}).status_code == 422
    file = SimpleUploadedFile("book.csv", b"Ben,ben@example.com\nEve,123456789012345\n")
    assert hers.post("/me/find", {"book": "", "file": file}).status_code == 302
    shown = page(hers, "/me/find")
    assert "In your address book" in shown
    assert "1 entry could not be read." in shown
    assert "/people/ben/follow" in shown

    hers.post("/me/find/erase")
    assert not BookDigest.objects.exists()
    assert "/people/ben/follow" not in page(hers, "/me/find")


def test_privacy_lists_each_purpose_and_a_switch_counts_at_once(hers: Client, ana: Account) -> None:
    text = page(hers, "/me/privacy")
    assert text.count('name="purpose"') == 7
    hers.post("/me/consent", {"purpose": "findable_by_contact", "answer": "yes"})
    assert agrees(ana.pk, "findable_by_contact")
    assert "since" in page(hers, "/me/privacy")
    assert hers.post("/me/consent", {"purpose": "all", "answer": "yes"}).status_code == 422
    hers.post("/me/privacy", {"approves_followers": "1"})
    ana.refresh_from_db()
    assert (ana.approves_followers, ana.is_suggested) == (True, False)
    hers.post("/me/privacy", {"is_suggested": "1"})
    ana.refresh_from_db()
    assert (ana.approves_followers, ana.is_suggested) == (False, True)


def test_visitors_are_sent_to_the_sign_in(client: Client) -> None:
    member("ana")
    for url in ("/me/friends", "/me/requests", "/me/find", "/me/code", "/people/ana/relation"):
        assert client.get(url)["Location"].startswith("/login?next=")
    for url in ("/people/ana/mute", "/people/ana/accept", "/me/consent"):
        assert client.post(url).status_code == 401


def test_a_page_of_friends_takes_the_same_statements_for_one_and_many(
    hers: Client, ana: Account, django_assert_max_num_queries: Any
) -> None:
    for _one in range(12):
        befriend(ana, member())
    with django_assert_max_num_queries(8):
        hers.get("/me/friends")
    with django_assert_max_num_queries(10):
        hers.get("/me/find")
