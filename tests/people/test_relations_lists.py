"""Private lists of people: nobody but the owner ever meets them."""

from __future__ import annotations

import pytest

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, NotFound
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import get_list_for, visible_lists
from banyan.people.models import AccountList, ListEntry
from tests.support.factories import actor, member, staff

pytestmark = pytest.mark.django_db


def test_a_list_is_made_named_filled_and_deleted() -> None:
    ana, ben, cy = member("ana"), member("ben"), member("cy")
    who = actor(ana)
    made = people.make_list(actor=who, name="  Tea   friends ")
    for _again in range(2):
        people.add_to_list(actor=who, list_id=made.pk, account_id=ben.pk)
    people.add_to_list(actor=who, list_id=made.pk, account_id=cy.pk)
    people.rename_list(actor=who, list_id=made.pk, name="Tea")

    assert queries.list_sizes(who) == [(made, 2)]
    assert queries.people_on(who, made) == [cy, ben]
    assert queries.lists_with(who, ben.pk) == [(made, True)]
    assert get_list_for(who, made.pk).name == "Tea"

    people.take_off_list(actor=who, list_id=made.pk, account_id=ben.pk)
    people.take_off_list(actor=who, list_id=made.pk, account_id=ben.pk)
    assert queries.people_on(who, made) == [cy]
    people.delete_list(actor=who, list_id=made.pk)
    assert not AccountList.objects.exists()
    assert not ListEntry.objects.exists()


def test_another_s_list_is_not_there() -> None:
    ana, eve = member("ana"), member("eve")
    made = people.make_list(actor=actor(ana), name="Near")
    for act in (
        lambda: people.rename_list(actor=actor(eve), list_id=made.pk, name="Mine"),
        lambda: people.delete_list(actor=actor(eve), list_id=made.pk),
        lambda: people.add_to_list(actor=actor(eve), list_id=made.pk, account_id=ana.pk),
        lambda: people.take_off_list(actor=actor(eve), list_id=made.pk, account_id=ana.pk),
    ):
        with pytest.raises(NotFound):
            act()
    assert list(visible_lists(actor(eve))) == []
    assert AccountList.objects.get().name == "Near"
    assert not ListEntry.objects.exists()


def test_names_are_bounded_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, ben = member("ana"), member("ben")
    with pytest.raises(LoginRequired):
        people.make_list(actor=Actor.guest(), name="x")
    people.make_list(actor=actor(ana), name="Near")
    people.make_list(actor=actor(ben), name="Near")
    for name in ("", "  ", "x" * 41, "NEAR"):
        with pytest.raises(Invalid):
            people.make_list(actor=actor(ana), name=name)
    far = people.make_list(actor=actor(ana), name="Far")
    with pytest.raises(Invalid):
        people.rename_list(actor=actor(ana), list_id=far.pk, name="near")
    monkeypatch.setattr("banyan.people.actions.lists.MOST_LISTS", 2)
    with pytest.raises(Conflict):
        people.make_list(actor=actor(ana), name="Third")
    monkeypatch.setattr("banyan.people.actions.lists.MOST_ON_A_LIST", 0)
    with pytest.raises(Conflict):
        people.add_to_list(actor=actor(ana), list_id=far.pk, account_id=ben.pk)
    with pytest.raises(Conflict):
        people.add_to_list(actor=actor(ana), list_id=far.pk, account_id=ana.pk)


def test_staff_put_nobody_on_a_list_who_blocks_them() -> None:
    ben, support = member("ben"), staff("support")
    made = people.make_list(actor=actor(support), name="Near")
    people.block(actor=actor(ben), account_id=support.pk)
    with pytest.raises(NotFound):
        people.add_to_list(actor=actor(support), list_id=made.pk, account_id=ben.pk)
    assert not ListEntry.objects.exists()


def test_who_is_closed_is_not_shown_but_kept() -> None:
    ana, ben = member("ana"), member("ben")
    made = people.make_list(actor=actor(ana), name="Near")
    people.add_to_list(actor=actor(ana), list_id=made.pk, account_id=ben.pk)
    people.close_account(actor=actor(ben), account_id=ben.pk, reason="enough")
    assert queries.people_on(actor(ana), made) == []
    assert queries.list_sizes(actor(ana)) == [(made, 0)]
