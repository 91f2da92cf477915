"""What others keep about a person goes with the account, and is in no export of theirs."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.personal import Holding, Person, declared, erase_rows, export_rows
from banyan.legal import actions as legal
from banyan.legal.actions.erasing import NotSettled, person_of
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people import actions as people
from banyan.people.models import (
    Account,
    AccountList,
    Block,
    BookDigest,
    FoundByDigest,
    ListEntry,
    Mute,
)
from tests.support import factories as make
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
KEPT = (Block, Mute, AccountList, ListEntry, BookDigest, FoundByDigest)


def keep(owner: Account, other: Account) -> None:
    """Let somebody mute and list another, block a third, and send an address book."""
    who, near = actor(owner), people.make_list(actor=actor(owner), name="Near")
    people.mute_person(actor=who, account_id=other.pk)
    people.mute_word(actor=who, word="spoiler")
    people.add_to_list(actor=who, list_id=near.pk, account_id=other.pk)
    people.block(actor=who, account_id=member().pk)
    for purpose in ("contacts", "findable_by_contact"):
        people.record_consent(actor=who, purpose=purpose, granted=True)
    people.keep_book(actor=who, text="eve@example.com", region="CN")


def holdings() -> dict[type, Holding]:
    """Return what is declared of each table."""
    return {model: declared()[model] for model in KEPT}


def test_an_export_holds_what_one_keeps_and_nothing_of_what_others_keep() -> None:
    ana, ben = member("ana", email="a@example.com"), member("ben", email="b@example.com")
    keep(ana, ben)
    keep(ben, ana)
    people.block(actor=actor(member()), account_id=ana.pk)

    told = {
        model: list(export_rows(holding, Person(account_id=ana.pk)))
        for model, holding in holdings().items()
    }

    assert {row["actor_id"] for row in [*told[Block], *told[Mute]]} == {ana.pk}
    assert {row["words"] for row in told[Mute]} == {"", "spoiler"}
    assert [row["name"] for row in told[AccountList]] == ["Near"]
    assert [row["account_id"] for row in told[ListEntry]] == [ben.pk]
    assert [row["owner_id"] for row in told[BookDigest]] == [ana.pk]
    assert "digest" not in told[FoundByDigest][0]


def test_who_leaves_is_on_nobodys_list_and_everybody_else_keeps_theirs() -> None:
    ana, ben, cy = member("ana", email="a@example.com"), member("ben"), member("cy")
    keep(ana, ben)
    keep(ben, ana)
    keep(cy, ben)

    for holding in holdings().values():
        erase_rows(holding, Person(account_id=ana.pk))

    assert set(Block.objects.values_list("actor", flat=True)) == {ben.pk, cy.pk}
    assert not Mute.objects.filter(target=ana).exists()
    assert set(Mute.objects.values_list("actor", flat=True)) == {ben.pk, cy.pk}
    assert set(AccountList.objects.values_list("owner", flat=True)) == {ben.pk, cy.pk}
    assert list(ListEntry.objects.values_list("account", flat=True)) == [ben.pk]
    assert set(BookDigest.objects.values_list("owner", flat=True)) == {ben.pk, cy.pk}
    assert not FoundByDigest.objects.filter(account=ana).exists()


def test_no_line_of_a_friend_leads_to_the_name_of_who_left() -> None:
    ana, ben, cy = member("ana"), member("ben"), member("cy")
    for follower, followed in ((ben, ana), (ana, ben), (cy, ben), (ben, cy)):
        people.follow(actor=actor(follower), account_id=followed.pk)
    relay.drain()
    assert Notification.objects.filter(recipient=ben, url="/@ana").exists()

    erase_rows(declared()[Notification], Person(account_id=ana.pk))

    assert not Notification.objects.filter(recipient=ana).exists()
    assert not Notification.objects.filter(url="/@ana").exists()
    assert Notification.objects.filter(recipient=cy, url="/@ben").exists()


MAIL, PHONE = "ana.anders@example.com", "+8613912345678"


def sent_to(number: str, buyer: Account | None, **contact: str) -> Checkout:
    """Return a paid purchase whose parcel goes to a phone number."""
    return make.pay(
        orders.place(
            actor=actor(buyer) if buyer else Actor.guest(),
            lines=[orders.WantedLine(make.variant().pk, 1)],
            contact=orders.Contact(**{"email": "", "phone": "", **contact}),
            address={**make.ADDRESS, "phone": number},
            placement_key=f"key-{buyer}",
            provider="sandbox",
        )
    )


def test_what_a_friend_bought_for_somebody_is_neither_theirs_to_take_nor_to_erase(
    settings: Any,
) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]
    ana, ben = member("ana", phone=PHONE), member("ben", email="ben@example.com")
    gift = sent_to(PHONE, ben, email="ben@example.com")
    assert gift.contact_phone == PHONE, "the address's, where the buyer gives none"
    holding, person = declared()[Checkout], person_of(ana)

    assert list(export_rows(holding, person)) == []
    erase_rows(holding, person)

    gift.refresh_from_db()
    assert gift.contact_email == "ben@example.com"
    assert gift.address["street"] == make.ADDRESS["street"], "the parcel is on its way"
    assert gift.contact_phone == "", "their own number goes"


def test_who_leaves_waits_for_what_they_bought_as_a_guest(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]
    ana = member("ana", email=MAIL)
    bought = sent_to("+8613800138000", None, email=MAIL.upper())
    with pytest.raises(NotSettled) as refused:
        legal.ask_erasure(actor=actor(ana), handle=ana.handle)
    assert [one["code"] for one in refused.value.extra["obstacles"]] == ["order"]
    bought.refresh_from_db()
    assert bought.address["street"] == make.ADDRESS["street"]
