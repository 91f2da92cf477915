"""Edges and clusters: who is one person, who is a household, who may see it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.personal import Person, declared, erase_rows, export_rows
from banyan.kernel.problems import Invalid, NotFound
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.people.rules import read_contact
from banyan.trust import actions, rules
from banyan.trust.actions import Seen, record_each
from banyan.trust.models import Edge, Joined
from banyan.trust.queries import accounts_in, cluster_of, household_of, mates_of, persons, ties_of
from banyan.trust.rules import BROWSER, PAYMENT, Key
from tests.support import factories as make

pytestmark = pytest.mark.django_db
YEAR = dt.timedelta(days=365)
CARD, PHONE, TABLET = Key(PAYMENT, "card"), Key(BROWSER, "phone"), Key(BROWSER, "tablet")


def seen(who: Account, *keys: Key) -> None:
    actions.record(account_id=who.pk, keys=keys, source="test")


def crowd(n: int) -> list[Account]:
    return [make.member() for _n in range(n)]


def at_home(recipient: str) -> list[Key]:
    return rules.address_keys(make.ADDRESS | {"recipient": recipient})


def test_a_way_of_keys_makes_one_person() -> None:
    ana, again, third, other = crowd(4)
    seen(ana, CARD)
    seen(third, PHONE)
    assert not Joined.objects.exists(), "alone, nobody is joined"
    seen(again, CARD, PHONE)
    assert {cluster_of(one.pk) for one in (ana, again, third)} == {ana.pk}
    assert accounts_in(ana.pk) == {ana.pk, again.pk, third.pk}
    assert cluster_of(other.pk) == other.pk
    assert {one.account_id for one in mates_of([again.pk])} == {ana.pk, again.pk, third.pk}
    assert [[one.pk for one in group] for group in persons()] == [[ana.pk, again.pk, third.pk]]


def test_the_key_itself_is_never_kept() -> None:
    (ana,) = crowd(1)
    seen(ana, Key(PAYMENT, "card-4242"))
    row = Edge.objects.values().get()
    assert "4242" not in str(row)
    assert len(row["digest"]) == 64


def test_one_address_is_a_household_one_name_at_it_a_person() -> None:
    ana, ben, again = crowd(3)
    seen(ana, *at_home("Ana Li"))
    seen(ben, *at_home("Ben Wu"))
    assert household_of(ana.pk) == {ben.pk}
    assert not Joined.objects.exists()
    seen(again, *at_home("ana li"))
    assert cluster_of(again.pk) == ana.pk
    assert household_of(again.pk) == {ben.pk}, "who is one person is no household"


def test_a_present_to_a_friend_joins_nobody() -> None:
    ana, ben = crowd(2)
    seen(ana, *at_home("Ana Li"))
    seen(ana, *rules.address_keys(make.ADDRESS | {"recipient": "Ben Wu", "street": "Elsewhere 2"}))
    seen(ben, *rules.address_keys(make.ADDRESS | {"recipient": "Ben Wu", "street": "Elsewhere 2"}))
    assert not Joined.objects.exists()


def test_what_a_crowd_shares_joins_nobody() -> None:
    people = crowd(rules.CROWD)
    for one in people:
        seen(one, TABLET, rules.address_keys(make.ADDRESS)[1])
    first, last = people[0], make.member()
    assert len(accounts_in(first.pk)) == rules.CROWD
    for one in (last, make.member()):
        seen(one, TABLET, rules.address_keys(make.ADDRESS)[1])
        assert not Joined.objects.exists()
    assert household_of(last.pk) == set()
    seen(first, CARD)
    seen(last, CARD)
    assert accounts_in(first.pk) == {first.pk, last.pk}


def test_what_is_seen_again_lasts_longer_and_is_written_once_a_day(
    django_assert_num_queries: Any,
) -> None:
    (ana,) = crowd(1)
    seen(ana, PHONE)
    first = Edge.objects.get()
    with django_assert_num_queries(1):
        seen(ana, PHONE)
    with clock.at(first.first_seen + dt.timedelta(days=30)), django_assert_num_queries(5):
        seen(ana, PHONE)
    again = Edge.objects.get()
    assert (again.times, again.first_seen) == (2, first.first_seen)
    assert again.expires_at == first.expires_at + dt.timedelta(days=30)


def test_an_edge_that_is_over_falls_out_and_what_it_joined_falls_apart() -> None:
    ana, again, third = crowd(3)
    for one in (ana, again):
        seen(one, PHONE)
    for one in (again, third):
        seen(one, CARD)
    assert accounts_in(ana.pk) == {ana.pk, again.pk, third.pk}
    with clock.at(clock.now() + YEAR):
        assert actions.forget_expired() == 2
    assert cluster_of(ana.pk) == ana.pk
    assert cluster_of(third.pk) == cluster_of(again.pk) == again.pk
    assert actions.forget_expired() == 0


def test_an_expired_edge_joins_nobody_even_before_it_is_deleted() -> None:
    ana, again = crowd(2)
    seen(ana, PHONE)
    with clock.at(clock.now() + YEAR):
        seen(again, PHONE)
        assert cluster_of(again.pk) == again.pk
        seen(ana, PHONE)
        assert cluster_of(again.pk) == ana.pk, "seen there again"


def test_a_reviewer_cuts_what_is_wrong_and_it_stays_cut() -> None:
    ana, ben, moderator = *crowd(2), make.actor(make.staff("moderation"))
    for one in (ana, ben):
        seen(one, TABLET)
    edge = Edge.objects.get(account=ben)
    for who in (make.actor(ben), make.actor(make.staff("finance"))):
        with pytest.raises(NotFound):
            actions.cut_edge(actor=who, edge_id=edge.pk, reason="mine")
    with pytest.raises(Invalid):
        actions.cut_edge(actor=moderator, edge_id=edge.pk, reason=" ")
    assert cluster_of(ben.pk) == ana.pk
    for _twice in range(2):
        actions.cut_edge(actor=moderator, edge_id=edge.pk, reason="a library's computer")
    assert cluster_of(ben.pk) == ben.pk
    entry = AuditEntry.objects.get(action="edge.cut")
    assert (entry.subject_id, entry.reason) == (ben.pk, "a library's computer")
    assert entry.detail == {"kind": BROWSER}
    with clock.at(clock.now() + dt.timedelta(days=2)):
        seen(ben, TABLET)
    assert cluster_of(ben.pk) == ben.pk
    (tie,) = ties_of(ana)
    assert tie.others == [], "what is cut shows nobody"


def test_a_changed_secret_loses_nobody(settings: Any) -> None:
    ana, again, third = crowd(3)
    seen(ana, CARD)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret"
    seen(again, CARD)
    settings.SECRET_KEY_FALLBACKS = []
    seen(third, CARD)
    assert accounts_in(ana.pk) == {ana.pk, again.pk, third.pk}


def test_contacts_and_browsers_are_noted_by_what_people_says() -> None:
    ana = people.create_account(actor=Actor.system("test"), contact=read_contact("ana@example.com"))
    ben = make.member()
    for one in (ana, ben):
        people.join_browser(account=one, visitor="one-browser", cart_token="")
    people.join_browser(account=make.member(), visitor=None, cart_token="")
    assert StoredEvent.objects.filter(name="account.browser_joined").count() == 2
    relay.drain()
    assert set(Edge.objects.values_list("account_id", "kind", "source")) == {
        (ana.pk, "contact", "contact"),
        (ana.pk, "browser", "sign_in"),
        (ben.pk, "browser", "sign_in"),
    }
    assert cluster_of(ben.pk) == ana.pk


def test_a_members_export_names_the_edges_and_erasure_takes_them() -> None:
    ana, again = crowd(2)
    for one in (ana, again):
        seen(one, CARD)
    person = Person(account_id=again.pk)
    (row,) = export_rows(declared()[Edge], person)
    assert row["kind"] == PAYMENT
    assert "digest" not in row
    assert list(export_rows(declared()[Joined], person)) == [], "with whom is not told"
    for model in (Edge, Joined):
        erase_rows(declared()[model], person)
    assert Edge.objects.get().account == ana
    assert not Joined.objects.exists()


def test_a_paid_order_tells_the_address_and_the_browser() -> None:
    ana, again, ben, item = *crowd(3), make.variant(stock=9)
    Account.objects.filter(pk=again.pk).update(display_name=ana.display_name)
    again.refresh_from_db()
    make.pay(make.place((item, 1), buyer=ana))
    make.place((item, 1), buyer=ben)
    make.pay(make.place((item, 1)))
    relay.drain()
    kinds = Edge.objects.values_list("account_id", "kind", "source")
    assert set(kinds) == {(ana.pk, "recipient", "order"), (ana.pk, "address", "order")}
    make.pay(make.place((item, 1), buyer=again))
    relay.drain()
    assert cluster_of(again.pk) == ana.pk


def test_many_are_noted_by_as_few_statements_as_one(
    django_assert_num_queries: Any,
) -> None:
    several = crowd(5)
    with django_assert_num_queries(9):
        record_each([Seen(several[0].pk, [CARD, PHONE], "test")])
    with django_assert_num_queries(10):  # one more, because somebody is joined
        record_each([Seen(one.pk, [Key(PAYMENT, one.handle), TABLET], "test") for one in several])
    assert {cluster_of(one.pk) for one in several} == {several[0].pk}, "by one browser"
