"""Finding friends: by friends, by consented contacts; and never those who want it otherwise."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, TooMany
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import agrees
from banyan.people.actions.contacts import UPLOADS_A_DAY
from banyan.people.models import Account, BookDigest, FoundByDigest
from banyan.people.rules import Contact
from banyan.people.rules.digests import digest, read_book
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
BEN = "ben@example.com"


def befriend(one: Account, other: Account) -> None:
    """Let two follow each other."""
    people.follow(actor=actor(one), account_id=other.pk)
    people.follow(actor=actor(other), account_id=one.pk)


def agree(account: Account, purpose: str, granted: bool = True) -> None:
    """Say yes, or no."""
    people.record_consent(actor=actor(account), purpose=purpose, granted=granted)


def send(account: Account, text: str) -> int:
    """Send an address book; return how many contacts were read."""
    return len(people.keep_book(actor=actor(account), text=text, region="CN").contacts)


def known(account: Account) -> dict[str, int]:
    """Return the suggestions by handle, with friends in common."""
    found = queries.people_you_may_know(actor(account))
    return {one.account.handle: one.in_common for one in found}


def test_friends_in_common_are_named_as_far_as_one_may_see_them(
    django_assert_num_queries: Any,
) -> None:
    ana, ben = member("ana"), member("ben")
    shared = [member(f"c{n}") for n in range(5)]
    for one in shared:
        befriend(one, ana)
        befriend(one, ben)
    people.close_account(actor=actor(shared[0]), account_id=shared[0].pk, reason="enough")
    who = actor(ana)

    with django_assert_num_queries(1):
        found = queries.friends_in_common(who, ben.pk)

    assert found.n == 4
    assert list(found.people) == [shared[4], shared[3], shared[2]]
    assert queries.friends_in_common(Actor.guest(), ben.pk).n == 0
    assert queries.friends_in_common(actor(ana), ana.pk).n == 0


def test_suggestions_say_why_and_leave_out_who_is_kept_away(django_assert_num_queries: Any) -> None:
    ana, ben, cy = member("ana"), member("ben"), member("cy")
    names = ("near", "far", "muted", "less", "blocked", "blocker", "shy", "asked", "closed")
    who = {name: member(name) for name in names}
    who["asked"].approves_followers = True
    who["asked"].save()
    befriend(ana, ben)
    befriend(ana, cy)
    for one in who.values():
        people.follow(actor=actor(ben), account_id=one.pk)
        people.follow(actor=actor(one), account_id=ben.pk)
    people.accept_follower(actor=actor(who["asked"]), account_id=ben.pk)
    befriend(cy, who["near"])
    assert known(ana) == dict.fromkeys(names, 1) | {"near": 2}
    assert next(iter(known(ana))) == "near"

    people.mute_person(actor=actor(ana), account_id=who["muted"].pk)
    people.less_of_person(actor=actor(ana), account_id=who["less"].pk)
    people.block(actor=actor(ana), account_id=who["blocked"].pk)
    people.block(actor=actor(who["blocker"]), account_id=ana.pk)
    people.set_privacy(actor=actor(who["shy"]), approves_followers=False, is_suggested=False)
    people.follow(actor=actor(ana), account_id=who["asked"].pk)
    people.close_account(actor=actor(who["closed"]), account_id=who["closed"].pk, reason="x")

    viewer = actor(ana)
    with django_assert_num_queries(2):
        found = queries.people_you_may_know(viewer)
    assert {one.account.handle: one.in_common for one in found} == {"near": 2, "far": 1}
    assert queries.people_you_may_know(Actor.guest()) == []
    people.close_account(actor=actor(cy), account_id=cy.pk, reason="x")
    assert known(ana) == {"near": 1, "far": 1}, "who is gone is no friend in common"


def test_a_book_is_compared_only_when_both_sides_agree() -> None:
    ana, ben = member("ana"), member("ben", email=BEN, phone="+8613800138000")
    with pytest.raises(Conflict) as refused:
        send(ana, BEN)
    assert refused.value.code == "consent_missing"
    assert not BookDigest.objects.exists()

    agree(ana, "contacts")
    assert send(ana, "Ben <Ben@Example.com>, 138 0013 8000\nEve;+8613900139000") == 3
    assert queries.members_in_my_book(actor(ana)) == []
    assert queries.book_size(actor(ana)) == 3
    stored = b"".join(bytes(row.digest) for row in BookDigest.objects.all())
    assert b"ben" not in stored
    assert len(stored) == 3 * 16

    agree(ben, "findable_by_contact")
    assert queries.members_in_my_book(actor(ana)) == [ben]
    assert queries.members_in_my_book(actor(ben)) == []

    agree(ben, "findable_by_contact", granted=False)
    assert not FoundByDigest.objects.exists()
    assert queries.members_in_my_book(actor(ana)) == []


def test_a_yes_that_is_taken_back_erases_at_once() -> None:
    ana, ben = member("ana"), member("ben", email=BEN)
    agree(ana, "contacts")
    agree(ben, "contacts")
    for one in (ana, ben):
        send(one, "eve@example.com")
    agree(ana, "contacts", granted=False)
    assert list(BookDigest.objects.values_list("owner", flat=True)) == [ben.pk]
    with pytest.raises(Conflict):
        send(ana, "eve@example.com")
    assert people.erase_book(actor=actor(ben)) == 1
    assert agrees(ben.pk, "contacts"), "the yes stands, the book is gone"
    assert not BookDigest.objects.exists()


def test_who_is_kept_away_or_known_already_is_not_found_by_the_book() -> None:
    ana = member("ana", email="ana@example.com")
    agree(ana, "contacts")
    agree(ana, "findable_by_contact")
    names = ("followed", "muted", "blocker", "closed", "new")
    who = {name: member(name, email=f"{name}@example.com") for name in names}
    for one in who.values():
        agree(one, "findable_by_contact")
    send(ana, "\n".join(f"{name}@example.com" for name in (*names, "ana")))
    people.follow(actor=actor(ana), account_id=who["followed"].pk)
    people.mute_person(actor=actor(ana), account_id=who["muted"].pk)
    people.block(actor=actor(who["blocker"]), account_id=ana.pk)
    people.close_account(actor=actor(who["closed"]), account_id=who["closed"].pk, reason="x")
    assert queries.members_in_my_book(actor(ana)) == [who["new"]]
    assert not FoundByDigest.objects.filter(account=who["closed"]).exists()


def test_a_changed_contact_is_found_in_place_of_the_one_before() -> None:
    ana, ben = member("ana"), member("ben", email=BEN)
    agree(ana, "contacts")
    send(ana, f"{BEN} new@example.com")
    agree(ben, "findable_by_contact")
    people.attach_contact(actor=actor(ben), account=ben, contact=Contact("email", "x@example.com"))
    assert queries.members_in_my_book(actor(ana)) == []
    people.attach_contact(
        actor=actor(ben), account=ben, contact=Contact("email", "new@example.com")
    )
    assert queries.members_in_my_book(actor(ana)) == [ben]
    eve = member("eve", email="old@example.com")
    people.attach_contact(actor=actor(eve), account=eve, contact=Contact("email", "e@example.com"))
    assert not FoundByDigest.objects.filter(account=eve).exists()


def test_a_changed_secret_key_is_followed_by_a_job(settings: Any) -> None:
    ana, ben = member("ana"), member("ben", email=BEN)
    agree(ana, "contacts")
    send(ana, BEN)
    agree(ben, "findable_by_contact")
    assert people.renew_digests() == 0
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    send(ana, "eve@example.com")
    assert queries.members_in_my_book(actor(ana)) == [ben], "books of the older key still count"
    assert people.renew_digests() == 1
    assert people.renew_digests() == 0
    assert FoundByDigest.objects.count() == 2
    cy = member("cy")
    agree(cy, "contacts")
    send(cy, BEN)
    assert queries.members_in_my_book(actor(cy)) == [ben]


def test_books_have_bounds_and_an_age(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = member("ana")
    agree(ana, "contacts")
    with pytest.raises(LoginRequired):
        people.keep_book(actor=Actor.guest(), text=BEN, region="CN")
    for text in ("", "nobody", "x" * 200_001, " ".join(f"a{n}@x.com;" for n in range(1_001))):
        with pytest.raises(Invalid):
            send(ana, text)
    assert not BookDigest.objects.exists()
    send(ana, BEN)
    send(ana, BEN)
    assert queries.book_size(actor(ana)) == 1
    monkeypatch.setattr("banyan.people.actions.contacts.MOST_IN_A_BOOK", 1)
    with pytest.raises(Conflict) as refused:
        send(ana, "eve@example.com")
    assert refused.value.code == "contacts_full"
    with clock.at(clock.now() + dt.timedelta(days=364)):
        assert people.forget_old_books() == 0
    with clock.at(clock.now() + dt.timedelta(days=366)):
        assert people.forget_old_books() == 1


@pytest.mark.usefixtures("midday")
def test_a_book_is_no_way_to_try_out_numbers() -> None:
    ana = member("ana")
    agree(ana, "contacts")
    for _time in range(UPLOADS_A_DAY):
        send(ana, BEN)
    with pytest.raises(TooMany):
        send(ana, BEN)


def test_contacts_are_read_from_lines_csv_and_cards() -> None:
    text = (
        'Name,Phone,Mail\n"Ben","+86 138 0013 8000",ben@example.com\n'
        "BEGIN:VCARD\nTEL;TYPE=CELL:138-0013-8000\nEMAIL:Eve@Example.com\nBDAY:20000101\nEND:VCARD"
    )
    book = read_book(text, "CN")
    assert set(book.contacts) == {
        Contact("sms", "+8613800138000"),
        Contact("email", "ben@example.com"),
        Contact("email", "eve@example.com"),
    }
    assert book.unread == 1


def test_a_digest_depends_on_key_channel_and_value() -> None:
    ben = Contact("email", BEN)
    assert digest(b"k" * 32, ben) == digest(b"k" * 32, ben)
    others = [digest(b"q" * 32, ben), digest(b"k" * 32, Contact("sms", BEN))]
    assert digest(b"k" * 32, ben) not in others
    assert len(digest(b"k" * 32, ben)) == 16


def test_each_answer_has_its_words_and_its_moment() -> None:
    ana = member("ana")
    at = clock.now()
    with clock.at(at):
        agree(ana, "contacts")
    answers = {one.purpose: one for one in queries.consents_of(ana.pk)}
    assert (answers["contacts"].granted, answers["contacts"].at) == (True, at)
    assert (answers["news_sms"].granted, answers["news_sms"].at) == (False, None)
    assert all(str(one.text) for one in answers.values())
    assert not agrees(ana.pk, "findable_by_contact")
