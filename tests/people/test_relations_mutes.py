"""Mutes end by the clock, are one statement to read, and are no block."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, NotFound
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import (
    get_account_for,
    mutes_of,
    not_blocked,
    not_muted,
    visible_accounts,
)
from banyan.people.models import Account, Follow, Mute
from banyan.people.rules import relations
from banyan.people.rules.relations import fold, says_any
from tests.support.factories import actor, member, staff

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def test_a_mute_ends_at_its_moment_without_any_job() -> None:
    ana, ben = member("ana"), member("ben")
    now = clock.now()
    with clock.at(now):
        people.mute_person(actor=actor(ana), account_id=ben.pk, lasting=DAY)
    with clock.at(now + DAY - dt.timedelta(microseconds=1)):
        assert mutes_of(actor(ana)).people == {ben.pk}
        assert queries.standing_of(actor(ana), ben.pk).mute is not None
    with clock.at(now + DAY):
        assert mutes_of(actor(ana)).people == frozenset()
        assert queries.standing_of(actor(ana), ben.pk).mute is None
        assert queries.mutes_made(actor(ana)) == []
        assert ben in Account.objects.filter(not_muted(actor(ana)))
    assert Mute.objects.count() == 1, "the clock ended it, nobody deleted it"


def test_a_mute_is_no_block_and_nobody_is_told() -> None:
    ana, ben = member("ana"), member("ben")
    people.follow(actor=actor(ben), account_id=ana.pk)
    before = StoredEvent.objects.count()

    people.mute_person(actor=actor(ana), account_id=ben.pk)

    assert StoredEvent.objects.count() == before
    assert Follow.objects.get().follower == ben
    assert get_account_for(actor(ana), "ben") == ben
    assert get_account_for(actor(ben), "ana") == ana
    assert mutes_of(actor(ben)).people == frozenset()
    assert mutes_of(Actor.guest()).people == frozenset()
    assert ben not in Account.objects.filter(not_muted(actor(ana)))
    assert ben in Account.objects.filter(not_muted(Actor.guest()))


def test_the_last_word_counts_and_there_is_one_row(django_assert_num_queries: Any) -> None:
    ana, ben = member("ana"), member("ben")
    people.mute_person(actor=actor(ana), account_id=ben.pk, lasting=DAY)
    people.mute_person(actor=actor(ana), account_id=ben.pk)
    assert Mute.objects.get().expires_at is None
    people.less_of_person(actor=actor(ana), account_id=ben.pk)
    people.less_of_topic(actor=actor(ana), topic="Tea")
    people.mute_topic(actor=actor(ana), topic="coffee")
    people.mute_word(actor=actor(ana), word="  Ｓpoiler  Alert ")
    people.mute_word(actor=actor(ana), word="spoiler alert")
    who = actor(ana)

    with django_assert_num_queries(1):
        found = mutes_of(who)
    with django_assert_num_queries(1):
        assert mutes_of(who).words == {"spoiler alert"}
    with django_assert_num_queries(0):
        assert mutes_of(Actor.guest()).people == frozenset()

    assert (found.people, found.less_people) == (frozenset(), frozenset({ben.pk}))
    assert (found.topics, found.less_topics) == (frozenset({"coffee"}), frozenset({"tea"}))
    assert Mute.objects.count() == 4


def test_a_mute_is_taken_back_by_its_owner() -> None:
    ana, ben = member("ana"), member("ben")
    mute = people.mute_person(actor=actor(ana), account_id=ben.pk)
    with pytest.raises(NotFound):
        people.unmute(actor=actor(ben), mute_id=mute.pk)
    assert mutes_of(actor(ana)).people == {ben.pk}
    people.unmute_person(actor=actor(ana), account_id=ben.pk)
    people.unmute_person(actor=actor(ana), account_id=ben.pk)
    assert mutes_of(actor(ana)).people == frozenset()
    people.unmute(actor=actor(ana), mute_id=people.mute_word(actor=actor(ana), word="x").pk)
    assert not Mute.objects.exists()


def test_what_cannot_be_muted(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, ben = member("ana"), member("ben")
    for word in ("", "   ", "x" * 61):
        with pytest.raises(Invalid):
            people.mute_word(actor=actor(ana), word=word)
    with pytest.raises(Conflict):
        people.mute_person(actor=actor(ana), account_id=ana.pk)
    with pytest.raises(LoginRequired):
        people.mute_word(actor=Actor.guest(), word="x")
    people.block(actor=actor(ben), account_id=ana.pk)
    with pytest.raises(NotFound):
        people.mute_person(actor=actor(ana), account_id=ben.pk)
    assert not Mute.objects.exists()
    monkeypatch.setattr("banyan.people.actions.mutes.MOST_MUTES", 1)
    people.mute_word(actor=actor(ana), word="x", lasting=-DAY)
    people.mute_word(actor=actor(ana), word="y")
    with pytest.raises(Conflict) as refused:
        people.mute_word(actor=actor(ana), word="z")
    assert refused.value.code == "mutes_full"


def test_the_gate_of_blocks_works_both_ways_and_through_columns() -> None:
    ana, ben, cy = member("ana"), member("ben"), member("cy")
    for one in (ana, ben):
        people.follow(actor=actor(one), account_id=cy.pk)
    people.block(actor=actor(ana), account_id=ben.pk)
    fans = Follow.objects.filter(followee=cy)

    def seen(viewer: Actor) -> set[str]:
        found = fans.filter(not_blocked(viewer, "follower_id"))
        return set(found.values_list("follower__handle", flat=True))

    assert seen(actor(ana)) == {"ana"}
    assert seen(actor(ben)) == {"ben"}
    assert seen(actor(cy)) == {"ana", "ben"}
    assert seen(Actor.guest()) == {"ana", "ben"}
    support = staff("support")
    people.block(actor=actor(ben), account_id=support.pk)
    assert seen(actor(support)) == {"ana"}, "staff are members too, where they act as such"
    assert ben in visible_accounts(actor(support)), "and see everybody where they work"


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("An AD for tea", "ad", True),
        ("A shadow falls", "ad", False),
        ("ad.", "ad", True),
        ("Spoiler\nalert!", "spoiler alert", True),
        ("今天有剧透内容", "剧透", True),
        ("ＴＥＡ time", "tea", True),
        ("c++ is here", "c++", True),
        ("nothing", "剧透", False),
        ("spo\u200biler ahead", "spoiler", True),
        ("spoiler", "spo\u00adiler\0", True),
    ],
)
def test_a_muted_word_is_found_where_a_reader_finds_it(text: str, word: str, said: bool) -> None:
    assert says_any(text, [fold(word)]) is said
    assert relations.says_any(text, []) is False
