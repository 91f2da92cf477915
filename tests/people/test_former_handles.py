"""A handle that was given up leads to its account for 90 days, and is nobody else's meanwhile."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from banyan.community.models import Mention
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.jobs import end_retention
from banyan.kernel.personal import Person, erase_rows, in_erasing_order
from banyan.kernel.problems import Invalid, Moved, NotFound
from banyan.people import actions as people
from banyan.people.access import get_account_for
from banyan.people.models import Account, FormerHandle
from banyan.people.rules.handles import KEPT, MOST_KEPT
from tests.community.posts import post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
GUEST = Actor.guest()


@pytest.fixture
def ana() -> Account:
    """Give up the handle ``Ana`` for ``anaclay``."""
    ana = member("Ana")
    people.change_handle(actor=actor(ana), handle="anaclay")
    return ana


def taken(handle: str, account: Account) -> str:
    with pytest.raises(Invalid) as refused:
        people.change_handle(actor=actor(account), handle=handle)
    return refused.value.code


def test_it_leads_to_its_account_whatever_the_case(ana: Account) -> None:
    with pytest.raises(Moved) as moved:
        get_account_for(GUEST, "aNA")
    assert (moved.value.was, moved.value.now) == ("aNA", "anaclay")
    assert get_account_for(GUEST, "anaclay") == ana


def test_nobody_else_takes_it_for_ninety_days(ana: Account) -> None:
    ben = member("ben")
    assert taken("ana", ben) == taken("ANA", ben) == "handle_taken"
    with pytest.raises(Invalid, match="handle_taken"):
        people.create_account(actor=GUEST, contact=None, handle="ana")
    assert not Account.objects.filter(handle__iexact="ana").exists()
    ben.refresh_from_db()
    assert ben.handle == "ben"
    assert not FormerHandle.objects.filter(account=ben).exists(), "a refusal leaves nothing"

    with clock.at(clock.now() + KEPT + dt.timedelta(minutes=1)):
        people.change_handle(actor=actor(ben), handle="ana")
        assert get_account_for(GUEST, "ana") == ben, "even before the row is swept"
        people.change_handle(actor=actor(ben), handle="bendy")
        with pytest.raises(Moved) as moved:
            get_account_for(GUEST, "ana")
        assert moved.value.now == "bendy", "the last to give it up has it"


def test_its_owner_takes_it_back(ana: Account) -> None:
    people.change_handle(actor=actor(ana), handle="ana")
    assert list(FormerHandle.objects.values_list("handle", flat=True)) == ["anaclay"]
    people.change_handle(actor=actor(ana), handle="ANA")
    assert FormerHandle.objects.count() == 1, "another case is no other handle"
    assert get_account_for(GUEST, "ana").handle == "ANA"


def test_a_chain_of_names_leads_to_the_last(ana: Account) -> None:
    people.change_handle(actor=actor(ana), handle="anaglaze")
    for old in ("ana", "anaclay"):
        with pytest.raises(Moved) as moved:
            get_account_for(GUEST, old)
        assert moved.value.now == "anaglaze"


def test_ten_are_kept_at_most() -> None:
    ben = member("ben0")
    for turn in range(1, MOST_KEPT + 1):
        people.change_handle(actor=actor(ben), handle=f"ben{turn}")
    assert taken("one_more", ben) == "handles_full"
    people.change_handle(actor=actor(ben), handle="ben0")
    assert FormerHandle.objects.filter(account=ben).count() == MOST_KEPT


def test_apart_or_closed_it_is_not_there(ana: Account) -> None:
    rude, out = member("rude"), member("out")
    people.block(actor=actor(ana), account_id=rude.pk)
    people.block(actor=actor(out), account_id=ana.pk)
    for reader in (rude, out):
        with pytest.raises(NotFound) as absent:
            get_account_for(actor(reader), "ana")
        assert not isinstance(absent.value, Moved)
    people.close_account(actor=Actor.system("test"), account_id=ana.pk, reason="test")
    with pytest.raises(NotFound) as absent:
        get_account_for(GUEST, "ana")
    assert not isinstance(absent.value, Moved)
    assert taken("ana", rude) == "handle_taken", "who may come back finds it"


def test_the_sweep_and_an_erasure_leave_no_row(ana: Account) -> None:
    end_retention(timestamp=0)
    assert FormerHandle.objects.count() == 1
    with clock.at(clock.now() + KEPT + dt.timedelta(minutes=1)):
        end_retention(timestamp=0)
    assert not FormerHandle.objects.exists()

    people.change_handle(actor=actor(ana), handle="anaglaze")
    (holding,) = [held for held in in_erasing_order() if held.model is FormerHandle]
    erase_rows(holding, Person(account_id=ana.pk))
    assert not FormerHandle.objects.exists()
    people.change_handle(actor=actor(member("ben")), handle="anaclay")


def test_who_is_named_by_it_is_meant(ana: Account) -> None:
    ben, rude = member("ben"), member("rude")
    people.block(actor=actor(ana), account_id=rude.pk)
    made = post(ben, body="Thrown by @Ana")
    post(rude, body="Not by @ana")
    mention = Mention.objects.get()
    assert (mention.post_id, mention.account_id, mention.handle) == (made.pk, ana.pk, "ana")


def test_the_table_holds_small_letters_once(ana: Account) -> None:
    for handle in ("Ana2", "ana"):
        with pytest.raises(IntegrityError), transaction.atomic():
            FormerHandle.objects.create(handle=handle, account=ana, left_at=clock.now())
