"""One order's story tells what was handed over, and every row of it names the purchase."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.delivery import actions as delivery
from banyan.delivery import stories
from banyan.delivery.models import Grant, LicenceKey, Voucher
from banyan.insights.stories import story_of_order
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange, StoredEvent
from banyan.orders.models import OrderLine
from tests.api.client import Program
from tests.delivery import goods
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_an_orders_story_tells_everything_and_shows_no_secret() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    key, file = goods.keyed("SECRET-1", of=shop), goods.filed(of=shop)
    checkout = make.pay(make.place((key, 1), (file, 1), (goods.voucher(of=shop), 2)))
    code, _other = (delivery.open_voucher(one) for one in Voucher.objects.order_by("number"))
    for name in ("a", "b"):
        delivery.redeem(actor=owner, shop_id=shop.pk, code=code, key=name, place="Front desk")
    delivery.fetch(actor=Actor.guest(), grant_id=Grant.objects.get().pk).stream.close()
    relay.drain()

    chapters = story_of_order(checkout.orders.get()).chapters

    told = [str(chapter.text) for chapter in chapters if chapter.topic == "parcel"]
    assert told == [
        "Licence key handed over",
        "File ready to be fetched",
        "Voucher issued",
        "Voucher issued",
        "Voucher redeemed",
        "Voucher not redeemed: it was shown again or out of time",
        "File fetched",
    ]
    everything = " ".join(f"{c.text} {c.detail} {c.ref} {c.who}" for c in chapters)
    assert "SECRET" not in everything
    assert code not in everything
    assert "Front desk" in everything
    moves = StateChange.objects.filter(machine="delivery.voucher.state")
    assert set(moves.values_list("cause_id", flat=True)) == {checkout.pk}
    events = StoredEvent.objects.filter(name__in=["voucher.redeemed", "delivery.handed_over"])
    assert set(events.values_list("cause_id", flat=True)) == {checkout.pk}


def test_the_story_of_what_fell_short() -> None:
    item = goods.keyed(n=1)
    checkout = make.place((item, 1))
    owner = make.actor(goods.shop_of(item).owner)
    delivery.withdraw_key(actor=owner, key_id=LicenceKey.objects.get().pk, reason="spoilt")
    make.pay(checkout)
    line = OrderLine.objects.get()
    [chapter] = stories.story_of([line.pk])
    assert (str(chapter.text), chapter.tone) == ("Could not be handed over: 1", "bad")


def test_the_story_of_a_parcel_asks_nothing_more() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert stories.story_of([]) == []
    assert len(asked) == 0


def test_a_program_buys_without_an_address_what_is_not_sent() -> None:
    shop = make.shop()
    key, cup = goods.keyed(n=2, of=shop), make.variant(shop)
    guest = Program()
    body = {"lines": [{"variant_id": str(key.pk)}], "contact": {"email": "cy@example.com"}}

    placed = guest.do("POST", "/checkouts", body)

    assert placed["total"] == {"amount": 5_000, "currency": "CNY"}
    body["lines"] = [{"variant_id": str(key.pk)}, {"variant_id": str(cup.pk)}]
    refused = guest.send("POST", "/checkouts", body)
    assert refused.status_code == 422
