"""The last key, the last download, one voucher and two cashiers; each with its negative control."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection

from banyan.catalog.models import Variant
from banyan.delivery import actions as delivery
from banyan.delivery.actions import Device, files, handing_over, keys, vouchers
from banyan.delivery.models import Download, Grant, LicenceKey, Scan, Shortfall, Voucher
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, Conflict
from banyan.orders.models import Order, OrderRefund
from tests.delivery import goods
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import rendezvous, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")

GUEST = Actor.guest()


# -- the last key ---------------------------------------------------------------------------------


def promised_to(n: int, left: int) -> Variant:
    """Return a key product that ``n`` unpaid orders were promised, with ``left`` keys left."""
    item = goods.keyed(n=n)
    owner = make.actor(goods.shop_of(item).owner)
    for _ in range(n):
        make.place((item, 1))
    for key in LicenceKey.objects.order_by("id")[left:]:
        delivery.withdraw_key(actor=owner, key_id=key.pk, reason="spoilt")
    return item


def pay_all() -> list[Any]:
    from banyan.orders.models import Checkout

    calls = [lambda c=c: make.pay(c) for c in Checkout.objects.all()]
    return run_at_once(*calls)


def test_the_last_keys_go_to_as_many_and_the_others_are_refunded() -> None:
    item = promised_to(6, left=2)

    results = pay_all()
    while any(isinstance(one, Busy) for one in results):
        results = pay_all()
    relay.drain()
    relay.drain()

    assert LicenceKey.objects.filter(state="taken").count() == 2
    assert LicenceKey.objects.exclude(line_id=None).values("line_id").distinct().count() == 2
    assert Shortfall.objects.count() == OrderRefund.objects.count() == 4
    assert make.stock_of(item).on_hand == 0
    states = sorted(Order.objects.values_list("state", flat=True))
    assert states == ["closed"] * 4 + ["received"] * 2
    assert recount() == {}


def test_taking_alone_never_gives_a_key_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any lock above it: the statement itself is enough."""
    item = goods.keyed(n=3)
    numbers = iter(range(1, 100))

    def take() -> int:
        return keys.take_keys(variant_id=item.pk, line_id=next(numbers), n=1)

    assert sorted(run_concurrently(take, 8)) == [0] * 5 + [1] * 3
    lines = list(LicenceKey.objects.values_list("line_id", flat=True))
    assert len(set(lines)) == 3


def _look_then_take(monkeypatch: pytest.MonkeyPatch) -> None:
    together = rendezvous(4)

    def weak(*, variant_id: int, line_id: int, n: int) -> int:
        free = list(LicenceKey.objects.filter(variant_id=variant_id, state="free")[:n])
        together()
        for key in free:
            LicenceKey.objects.filter(pk=key.pk).update(state="taken", line_id=line_id)
        return len(free)

    monkeypatch.setattr(handing_over, "take_keys", weak)
    monkeypatch.setattr(keys, "take_keys", weak)


def test_the_last_key_control_looking_first_gives_it_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = goods.keyed(n=1)
    _look_then_take(monkeypatch)
    numbers = iter(range(1, 100))

    def take() -> int:
        return keys.take_keys(variant_id=item.pk, line_id=next(numbers), n=1)

    assert sum(run_concurrently(take, 4)) > 1


# -- the last download ----------------------------------------------------------------------------


def bought_file(downloads: int) -> Grant:
    make.pay(make.place((goods.filed(downloads=downloads), 1)))
    return Grant.objects.get()


def fetch(grant: Grant) -> object:
    got = delivery.fetch(actor=GUEST, grant_id=grant.pk)
    got.stream.close()
    return got


def test_the_last_download_is_fetched_once() -> None:
    grant = bought_file(2)
    fetch(grant)

    results = run_concurrently(lambda: fetch(grant), 8)

    assert len([r for r in results if not isinstance(r, Exception)]) == 1, kinds(results)
    assert all(isinstance(r, Conflict) for r in results if isinstance(r, Exception))
    assert Download.objects.count() == 2


def _look_then_count(monkeypatch: pytest.MonkeyPatch) -> None:
    together = rendezvous(4)

    def weak(grant: Grant) -> bool:
        grant.refresh_from_db()
        if grant.used >= grant.allowed:
            return False
        together()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE delivery_grant SET used = used + 1 WHERE id = %s", [grant.pk])
        return True

    monkeypatch.setattr(files, "_count", weak)


def test_the_last_download_control_looking_first_gives_it_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant = bought_file(1)
    _look_then_count(monkeypatch)
    with without_check("delivery_grant", "delivery_grant_used"):
        run_concurrently(lambda: fetch(grant), 4)
        assert Download.objects.count() > 1
        Grant.objects.update(used=1)


def test_the_check_stops_an_unguarded_count(monkeypatch: pytest.MonkeyPatch) -> None:
    grant = bought_file(1)
    _look_then_count(monkeypatch)

    results = run_concurrently(lambda: fetch(grant), 4)

    assert Download.objects.count() == 1
    assert [r for r in results if isinstance(r, IntegrityError)]


# -- two cashiers ---------------------------------------------------------------------------------


def sold_voucher() -> tuple[Voucher, str, Actor]:
    item = goods.voucher()
    make.pay(make.place((item, 1)))
    voucher = Voucher.objects.select_related("shop__owner").get()
    return voucher, delivery.open_voucher(voucher), make.actor(voucher.shop.owner)


def test_one_voucher_and_many_cashiers_is_one_redemption() -> None:
    voucher, code, clerk = sold_voucher()
    numbers = iter(range(100))

    def redeem() -> str:
        scan = delivery.redeem(
            actor=clerk, shop_id=voucher.shop_id, code=code, key=f"k{next(numbers)}"
        )
        return scan.result

    results = run_concurrently(redeem, 8)

    assert sorted(results) == ["accepted"] + ["voucher_redeemed"] * 7
    assert Scan.objects.count() == 8
    assert recount() == {}


def test_one_scan_told_many_times_at_once_is_one_scan() -> None:
    voucher, code, clerk = sold_voucher()

    def redeem() -> str:
        return delivery.redeem(actor=clerk, shop_id=voucher.shop_id, code=code, key="same").result

    assert run_concurrently(redeem, 8) == ["accepted"] * 8
    assert Scan.objects.count() == 1


def _look_then_move(monkeypatch: pytest.MonkeyPatch) -> None:
    together = rendezvous(4)

    def weak(actor: Actor, voucher: Voucher, scan: Scan) -> bool:
        together()
        Voucher.objects.filter(pk=voucher.pk).update(
            state="redeemed", redeemed_at=scan.arrived_at, redeemed_by_id=actor.id
        )
        return True

    monkeypatch.setattr(vouchers, "_move", weak)


def test_two_cashiers_control_looking_first_redeems_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    voucher, code, clerk = sold_voucher()
    numbers = iter(range(100))
    _look_then_move(monkeypatch)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX delivery_scan_one_accepted")
    try:
        results = run_concurrently(
            lambda: (
                delivery.redeem(
                    actor=clerk, shop_id=voucher.shop_id, code=code, key=f"k{next(numbers)}"
                ).result
            ),
            4,
        )
        assert results.count("accepted") > 1
    finally:
        Scan.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX delivery_scan_one_accepted ON delivery_scan (voucher_id)"
                " WHERE result = 'accepted'"
            )


def test_a_refund_and_a_cashier_at_once_agree_on_which_came_first() -> None:
    voucher, code, clerk = sold_voucher()
    from banyan.orders import actions as orders

    def refund() -> object:
        return orders.grant_refund(
            actor=clerk, order_id=voucher.order_id, amount=8_000, reason="ill", key="r"
        )

    def redeem() -> str:
        return delivery.redeem(actor=clerk, shop_id=voucher.shop_id, code=code, key="k").result

    refunded, redeemed = run_at_once(refund, redeem)

    voucher.refresh_from_db()
    if isinstance(refunded, OrderRefund) and redeemed == "accepted":
        # first redeemed, then refunded by staff, who may: the voucher says which it was
        assert voucher.state == "redeemed"
    elif redeemed == "accepted":
        assert isinstance(refunded, Conflict)
        assert voucher.state == "redeemed"
    else:
        assert voucher.state == "refunded"
        assert redeemed == "voucher_refunded"
    assert recount() == {}


def _told_while_it_ends(monkeypatch: pytest.MonkeyPatch) -> str:
    """Tell late of a scan of before the end, and end the voucher after it was read; the result."""
    voucher, code, clerk = sold_voucher()
    read, ended = threading.Event(), threading.Event()
    move, end = vouchers._move, voucher.valid_until
    assert end is not None

    def slow(*given: Any) -> bool:
        read.set()
        assert ended.wait(timeout=30)
        return move(*given)

    monkeypatch.setattr(vouchers, "_move", slow)
    before = end - dt.timedelta(minutes=1)
    device = Device(name="till", scanned_at=before, skew=dt.timedelta())

    def tell() -> str:
        with clock.at(end + dt.timedelta(minutes=1)):
            return delivery.redeem(
                actor=clerk, shop_id=voucher.shop_id, code=code, key="k", device=device
            ).result

    def sweep() -> int:
        assert read.wait(timeout=30)
        with clock.at(end + dt.timedelta(minutes=1)):
            count = delivery.expire_due(actor=Actor.system("test"))
        ended.set()
        return count

    result, count = run_at_once(tell, sweep)
    assert count == 1
    assert recount() == {}
    return str(result)


def test_what_was_scanned_in_time_counts_though_the_voucher_ends_at_this_instant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _told_while_it_ends(monkeypatch) == "accepted"
    assert Voucher.objects.get().state == "redeemed"


def test_the_end_control_looking_once_takes_it_for_redeemed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vouchers, "LOOKS", 1)
    assert _told_while_it_ends(monkeypatch) == "voucher_redeemed"
    assert Voucher.objects.get().state == "expired", "and nobody had it"
