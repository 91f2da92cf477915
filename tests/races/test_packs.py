"""Packs and thanks against the orders that they come from; places kept for visitors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.db.models import F

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import applying, giving, playing
from banyan.campaigns.actions.playing import Played
from banyan.campaigns.mechanics.coupon_pack import CouponPack
from banyan.campaigns.models import Campaign, Instance, Participation, PlaceHold
from banyan.campaigns.problems import Refused
from banyan.campaigns.proof import campaign_audit
from banyan.catalog.models import Variant
from banyan.entitlements.actions import grant_coupon
from banyan.entitlements.models import Grant as CouponGrant
from banyan.entitlements.models import Redemption
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.campaigns.plays import pack, patient
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    join,
    somebody,
)
from tests.sandbox.driver import wait_for
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, somebody_waits
from tests.support.weakened import (
    between,
    meet,
    no_locks,
    rendezvous,
    without_check,
    without_unique,
)

pytestmark = pytest.mark.usefixtures("threaded_db")


def of_orders(item: Variant, **values: Any) -> Campaign:
    shop = item.product.shop
    terms: dict[str, Any] = {"coupon": coupon(shop).pk, "places": 2, "sender": -1}
    return campaign(shop, "coupon_pack", **terms, starts="order", **values)


def bought(item: Variant, who: Account) -> Order:
    return Order.objects.get(checkout=make.pay(make.place((item, 1), buyer=who)))


def opens(of: Campaign, who: Account, order: Order) -> Instance:
    return campaigns.begin(actor=make.actor(who), code=of.code, given={"order": str(order.pk)})


def goes_back(order: Order) -> None:
    orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
    campaigns.undo_begun(actor=SYSTEM, order_id=order.pk)


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=99)


# -- one person and many packs -----------------------------------------------------------------


def _greedy() -> int:
    """Let one person open five packs at once where two are for a day; how many they have."""
    shop = make.shop()
    given = coupon(shop, per_person=9).pk
    of = campaign(shop, "coupon_pack", coupon=given, per_day=2, sender=-1)
    who, made = somebody(), [begun(of, one) for one in crowd(5)]
    run_at_once(*(lambda pack=pack: patient(lambda: join(pack, who)) for pack in made))
    return Participation.objects.filter(account=who, role="opener").count()


def test_packs_of_one_day_are_no_more_than_one_may_open() -> None:
    assert _greedy() == 2
    assert_sound()


def test_control_turns_that_are_counted_and_not_taken_are_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loose = applying._TURN_OF_DAY.replace(
        "|| count(*) END", "|| left(gen_random_uuid()::text, 6) END"
    )
    monkeypatch.setattr(applying, "_TURN_OF_DAY", loose)
    meet(monkeypatch, applying, "insert_together", 5)
    assert _greedy() > 2


# -- a pack and the refund of its order ------------------------------------------------------------


def _one_left(item: Variant) -> tuple[Order, Instance]:
    """A pack with one place left, whose order was given back; nobody has told the pack yet."""
    of, ana = of_orders(item), somebody()
    order = bought(item, ana)
    made = opens(of, ana, order)
    join(made, somebody())
    orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
    return order, made


def test_the_last_place_is_taken_or_the_pack_stops_and_its_money_is_free_once(
    item: Variant,
) -> None:
    order, made = _one_left(item)
    found = run_at_once(
        *(lambda who=who: patient(lambda: join(made, who)) for who in crowd(4)),
        *(lambda: patient(lambda: campaigns.undo_begun(actor=SYSTEM, order_id=order.pk)),) * 2,
    )
    joined = sum(isinstance(one, Played) for one in found)
    assert all(isinstance(one, Played | Refused | None) for one in found), kinds(found)
    made.refresh_from_db()
    made.campaign.refresh_from_db()
    assert (joined, made.state) in {(1, "drained"), (0, "stopped")}
    assert CouponGrant.objects.count() == 1 + joined
    assert (made.campaign.reserved, made.campaign.spent) == (0, 500 * (1 + joined))
    assert_sound()


def test_control_without_locks_and_conditions_the_money_is_free_twice(
    item: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, made = _one_left(item)
    no_locks(monkeypatch)
    together = rendezvous(2)

    def meeting(hook: Callable[..., Any]) -> Callable[..., Any]:
        def met(self: CouponPack, *args: Any) -> Any:
            together()
            return hook(self, *args)

        return met

    def blindly(machine: Any, obj: Any, to: str, *, actor: Actor, **updates: Any) -> None:
        type(obj).objects.filter(pk=obj.pk).update(state=to, **updates)
        obj.state, obj.ended_at = to, updates.get("ended_at")

    monkeypatch.setattr(CouponPack, "join", meeting(CouponPack.join))
    monkeypatch.setattr(CouponPack, "undone", meeting(CouponPack.undone))
    monkeypatch.setattr(applying, "transition", blindly)
    with without_check("campaigns_campaign", "campaign_budget"):
        run_at_once(
            lambda: join(made, somebody()),
            lambda: campaigns.undo_begun(actor=SYSTEM, order_id=order.pk),
        )
        made.campaign.refresh_from_db()
        assert made.campaign.reserved < 0
        Campaign.objects.update(reserved=0)


def test_an_order_that_goes_back_while_its_pack_is_begun_leaves_none(
    item: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, ana = of_orders(item), somebody()
    order = bought(item, ana)
    meanwhile = between(monkeypatch, playing, "cause_of")
    found, _back = run_at_once(lambda: opens(of, ana, order), meanwhile(lambda: goes_back(order)))
    assert isinstance(found, Busy), found
    with pytest.raises(Refused, match="play_order"):
        opens(of, ana, order)
    assert not Instance.objects.exists()
    assert_sound()


def test_control_without_a_second_look_a_pack_outlives_its_order(
    item: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, ana = of_orders(item), somebody()
    order = bought(item, ana)
    meanwhile = between(monkeypatch, playing, "cause_of")
    monkeypatch.setattr(playing, "check_unchanged", lambda order: None)
    found, _back = run_at_once(lambda: opens(of, ana, order), meanwhile(lambda: goes_back(order)))
    assert isinstance(found, Instance), found
    assert Instance.objects.get().state == "open"
    assert Order.objects.get().refunded_amount > 0


def test_an_order_begins_one_pack_whatever_is_tapped_at_once(item: Variant) -> None:
    first, second, ana = of_orders(item), of_orders(item), somebody()
    order = bought(item, ana)
    found = run_at_once(
        *(lambda of=of: patient(lambda: opens(of, ana, order)) for of in (first, second) * 3)
    )
    assert all(isinstance(one, Instance | Refused) for one in found), kinds(found)
    assert {one.reason for one in found if isinstance(one, Refused)} == {"once"}
    (made,) = {one.pk for one in found if isinstance(one, Instance)}
    assert Instance.objects.get().pk == made
    assert_sound()


def test_control_without_the_index_an_order_begins_two(item: Variant) -> None:
    first, second, ana = of_orders(item), of_orders(item), somebody()
    order = bought(item, ana)
    with without_unique("campaigns_instance", "instance_order_once"):
        opens(first, ana, order)
        opens(second, ana, order)
        assert Instance.objects.count() == 2


# -- the last opener, and somebody who begins ------------------------------------------------------


def _meeting(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The last coupon of a pack is given while somebody begins one, who then waits for a lock."""
    shop = make.shop()
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=2, sender=0)
    made, (ben, cy) = begun(of, somebody()), crowd(2)
    join(made, somebody())
    given, grant = threading.Event(), grant_coupon

    def slowly(**values: Any) -> CouponGrant:
        found = grant(**values)
        if not given.is_set():
            given.set()
            wait_for(somebody_waits)
        return found

    def begins() -> Instance:
        assert given.wait(20)
        return begun(of, cy)

    monkeypatch.setattr(giving, "grant_coupon", slowly)
    return run_at_once(lambda: join(made, ben), begins)


def test_the_last_opener_and_who_begins_one_wait_in_one_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _meeting(monkeypatch)
    assert kinds(found) == {"Played": 1, "Instance": 1}, found
    assert CouponGrant.objects.count() == 4, "two openers, and two who began"
    assert_sound()


def test_control_with_the_coupon_first_they_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(applying, "_lock_first", lambda effects, stage: None)
    found = _meeting(monkeypatch)
    assert sum(isinstance(one, Exception) for one in found) == 1, found


# -- places kept for visitors ----------------------------------------------------------------------


def keeps(made: Instance) -> PlaceHold:
    return campaigns.keep_place(actor=Actor.guest(), code=made.code)


def test_what_is_kept_and_what_is_taken_are_never_more_than_there_is() -> None:
    made = pack(4)
    found = run_at_once(
        *(lambda: patient(lambda: keeps(made)),) * 5,
        *(lambda who=who: patient(lambda: join(made, who)) for who in crowd(5)),
    )
    assert all(isinstance(one, PlaceHold | Played | Refused) for one in found), kinds(found)
    held = sum(isinstance(one, PlaceHold) for one in found)
    made.refresh_from_db()
    assert held <= 2
    assert (made.held, made.taken) == (held, 4)
    assert Participation.objects.count() == 4 - held
    assert_sound()


def test_a_kept_place_is_one_place_for_all_who_have_its_key() -> None:
    made, (ana, ben) = pack(2), crowd(2)
    key = keeps(made).key
    join(made, somebody())
    found = run_at_once(
        *(
            lambda who=who: patient(lambda: join(made, who, given={"kept": key}))
            for who in (ana, ben)
        )
    )
    assert kinds(found) == {"Played": 1, "Refused": 1}, found
    made.refresh_from_db()
    assert (made.state, made.taken, made.held) == ("drained", 2, 0)
    assert_sound()


def test_control_a_kept_place_that_is_not_taken_by_its_row_is_taken_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, (ana, ben) = pack(3), crowd(2)
    key = keeps(made).key
    no_locks(monkeypatch)
    together = rendezvous(2)

    def read_then_write(instance: Instance, kept: PlaceHold, _actor: Actor) -> int:
        together()
        Instance.objects.filter(pk=instance.pk).update(held=F("held") - 1)
        return int(instance.taken) + (1 if kept else 0)

    monkeypatch.setattr(playing, "_take_kept", read_then_write)
    with without_check("campaigns_instance", "instance_places"):
        run_at_once(*(lambda who=who: join(made, who, given={"kept": key}) for who in (ana, ben)))
        made.refresh_from_db()
        assert made.held < 0 or campaign_audit() != {}
        Instance.objects.update(held=0)


# -- thanks that are taken back while they are used ------------------------------------------------


def _thanked(item: Variant) -> tuple[Account, Order]:
    """Somebody was thanked for a friend, whose order was given back since; nobody told the code."""
    shop, (ana, ben) = item.product.shop, crowd(2)
    of = campaign(
        shop,
        "referral",
        coupon=coupon(shop).pk,
        thanks=coupon(shop, title="thanks").pk,
        hold_days=0,
        ends_at=clock.now() + 30 * DAY,
    )
    join(begun(of, ana), ben)
    order = bought(item, ben)
    campaigns.follow_paid(actor=SYSTEM, order_id=order.pk)
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF", tracking="1")
    orders.confirm_receipt(actor=make.actor(ben), order_id=order.pk)
    campaigns.follow(actor=SYSTEM, order_id=order.pk, hook="received")
    with clock.at(clock.now() + DAY / 100):
        campaigns.advance(actor=SYSTEM)
    orders.grant_refund(
        actor=make.actor(shop.owner),
        order_id=order.pk,
        amount=order.total_amount,
        reason="Broken",
        key="back",
    )
    return ana, order


def _state(who: Account) -> str:
    return CouponGrant.objects.get(account=who).state


def test_thanks_are_taken_back_or_owed_and_never_both(item: Variant) -> None:
    ana, order = _thanked(item)
    run_at_once(
        *(lambda: patient(lambda: make.place((item, 1), buyer=ana)),) * 3,
        lambda: patient(lambda: campaigns.follow(actor=SYSTEM, order_id=order.pk, hook="refunded")),
    )
    gone = Participation.objects.get(state="reversed")
    owed = bool(gone.data.get("owed"))
    assert _state(ana) == ("reserved" if owed else "revoked")
    assert Redemption.objects.filter(coupon__title="thanks").count() == int(owed)
    assert_sound()


class Reads:
    """A coupon's state, read without a thought for who uses it next."""

    @staticmethod
    def held(grant_ids: Collection[int]) -> list[int]:
        """Return those that are held just now."""
        rows = CouponGrant.objects.filter(pk__in=grant_ids, state="held")
        return [one.pk for one in rows]


def test_control_a_coupon_that_is_read_first_is_used_and_taken_back(
    item: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, order = _thanked(item)
    no_locks(monkeypatch)
    meanwhile = between(monkeypatch, Reads, "held")

    def read_then_write(*, actor: Actor, grant_ids: Collection[int], reason: str) -> list[int]:
        found = Reads.held(grant_ids)
        CouponGrant.objects.filter(pk__in=found).update(state="revoked")
        return found

    monkeypatch.setattr(giving, "revoke_grants", read_then_write)
    told, _placed = run_at_once(
        lambda: campaigns.follow(actor=SYSTEM, order_id=order.pk, hook="refunded"),
        meanwhile(lambda: make.place((item, 1), buyer=ana)),
    )
    assert told is None, told
    assert Redemption.objects.filter(coupon__title="thanks", state="reserved").exists()
    assert "owed" not in Participation.objects.get(state="reversed").data
