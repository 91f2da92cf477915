"""What a guest left under a contact: offered by verified contact only, moved once, reversible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, NotFound
from banyan.people import actions as people
from banyan.people import ports
from banyan.people.models import Account, GuestMerge
from banyan.people.ports import GuestPurchase
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Drawer:
    """A source of purchases that lives in memory: id -> [contact, owner]."""

    name = "drawer"

    def __init__(self) -> None:
        self.things: dict[int, tuple[str, int | None]] = {}
        self.at: dict[int, dt.datetime] = {}

    def put(self, pk: int, contact: str, at: dt.datetime = LONG_AGO) -> None:
        """Leave a purchase under a contact."""
        self.things[pk], self.at[pk] = (contact, None), at

    def find(self, *, channel: str, contact: str) -> Sequence[GuestPurchase]:
        """See GuestSource."""
        assert channel == ("email" if "@" in contact else "sms")
        return [
            GuestPurchase(pk, f"N{pk}", "Tea", Money(100, "CNY"), self.at[pk])
            for pk, (where, owner) in self.things.items()
            if where == contact and owner is None
        ]

    def locks(self, ids: Sequence[int]) -> list[LockKey]:
        """See GuestSource."""
        return []

    def move(self, *, account_id: int, ids: Sequence[int], actor: Actor) -> list[int]:
        """See GuestSource."""
        free = [pk for pk in ids if self.things[pk][1] is None]
        for pk in free:
            self.things[pk] = (self.things[pk][0], account_id)
        return free

    def undo(self, *, account_id: int, ids: Sequence[int], actor: Actor) -> list[int]:
        """See GuestSource."""
        mine = [pk for pk in ids if self.things[pk][1] == account_id]
        for pk in mine:
            self.things[pk] = (self.things[pk][0], None)
        return mine


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Drawer:
    """The only source of this test."""
    monkeypatch.setattr(ports, "guest_sources", [])
    drawer = Drawer()
    ports.register_guest_source(drawer)
    return drawer


@pytest.fixture
def ana() -> Account:
    """A member with two verified contacts."""
    return member("ana", email="ana@example.com", phone="+8613800138000")


def test_only_verified_contacts_find_anything(drawer: Drawer, ana: Account) -> None:
    drawer.put(1, "ben@example.com")
    assert people.offer_merge(ana) == []
    drawer.put(2, "ana@example.com")
    drawer.put(3, "+8613800138000")
    assert [offer.contact for offer in people.offer_merge(ana)] == [
        "ana@example.com",
        "+8613800138000",
    ]
    assert len(people.offer_merge(ana)) == GuestMerge.objects.count() == 2
    assert all(owner is None for _contact, owner in drawer.things.values())


def test_accepting_moves_once_tells_and_is_logged(drawer: Drawer, ana: Account) -> None:
    drawer.put(1, "ana@example.com")
    drawer.put(2, "ben@example.com")
    (offer,) = people.offer_merge(ana)

    merge = people.accept_merge(actor=actor(ana), merge_id=offer.pk)
    people.accept_merge(actor=actor(ana), merge_id=offer.pk)

    assert merge.moved == {"drawer": ["1"]}
    assert drawer.things == {1: ("ana@example.com", ana.pk), 2: ("ben@example.com", None)}
    assert StoredEvent.objects.filter(name="account.guest_merged").count() == 1
    assert AuditEntry.objects.get().action == "account.merge_guest"
    assert people.offer_merge(ana) == []


def test_what_belongs_to_somebody_already_stays_theirs(drawer: Drawer, ana: Account) -> None:
    drawer.put(1, "ana@example.com")
    drawer.put(2, "ana@example.com")
    (offer,) = people.offer_merge(ana)
    drawer.things[1] = ("ana@example.com", 99)
    merge = people.accept_merge(actor=actor(ana), merge_id=offer.pk)
    assert merge.moved == {"drawer": ["2"]}
    assert drawer.things[1][1] == 99


def test_another_s_offer_is_not_there(drawer: Drawer, ana: Account) -> None:
    drawer.put(1, "ana@example.com")
    (offer,) = people.offer_merge(ana)
    with pytest.raises(NotFound):
        people.accept_merge(actor=actor(member()), merge_id=offer.pk)
    assert drawer.things[1][1] is None


def test_a_contact_that_changed_hands_moves_nothing(drawer: Drawer, ana: Account) -> None:
    drawer.put(1, "ana@example.com")
    (offer,) = people.offer_merge(ana)
    Account.objects.filter(pk=ana.pk).update(email="new@example.com")
    with pytest.raises(Conflict) as refused:
        people.accept_merge(actor=actor(ana), merge_id=offer.pk)
    assert refused.value.code == "contact_changed"
    assert drawer.things[1][1] is None


def test_a_declined_offer_comes_again_only_with_something_newer(
    drawer: Drawer, ana: Account
) -> None:
    drawer.put(1, "ana@example.com")
    (offer,) = people.offer_merge(ana)
    people.decline_merge(actor=actor(ana), merge_id=offer.pk)
    assert people.offer_merge(ana) == []
    drawer.put(2, "ana@example.com", at=clock.now() + dt.timedelta(minutes=1))
    assert len(people.offer_merge(ana)) == 1


def test_a_merge_is_taken_back_within_thirty_days_and_not_later(
    drawer: Drawer, ana: Account
) -> None:
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    drawer.put(1, "ana@example.com")
    with clock.at(start):
        (offer,) = people.offer_merge(ana)
        people.accept_merge(actor=actor(ana), merge_id=offer.pk)
    with clock.at(start + dt.timedelta(days=30)), pytest.raises(Conflict) as refused:
        people.undo_merge(actor=actor(ana), merge_id=offer.pk)
    assert refused.value.code == "merge_final"
    assert drawer.things[1][1] == ana.pk
    with clock.at(start + dt.timedelta(days=29)):
        people.undo_merge(actor=actor(ana), merge_id=offer.pk)
        people.undo_merge(actor=actor(ana), merge_id=offer.pk)
    assert drawer.things[1][1] is None
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["account.merge_guest", "account.undo_guest_merge"]
