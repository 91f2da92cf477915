"""Parcels with some units of some lines, and what is still to ship."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.urls import reverse

from banyan.kernel import clock, locks, relay
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.ledger.proof import verify
from banyan.market.models import Dispute
from banyan.notify.models import Message
from banyan.orders import actions as orders
from banyan.orders.actions.bulk import ToSend, read_rows, ship_many
from banyan.orders.finding import HEADS, exported
from banyan.orders.models import AfterSaleTerms, Order, Shipment
from banyan.orders.rules.carriers import tracking_url
from tests.support import factories as make
from tests.support.recount import recount
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("test")


def paid(*quantities: int) -> Order:
    shop = make.shop()
    return make.pay(make.place(*((make.variant(shop), n) for n in quantities))).orders.get()


def lines(order: Order) -> list[int]:
    return list(order.lines.order_by("id").values_list("pk", flat=True))


def test_a_parcel_holds_some_units_and_the_order_waits_for_the_rest() -> None:
    order = paid(3, 1)
    first, second = lines(order)
    owner = make.actor(order.shop.owner)

    orders.ship(actor=owner, order_id=order.pk, carrier="UPS", tracking="1Z", units={first: 2})

    order.refresh_from_db()
    assert (order.state, order.shipped_at) == ("paid", None)
    assert list(order.lines.order_by("id").values_list("shipped_quantity", flat=True)) == [2, 0]
    assert recount() == {}

    orders.ship(actor=owner, order_id=order.pk, carrier="UPS", units={first: 1, second: 1})

    order.refresh_from_db()
    assert order.state == "shipped"
    held = [
        sorted(parcel.lines.values_list("quantity", flat=True))
        for parcel in order.shipments.order_by("id")
    ]
    assert held == [[2], [1, 1]]
    assert recount() == {}
    assert verify().clean


def test_without_units_all_that_is_left_is_sent_once() -> None:
    order = paid(3)
    owner = make.actor(order.shop.owner)
    (line,) = lines(order)
    orders.ship(actor=owner, order_id=order.pk, carrier="SF", units={line: 1})

    second = orders.ship(actor=owner, order_id=order.pk, carrier="SF")
    again = orders.ship(actor=owner, order_id=order.pk, carrier="SF")

    assert again == second
    assert second.lines.get().quantity == 2
    assert Shipment.objects.count() == 2


@pytest.mark.parametrize("units", [{0: 1}, {}, {"line": 0}, {"line": -1}], ids=str)
def test_units_that_are_none_of_the_order_are_refused(units: dict[object, int]) -> None:
    order = paid(2)
    (line,) = lines(order)
    wanted = {line if key == "line" else 1: n for key, n in units.items()}

    with pytest.raises(Invalid) as refused:
        orders.ship(
            actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF", units=wanted
        )

    assert refused.value.code in {"units_unknown", "units_none"}
    assert not Shipment.objects.exists()


def test_more_than_is_left_is_refused_whole() -> None:
    order = paid(2, 1)
    first, second = lines(order)

    with pytest.raises(Conflict) as refused:
        orders.ship(
            actor=make.actor(order.shop.owner),
            order_id=order.pk,
            carrier="SF",
            units={first: 3, second: 1},
        )

    assert refused.value.code == "units_gone"
    assert set(order.lines.values_list("shipped_quantity", flat=True)) == {0}
    assert recount() == {}


def test_one_key_is_one_parcel() -> None:
    order = paid(2)
    (line,) = lines(order)
    owner = make.actor(order.shop.owner)

    first, again = (
        orders.ship(actor=owner, order_id=order.pk, carrier="SF", units={line: 1}, key="click")
        for _ in range(2)
    )

    assert first == again
    assert order.lines.get().shipped_quantity == 1


def test_a_line_that_was_paid_back_is_not_sent() -> None:
    order = paid(1, 1)
    first, second = lines(order)
    owner = make.actor(order.shop.owner)
    orders.grant_refund(
        actor=owner, order_id=order.pk, amount=0, lines={first: 10_000}, reason="gone", key="r"
    )

    parcel = orders.ship(actor=owner, order_id=order.pk, carrier="SF")

    assert list(parcel.lines.values_list("line_id", flat=True)) == [second]
    assert Order.objects.get().state == "shipped"
    assert recount() == {}


def test_paying_the_last_unsent_line_back_ends_a_partly_sent_order() -> None:
    order = paid(1, 1)
    first, second = lines(order)
    owner = make.actor(order.shop.owner)
    orders.ship(actor=owner, order_id=order.pk, carrier="SF", units={first: 1})

    orders.grant_refund(
        actor=owner, order_id=order.pk, amount=0, lines={second: 10_000}, reason="gone", key="r"
    )

    order.refresh_from_db()
    assert order.state == "shipped"
    assert recount() == {}


def test_strangers_ship_nothing_and_staff_is_written_down() -> None:
    order = paid(1)
    clerk = make.member()
    from banyan.catalog import actions as catalog

    catalog.hire(
        actor=make.actor(order.shop.owner),
        shop_id=order.shop_id,
        account_id=clerk.pk,
        role="clerk",
    )
    with pytest.raises(NotFound):
        orders.ship(actor=make.actor(make.shop().owner), order_id=order.pk, carrier="SF")
    assert not AuditEntry.objects.filter(action="order.ship").exists()

    orders.ship(actor=make.actor(clerk), order_id=order.pk, carrier="SF")

    entry = AuditEntry.objects.get(action="order.ship")
    assert (entry.subject_kind, entry.subject_id) == ("shop", order.shop_id)
    assert (entry.actor_id, entry.subject_label) == (clerk.pk, order.number)


def test_receipt_is_confirmed_by_the_shops_own_days_after_the_last_parcel() -> None:
    order = paid(1)
    AfterSaleTerms.objects.create(shop=order.shop, confirm_days=5)
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")
    sent = Order.objects.get().shipped_at
    assert sent is not None

    with clock.at(sent + dt.timedelta(days=5) - dt.timedelta(seconds=1)):
        assert orders.auto_confirm(actor=SYSTEM) == 0
    with clock.at(sent + dt.timedelta(days=5)):
        assert orders.auto_confirm(actor=SYSTEM) == 1
        assert orders.auto_confirm(actor=SYSTEM) == 0

    assert Order.objects.get().state == "received"


def test_the_buyer_puts_the_confirmation_off_once() -> None:
    order = paid(1)
    token = order.checkout.access_token
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")
    due = Order.objects.get().confirm_at
    assert due is not None

    for _ in range(2):
        orders.extend_receipt(actor=Actor.guest(), order_id=order.pk, access_token=token)

    assert Order.objects.get().confirm_at == due + dt.timedelta(days=3)
    with clock.at(due):
        assert orders.auto_confirm(actor=SYSTEM) == 0
    with clock.at(due + dt.timedelta(days=3)):
        assert orders.auto_confirm(actor=SYSTEM) == 1
    with pytest.raises(Conflict) as late:
        orders.extend_receipt(actor=Actor.guest(), order_id=order.pk, access_token=token)
    assert late.value.code == "not_shipped"


@pytest.mark.parametrize(
    ("carrier", "number", "url"),
    [
        ("ups", "1Z 9&x", "https://www.ups.com/track?tracknum=1Z%209%26x"),
        ("SF Express", "123", ""),
        ("Uncle Li", "123", ""),
        ("UPS", "", ""),
    ],
)
def test_a_parcel_is_linked_where_its_carrier_is_known(carrier: str, number: str, url: str) -> None:
    assert tracking_url(carrier, number) == url


def test_a_dispute_about_the_order_stops_the_automatic_confirmation() -> None:
    seller, buyer = make.member(), make.member()
    shop = make.shop(seller)
    order = make.pay(make.place((make.variant(shop), 1), buyer=buyer)).orders.get()
    orders.ship(actor=make.actor(seller), order_id=order.pk, carrier="SF")
    dispute = Dispute.objects.create(
        order=order, reason="not_arrived", claim_amount=1, opened_at=clock.now()
    )

    with clock.at(clock.now() + dt.timedelta(days=11)):
        assert orders.auto_confirm(actor=SYSTEM) == 0
        Dispute.objects.filter(pk=dispute.pk).update(state="withdrawn", ended_at=clock.now())
        assert orders.auto_confirm(actor=SYSTEM) == 1


@pytest.mark.parametrize("what", ["argues", "sends back"])
def test_those_who_argue_keep_nobody_else_from_being_confirmed(what: str) -> None:
    seller = make.member()
    item = make.variant(make.shop(seller), stock=9)
    bought = [make.pay(make.place((item, 1))).orders.get() for _ in range(5)]
    for order in bought:
        orders.ship(actor=make.actor(seller), order_id=order.pk, carrier="SF")
    for order in bought[:3]:
        if what == "argues":
            Dispute.objects.create(
                order=order, reason="not_arrived", claim_amount=1, opened_at=clock.now()
            )
        else:
            orders.ask_return(
                actor=Actor.guest(),
                order_id=order.pk,
                units={order.lines.get().pk: 1},
                reason="damaged",
                key=f"r{order.pk}",
                access_token=order.checkout.access_token,
            )

    with clock.at(clock.now() + dt.timedelta(days=11)):
        assert orders.auto_confirm(actor=SYSTEM, piece=1, most=2) == 2

    states = [Order.objects.get(pk=order.pk).state for order in bought]
    assert states == ["shipped"] * 3 + ["received"] * 2


def test_a_run_that_has_confirmed_enough_is_gone_on_with() -> None:
    item = make.variant(stock=9)
    bought = [make.pay(make.place((item, 1))).orders.get() for _ in range(5)]
    for order in bought:
        orders.ship(actor=make.actor(item.product.shop.owner), order_id=order.pk, carrier="SF")

    with clock.at(clock.now() + dt.timedelta(days=11)):
        runs = [orders.auto_confirm(actor=SYSTEM, piece=1, most=2) for _ in range(4)]

    assert runs == [2, 2, 1, 0]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens between looking for the orders that are due and locking them, once each."""
    done: list[Callable[[], object]] = []
    take = locks.take

    def first(keys: Iterable[LockKey]) -> None:
        if done:
            done.pop()()
        take(keys)

    monkeypatch.setattr(locks, "take", first)
    return done


@pytest.mark.parametrize("what", ["put off", "asked back"])
def test_who_speaks_up_while_receipt_is_being_confirmed_is_heard(
    what: str, meanwhile: list[Callable[[], object]]
) -> None:
    item = make.variant()
    order = make.pay(make.place((item, 1))).orders.get()
    orders.ship(actor=make.actor(item.product.shop.owner), order_id=order.pk, carrier="SF")
    buyer: dict[str, Any] = {"actor": Actor.guest(), "access_token": order.checkout.access_token}
    units = {order.lines.get().pk: 1}

    with clock.at(clock.now() + dt.timedelta(days=11)):
        meanwhile.append(
            lambda: (
                orders.extend_receipt(order_id=order.pk, **buyer)
                if what == "put off"
                else orders.ask_return(
                    order_id=order.pk, units=units, reason="damaged", key="r", **buyer
                )
            )
        )
        assert orders.auto_confirm(actor=SYSTEM) == 0

    assert Order.objects.get(pk=order.pk).state == "shipped"


def test_a_wrong_number_is_put_right_and_the_buyer_reads_the_right_one() -> None:
    item = make.variant()
    owner, other = make.actor(item.product.shop.owner), make.shop()
    order, foreign = (make.pay(make.place((item, 1))).orders.get() for _ in range(2))
    parcel = orders.ship(actor=owner, order_id=order.pk, carrier="SF", tracking="SF11")
    elsewhere = orders.ship(actor=owner, order_id=foreign.pk, carrier="SF", tracking="SF2")
    relay.drain()
    right: dict[str, Any] = {"order_id": order.pk, "carrier": "UPS", "tracking": "1Z999"}

    for _ in range(2):
        orders.correct_parcel(actor=owner, shipment_id=parcel.pk, **right)
    relay.drain()

    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.tracking) == ("UPS", "1Z999")
    wrong, told = Message.objects.filter(
        kind="order.shipped", destination=order.checkout.contact_email
    ).order_by("id")
    assert ("SF11" in wrong.body, "1Z999" in told.body) == (True, True)
    corrected = StoredEvent.objects.get(name="order.parcel_corrected")
    assert corrected.payload["shipment_id"] == parcel.pk
    assert AuditEntry.objects.get(action="order.parcel").detail["change"] == "SF SF11 → UPS 1Z999"
    for who, shipment_id in ((make.actor(other.owner), parcel.pk), (owner, elsewhere.pk)):
        with pytest.raises(NotFound):
            orders.correct_parcel(actor=who, shipment_id=shipment_id, **right)
    with pytest.raises(Invalid):
        orders.correct_parcel(actor=owner, order_id=order.pk, shipment_id=parcel.pk, carrier=" ")


def test_a_number_is_put_right_over_the_page() -> None:
    item = make.variant()
    shop = item.product.shop
    order = make.pay(make.place((item, 1))).orders.get()
    parcel = orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    browser = client(shop.owner)
    url = reverse("studio_parcel", args=[shop.slug, order.pk, parcel.pk])
    assert url in browser.get(reverse("studio_order", args=[shop.slug, order.pk])).content.decode()

    assert browser.post(url, {"parcel_carrier": "", "parcel_tracking": "x"}).status_code == 422
    form = {"parcel_carrier": "UPS", "parcel_tracking": "1Z9"}
    assert browser.post(url, form).status_code == 302

    bought = client().get(f"/o/{order.checkout.access_token}").content.decode()
    assert "https://www.ups.com/track?tracknum=1Z9" in bought


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_list_is_read_as_spreadsheets_of_any_country_write_it(sign: str) -> None:
    text = f"order number{sign}carrier{sign}tracking\nB1{sign}DHL, Paket{sign}42\n"
    if sign == ",":
        text = text.replace("DHL, Paket", '"DHL, Paket"')
    (row,) = read_rows(text)
    assert (row.number, row.carrier, row.tracking) == ("B1", "DHL, Paket", "42")


def test_the_shops_own_export_is_read_by_its_heads() -> None:
    order = paid(1, 2)
    [first, second] = exported(Order.objects.all(), "UTC")
    sheet = io.StringIO()
    csv.writer(sheet).writerows([HEADS, (*first[:-2], "SF", "SF1"), second])

    rows = read_rows(sheet.getvalue())
    done = ship_many(actor=make.actor(order.shop.owner), shop_id=order.shop_id, rows=rows)

    assert [(row.number, row.carrier, row.tracking) for row in rows] == [
        (order.number, "SF", "SF1"),
        (order.number, "", ""),
    ]
    assert [each.code for each in done] == ["", "named_twice"]
    assert order.shipments.get().tracking == "SF1"


def test_a_pasted_list_that_is_no_csv_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        read_rows("A-1," + "x" * 200_000)
    assert refused.value.code == "rows_unreadable"


def test_another_number_for_what_is_sent_is_refused_and_named() -> None:
    order = paid(2)
    owner = make.actor(order.shop.owner)
    parcel = orders.ship(actor=owner, order_id=order.pk, carrier="SF", tracking="SF1")

    again, other = (
        ship_many(actor=owner, shop_id=order.shop_id, rows=[ToSend(order.number, "SF", tracking)])
        for tracking in (" SF1", "SF2")
    )

    assert again[0].parcel == parcel, "the same list once more"
    assert (other[0].parcel, other[0].code) == (None, "already_sent")
    assert "SF SF1" in other[0].message
    assert order.shipments.count() == 1
