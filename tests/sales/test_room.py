"""The waiting room: chance among the first, then in order; nobody gets in by another door."""

from __future__ import annotations

import datetime as dt
import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from banyan.catalog.models import Variant
from banyan.kernel import clock, fairness
from banyan.kernel.fairness import Entrant
from banyan.kernel.models import Seed, StateChange, StoredEvent
from banyan.kernel.problems import Conflict, SoldOut
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.actions.planning import ROOM
from banyan.sales.models import Bucket, Entry, RoomProof, Sale
from banyan.sales.queries import ahead_of, entry_of, room_of, room_proof
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from tests.support import factories as make

from .scene import NOON, SYSTEM, assert_sound, bucket, buyer, claim, on, planned

pytestmark = pytest.mark.django_db

SECOND = dt.timedelta(seconds=1)


def _enter(sale: Sale, who: Account) -> Entry:
    return sales.enter_room(actor=make.actor(who), sale_id=sale.pk)


def _tick(sale: Sale, seconds: float) -> None:
    with clock.at(NOON + seconds * SECOND):
        sales.advance_sale(actor=SYSTEM, sale=Sale.objects.get(pk=sale.pk))


def _queued(people: int, **values: Any) -> tuple[Sale, Variant, list[Account]]:
    item = make.variant(stock=20)
    with clock.at(NOON):
        sale = on(item, admission="queue", **({"public": 10, "at_once": 2} | values))
    those = [buyer(n) for n in range(people)]
    for n, who in enumerate(those):
        with clock.at(NOON + n * SECOND):
            _enter(sale, who)
    return sale, item, those


def _admitted() -> list[int]:
    found = Entry.objects.filter(state="admitted").order_by("place", "id")
    return list(found.values_list("account_id", flat=True))


def test_the_order_of_the_first_is_drawn_and_anybody_can_check_it() -> None:
    sale, _item, those = _queued(8)
    _tick(sale, 29)
    assert _admitted() == []
    assert Seed.objects.get(purpose=ROOM).revealed_at is None

    _tick(sale, 30)

    sale.refresh_from_db()
    seed = fairness.reveal(purpose=ROOM, subject_id=sale.pk)
    assert fairness.commitment(seed) == sale.commitment
    frozen = fairness.freeze(Entrant(str(entry.pk)) for entry in Entry.objects.all())
    assert fairness.merkle_root(frozen) == sale.root
    key = fairness.draw_key(seed=seed, root=sale.root, randomness="", draw_id=sale.pk)
    places = {int(one.id): n for n, one in enumerate(fairness.draw(frozen, key), start=1)}
    assert dict(Entry.objects.values_list("id", "place")) == places
    first_two = Entry.objects.filter(place__lte=2).order_by("place")
    assert _admitted() == [entry.account_id for entry in first_two]
    assert len(those) == 8


def test_terms_and_proof_are_written_down_and_stay_whatever_changes() -> None:
    sale, _item, _those = _queued(3)
    terms = sale.terms
    assert room_proof(sale) is None
    _tick(sale, 30)
    text = room_proof(sale)
    assert text is not None
    assert json.loads(text)["published"]["terms"] == terms == room_of(sale).published
    Sale.objects.filter(pk=sale.pk).update(first_seconds=60)
    _tick(sale, 40)
    sale.refresh_from_db()
    assert (room_proof(sale), sale.terms) == (text, terms)


def test_proofs_of_before_are_written_down_by_the_migration() -> None:
    drawn, _item, _those = _queued(3)
    _tick(drawn, 30)
    waits, _item, _those = _queued(0)
    text, terms = room_proof(drawn), waits.terms
    RoomProof.objects.all().delete()
    Sale.objects.update(terms="")
    migration = import_module("banyan.sales.migrations.0002_room_proofs")
    migration.keep_proofs(apps, connection.schema_editor())
    assert room_proof(drawn) == text
    assert room_proof(waits) is None
    waits.refresh_from_db()
    assert waits.terms == terms


def test_who_comes_later_follows_in_order() -> None:
    sale, _item, _those = _queued(3)
    _tick(sale, 30)
    late = [buyer(f"late{n}") for n in range(2)]
    with clock.at(NOON + 31 * SECOND):
        entries = [_enter(sale, who) for who in late]
    assert [ahead_of(entry) for entry in entries] == [1, 2]


def test_places_are_no_matter_of_speed() -> None:
    firsts = set()
    for _n in range(12):
        sale, _item, those = _queued(0)
        those = [buyer(f"{sale.pk}x{n}") for n in range(4)]
        for n, who in enumerate(those):
            with clock.at(NOON + n * SECOND):
                _enter(sale, who)
        _tick(sale, 30)
        first = Entry.objects.get(sale=sale, place=1)
        firsts.add([who.pk for who in those].index(first.account_id))
    assert len(firsts) > 1, "twelve times the same place would be one in four million"


def test_nobody_claims_before_their_turn() -> None:
    sale, item, those = _queued(4)
    stranger = buyer("stranger")
    _tick(sale, 30)
    inside = _admitted()
    for who in [*those, stranger]:
        with clock.at(NOON + 40 * SECOND):
            if who.pk in inside:
                assert claim(sale, item, who).state == "bound"
                continue
            with pytest.raises(Conflict) as refused:
                claim(sale, item, who)
            assert refused.value.code == "sale_not_admitted"
    assert bucket(sale).taken == 2
    assert_sound()


def test_an_admission_is_used_once() -> None:
    sale, item, those = _queued(1, per_person=2)
    _tick(sale, 30)
    with clock.at(NOON + 40 * SECOND):
        claim(sale, item, those[0])
        with pytest.raises(Conflict) as refused:
            claim(sale, item, those[0])
    assert refused.value.code == "sale_not_admitted"


def test_who_leaves_or_is_too_late_lets_the_next_in() -> None:
    sale, item, _those = _queued(4)
    _tick(sale, 30)
    first, second = _admitted()
    with clock.at(NOON + 31 * SECOND):
        sales.leave_room(actor=make.actor(Account.objects.get(pk=first)), sale_id=sale.pk)
    _tick(sale, 32)
    assert first not in _admitted()
    assert len(_admitted()) == 2
    _tick(sale, 30 + 120)
    assert second not in _admitted()
    with clock.at(NOON + 160 * SECOND), pytest.raises(Conflict):
        claim(sale, item, Account.objects.get(pk=second))
    states = list(Entry.objects.order_by("state").values_list("state", flat=True))
    assert states == ["admitted", "admitted", "lapsed", "left"]


def test_no_more_are_let_in_than_there_are_units() -> None:
    sale, item, _those = _queued(5, public=1, at_once=3)
    _tick(sale, 30)
    [only] = _admitted()
    with clock.at(NOON + 31 * SECOND):
        right = claim(sale, item, Account.objects.get(pk=only))
    _tick(sale, 33)
    assert _admitted() == []
    with clock.at(right.expires_at):
        sales.advance_sale(actor=SYSTEM, sale=Sale.objects.get(pk=sale.pk))
    assert len(_admitted()) == 1
    assert StoredEvent.objects.filter(name="sale.admitted").count() == 2


def test_for_what_is_kept_for_fans_only_fans_are_let_in() -> None:
    sale, item, those = _queued(6, public=1, fans=2, at_once=9)
    owner = make.actor(sale.shop.owner)
    _tick(sale, 29)
    fan = those[4]
    sales.list_fans(actor=owner, sale_id=sale.pk, handles=[fan.handle])
    Entry.objects.filter(account=fan).update(entered_at=NOON + 40 * SECOND)  # behind all others

    _tick(sale, 30)

    inside = _admitted()
    assert fan.pk in inside
    assert len(inside) == 2, "the fan, and one for the unit that is for everybody"
    with clock.at(NOON + 31 * SECOND):
        for who in inside:
            assert claim(sale, item, Account.objects.get(pk=who)).state == "bound"
    _tick(sale, 32)
    assert _admitted() == [], "what is left is for fans, and none waits"
    assert_sound()


def test_who_is_in_stays_where_they_are() -> None:
    sale, _item, those = _queued(2)
    with clock.at(NOON + 5 * SECOND):
        again = _enter(sale, those[0])
    assert Entry.objects.filter(account=those[0]).count() == 1
    assert again.entered_at == NOON
    assert entry_of(sale, those[0].pk) == again


def test_a_person_waits_with_one_account_and_not_again_once_they_have_theirs() -> None:
    sale, item, [ana, *_others] = _queued(3)
    second = buyer("second")
    for one in (ana, second):
        record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="test")
    with clock.at(NOON + 5 * SECOND):
        with pytest.raises(Conflict) as refused:
            _enter(sale, second)
        assert refused.value.code == "sale_waits_already"
        sales.leave_room(actor=make.actor(ana), sale_id=sale.pk)
        assert _enter(sale, second).state == "waiting"
    _tick(sale, 30)
    Entry.objects.filter(account=second).update(
        state="admitted", expires_at=NOON + 100 * SECOND, admitted_at=NOON
    )
    with clock.at(NOON + 40 * SECOND):
        claim(sale, item, second)
        for one in (second, ana):
            with pytest.raises(Conflict) as refused:
                _enter(sale, one)
            assert refused.value.code == "sale_cap"


def test_the_room_opens_shortly_before_and_not_where_nobody_waits() -> None:
    item, other = make.variant(stock=9), make.variant(stock=9)
    with clock.at(NOON):
        sale = planned(item, admission="queue", starts_at=NOON + dt.timedelta(minutes=20))
        sales.publish_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk)
        plain = on(other)
        with pytest.raises(Conflict) as refused:
            _enter(sale, buyer(1))
        assert refused.value.code == "sale_not_begun"
        with pytest.raises(Conflict) as refused:
            _enter(plain, buyer(2))
        assert refused.value.code == "sale_no_room"
    with clock.at(NOON + dt.timedelta(minutes=5)):
        assert _enter(sale, buyer(3)).state == "waiting"


def test_while_it_is_paused_nobody_is_let_in() -> None:
    sale, _item, _those = _queued(3)
    sales.pause_sale(actor=make.actor(sale.shop.owner), sale_id=sale.pk)
    _tick(sale, 30)
    assert _admitted() == []


def test_a_claim_of_a_sold_out_sale_keeps_the_admission() -> None:
    sale, item, those = _queued(1, public=1)
    _tick(sale, 30)
    Bucket.objects.filter(item__sale=sale).update(taken=1)
    with clock.at(NOON + 31 * SECOND), pytest.raises(SoldOut):
        claim(sale, item, those[0])
    assert Entry.objects.get().state == "admitted"


def test_a_fan_whose_bucket_is_empty_uses_the_same_admission_for_a_public_unit() -> None:
    sale, item, those = _queued(2, fans=1)
    owner = make.actor(sale.shop.owner)
    sales.list_fans(actor=owner, sale_id=sale.pk, handles=[who.handle for who in those])
    _tick(sale, 30)
    expected = {"fans": 1, "public": 0}

    with clock.at(NOON + 31 * SECOND):
        for who in those:
            assert claim(sale, item, who).state == "bound"
            taken = {kind: bucket(sale, kind).taken for kind in expected}
            assert taken == expected
            expected["public"] += 1

    assert list(Entry.objects.values_list("state", flat=True)) == ["served", "served"]
    told = StateChange.objects.filter(machine="sales.entry.state", target="served")
    assert told.count() == 2, "what was rolled back with the fans' bucket is not written down"
    assert_sound()
