"""Two owners who let each other go at once: one of them stays."""

from __future__ import annotations

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.actions import staff
from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel.problems import Problem
from tests.support import factories as make
from tests.support.threads import run_at_once
from tests.support.weakened import rendezvous

pytestmark = pytest.mark.usefixtures("threaded_db")


def two_owners() -> tuple[Shop, list[int]]:
    shop, other = make.shop(), make.member()
    first = make.actor(shop.owner)
    token = catalog.invite(actor=first, shop_id=shop.pk, to=other.handle or "", role="owner")
    catalog.accept_invite(actor=make.actor(other), token=token)
    return shop, [shop.owner_id, other.pk]


def leave(shop: Shop, account_id: int) -> None:
    from banyan.people.models import Account

    who = make.actor(Account.objects.get(pk=account_id))
    catalog.remove_staff(actor=who, shop_id=shop.pk, account_id=account_id)


@pytest.mark.parametrize("round_", range(3))
def test_of_two_owners_who_leave_at_once_one_stays(round_: int) -> None:
    shop, owners = two_owners()
    results = run_at_once(*[lambda a=account: leave(shop, a) for account in owners])
    assert [r.code for r in results if isinstance(r, Problem)] == ["last_owner"], results
    seat = ShopStaff.objects.get(shop=shop)
    assert (seat.role, Shop.objects.get().owner_id) == ("owner", seat.account_id)


def test_control_without_the_lock_a_shop_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, owners = two_owners()
    together = rendezvous(2)

    def read(shop_id: int) -> list[ShopStaff]:
        found = list(ShopStaff.objects.filter(shop_id=shop_id))
        together()
        return found

    monkeypatch.setattr(staff, "_lock", read)
    run_at_once(*[lambda a=account: leave(shop, a) for account in owners])
    assert not ShopStaff.objects.filter(shop=shop).exists()
