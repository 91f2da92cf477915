"""Price rights by themselves: granted together, revoked while held, ended in time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from tests.support import factories as make

pytestmark = pytest.mark.django_db
US = Actor.system("test")


def test_many_rights_are_granted_by_one_statement() -> None:
    item, people = make.variant(), [make.member() for _n in range(5)]
    wanted = [
        entitlements.RightInput(
            account_id=one.pk,
            variant_id=item.pk,
            price=Money(4_000, "CNY"),
            title="Group of five",
            expires_at=clock.now() + dt.timedelta(hours=2),
            instance_id=8,
        )
        for one in people
    ]

    with CaptureQueriesContext(connection) as asked:
        made = entitlements.grant_price_rights(actor=US, wanted=wanted)

    assert len(asked) == 1
    assert {(one.account_id, one.state, one.instance_id) for one in made} == {
        (one.pk, "held", 8) for one in people
    }
    assert entitlements.grant_price_rights(actor=US, wanted=[]) == []


def test_only_held_rights_are_revoked_and_once() -> None:
    item, ana, ben = make.variant(), make.member(), make.member()
    used, free = make.right(ana, item, 4_000), make.right(ben, item, 4_000)
    make.place((item, 1), buyer=ana)
    ids = [used.pk, free.pk]

    assert entitlements.revoke_price_rights(actor=US, right_ids=ids) == [free.pk]
    assert entitlements.revoke_price_rights(actor=US, right_ids=ids) == []

    states = dict(PriceRight.objects.values_list("pk", "state"))
    assert states == {used.pk: "reserved", free.pk: "revoked"}


def test_one_whose_units_cannot_be_freed_keeps_no_other_from_its_end() -> None:
    broken, item = make.variant(), make.variant()
    first = make.right(make.member(), broken, 3_000)
    second = make.right(make.member(), item, 2_000)
    # Nothing of it is held: to free it breaks a CHECK, each time.
    PriceRight.objects.filter(pk=first.pk).update(keeps=True)
    PriceRight.objects.update(expires_at=clock.now())

    assert entitlements.expire_rights(actor=US) == 1

    states = dict(PriceRight.objects.values_list("pk", "state"))
    assert states == {first.pk: "held", second.pk: "expired"}


def test_what_nobody_bought_at_in_time_ends_and_the_history_says_so() -> None:
    item, ana = make.variant(), make.member()
    over, later, used = (make.right(ana, item, n) for n in (3_000, 2_000, 1_000))
    PriceRight.objects.filter(pk=over.pk).update(expires_at=clock.now())
    make.place((item, 1), buyer=ana)

    assert entitlements.expire_rights(actor=US) == 1
    assert entitlements.expire_rights(actor=US) == 0

    states = dict(PriceRight.objects.values_list("pk", "state"))
    assert states == {over.pk: "expired", later.pk: "held", used.pk: "reserved"}
    moved = StateChange.objects.filter(machine="entitlements.priceright.state", subject_id=over.pk)
    assert [(one.source, one.target) for one in moved] == [("held", "expired")]


@pytest.mark.parametrize(
    "wrong", [{"amount": -1}, {"quantity": 0}, {"funded_by": "nobody"}, {"state": "redeemed"}]
)
def test_the_table_holds_no_right_that_cannot_be(wrong: dict[str, object]) -> None:
    right = make.right(make.member(), make.variant(), 4_000)

    with pytest.raises(IntegrityError), transaction.atomic():
        PriceRight.objects.filter(pk=right.pk).update(**wrong)
